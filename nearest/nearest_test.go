package nearest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/nearest"
)

func TestName(t *testing.T) {
	t.Parallel()
	known := []string{"department", "displayName", "mail", "mailNickname", "city", "Id", "éléphant", "extension_5a7c2e9b4d1f_badge"}
	tests := []struct {
		name, wrong, want string
	}{
		{"a letter is missing", "departmnt", "department"},
		{"two letters are swapped", "deaprtment", "department"},
		{"letter case alone", "DISPLAYNAME", "displayName"},
		{"letter case alone in a short name", "ID", "Id"},
		{"a character outside ASCII is one character", "elephant", "éléphant"},
		{"the nearer one", "mailNickname2", "mailNickname"},
		{"nothing is near", "costCenter", ""},
		{"long names with a common beginning are not near", "extension_5a7c2e9b4d1f_colour", ""},
		{"a name without a letter in common", "xy", ""},
		{"an empty name", "", ""},
		{"a name of absurd length", strings.Repeat("department", 20), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Name(test.wrong, known); got != test.want {
				t.Errorf("Name(%q) is %q, want %q", test.wrong, got, test.want)
			}
		})
	}
}

func TestSorted(t *testing.T) {
	t.Parallel()
	known := []string{"System Administrator", "Standard User", "Standard Platform User", "Read Only"}
	got := nearest.Sorted(" standard users", known)
	want := []string{"Standard User", "Standard Platform User", "Read Only", "System Administrator"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if known[0] != "System Administrator" {
		t.Error("the list that was given is changed")
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Few letters, so that texts have some in common.
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abé")), 0, 8, -1)
		a, b, c := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")
		ab := nearest.Distance(a, b)
		if (ab == 0) != (a == b) {
			t.Fatalf("the distance of %q and %q is %d", a, b, ab)
		}
		if back := nearest.Distance(b, a); back != ab {
			t.Fatalf("%d there, %d back", ab, back)
		}
		if around := nearest.Distance(a, c) + nearest.Distance(c, b); around < ab {
			t.Fatalf("%d straight, %d by way of %q", ab, around, c)
		}
		if longer := max(len([]rune(a)), len([]rune(b))); ab > longer {
			t.Fatalf("%d of %d characters", ab, longer)
		}
	})
}

func TestOneCharacterIsADistanceOfOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		letters := []rune(rapid.StringOfN(rapid.RuneFrom([]rune("abcdéÄ7_")), 1, 12, -1).Draw(t, "text"))
		i := rapid.IntRange(0, len(letters)-1).Draw(t, "place")
		text := string(letters)
		for _, edited := range []string{
			string(slices.Insert(slices.Clone(letters), i, 'z')),
			string(slices.Delete(slices.Clone(letters), i, i+1)),
			string(slices.Replace(slices.Clone(letters), i, i+1, 'z')),
		} {
			if got := nearest.Distance(text, edited); got != 1 {
				t.Fatalf("the distance of %q and %q is %d", text, edited, got)
			}
		}
	})
}

func TestNameReturnsTheNearestOfThoseThatAreKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 9, -1)
		known := rapid.SliceOfN(text, 0, 6).Draw(t, "known")
		wrong := text.Draw(t, "wrong")
		got := nearest.Name(wrong, known)
		if slices.Contains(known, wrong) {
			if got != wrong {
				t.Fatalf("Name(%q, %q) is %q", wrong, known, got)
			}
			return
		}
		if got == "" {
			return
		}
		if !slices.Contains(known, got) {
			t.Fatalf("%q is none of %q", got, known)
		}
		if best := nearest.Sorted(wrong, known)[0]; nearest.Distance(wrong, best) < nearest.Distance(wrong, got) && best != "" {
			t.Fatalf("Name(%q, %q) is %q, nearer is %q", wrong, known, got, best)
		}
		if distance := nearest.Distance(wrong, got); distance > 1+len(wrong)/3 {
			t.Fatalf("%q is proposed for %q, with %d letters wrong", got, wrong, distance)
		}
	})
}

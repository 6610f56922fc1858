package attr_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
)

func TestMergePutsTheOtherAttributesOverItsOwn(t *testing.T) {
	t.Parallel()
	account := attr.New("User", "7", map[string]attr.Value{"a": attr.Text("1"), "b": attr.Text("2")})
	merged := account.Merge(attr.New("", "", map[string]attr.Value{"b": {}, "c": attr.Int(3)}))
	if got, want := merged.String(), "a=1 b= c=3"; got != want {
		t.Errorf("merged: %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, merged.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if merged.Ref() != (attr.Ref{Type: "User", ID: "7"}) || account.Len() != 2 || account.Get("b").String() != "2" {
		t.Errorf("the merged object is %v, the first one is %v", merged.Ref(), account)
	}
	if moved := account.WithRef(attr.Ref{Type: "User", ID: "8"}); moved.Ref().String() != "User/8" || account.ID != "7" {
		t.Errorf("with another id: %v, before %v", moved.Ref(), account.Ref())
	}
}

func TestAValueIsNothingButItsOwnKind(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	values := map[attr.Kind]attr.Value{
		attr.Null: {}, attr.String: attr.Text("x"), attr.Boolean: attr.Bool(true), attr.Integer: attr.Int(5), attr.Time: attr.Moment(moment),
		attr.Reference: attr.RefTo(attr.Ref{Type: "User", ID: "1"}), attr.List: attr.Texts("x", "y"), attr.Complex: attr.Nested(attr.New("Role", "1", nil)),
	}
	for kind, value := range values {
		if value.Kind() != kind {
			t.Errorf("%s is of kind %s", kind, value.Kind())
		}
		if value.Bool() != (kind == attr.Boolean) || (value.Int() == 5) != (kind == attr.Integer) || value.Moment().Equal(moment) != (kind == attr.Time) {
			t.Errorf("%s reads as a boolean, an integer or a moment", kind)
		}
		if value.Ref().IsZero() != (kind != attr.Reference) || value.Nested().IsZero() != (kind != attr.Complex) {
			t.Errorf("%s reads as a reference or an object", kind)
		}
		items := map[attr.Kind]int{attr.Null: 0, attr.List: 2}
		want, several := items[kind]
		if !several {
			want = 1
		}
		if got := len(value.Items()); got != want {
			t.Errorf("%s has %d items, want %d", kind, got, want)
		}
	}
}

func TestCompareOrdersValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := value().Draw(t, "a"), value().Draw(t, "b")
		if attr.Compare(a, b) != -attr.Compare(b, a) {
			t.Fatalf("%v and %v are both before the other", a, b)
		}
		if attr.Compare(a, a) != 0 {
			t.Fatalf("%v is not where it is", a)
		}
	})
}

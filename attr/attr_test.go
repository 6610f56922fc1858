package attr_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
)

func TestEqual(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		a, b      attr.Value
		caseExact bool
		want      bool
	}{
		{"null is null", attr.Value{}, attr.Value{}, true, true},
		{"null is not the empty text", attr.Value{}, attr.Text(""), true, false},
		{"letter case counts when exact", attr.Text("Ana"), attr.Text("ana"), true, false},
		{"letter case does not count otherwise", attr.Text("Ana"), attr.Text("ana"), false, true},
		{"letter case beyond ASCII", attr.Text("ZOË"), attr.Text("zoë"), false, true},
		{"text is not a boolean", attr.Text("True"), attr.Bool(true), false, false},
		{"lists are sets", attr.Texts("a", "b"), attr.Texts("b", "a", "a"), true, true},
		{"a list of one is its value", attr.Texts("a"), attr.Text("a"), true, true},
		{"an empty list is null", attr.Texts(), attr.Value{}, true, true},
		{"a list lacks a value", attr.Texts("a", "b"), attr.Texts("a"), true, false},
		{"references by type and id", attr.RefTo(attr.Ref{Type: "User", ID: "1"}), attr.RefTo(attr.Ref{Type: "Group", ID: "1"}), true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := attr.Equal(test.a, test.b, test.caseExact); got != test.want {
				t.Errorf("Equal(%v, %v, %v) = %v, want %v", test.a, test.b, test.caseExact, got, test.want)
			}
			if got := attr.Equal(test.b, test.a, test.caseExact); got != test.want {
				t.Errorf("Equal is not symmetric for %v and %v", test.a, test.b)
			}
		})
	}
}

func TestObjectKeepsAttributesInOrderWhateverTheOrderOfSetting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		attributes := rapid.MapOf(rapid.StringMatching(`[a-z]{1,6}`), value()).Draw(t, "attributes")
		object := attr.New("User", "1", attributes)
		built := attr.Object{Type: "User", ID: "1"}
		for name, value := range attributes {
			built = built.With(name, value)
		}
		if !object.Equal(built) {
			t.Fatalf("New gave %v, With gave %v", object, built)
		}
		previous := ""
		for name, value := range object.All() {
			if name <= previous {
				t.Fatalf("%q comes after %q", name, previous)
			}
			if !attr.Equal(value, attributes[name], true) {
				t.Fatalf("%s is %v, want %v", name, value, attributes[name])
			}
			previous = name
		}
		for name := range attributes {
			if _, there := object.Without(name).Lookup(name); there {
				t.Fatalf("Without(%q) kept it", name)
			}
		}
	})
}

func TestCanonicalJSONReadsBackTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := attr.New("User", "1", rapid.MapOf(rapid.String(), value()).Draw(t, "attributes"))
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got attr.Object
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("read %s: %v", data, err)
		}
		if !got.Equal(want) {
			t.Fatalf("%s read back as %v, want %v", data, got, want)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(data), string(again)); diff != "" {
			t.Fatalf("the JSON is not canonical: %s", diff)
		}
	})
}

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	object := attr.New("User", "7", map[string]attr.Value{
		"b": attr.Texts("x", "y"), "a": attr.Text("<Zoë & \"co\">"), "n": attr.Int(-3), "t": attr.Bool(true), "z": {},
		"d": attr.Moment(time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)),
		"r": attr.RefTo(attr.Ref{Type: "User", ID: "1"}),
	})
	want := `{"type":"User","id":"7","attributes":{"a":"<Zoë & \"co\">","b":["x","y"],"d":{"@time":"2026-01-31T10:00:00Z"},` +
		`"n":-3,"r":{"@ref":{"type":"User","id":"1"}},"t":true,"z":null}}`
	if diff := cmp.Diff(want, string(object.AppendJSON(nil))); diff != "" {
		t.Errorf("canonical JSON (-want +got):\n%s", diff)
	}
}

func TestBadJSONIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`1.5`, `99999999999999999999`, `{}`, `{"@time":"yesterday"}`, `[{}]`, `tru`} {
		var value attr.Value
		if err := json.Unmarshal([]byte(text), &value); err == nil {
			t.Errorf("%s was read as %v, want an error", text, value)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	tests := map[string]attr.Value{
		"":                     {},
		"True":                 attr.Bool(true),
		"False":                attr.Bool(false),
		"12":                   attr.Int(12),
		"6/15/2009 8:45:30 AM": attr.Moment(time.Date(2009, 6, 15, 8, 45, 30, 0, time.UTC)),
		"a;b":                  attr.Texts("a", "b"),
	}
	for want, value := range tests {
		if got := value.String(); got != want {
			t.Errorf("%v.String() = %q, want %q", value.Kind(), got, want)
		}
	}
}

func value() *rapid.Generator[attr.Value] {
	text := rapid.Map(rapid.String(), attr.Text)
	moment := rapid.Map(rapid.Int64Range(0, 4e15), func(n int64) attr.Value { return attr.Moment(time.UnixMicro(n)) })
	ref := rapid.Map(rapid.StringMatching(`[0-9]{1,4}`), func(id string) attr.Value { return attr.RefTo(attr.Ref{Type: "User", ID: id}) })
	list := rapid.Map(rapid.SliceOf(text), func(values []attr.Value) attr.Value { return attr.Values(values...) })
	nested := rapid.Map(rapid.MapOf(rapid.StringMatching(`[a-z]{1,3}`), text), func(m map[string]attr.Value) attr.Value {
		return attr.Nested(attr.New("Role", "", m))
	})
	return rapid.OneOf(text, rapid.Map(rapid.Int64(), attr.Int), rapid.Map(rapid.Bool(), attr.Bool), moment, ref, list, nested, rapid.Just(attr.Value{}))
}

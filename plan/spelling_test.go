package plan

import (
	"testing"

	"github.com/usher-id/usher/attr"
)

func TestValuesAreComparedAsTheTargetKeepsThem(t *testing.T) {
	t.Parallel()
	const short, long = "00e000000000001", "00e000000000001AAA"
	role := func(id string) attr.Value { return attr.RefTo(attr.Ref{Type: "UserRole", ID: id}) }
	salesforce := Spelling{TrimsBlanks: true, ShortIDs: true}
	tests := []struct {
		name              string
		spelling          Spelling
		attribute         string
		wanted, old, want attr.Value
	}{
		{"blanks", salesforce, "Title", attr.Text(" a b\t"), attr.Text("x"), attr.Text("a b")},
		{"nothing but blanks", salesforce, "Title", attr.Text("  "), attr.Value{}, attr.Text("")},
		{"a blank that does not break", salesforce, "Title", attr.Text("a\u00a0"), attr.Text("a"), attr.Text("a\u00a0")},
		{"blanks elsewhere", Spelling{}, "Title", attr.Text(" a"), attr.Text("a"), attr.Text(" a")},
		{"a short id", salesforce, "ProfileId", attr.Text(short), attr.Text(long), attr.Text(long)},
		{"another id", salesforce, "ProfileId", attr.Text("00e000000000002"), attr.Text(long), attr.Text("00e000000000002")},
		{"a text that begins like another", salesforce, "Title", attr.Text(short), attr.Text(long), attr.Text(short)},
		{"a short id elsewhere", Spelling{}, "ProfileId", attr.Text(short), attr.Text(long), attr.Text(short)},
		{"a reference", salesforce, "UserRoleId", role(short), role(long), role(long)},
		{"a flag", salesforce, "IsActive", attr.Bool(true), attr.Value{}, attr.Bool(true)},
	}
	for _, tt := range tests {
		if got := tt.spelling.kept(tt.attribute, tt.wanted, tt.old); !attr.Equal(got, tt.want, true) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

package plan

import (
	"strings"

	"github.com/usher-id/usher/attr"
)

// Spelling says in which other form a target keeps values than they were sent, so
// that the difference is not written again and again. The zero Spelling keeps
// everything as it is.
type Spelling struct {
	// TrimsBlanks: texts have no whitespace at their ends, and nothing else is nothing.
	TrimsBlanks bool `json:"trimsBlanks,omitzero"`
	// ShortIDs: ids of 15 characters are shown with three more behind, which tell the
	// letter case, as in Salesforce. It concerns references, and texts of attributes whose name ends with Id.
	ShortIDs bool `json:"shortIds,omitzero"`
}

// kept returns a value as the target keeps it, given what it holds now.
func (s Spelling) kept(attribute string, wanted, old attr.Value) attr.Value {
	switch wanted.Kind() {
	case attr.String:
		text := wanted.String()
		if s.TrimsBlanks {
			text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
		}
		if s.ShortIDs && strings.HasSuffix(attribute, "Id") && isLongFormOf(old.String(), text) {
			return old
		}
		return attr.Text(text)
	case attr.Reference:
		if to, from := wanted.Ref(), old.Ref(); s.ShortIDs && to.Type == from.Type && isLongFormOf(from.ID, to.ID) {
			return old
		}
	case attr.Null, attr.Boolean, attr.Integer, attr.Time, attr.List, attr.Complex:
	}
	return wanted
}

func isLongFormOf(long, short string) bool {
	return len(short) == 15 && len(long) == 18 && long[:15] == short
}

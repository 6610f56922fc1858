package page

import (
	"errors"
	"net/http"
	"strings"

	"github.com/usher-id/usher/internal/administration"
)

// Field is a field of a form as {{template "field"}} shows it.
type Field struct {
	Name        string
	Label       string
	Help        string // a sentence below the field
	Type        string // "text" unless set: "password", "email", "url", "number", "search", "date", "textarea", "select", "checkbox", "file"
	Value       string
	Placeholder string
	Options     []Option // of a select
	Fault       string   // what is wrong with the value, empty for nothing
	Required    bool
	Disabled    bool
	Checked     bool
	Rows        int    // of a textarea
	Autofill    string // the autocomplete attribute: "username", "current-password", "new-password"; "off" unless set
}

// Option is one choice of a select.
type Option struct {
	Value    string
	Text     string
	Selected bool
	Disabled bool
}

// Options makes the options of a select of pairs of value and text.
func Options(selected string, pairs ...[2]string) []Option {
	options := make([]Option, len(pairs))
	for i, pair := range pairs {
		options[i] = Option{Value: pair[0], Text: pair[1], Selected: pair[0] == selected}
	}
	return options
}

// Faults are what is wrong with a form, by field; under the empty name what is wrong
// with all of it.
type Faults map[string]string

// Of returns the field with its fault.
func (f Faults) Of(field Field) Field {
	field.Fault = f[field.Name]
	return field
}

// FaultsOf returns what is wrong with a form when an error says so, a Fault or a refusal
// of package administration, and false for an error that is not about what was filled
// in. A handler shows the form again with them and with the status 422.
func FaultsOf(err error) (Faults, bool) {
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok {
		return faultsOfRefusal(refusal), true
	}
	fault, ok := errors.AsType[*Fault](err)
	if !ok || fault.Status >= http.StatusInternalServerError {
		return nil, false
	}
	text := fault.Text
	if fault.Advice != "" && fault.Status != http.StatusUnprocessableEntity {
		text += " " + fault.Advice
	}
	return Faults{fault.Field: strings.Join(append([]string{text}, fault.Faults...), "\n")}, true
}

// faultsOfRefusal puts each fault of a refusal to its field. Those of a file, which have
// a line, are about the form as a whole.
func faultsOfRefusal(refusal *administration.Refusal) Faults {
	text := strings.TrimSpace(Sentence(refusal.Message) + " " + Sentence(refusal.Advice))
	if len(refusal.Faults) == 0 {
		return Faults{refusal.Field: text}
	}
	faults := Faults{"": text}
	for _, each := range refusal.Faults {
		switch {
		case each.Line > 0 || each.Field == "":
			faults[""] += "\n" + Sentence(each.String())
		case faults[each.Field] == "":
			faults[each.Field] = Sentence(each.Message)
		default:
			faults[each.Field] += "\n" + Sentence(each.Message)
		}
	}
	return faults
}

// Empty is a list without rows: it says what to do first.
type Empty struct {
	Icon    string
	Title   string
	Text    string
	Actions []Link
}

// Pager leads through a list by cursor. Empty paths are left out.
type Pager struct {
	First, Previous, Next string
	Shown                 string // such as "50 of 9,300 users"
}

package page

import "github.com/usher-id/usher/internal/administration"

// confirmedField is the field of a form that carries what was confirmed.
const confirmedField = "confirmed"

// Confirmation is what a dangerous act is confirmed for. The page that asks shows it by
// {{template "confirmed" .Confirmation}}, and the act is done for exactly this alone:
// when it is another one by then, the page is shown anew with what holds now.
type Confirmation struct {
	Mark string // names the state that the page shows; empty: it has no name, and cannot be confirmed

	// Changed says that something else was confirmed than what holds now, so that
	// nothing was done.
	Changed bool
}

// Confirm makes the confirmation of what a page shows: the numbers and ids that whoever
// confirms it relies on.
func Confirm(shown ...any) Confirmation { return Confirmation{Mark: administration.Mark(shown)} }

// Confirms reports whether the form was sent for what holds now. If not, the
// confirmation that it returns is to be shown: Changed when another one was given.
func (r *Request) Confirms(now Confirmation) (Confirmation, bool) {
	given := r.Value(confirmedField)
	now.Changed = given != "" && given != now.Mark
	return now, given == now.Mark && given != ""
}

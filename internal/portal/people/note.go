package people

import (
	"net/url"
	"strings"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// notesOf says what failed, and what waits, about somebody's account.
func notesOf(app page.Application, access administration.Access) []note {
	var notes []note
	add := func(colour, text, link, path string) {
		notes = append(notes, note{Colour: colour, Text: text, Link: page.Link{Text: link, Path: path}})
	}
	subject := access.Subject
	if escrow := subject.Escrow; !escrow.IsZero() {
		text := "Failed " + page.Plural(escrow.Attempts, "time", "times") + ": " + nameOf(escrow.Message, escrow.Code)
		add("red", page.Sentence(text), "Failures", app.Path("failures")+"?code="+url.QueryEscape(escrow.Code))
	}
	reason := ""
	if subject.Removal.Reason != "" {
		reason = " Reason: " + page.Sentence(subject.Removal.Reason)
	}
	switch subject.Removal.State {
	case engine.RemovalStaged:
		add("orange", "The removal of the account is held until somebody decides."+reason, "Staged removals", app.Path("removals"))
	case engine.RemovalRejected:
		add("blue", "Somebody decided that the account stays."+reason, "Staged removals", app.Path("removals"))
	case engine.RemovalAllowed:
		add("orange", "The next cycle takes the account away, as somebody allowed."+reason, "Staged removals", app.Path("removals"))
	case engine.RemovalPlanned:
		add("orange", "The account is being taken away."+reason, "Staged removals", app.Path("removals"))
	}
	if leaver := subject.Leaver; !leaver.IsZero() {
		add("orange", "A grace period keeps the account until "+leaver.Due.UTC().Format("2006-01-02 15:04 UTC")+". "+page.Sentence(leaver.Reason), "", "")
	}
	if len(subject.Connection.Pending) > 0 {
		var names []string
		for _, pending := range subject.Connection.Pending {
			names = append(names, pending.Attribute)
		}
		add("blue", "Accepted, and not shown by the application yet: "+strings.Join(names, ", ")+".", "", "")
	}
	if len(subject.Accepted) > 0 {
		add("blue", "The application leads for "+page.Plural(len(subject.Accepted), "attribute", "attributes")+".", "Drift", app.Path("drift"))
	}
	return notes
}

package change

import (
	"cmp"
	"embed"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// Files has the template parts.
//
//go:embed *.tmpl
var Files embed.FS

// Application says which application a change is of, for links and names. The zero
// Application makes none.
type Application struct {
	ID   string
	Name string // display name, empty when it was removed
}

// path returns the path of a page of the application.
func (a Application) path(name string) string {
	return "/applications/" + url.PathEscape(a.ID) + "/" + name
}

// View is a change as templates show it.
type View struct {
	// Anchor is what the ids of the parts begin with. Two on one page need different ones.
	Anchor string

	Action   Action
	Status   string // as {{template "status"}} takes it
	Headline string // what was done, or would be, in a sentence
	Person   Party  // whom it is about
	Account  Party  // in the application
	Code     Code
	Reason   string // why it is as it is, a sentence; empty when there is nothing to say
	Changed  string // the names of what differs, shortened: "Title, Department and 3 more"

	Steps      []Step
	Properties []Property
	Warnings   []string
	Help       Help
	Facts      []Fact

	// Path is the page about this entry of the log, empty for a change that is not in it.
	Path        string
	Entry       int64     // number in the log, 0 for a change that is not in it
	At          time.Time // zero for a change that is not in the log
	New         bool      // it came since the list was shown; see Table.MarkedAfter
	Application page.Link // without a path when it was removed
}

// Action is what is done to the account.
type Action struct {
	Name  string // as the log has it: "create"
	Title string
	Icon  string
}

// Party is one of the two sides of a change.
type Party struct {
	Name string // for people; the id when it has none
	ID   string
	Path string // of its page, empty for none
}

// Known reports whether there is anybody.
func (p Party) Known() bool { return p.Name != "" }

// Code is a reason code with the place that explains it.
type Code struct {
	Name string // "SalesforceTimeout"; empty for none
	Path string // empty when no explanation is known
}

// Help is what the tab Troubleshooting & Recommendations says.
type Help struct {
	Trouble     bool   // something is to be looked at
	Explanation string // what the code means
	Advice      string // what to do about it
	Links       []page.Link
}

// Step is a step that was taken.
type Step struct {
	Number      int
	Title       string // "Match between source and target"
	Name        string // as the log has it: "EntrySynchronizationMatching"
	Status      string
	Description string
	Details     []Fact
}

// Fact is a name with what is known under it.
type Fact struct {
	Name string
	Text string
	Path string    // where more is told, empty for none
	Copy bool      // it is an id
	At   time.Time // a moment instead of the text
}

// New returns the view of a change that is not in the log.
func New(c plan.Change, app Application, catalogue journal.Catalogue) View {
	v := View{
		Anchor: "change", Action: actionOf(c.Action), Status: string(c.Status), Headline: headline(c), Person: personOf(c.Source), Account: accountOf(c.Target, app),
		Code: codeOf(c.Reason.Code, catalogue), Reason: page.Sentence(page.NamingDirectory(c.Reason.Text)), Changed: changedNames(c.Fields),
		Steps: stepsOf(c.Steps), Properties: propertiesOf(c.Fields), Warnings: c.Warnings, Application: page.Link{Text: app.Name},
	}
	if app.Name != "" {
		v.Application.Path = "/applications/" + url.PathEscape(app.ID)
	}
	v.Help = helpOf(c, v.Code, app, catalogue)
	v.Facts = facts(
		Fact{Name: "Action", Text: v.Action.Title},
		Fact{Name: "Person", Text: v.Person.Name, Path: v.Person.Path},
		Fact{Name: "Source ID", Text: v.Person.ID, Copy: true},
		Fact{Name: "Account", Text: v.Account.Name, Path: v.Account.Path},
		Fact{Name: "Target ID", Text: v.Account.ID, Copy: true},
		Fact{Name: "Application", Text: v.Application.Text, Path: v.Application.Path},
		Fact{Name: "Reason code", Text: v.Code.Name, Path: v.Code.Path},
		Fact{Name: "Change ID", Text: c.ID, Copy: true},
	)
	return v
}

// OfEntry returns the view of an entry of the log.
func OfEntry(e journal.Entry, app Application, catalogue journal.Catalogue) View {
	v := New(e.Change, app, catalogue)
	v.Entry, v.At, v.Path = e.ID, e.At, PathOf(e.ID)
	v.Anchor = "entry-" + strconv.FormatInt(e.ID, 10)
	cycle, stored := Fact{Name: "Cycle", Text: e.CycleID, Copy: true}, Fact{Name: "Plan", Text: e.PlanID, Copy: true}
	if app.Name != "" && e.CycleID != "" {
		cycle.Path = app.path("cycles/" + url.PathEscape(e.CycleID))
	}
	if app.Name != "" && e.PlanID != "" {
		stored.Path = app.path("preview/" + url.PathEscape(e.PlanID))
	}
	duration := Fact{Name: "Duration"}
	if e.Duration > 0 {
		duration.Text = page.Duration(e.Duration) + ", of the batch that it was part of"
	}
	v.Facts = append(v.Facts, facts(
		Fact{Name: "Date", At: e.At}, cycle, stored, duration,
		Fact{Name: "Initiated by", Text: initiator(e.InitiatedBy)},
		Fact{Name: "Job ID", Text: e.JobID, Copy: true},
		Fact{Name: "Entry", Text: strconv.FormatInt(e.ID, 10), Copy: true},
	)...)
	return v
}

// Apart tells the view apart from others on a page, for who hears the names of its parts:
// whom it is about, and by its anchor which of several it is.
func (v View) Apart() string {
	who := cmp.Or(v.Person.Name, v.Account.Name)
	if who != "" {
		who = " of " + who
	}
	kind, number, _ := strings.Cut(v.Anchor, "-")
	switch {
	case kind == "now":
		return who + ", as it is now"
	case kind == "entry":
		return who + ", entry " + number
	case kind == "item" && number != "0":
		return who + ", " + number
	}
	return who
}

// Anchored returns the view with another beginning of its ids.
func (v View) Anchored(anchor string) View {
	v.Anchor = anchor
	return v
}

// PathOf returns the path of an entry of the log.
func PathOf(entry int64) string { return "/logs/" + strconv.FormatInt(entry, 10) }

// CodesPath is the page that explains the reason codes, each under its own anchor.
const CodesPath = "/logs/codes"

func initiator(name string) string {
	if name == "" {
		return "the schedule"
	}
	return name
}

// facts leaves out what is not known.
func facts(all ...Fact) []Fact {
	var known []Fact
	for _, fact := range all {
		if fact.Text != "" || !fact.At.IsZero() {
			known = append(known, fact)
		}
	}
	return known
}

func personOf(identity plan.Identity) Party {
	p := Party{Name: identity.Name, ID: identity.ID}
	if p.Name == "" {
		p.Name = identity.ID
	}
	if identity.ID != "" {
		p.Path = "/users/" + url.PathEscape(identity.ID)
	}
	return p
}

// accountOf links an account to the list of the application's accounts.
func accountOf(identity plan.Identity, app Application) Party {
	p := Party{Name: identity.Name, ID: identity.ID}
	if p.Name == "" {
		p.Name = identity.ID
	}
	if identity.ID != "" && identity.Name != "" && app.Name != "" {
		p.Path = app.path("accounts?search=" + url.QueryEscape(identity.Name))
	}
	return p
}

func codeOf(code string, catalogue journal.Catalogue) Code {
	if documented, found := catalogue.Find(code); found {
		return Code{Name: code, Path: CodesPath + "#" + documented.Code}
	}
	return Code{Name: code}
}

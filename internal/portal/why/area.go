package why

import (
	"context"
	"embed"
	"maps"
	"net/http"
	"slices"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

//go:embed *.tmpl
var files embed.FS

// Area answers why.
type Area struct {
	Administration *administration.Service

	ask    page.Page[askData]
	answer page.Page[answerData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		ask:            page.Parse[askData]("ask.tmpl", files),
		answer:         page.Parse[answerData]("answer.tmpl", files, change.Files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.SlowGet("/applications/{application}/why", a.show)
}

// found is how many people a search shows.
const found = 20

// askData is the search for a person.
type askData struct {
	Path   string
	Name   string
	Search string
	Found  []foundPerson
	More   bool
	Faults page.Faults
}

type foundPerson struct{ Name, SignIn, Path string }

func head(app page.Application) page.Head {
	h := app.Of("Why", "why")
	h.Lead = "Why somebody has an account or not, what every mapping gives for them, and what a cycle would do now. It reads the application and writes nothing."
	return h
}

func (a *Area) show(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	if r.Value("user") == "" || r.Partial("found") {
		data, err := a.search(ctx, app, r.Value("search"))
		return a.ask.Show(head(app), data), err
	}
	user, err := a.Administration.Person(ctx, app.Application, r.Value("user"))
	if faults, ok := page.FaultsOf(err); ok {
		data, err := a.search(ctx, app, "")
		data.Faults = page.Faults{"": faults["user"] + faults[""]}
		return a.ask.Show(head(app), data).With(http.StatusNotFound), err
	}
	if err != nil {
		return page.Answer{}, err
	}
	why, err := a.Administration.Why(ctx, app.Application, user)
	if err != nil {
		return page.Answer{}, err
	}
	return a.answer.Show(answerHead(app, user), a.answerData(app, why)), nil
}

func answerHead(app page.Application, user directory.User) page.Head {
	h := head(app).Below(nameOf(user), app.Path("why"), "Why")
	h.Lead = ""
	return h
}

func nameOf(user directory.User) string {
	for _, name := range []string{user.DisplayName, user.UserPrincipalName} {
		if name != "" {
			return name
		}
	}
	return user.ID
}

func (a *Area) search(ctx context.Context, app page.Application, text string) (askData, error) {
	data := askData{Path: app.Path("why"), Name: app.DisplayName, Search: text}
	people, more, err := a.Administration.FindPeople(ctx, text, found)
	if err != nil {
		return data, err
	}
	data.More = more
	for _, user := range people {
		data.Found = append(data.Found, foundPerson{nameOf(user), user.UserPrincipalName, data.Path + "?user=" + page.QueryValue(user.ID)})
	}
	return data, nil
}

// answerData is the answer about one person.
type answerData struct {
	Name        string // of the application
	Person      string
	SignIn      string
	PersonPath  string
	OnDemand    string
	Verdict     string
	In          bool
	Grants      []grant
	Reasons     []string
	Clauses     []clause
	Account     engine.Connection
	AccountPath string
	Leaver      engine.Leaver
	Escrow      engine.Escrow
	Failure     string // what the code of the escrow means
	Removal     engine.Removal
	Matches     []match
	Traces      []trace
	Fault       string // why the target could not be looked at
	Now         change.View
	Log         change.Table
}

// grant is an assignment of the person.
type grant struct{ Role, Through string }

// clause is a clause of a scoping filter with what it looks at.
type clause struct {
	Filter    string
	Condition string
	Value     string
	Holds     bool
	Why       string
}

// match is what a matching attribute finds.
type match struct {
	Attribute string
	Value     string
	Hits      []hit
}

type hit struct{ ID, Name, Owner, OwnerPath string }

// trace is what one mapping gives.
type trace struct {
	Target string
	Value  string
	Note   string
	Failed bool
	Source string
	Inputs []input
}

type input struct{ Name, Value string }

func (a *Area) answerData(app page.Application, why administration.Why) answerData {
	subject, user := why.Subject, why.User
	of := change.Application{ID: app.ID, Name: app.DisplayName}
	data := answerData{
		Name: app.DisplayName, Person: nameOf(user), SignIn: user.UserPrincipalName, PersonPath: page.UserPath(user.ID), OnDemand: app.Path("on-demand") + "?user=" + page.QueryValue(user.ID),
		In: why.Verdict.In, Account: subject.Connection, AccountPath: app.Path("accounts") + "?search=" + page.QueryValue(subject.Connection.TargetName),
		Leaver: subject.Leaver, Escrow: subject.Escrow, Removal: subject.Removal, Log: change.Table{Label: "Last entries of the log", Dates: true},
	}
	if subject.Gone {
		data.PersonPath = ""
	}
	if !subject.Escrow.IsZero() {
		data.Failure = page.Sentence(a.Administration.Catalogue.Explain(subject.Escrow.Code).Text)
	}
	for _, each := range subject.Grants {
		data.Grants = append(data.Grants, newGrant(each))
	}
	for _, reason := range why.Verdict.Reasons {
		data.Reasons = append(data.Reasons, page.Sentence(reason.Text))
	}
	for _, each := range why.Clauses {
		data.Clauses = append(data.Clauses, newClause(each))
	}
	for _, each := range why.Matches {
		data.Matches = append(data.Matches, newMatch(each, user.ID))
	}
	for _, each := range why.Traces {
		data.Traces = append(data.Traces, newTrace(each))
	}
	if why.Fault != nil {
		data.Fault = page.Sentence(administration.Told(why.Fault))
	} else {
		data.Now = change.New(why.Change, of, a.Administration.Catalogue)
		data.Now.Anchor = "now"
	}
	for _, entry := range why.Log {
		data.Log.Rows = append(data.Log.Rows, change.OfEntry(entry, of, a.Administration.Catalogue))
	}
	data.Verdict = verdict(data)
	return data
}

// verdict answers in one sentence.
func verdict(data answerData) string {
	switch {
	case !data.Removal.IsZero() && data.Removal.State == engine.RemovalStaged:
		return data.Person + " left, and the account stays until somebody decides about the removal."
	case !data.Leaver.IsZero():
		return data.Person + " left, and keeps the account for a grace period."
	case data.In && data.Account.IsZero() && !data.Escrow.IsZero():
		return data.Person + " should have an account, and making it failed."
	case data.In && data.Account.IsZero():
		return data.Person + " is in scope and has no account that Usher knows of yet."
	case data.In:
		return data.Person + " is in scope and has an account."
	case data.Account.IsZero():
		return data.Person + " is out of scope and has no account."
	case data.Account.Enabled:
		return data.Person + " is out of scope, and the account is still in use."
	}
	return data.Person + " is out of scope, and the account is disabled."
}

func newGrant(g directory.Grant) grant {
	role := g.Role.DisplayName
	if g.Role.ID == directory.DefaultAccess {
		role = "default access"
	}
	return grant{role, g.Through()}
}

func newClause(c scope.TracedClause) clause {
	condition := c.Attribute + " " + c.Operator
	if c.Operand != "" {
		condition += " “" + c.Operand + "”"
	}
	return clause{c.Filter, condition, text(c.Value, false), c.Holds, page.Sentence(c.Why)}
}

func newMatch(m engine.Matched, userID string) match {
	shown := match{Attribute: m.Attribute, Value: text(m.Value, m.Redacted)}
	for _, each := range m.Hits {
		h := hit{ID: each.ID, Name: each.Name, Owner: "nobody"}
		switch {
		case each.Connected == userID:
			h.Owner = "this person"
		case each.Connected != "":
			h.Owner, h.OwnerPath = "somebody else", page.UserPath(each.Connected)
		}
		shown.Hits = append(shown.Hits, h)
	}
	return shown
}

func newTrace(t mapping.Traced) trace {
	value, note := t.Value, ""
	shown := trace{Target: t.Target, Source: t.Expression}
	switch {
	case t.Fault != "":
		note, shown.Failed = page.Sentence(t.Fault), true
	case t.Ignored:
		note = "left alone"
	case value.IsEmpty() && !t.Default.IsNull():
		value, note = t.Default, "default, for a new account"
	}
	shown.Value, shown.Note = text(value, t.Redacted), note
	if !t.Redacted {
		for _, name := range slices.Sorted(maps.Keys(t.Inputs)) {
			shown.Inputs = append(shown.Inputs, input{name, t.Inputs[name]})
		}
	}
	return shown
}

// text shows a value; what is redacted stays so.
func text(value attr.Value, redacted bool) string {
	switch {
	case value.IsNull():
		return ""
	case redacted:
		return "redacted"
	}
	return value.String()
}

package logs

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// filter is what somebody looks for, as the query of the page has it.
type filter struct {
	Text        string // part of a name or id of the person or the account
	Date        string // "24h", "7d", "30d"; empty for any
	From, Until string // days, such as 2026-01-31; they win over Date
	Application string // id
	Action      string // actions, joined by commas; "changes" is all that write
	Status      string // statuses, joined by commas
	Code        string
	Cycle       string
	Plan        string
	Person      string // id, exactly
	Account     string // id, exactly
}

// anyChange selects the actions that write.
const anyChange = "changes"

// field is a part of a filter by its name in the query.
type field struct {
	name  string
	value *string
}

// fieldsOf returns the fields of a filter, to be read and written.
func fieldsOf(f *filter) []field {
	return []field{
		{"text", &f.Text},
		{"date", &f.Date},
		{"from", &f.From},
		{"until", &f.Until},
		{"application", &f.Application},
		{"action", &f.Action},
		{"status", &f.Status},
		{"code", &f.Code},
		{"cycle", &f.Cycle},
		{"plan", &f.Plan},
		{"person", &f.Person},
		{"account", &f.Account},
	}
}

func readFilter(r *page.Request) filter {
	var f filter
	for _, field := range fieldsOf(&f) {
		*field.value = r.Value(field.name)
	}
	f.Action, f.Status = several(r, "action"), several(r, "status")
	return f
}

// separator is between several values of a field.
const separator = ","

// several returns the values of a field that may be there more than once, each once, in
// the order of their names.
func several(r *page.Request, name string) string {
	values := slices.Sorted(slices.Values(split(strings.Join(r.Values(name), separator))))
	return strings.Join(slices.Compact(values), separator)
}

// split returns the values of a field that has several.
func split(values string) []string {
	return slices.DeleteFunc(strings.Split(values, separator), func(value string) bool { return strings.TrimSpace(value) == "" })
}

// path returns the path of a page with the filter as its query and more fields, given
// as names and values in turn.
func (f filter) path(at string, more ...string) string {
	query := url.Values{}
	for _, field := range fieldsOf(&f) {
		switch {
		case field.name == "action" || field.name == "status":
			query[field.name] = split(*field.value)
		case *field.value != "":
			query.Set(field.name, *field.value)
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			query.Set(more[i], more[i+1])
		}
	}
	if text := query.Encode(); text != "" {
		return at + "?" + text
	}
	return at
}

// dates are the periods to choose from, with their names.
func dates() [][2]string {
	return [][2]string{{"", "Any time"}, {"1h", "Last hour"}, {"24h", "Last 24 hours"}, {"7d", "Last 7 days"}, {"30d", "Last 30 days"}}
}

// periods are how long they are.
func periods() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{"1h": time.Hour, "24h": day, "7d": 7 * day, "30d": 30 * day}
}

func actions() [][2]string {
	all := [][2]string{{anyChange, "Any change of an account"}}
	for _, action := range change.Actions() {
		all = append(all, [2]string{action.Name, action.Title})
	}
	return all
}

func statuses() [][2]string {
	return [][2]string{
		{string(plan.Success), "Success"},
		{string(plan.Failure), "Failure"},
		{string(plan.Skipped), "Skipped"},
		{string(plan.Warning), "Warning"},
		{string(plan.Staged), "Held"},
	}
}

// known reports whether a choice has a value.
func known(choices [][2]string, value string) bool {
	return slices.ContainsFunc(choices, func(choice [2]string) bool { return choice[0] == value })
}

// query returns what to ask the store for, and what cannot be understood, by field.
func (f filter) query(now time.Time) (journal.Query, page.Faults) {
	faults := page.Faults{}
	q := journal.Query{
		Name: f.Text, ApplicationID: f.Application, Code: f.Code, CycleID: f.Cycle, PlanID: f.Plan, SourceID: f.Person, TargetID: f.Account,
	}
	if period, found := periods()[f.Date]; found {
		q.Since = now.Add(-period)
	} else if f.Date != "" {
		faults["date"] = "There is no such period."
	}
	if f.From != "" || f.Until != "" {
		q.Since = time.Time{}
	}
	if from, ok := day(f.From, "from", faults); ok {
		q.Since = from
	}
	if until, ok := day(f.Until, "until", faults); ok {
		q.Until = until.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	for _, action := range split(f.Action) {
		switch {
		case action == anyChange:
			q.Actions = append(q.Actions, plan.Create, plan.Update, plan.Disable, plan.Enable, plan.Delete)
		case !known(actions(), action):
			faults["action"] = "There is no such action."
		default:
			q.Actions = append(q.Actions, plan.Action(action))
		}
	}
	for _, status := range split(f.Status) {
		if !known(statuses(), status) {
			faults["status"] = "There is no such status."
		}
		q.Statuses = append(q.Statuses, plan.Status(status))
	}
	return q, faults
}

// menu is a choice of several values, as check boxes that fold away.
type menu struct {
	Name    string
	Label   string
	Chosen  string // what is chosen, in words
	Options []page.Option
	Fault   string
}

// newMenu makes a menu of choices with those chosen that are joined by commas; any is
// what it says when none is.
func newMenu(name, label, any string, choices [][2]string, chosen, fault string) menu {
	m := menu{Name: name, Label: label, Chosen: any, Options: page.Options("", choices...), Fault: fault}
	var titles []string
	for i, option := range m.Options {
		if m.Options[i].Selected = slices.Contains(split(chosen), option.Value); m.Options[i].Selected {
			titles = append(titles, option.Text)
		}
	}
	switch {
	case len(titles) > 2:
		m.Chosen = page.Number(len(titles)) + " chosen"
	case len(titles) > 0:
		m.Chosen = strings.Join(titles, ", ")
	}
	return m
}

// day reads a day, which begins at midnight UTC. False: there is none to use.
func day(text, field string, faults page.Faults) (time.Time, bool) {
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		faults[field] = "This is not a day such as 2026-01-31."
	}
	return at, err == nil
}

// folded reports whether something is looked for with one of the fields that are folded
// away.
func (f filter) folded() bool { return f.From+f.Until+f.Code+f.Cycle != "" }

// any reports whether anything is looked for.
func (f filter) any() bool { return f != filter{} }

// chip is something that is looked for without a field of its own, with the path of the
// list without it.
type chip struct{ Text, Path string }

// chips are links with which such a condition is taken away.
func (f filter) chips() []chip {
	var chips []chip
	for _, each := range []struct {
		text  string
		value *string
	}{{"The person ", &f.Person}, {"The account ", &f.Account}, {"The preview ", &f.Plan}} {
		value := *each.value
		if value == "" {
			continue
		}
		*each.value = ""
		chips = append(chips, chip{each.text + value, f.path("/logs")})
		*each.value = value
	}
	return chips
}

// fileName names a download after what is in it.
func fileName(extension string, now time.Time) string {
	return strings.Join([]string{"ProvisioningLogs", now.UTC().Format("2006-01-02T150405Z")}, "_") + extension
}

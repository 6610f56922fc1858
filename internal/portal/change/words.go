package change

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// Actions returns all actions, for a filter.
func Actions() []Action {
	return []Action{
		{string(plan.Create), "Create", "user-plus"},
		{string(plan.Update), "Update", "pencil"},
		{string(plan.Disable), "Disable", "user-off"},
		{string(plan.Enable), "Enable", "user-check"},
		{string(plan.Delete), "Delete", "trash"},
		{string(plan.None), "None", "point"},
		{string(plan.Skip), "Skip", "ban"},
	}
}

func actionOf(action plan.Action) Action {
	all := Actions()
	if at := slices.IndexFunc(all, func(a Action) bool { return a.Name == string(action) }); at >= 0 {
		return all[at]
	}
	return Action{string(action), string(action), "point"}
}

// verb is an action in the forms that sentences need.
type verb struct{ infinitive, done string }

func verbOf(action plan.Action) (verb, bool) {
	forms, found := map[plan.Action]verb{
		plan.Create:  {"create", "created"},
		plan.Update:  {"update", "updated"},
		plan.Disable: {"disable", "disabled"},
		plan.Enable:  {"enable", "enabled"},
		plan.Delete:  {"delete", "deleted"},
	}[action]
	return forms, found
}

// headline says in a sentence what was done, or would be.
func headline(c plan.Change) string {
	who := personOf(c.Source).Name
	if who == "" {
		who = accountOf(c.Target, Application{}).Name
	}
	account := "the account of " + who
	if who == "" {
		account = "the account"
	}
	forms, writes := verbOf(c.Action)
	var text string
	switch {
	case !writes && c.Status == plan.Failure:
		text = "nothing could be decided about " + account
	case c.Action == plan.None:
		text = account + " is as it should be"
	case !writes:
		text = account + " was left alone"
	case c.Status == plan.Planned:
		text = account + " would be " + forms.done
	case c.Status == plan.Failure:
		text = account + " could not be " + forms.done
	case c.Status == plan.Staged:
		text = account + " is held: it is not " + forms.done + " until somebody allows it"
	case c.Status == plan.Skipped:
		text = account + " was not " + forms.done
	default:
		text = account + " was " + forms.done
	}
	return page.Sentence(text)
}

// helpOf says what a code means and what to do. A change that went well needs no help.
func helpOf(c plan.Change, code Code, app Application, catalogue journal.Catalogue) Help {
	help := Help{Trouble: c.Status == plan.Failure || c.Status == plan.Warning || c.Status == plan.Staged || len(c.Warnings) > 0}
	documented, _ := catalogue.Find(code.Name)
	help.Explanation, help.Advice = page.Sentence(documented.Text), page.Sentence(documented.Advice)
	if c.Reason.Advice != "" {
		help.Advice = page.Sentence(c.Reason.Advice)
	}
	if app.Name == "" || c.Source.ID == "" {
		return help
	}
	person := "?user=" + url.QueryEscape(c.Source.ID)
	help.Links = append(help.Links, page.Link{Text: "Why is it so?", Path: app.path("why" + person)})
	switch c.Status {
	case plan.Failure:
		help.Links = append(help.Links, page.Link{Text: "Provision on demand", Path: app.path("on-demand" + person)}, page.Link{Text: "Everything that fails", Path: app.path("failures")})
	case plan.Staged:
		help.Links = append(help.Links, page.Link{Text: "Staged removals", Path: app.path("removals")})
	case plan.Planned, plan.Success, plan.Skipped, plan.Warning:
	}
	return help
}

// stepTitle names a step as Microsoft Entra's pages do.
func stepTitle(step plan.StepType) string {
	switch step {
	case plan.ImportStep:
		return "Import user"
	case plan.ScopingStep:
		return "Determine if user is in scope"
	case plan.MatchingStep:
		return "Match user between source and target system"
	case plan.ProcessingStep:
		return "Decide what to do"
	case plan.ReferenceStep:
		return "Resolve references"
	case plan.ExportStep:
		return "Perform action"
	}
	return string(step)
}

func stepsOf(steps []plan.Step) []Step {
	views := make([]Step, len(steps))
	for i, step := range steps {
		views[i] = Step{Number: i + 1, Title: stepTitle(step.Type), Name: step.Name, Status: string(step.Status), Description: page.Sentence(page.NamingDirectory(step.Description))}
		for _, name := range slices.Sorted(maps.Keys(step.Details)) {
			views[i].Details = append(views[i].Details, Fact{Name: name, Text: step.Details[name]})
		}
	}
	return views
}

// changedNames names the fields that differ, as many as a list has room for.
func changedNames(fields []plan.Field) string {
	const most = 3
	names := make([]string, 0, most)
	for _, field := range fields[:min(most, len(fields))] {
		names = append(names, field.Name)
	}
	text := strings.Join(names, ", ")
	if more := len(fields) - len(names); more > 0 {
		text += fmt.Sprintf(" and %s more", page.Number(more))
	}
	return text
}

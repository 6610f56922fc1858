package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

// whyView answers "why" for one person.
type whyView struct {
	User        userView             `json:"user"`
	Application string               `json:"application"`
	Assignments []string             `json:"assignments"`
	InScope     bool                 `json:"inScope"`
	Reasons     []scope.Reason       `json:"reasons,omitempty"`
	Clauses     []scope.TracedClause `json:"clauses,omitempty"`
	Matches     []engine.Matched     `json:"matches,omitempty"`
	Account     *engine.Connection   `json:"account,omitempty"`
	Mappings    []mapping.Traced     `json:"mappings"`
	Now         plan.Change          `json:"now"`
	Fault       string               `json:"fault,omitzero"` // why the target could not be looked at
	Retry       *engine.Escrow       `json:"retry,omitempty"`
	Leaving     *leaverView          `json:"leaving,omitempty"`
	Log         []journal.Entry      `json:"log,omitempty"`
}

func newWhyCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "why APP USER",
		Short: "Explain what is done for one person, and why",
		Long: `Why shows how a person comes to have an application or not: assignments and
through which group, each reason for being out of scope, the account, what every
mapping gives and from which values, what a cycle would write now, what waits for
a retry, and the last log entries. It reads the application and writes nothing.`,
		Example: "  usher why Salesforce ana@contoso.com", Args: arguments("APP", "USER"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				user, err := w.service.Person(ctx, app, given[1])
				if err != nil {
					return unknownUser(err)
				}
				view, err := w.why(ctx, app, user)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return w.writeWhy(out, view) })
			})
		},
	}
}

func (w *workspace) why(ctx context.Context, app administration.Application, user directory.User) (whyView, error) {
	explanation, err := w.service.Why(ctx, app, user)
	if err != nil {
		return whyView{}, unopened(err)
	}
	view := whyView{
		User:        userView{user.ID, user.UserPrincipalName, user.DisplayName, user.Get("department").String(), userState(user)},
		Application: app.DisplayName, Assignments: grantTexts(explanation.Subject.Grants),
		Clauses: explanation.Clauses, Matches: explanation.Matches,
		InScope: explanation.Verdict.In, Reasons: explanation.Verdict.Reasons, Mappings: explanation.Traces, Now: explanation.Change, Log: explanation.Log,
	}
	if explanation.Subject.Gone {
		view.User.State = "removed for good"
	}
	if explanation.Fault != nil {
		view.Fault = explained(explanation.Fault).Error()
	}
	if connection := explanation.Subject.Connection; !connection.IsZero() {
		view.Account = &connection
	}
	if escrow := explanation.Subject.Escrow; !escrow.IsZero() {
		view.Retry = &escrow
	}
	if leaver := explanation.Subject.Leaver; !leaver.IsZero() {
		view.Leaving = &leaverView{User: user.UserPrincipalName, ID: user.ID, Since: leaver.Since, Due: leaver.Due, Reason: leaver.Reason}
	}
	return view, nil
}

func grantTexts(grants []directory.Grant) []string {
	texts := make([]string, len(grants))
	for i, grant := range grants {
		role := grant.Role.DisplayName
		if grant.Role.ID == directory.DefaultAccess {
			role = "default access"
		}
		texts[i] = fmt.Sprintf("as %q, in person", role)
		if !grant.Direct() {
			texts[i] = fmt.Sprintf("as %q, through the group %s", role, grant.Through())
		}
	}
	return texts
}

func (w *workspace) writeWhy(out io.Writer, view whyView) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s), %s in the directory\n", view.User.DisplayName, view.User.UserPrincipalName, view.User.State)
	fmt.Fprintf(&text, "\nAssigned to %s:\n", view.Application)
	for _, assignment := range view.Assignments {
		fmt.Fprintf(&text, "  %s\n", assignment)
	}
	if len(view.Assignments) == 0 {
		text.WriteString("  not at all\n")
	}
	writeVerdict(&text, view)
	writeClauses(&text, view.Clauses)
	if view.Leaving != nil {
		fmt.Fprintf(&text, "Left on %s; the account is kept until %s (grace period).\n",
			view.Leaving.Since.UTC().Format(time.RFC3339), view.Leaving.Due.UTC().Format(time.RFC3339))
	}
	writeMatches(&text, view)
	writeTraces(&text, view.Mappings)
	text.WriteString("\nA cycle would now do this:\n")
	if view.Fault != "" {
		fmt.Fprintf(&text, "  not known, because the application could not be looked at: %s\n", view.Fault)
	} else {
		writeChange(&text, view.Now)
	}
	if view.Retry != nil {
		fmt.Fprintf(&text, "\nFailed %s since %s with %s; the next try is not before %s.\n  %s\n", counted(view.Retry.Attempts, "time", "times"),
			view.Retry.First.UTC().Format(time.RFC3339), view.Retry.Code, view.Retry.Next.UTC().Format(time.RFC3339), w.catalogue.Explain(view.Retry.Code).Text)
	}
	if len(view.Log) > 0 {
		text.WriteString("\nLast log entries:\n")
	}
	for _, entry := range view.Log {
		line, _, _ := strings.Cut(entry.Change.String(), "\n")
		fmt.Fprintf(&text, "  %s  %s\n", entry.At.UTC().Format(time.RFC3339), line)
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return fmt.Errorf("write the explanation: %w", err)
	}
	return nil
}

func writeVerdict(text *strings.Builder, view whyView) {
	if view.InScope {
		text.WriteString("\nIn scope.\n")
	} else {
		text.WriteString("\nOut of scope:\n")
		for _, reason := range view.Reasons {
			fmt.Fprintf(text, "  %s\n", reason.Text)
		}
	}
	if view.Account != nil {
		state := "disabled by Usher"
		if view.Account.Enabled {
			state = "enabled"
		}
		fmt.Fprintf(text, "Account %s (%s), %s, connected since %s.\n", view.Account.TargetID, view.Account.TargetName, state, view.Account.Since.UTC().Format(time.RFC3339))
	}
}

// writeClauses shows each clause of the scoping filters with the value that it looks
// at.
func writeClauses(text *strings.Builder, clauses []scope.TracedClause) {
	filter := ""
	for _, clause := range clauses {
		if title := fmt.Sprintf("%s %q", filterKind(clause.Kind), clause.Filter); title != filter {
			filter = title
			fmt.Fprintf(text, "\n%s:\n", filter)
		}
		condition := strings.TrimSpace(clause.Attribute + " " + clause.Operator + " " + clause.Operand)
		verdict := "holds"
		if !clause.Holds {
			verdict = "does not hold"
		}
		if !clause.Holds && strings.Contains(clause.Why, "cannot be decided") {
			verdict = clause.Why
		}
		fmt.Fprintf(text, "  %-44s %-28s %s\n", condition, shown(clause.Value, false), verdict)
	}
}

func filterKind(kind string) string {
	switch kind {
	case "inputFilterGroups":
		return "Input filter"
	case "categoryFilterGroups":
		return "Category filter"
	}
	return "Scoping filter"
}

// writeMatches shows what each matching attribute finds, in the order of priority.
func writeMatches(text *strings.Builder, view whyView) {
	if len(view.Matches) == 0 {
		return
	}
	text.WriteString("\nAccounts by matching attribute:\n")
	for _, matched := range view.Matches {
		value := shown(matched.Value, matched.Redacted)
		if len(matched.Hits) == 0 {
			fmt.Fprintf(text, "  %-20s %-36s none\n", matched.Attribute, value)
		}
		for _, hit := range matched.Hits {
			owner := "connected with nobody"
			switch {
			case hit.Connected == view.User.ID:
				owner = "connected with this person"
			case hit.Connected != "":
				owner = "connected with somebody else, " + hit.Connected
			}
			fmt.Fprintf(text, "  %-20s %-36s %s (%s), %s\n", matched.Attribute, value, hit.ID, hit.Name, owner)
		}
	}
}

func writeTraces(text *strings.Builder, traces []mapping.Traced) {
	text.WriteString("\nWhat the mapping gives:\n")
	for _, trace := range traces {
		value := trace.Value
		note := ""
		switch {
		case trace.Fault != "":
			note = "  failed: " + trace.Fault
		case trace.Ignored:
			note = "  left alone"
		case value.IsEmpty() && !trace.Default.IsNull():
			value, note = trace.Default, "  (default, for a new account)"
		}
		fmt.Fprintf(text, "  %-36s %-28s %s%s\n", trace.Target, shown(value, trace.Redacted), inputsText(trace), note)
	}
}

func shown(value attr.Value, redacted bool) string {
	switch {
	case value.IsNull():
		return "-"
	case redacted:
		return "[Redact]"
	}
	return fmt.Sprintf("%q", value.String())
}

func inputsText(trace mapping.Traced) string {
	if trace.Expression == "" {
		return "without source"
	}
	var inputs []string
	for _, name := range slices.Sorted(maps.Keys(trace.Inputs)) {
		inputs = append(inputs, fmt.Sprintf("%s is %q", name, trace.Inputs[name]))
	}
	text := "<- " + trace.Expression
	if len(inputs) > 0 && !trace.Redacted {
		text += ", " + strings.Join(inputs, ", ")
	}
	return text
}

func writeChange(text *strings.Builder, change plan.Change) {
	for line := range strings.Lines(change.String()) {
		text.WriteString("  " + line)
	}
	for _, step := range change.Steps {
		fmt.Fprintf(text, "    %-20s %-8s %s\n", step.Type, step.Status, step.Description)
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// logFilter are the flags that select log entries.
type logFilter struct {
	user, source, target string
	cycle, code          string
	actions, statuses    []string
	since                time.Duration
	from, until          time.Time
	before               int64
	limit                int
	raw, audit           bool
}

func newLogsCommand(o *options) *cobra.Command {
	var filter logFilter
	command := &cobra.Command{
		Use:   "logs [APP]",
		Short: "Show the provisioning log",
		Long: `Logs shows what was done to whom, when and why, newest first: one row for each
person and cycle. --output json gives whole entries, one JSON document a line, with all
fields and steps; --output csv gives a row for each entry, in which a value that a
spreadsheet would take for a formula has an apostrophe in front. "usher logs export"
writes everything to files. Administrators' own acts are in "usher audit".`,
		Example: "  usher logs Salesforce --status failure\n  usher logs Salesforce --user ana@contoso.com -o json\n  usher logs Salesforce --from 2026-01-31 --until 2026-02-01 --limit 0",
		Args:    optionalArgument("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := checkLimit(filter.limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				if filter.audit {
					acts := auditFilter{since: filter.since, limit: filter.limit, raw: filter.raw}
					return o.writeAudits(command.OutOrStdout(), acts, acts.apply(w.store.Audits(ctx, 0), time.Now()))
				}
				query, err := filter.query(ctx, w, given)
				if err != nil {
					return err
				}
				return o.writeLogs(command.OutOrStdout(), w.store.Entries(ctx, query), filter.raw)
			})
		},
	}
	filter.add(command, 50)
	command.Flags().BoolVar(&filter.audit, "audit", false, "show the audit log of administrators' acts instead, as usher audit does")
	command.Flags().BoolVar(&filter.raw, "raw", false, "leave CSV values as they are, also where a spreadsheet would take one for a formula")
	command.AddCommand(newLogsExportCommand(o), newLogsCodesCommand(o), newLogsPruneCommand(o))
	return command
}

// add adds the flags of the filter.
func (f *logFilter) add(command *cobra.Command, limit int) {
	flags := command.Flags()
	flags.StringVar(&f.user, "user", "", "only people whose name or id, here or in the application, holds this")
	flags.StringVar(&f.source, "source-id", "", "only the person with exactly this id")
	flags.StringVar(&f.target, "target-id", "", "only the account with exactly this id in the application")
	flags.StringVar(&f.cycle, "cycle", "", "only this cycle")
	flags.StringVar(&f.code, "code", "", "only this reason code")
	flags.StringSliceVar(&f.actions, "action", nil, "only these actions: create, update, disable, enable, delete, none, skip")
	flags.StringSliceVar(&f.statuses, "status", nil, "only these statuses: success, failure, skipped, warning, staged")
	flags.DurationVar(&f.since, "since", 0, "only entries of the last time, such as 2h")
	flags.TimeVar(&f.from, "from", time.Time{}, []string{time.RFC3339, time.DateOnly}, "only entries from this moment on, such as 2026-01-31 or 2026-01-31T08:00:00Z")
	flags.TimeVar(&f.until, "until", time.Time{}, []string{time.RFC3339, time.DateOnly}, "only entries up to this moment")
	flags.Int64Var(&f.before, "before", 0, "only entries with a smaller id, as JSON has it: where the last page ended")
	flags.IntVar(&f.limit, "limit", limit, "at most so many entries; 0 for all")
}

// checkLimit refuses a number of rows that cannot be meant.
func checkLimit(limit int) error {
	if limit < 0 {
		return &exitError{exitUsage, fmt.Errorf("--limit is 0 (all) or more, not %d", limit)}
	}
	return nil
}

func (f *logFilter) query(ctx context.Context, w *workspace, given []string) (journal.Query, error) {
	query := journal.Query{
		CycleID: f.cycle, Name: f.user, SourceID: f.source, TargetID: f.target, Code: f.code, Limit: f.limit, Before: f.before,
		Since: f.from.UTC(), Until: f.until.UTC(),
	}
	var err error
	query.Actions, err = oneOf("--action", f.actions, plan.Create, plan.Update, plan.Disable, plan.Enable, plan.Delete, plan.None, plan.Skip)
	if err != nil {
		return query, err
	}
	query.Statuses, err = oneOf("--status", f.statuses, plan.Success, plan.Failure, plan.Skipped, plan.Warning, plan.Staged)
	if err != nil {
		return query, err
	}
	if f.since > 0 {
		query.Since = time.Now().Add(-f.since).UTC()
	}
	if len(given) == 1 {
		app, err := w.application(ctx, given[0])
		if err != nil {
			return query, err
		}
		query.ApplicationID = app.ID
	}
	return query, nil
}

// oneOf takes the values of a flag that knows only certain words.
func oneOf[T ~string](flag string, given []string, known ...T) ([]T, error) {
	var taken []T
	for _, text := range given {
		if !slices.Contains(known, T(text)) {
			return nil, &exitError{exitUsage, fmt.Errorf("%s %q is not known; it is one of %v", flag, text, known)}
		}
		taken = append(taken, T(text))
	}
	return taken, nil
}

func (o *options) writeLogs(out io.Writer, entries iter.Seq2[journal.Entry, error], raw bool) error {
	switch o.output {
	case "json":
		return journal.WriteJSON(out, entries)
	case "csv":
		return journal.WriteCSV(out, entries, raw)
	}
	var rows [][]string
	for entry, err := range entries {
		if err != nil {
			return err
		}
		rows = append(rows, logRow(entry))
	}
	return writeTable(out, logHeading(), rows)
}

func logHeading() []string {
	return []string{"TIME", "ACTION", "STATUS", "USER", "ACCOUNT", "CODE", "CHANGED"}
}

func logRow(entry journal.Entry) []string {
	change := entry.Change
	names := make([]string, len(change.Fields))
	for i, field := range change.Fields {
		names[i] = field.Name
	}
	changed := strings.Join(names, " ")
	if len(names) > 5 {
		changed = fmt.Sprintf("%d fields", len(names))
	}
	return []string{
		entry.At.UTC().Format("2006-01-02T15:04:05Z"), string(change.Action), string(change.Status),
		change.Source.Name, change.Target.ID, change.Reason.Code, changed,
	}
}

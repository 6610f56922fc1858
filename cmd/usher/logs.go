package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// logFilter are the flags that select log entries.
type logFilter struct {
	user, cycle, code string
	actions, statuses []string
	since             time.Duration
	limit             int
	audit             bool
}

func newLogsCommand(o *options) *cobra.Command {
	var filter logFilter
	command := &cobra.Command{
		Use:   "logs [APP]",
		Short: "Show the provisioning log",
		Long: `Logs shows what was done to whom, when and why, newest first: one row for each
person and cycle. --output json gives whole entries, one JSON document a line, with all
fields and steps; --output csv gives a row for each entry. Its values are those of
the log, also where a spreadsheet would take one for a formula: import it as text.`,
		Example: "  usher logs Salesforce --status failure\n  usher logs Salesforce --user ana@contoso.com -o json\n  usher logs --audit",
		Args:    optionalArgument("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := checkLimit(filter.limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				if filter.audit {
					return o.writeAudits(ctx, command.OutOrStdout(), w, filter.limit)
				}
				query, err := filter.query(ctx, w, given)
				if err != nil {
					return err
				}
				return o.writeLogs(command.OutOrStdout(), w.store.Entries(ctx, query))
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&filter.user, "user", "", "only people whose name or id, here or in the application, holds this")
	flags.StringVar(&filter.cycle, "cycle", "", "only this cycle")
	flags.StringVar(&filter.code, "code", "", "only this reason code")
	flags.StringSliceVar(&filter.actions, "action", nil, "only these actions: create, update, disable, enable, delete, none, skip")
	flags.StringSliceVar(&filter.statuses, "status", nil, "only these statuses: success, failure, skipped, warning, staged")
	flags.DurationVar(&filter.since, "since", 0, "only entries of the last time, such as 2h")
	flags.IntVar(&filter.limit, "limit", 50, "at most so many entries; 0 for all")
	flags.BoolVar(&filter.audit, "audit", false, "show the audit log of administrators' acts instead")
	return command
}

// checkLimit refuses a number of rows that cannot be meant.
func checkLimit(limit int) error {
	if limit < 0 {
		return &exitError{exitUsage, fmt.Errorf("--limit is 0 (all) or more, not %d", limit)}
	}
	return nil
}

func (f logFilter) query(ctx context.Context, w *workspace, given []string) (journal.Query, error) {
	query := journal.Query{CycleID: f.cycle, Name: f.user, Code: f.code, Limit: f.limit}
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

func (o *options) writeLogs(out io.Writer, entries iter.Seq2[journal.Entry, error]) error {
	switch o.output {
	case "json":
		return writeLogJSON(out, entries)
	case "csv":
		return writeLogCSV(out, entries)
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

func writeLogJSON(out io.Writer, entries iter.Seq2[journal.Entry, error]) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if err := encoder.Encode(entry); err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
	}
	return nil
}

func writeLogCSV(out io.Writer, entries iter.Seq2[journal.Entry, error]) error {
	writer := csv.NewWriter(out)
	heading := []string{"id", "activityDateTime", "cycleId", "action", "status", "sourceId", "sourceName", "targetId", "targetName", "errorCode", "reason"}
	if err := writer.Write(heading); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	for entry, err := range entries {
		if err != nil {
			return err
		}
		change := entry.Change
		row := []string{
			strconv.FormatInt(entry.ID, 10), entry.At.UTC().Format(time.RFC3339Nano), entry.CycleID, string(change.Action), string(change.Status),
			change.Source.ID, change.Source.Name, change.Target.ID, change.Target.Name, change.Reason.Code, change.Reason.Text,
		}
		if err := writer.Write(row); err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
	}
	writer.Flush()
	return writer.Error()
}

func (o *options) writeAudits(ctx context.Context, out io.Writer, w *workspace, limit int) error {
	audits := []journal.Audit{}
	for audit, err := range w.store.Audits(ctx, limit) {
		if err != nil {
			return err
		}
		audits = append(audits, audit)
	}
	return o.show(out, audits, func(out io.Writer) error {
		rows := make([][]string, len(audits))
		for i, audit := range audits {
			rows[i] = []string{audit.At.UTC().Format(time.RFC3339), audit.Activity, audit.Subject, audit.Actor, audit.Detail}
		}
		return writeTable(out, []string{"TIME", "ACTIVITY", "SUBJECT", "BY", "DETAIL"}, rows)
	})
}

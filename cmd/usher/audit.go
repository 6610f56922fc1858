package main

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/journal"
)

// auditFilter are the flags that select acts.
type auditFilter struct {
	activity, by, subject string
	since                 time.Duration
	limit                 int
	raw                   bool
}

func newAuditCommand(o *options) *cobra.Command {
	var filter auditFilter
	command := &cobra.Command{
		Use:   "audit",
		Short: "Show the audit log: what administrators did",
		Long: `Audit shows what administrators did, and what Usher did on its own where Microsoft
Entra ID audits itself, such as the import of roles. Newest first. --output json gives
one document, --output csv a row for each act; a CSV value that a spreadsheet would take
for a formula gets an apostrophe in front, unless --raw is given. The audit log is never
pruned.`,
		Example: "  usher audit --since 24h\n  usher audit --subject Salesforce --activity removals\n  usher audit --limit 0 -o csv > audit.csv",
		Args:    arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimit(filter.limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				return o.writeAudits(command.OutOrStdout(), filter, filter.apply(w.store.Audits(ctx, 0), time.Now()))
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&filter.activity, "activity", "", "only acts whose activity or detail holds this")
	flags.StringVar(&filter.by, "by", "", "only acts of people whose name holds this")
	flags.StringVar(&filter.subject, "subject", "", "only acts on what holds this in its name, such as an application")
	flags.DurationVar(&filter.since, "since", 0, "only acts of the last time, such as 24h")
	flags.IntVar(&filter.limit, "limit", 50, "at most so many acts; 0 for all")
	flags.BoolVar(&filter.raw, "raw", false, "leave CSV values as they are")
	return command
}

// apply yields the acts that the filter selects, of acts that come newest first.
func (f auditFilter) apply(audits iter.Seq2[journal.Audit, error], now time.Time) iter.Seq2[journal.Audit, error] {
	return func(yield func(journal.Audit, error) bool) {
		count := 0
		for audit, err := range audits {
			if err != nil {
				yield(audit, err)
				return
			}
			if f.since > 0 && audit.At.Before(now.Add(-f.since)) {
				return
			}
			if !f.selects(audit) {
				continue
			}
			if count++; !yield(audit, nil) || count == f.limit {
				return
			}
		}
	}
}

func (f auditFilter) selects(audit journal.Audit) bool {
	holds := func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	return holds(audit.Activity+"\n"+audit.Detail, f.activity) && holds(audit.Actor, f.by) && holds(audit.Subject, f.subject)
}

func (o *options) writeAudits(out io.Writer, filter auditFilter, audits iter.Seq2[journal.Audit, error]) error {
	if o.output == "csv" {
		return journal.WriteAuditCSV(out, audits, filter.raw)
	}
	found := []journal.Audit{}
	for audit, err := range audits {
		if err != nil {
			return err
		}
		found = append(found, audit)
	}
	return o.show(out, found, func(out io.Writer) error {
		rows := make([][]string, len(found))
		for i, audit := range found {
			rows[i] = []string{audit.At.UTC().Format(time.RFC3339), audit.Activity, audit.Subject, audit.Actor, audit.Detail}
		}
		return writeTable(out, []string{"TIME", "ACTIVITY", "SUBJECT", "BY", "DETAIL"}, rows)
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// compareFlags say what is shown of a comparison.
type compareFlags struct {
	group string
	text  string
	limit int
}

func (f *compareFlags) add(command *cobra.Command) {
	command.Flags().StringVar(&f.group, "group", "", "show only these people: different, onlyIncumbent, onlyPlanned or same")
	command.Flags().StringVar(&f.text, "text", "", "show only people with this in a name or id")
	command.Flags().IntVar(&f.limit, "limit", mostShown, "show at most so many people; 0 for all")
}

func (f *compareFlags) check() error {
	switch journal.Likeness(f.group) {
	case "", journal.Different, journal.OnlyIncumbent, journal.OnlyPlanned, journal.Same:
		return checkLimit(f.limit)
	}
	return &exitError{exitUsage, fmt.Errorf("--group is different, onlyIncumbent, onlyPlanned or same, not %q", f.group)}
}

func newCompareCommand(o *options) *cobra.Command {
	var flags compareFlags
	command := &cobra.Command{
		Use:   "compare PLAN FILE...",
		Short: "Compare a plan with the provisioning log of Microsoft Entra ID",
		Long: `Compare reads the provisioning log of whatever provisioned until now, and puts the
last thing that it did for each person beside what a plan would do: before a change
over, it shows where the two disagree. Nothing is written to the application, and the
plan stays as it is. The result is kept as long as the plan.

The files are what the Microsoft Entra admin center downloads as JSON or CSV (give the
file of the modified properties, too, for values), a ZIP of them, or what Microsoft
Graph answers to GET /auditLogs/provisioning. A plan of everyone, made with --full,
says most. With a log of Usher itself two installations are compared.`,
		Example: "  usher plan Salesforce --full\n  usher compare 3f9c0d1e22ab ProvisioningLogs.json\n" +
			"  usher compare 3f9c0d1e22ab ProvisioningLogs.csv ProvisioningLogs_ModifiedProperties.csv --group different\n  usher compare show 3f9c0d1e22ab --output json",
		Args: cobra.MinimumNArgs(2),
		RunE: func(command *cobra.Command, given []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			files, err := readLogFiles(given[1:])
			if err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, _, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				app, err := w.provisioned(ctx, p.ApplicationID)
				if err != nil {
					return err
				}
				made, err := w.acts().Compare(ctx, app, p, files)
				if err != nil {
					return unreadableLog(err)
				}
				return o.showComparison(ctx, command.OutOrStdout(), w, p, made, flags)
			})
		},
	}
	flags.add(command)
	command.AddCommand(newCompareShowCommand(o), newCompareListCommand(o), newCompareRemoveCommand(o))
	return command
}

func readLogFiles(names []string) ([]journal.LogFile, error) {
	files := make([]journal.LogFile, len(names))
	for i, name := range names {
		content, err := os.ReadFile(name) //nolint:gosec // the administrator names the file.
		if err != nil {
			return nil, fmt.Errorf("read the provisioning log: %w", err)
		}
		files[i] = journal.LogFile{Name: filepath.Base(name), Content: content}
	}
	return files, nil
}

// unreadableLog tells every fault of a log.
func unreadableLog(err error) error {
	refusal := refused(err, administration.Invalid)
	if refusal == nil {
		return err
	}
	texts := make([]string, len(refusal.Faults))
	for i, fault := range refusal.Faults {
		texts[i] = "  " + fault.String()
	}
	return fmt.Errorf("nothing was compared: %s\n%s", refusal.Message, strings.Join(texts, "\n"))
}

// comparison finds a comparison of a plan, the latest one without an id.
func (w *workspace) comparison(ctx context.Context, p engine.Plan, id string) (store.Comparison, error) {
	c, err := w.service.Comparison(ctx, p, id)
	if errors.Is(err, store.ErrNotFound) {
		if id == "" {
			return c, fmt.Errorf("the plan %s was not compared with a log yet; \"usher compare %s FILE\" does that", shortID(p.ID), shortID(p.ID))
		}
		return c, fmt.Errorf("the plan %s has no comparison %q; \"usher compare list %s\" shows those that are kept", shortID(p.ID), id, shortID(p.ID))
	}
	return c, err
}

func newCompareShowCommand(o *options) *cobra.Command {
	var flags compareFlags
	command := &cobra.Command{
		Use: "show PLAN [COMPARISON]", Short: "Show a comparison of a plan, the latest one unless it is named",
		Long: `Show prints what a comparison says of each person: what the log told last, what the
plan would do, and why the two agree or not. --output json gives all of it as one
document, --output csv a row for each attribute.`,
		Example: "  usher compare show 3f9c0d1e22ab --group different\n  usher compare show 3f9c0d1e22ab --limit 0 --output csv > comparison.csv",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(command *cobra.Command, given []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, _, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				c, err := w.comparison(ctx, p, append(given, "")[1])
				if err != nil {
					return err
				}
				return o.showComparison(ctx, command.OutOrStdout(), w, p, c, flags)
			})
		},
	}
	flags.add(command)
	return command
}

// comparisonView is a comparison as JSON.
type comparisonView struct {
	ID          string                   `json:"id"`
	Plan        string                   `json:"planId"`
	At          time.Time                `json:"createdDateTime"`
	By          string                   `json:"createdBy"`
	Files       []string                 `json:"files"`
	Entries     int                      `json:"entries"`
	From        time.Time                `json:"fromDateTime,omitzero"`
	Until       time.Time                `json:"untilDateTime,omitzero"`
	Counts      map[journal.Likeness]int `json:"counts"`
	Differences []journal.Difference     `json:"differences,omitempty"`
}

func newComparisonView(p engine.Plan, c store.Comparison) comparisonView {
	return comparisonView{ID: c.ID, Plan: p.ID, At: c.At, By: c.By, Files: c.Files, Entries: c.Entries, From: c.From, Until: c.Until, Counts: c.Counts}
}

func (o *options) showComparison(ctx context.Context, out io.Writer, w *workspace, p engine.Plan, c store.Comparison, flags compareFlags) error {
	search := store.DifferenceSearch{Comparison: c.ID, Likeness: journal.Likeness(flags.group), Text: flags.text}
	if o.output == "csv" {
		return w.service.WriteComparisonCSV(ctx, out, search)
	}
	view, more := newComparisonView(p, c), false
	for found, err := range w.service.Differences(ctx, search) {
		if err != nil {
			return err
		}
		if more = o.output != "json" && flags.limit > 0 && len(view.Differences) == flags.limit; more {
			break
		}
		view.Differences = append(view.Differences, found.Difference)
	}
	return o.show(out, view, func(out io.Writer) error { return writeComparison(out, view, more) })
}

func writeComparison(out io.Writer, view comparisonView, more bool) error {
	var rows [][]string
	for _, d := range view.Differences {
		rows = append(rows, []string{string(d.Likeness), personOf(d), sideText(d.Incumbent), sideText(d.Planned), d.Reason})
		for _, field := range d.Fields {
			if field.Likeness != journal.Same {
				rows = append(rows, []string{"", "  " + field.Name, fieldText(field, field.Incumbent.String()), fieldText(field, field.Planned.String()), ""})
			}
		}
	}
	if len(rows) > 0 {
		if err := writeTable(out, []string{"COMPARED", "PERSON", "LOG", "PLAN", "WHY"}, rows); err != nil {
			return err
		}
	}
	text := ""
	if more {
		text = "there are more; --limit 0 shows all of them\n"
	}
	_, err := fmt.Fprintf(out, "%scomparison %s of plan %s with %s of %s: %d different, %d only in the log, %d only in the plan, %d the same\n", text,
		view.ID, shortID(view.Plan), counted(view.Entries, "entry", "entries"), strings.Join(view.Files, ", "),
		view.Counts[journal.Different], view.Counts[journal.OnlyIncumbent], view.Counts[journal.OnlyPlanned], view.Counts[journal.Same])
	return err
}

// personOf names whom a difference is about.
func personOf(d journal.Difference) string {
	for _, name := range []string{d.Person.Name, d.Person.ID, d.Account.Name, d.Account.ID} {
		if name != "" {
			return name
		}
	}
	return "-"
}

func sideText(side journal.Side) string {
	if side == (journal.Side{}) {
		return "nothing"
	}
	text := string(side.Action) + " " + string(side.Status)
	if side.Code != "" {
		text += " " + side.Code
	}
	return text
}

func fieldText(field journal.FieldDifference, value string) string {
	if field.Redacted {
		return "[Redact]"
	}
	return value
}

func newCompareListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list PLAN", Short: "List the comparisons of a plan, the newest first", Example: "  usher compare list 3f9c0d1e22ab", Args: arguments("PLAN"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, _, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				made, err := w.service.Comparisons(ctx, p)
				if err != nil {
					return err
				}
				views, rows := make([]comparisonView, len(made)), make([][]string, len(made))
				for i, c := range made {
					views[i] = newComparisonView(p, c)
					rows[i] = []string{
						c.ID, c.At.UTC().Format(time.RFC3339), c.By, strings.Join(c.Files, ", "), strconv.Itoa(c.Entries), strconv.Itoa(c.Counts[journal.Different]),
						strconv.Itoa(c.Counts[journal.OnlyIncumbent]), strconv.Itoa(c.Counts[journal.OnlyPlanned]), strconv.Itoa(c.Counts[journal.Same]),
					}
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error {
					return writeTable(out, []string{"COMPARISON", "MADE", "BY", "LOG", "ENTRIES", "DIFFERENT", "ONLY LOG", "ONLY PLAN", "SAME"}, rows)
				})
			})
		},
	}
}

func newCompareRemoveCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "remove PLAN COMPARISON", Short: "Forget a comparison, with what was read from the log", Args: arguments("PLAN", "COMPARISON"),
		Example: "  usher compare remove 3f9c0d1e22ab 01936f2e-7c1a-7000-8000-00000000beef",
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, app, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				c, err := w.comparison(ctx, p, given[1])
				if err != nil {
					return err
				}
				if err := w.acts().RemoveComparison(ctx, administration.Application{Application: app}, p, c); err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]string{"removed": c.ID}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "removed the comparison %s of plan %s, with %s\n", c.ID, shortID(p.ID), counted(c.Entries, "entry", "entries"))
					return err
				})
			})
		},
	}
}

package administration

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// The activities of the audit log for comparisons with an incumbent.
const (
	ActivityCompare          = "Compare plan with another provisioning log"
	ActivityForgetComparison = "Remove comparison with another provisioning log"
)

// differenceBatch is how many people of a comparison are written at a time.
const differenceBatch = 500

// Compare compares a plan with the provisioning log of an incumbent, which is read from
// the files that it was exported to (see journal.ReadLog), and keeps the result as long
// as the plan. Neither the target nor the plan is touched. What the mapping redacts is
// not in the result. A log that cannot be read is a Refusal with all its faults, each
// with the name of its file as Field.
func (a Acts) Compare(ctx context.Context, app Application, p engine.Plan, files []journal.LogFile) (store.Comparison, error) {
	entries, err := readIncumbent(files)
	if err != nil {
		return store.Comparison{}, err
	}
	schema, err := a.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return store.Comparison{}, err
	}
	hidden, err := hiddenAttributes(schema)
	if err != nil {
		return store.Comparison{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return store.Comparison{}, fmt.Errorf("name the comparison: %w", err)
	}
	c := store.Comparison{ID: id.String(), PlanKey: p.Key, At: time.Now().UTC(), By: a.actor, Entries: len(entries), Counts: make(map[journal.Likeness]int)}
	for _, file := range files {
		c.Files = append(c.Files, file.Name)
	}
	for n, entry := range entries {
		if n == 0 || entry.At.Before(c.From) {
			c.From = entry.At
		}
		if entry.At.After(c.Until) {
			c.Until = entry.At
		}
	}
	if err := a.Store.BeginComparison(ctx, c); err != nil {
		return c, err
	}
	err = a.keepDifferences(ctx, c, journal.Compare(entries, a.plannedFor(ctx, p), hidden))
	if err == nil {
		err = a.Store.FinishComparison(ctx, c, a.Record(ActivityCompare, app.DisplayName, comparisonText(p, c)))
	}
	if err != nil {
		finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return c, errors.Join(err, a.Store.RemoveComparison(finish, c.ID))
	}
	return c, nil
}

// readIncumbent reads a log, and refuses one with faults.
func readIncumbent(files []journal.LogFile) ([]journal.Entry, error) {
	entries, wrong := journal.ReadLog(files)
	faults := make([]Fault, len(wrong))
	for n, fault := range wrong {
		faults[n] = Fault{Line: fault.Line, Field: fault.File, Message: fault.Message}
	}
	if len(faults) == 0 {
		return entries, nil
	}
	return nil, &Refusal{Code: Invalid, Message: faultsText(len(faults)), Faults: firstFaults(faults)}
}

// keepDifferences writes what a comparison says, and counts it.
func (a Acts) keepDifferences(ctx context.Context, c store.Comparison, differences iter.Seq2[journal.Difference, error]) error {
	batch := make([]store.FoundDifference, 0, differenceBatch)
	number := 0
	for difference, err := range differences {
		if err != nil {
			return err
		}
		number++
		c.Counts[difference.Likeness]++
		if batch = append(batch, store.FoundDifference{Difference: difference, Number: number}); len(batch) == differenceBatch {
			if err := a.Store.AddDifferences(ctx, c.ID, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return a.Store.AddDifferences(ctx, c.ID, batch)
}

// plannedFor yields what a plan does, one change a person: what it writes to references
// later is part of it.
func (s *Service) plannedFor(ctx context.Context, p engine.Plan) iter.Seq2[plan.Change, error] {
	return func(yield func(plan.Change, error) bool) {
		var last *plan.Change
		for item, err := range s.PlanItems(ctx, p, PlanFilter{}, "") {
			switch {
			case err != nil:
				yield(plan.Change{}, err)
				return
			case last != nil && last.Source.ID == item.Change.Source.ID && item.Attribute != "":
				last.Fields = append(last.Fields, item.Change.Fields...)
				continue
			case last != nil && !yield(*last, nil):
				return
			}
			last = new(item.Change)
		}
		if last != nil {
			yield(*last, nil)
		}
	}
}

// hiddenAttributes returns which target attributes have values that are not to be seen:
// an expression redacts them, or the target does not show them.
func hiddenAttributes(schema mapping.Schema) (func(string) bool, error) {
	compiled, err := mapping.Compile(schema)
	if err != nil {
		return nil, err
	}
	_, object, err := schema.UserMapping()
	if err != nil {
		return nil, err
	}
	hidden := make(map[string]bool)
	for _, rule := range compiled.Rules {
		if rule.Mutability == mapping.WriteOnly {
			hidden[strings.ToLower(rule.Target)] = true
		}
	}
	for _, each := range object.AttributeMappings {
		text, err := json.Marshal(each.Source)
		if err != nil {
			return nil, fmt.Errorf("read the mapping of %s: %w", each.TargetAttributeName, err)
		}
		if strings.Contains(strings.ToLower(string(text)), "redact") {
			hidden[strings.ToLower(each.TargetAttributeName)] = true
		}
	}
	return func(attribute string) bool { return hidden[strings.ToLower(attribute)] }, nil
}

// WriteComparisonCSV writes what a comparison says as CSV, a row for each attribute and
// one for somebody without any. A value that a spreadsheet would take for a formula gets
// an apostrophe in front.
func (s *Service) WriteComparisonCSV(ctx context.Context, out io.Writer, search store.DifferenceSearch) error {
	writer := csv.NewWriter(out)
	heading := []string{
		"likeness", "reason", "sourceId", "sourceName", "targetId", "targetName", "incumbentDateTime", "incumbentAction", "incumbentStatus", "incumbentCode",
		"plannedAction", "plannedStatus", "plannedCode", "field", "fieldLikeness", "incumbentValue", "plannedValue",
	}
	if err := writer.Write(heading); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	page := store.Page{Limit: differenceBatch}
	for {
		found, err := s.Store.FindDifferences(ctx, search, page)
		if err != nil {
			return err
		}
		for _, difference := range found.Items {
			for _, row := range differenceRows(difference.Difference) {
				if err := writer.Write(journal.Guarded(row)); err != nil {
					return fmt.Errorf("write the comparison: %w", err)
				}
			}
		}
		if page.Cursor = found.Next; page.Cursor == "" {
			break
		}
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

func differenceRows(d journal.Difference) [][]string {
	at := ""
	if !d.Incumbent.At.IsZero() {
		at = d.Incumbent.At.UTC().Format(time.RFC3339Nano)
	}
	head := []string{
		string(d.Likeness), d.Reason, d.Person.ID, d.Person.Name, d.Account.ID, d.Account.Name, at, string(d.Incumbent.Action), string(d.Incumbent.Status), d.Incumbent.Code,
		string(d.Planned.Action), string(d.Planned.Status), d.Planned.Code,
	}
	if len(d.Fields) == 0 {
		return [][]string{append(head, "", "", "", "")}
	}
	text := func(value attr.Value) string {
		if value.IsNull() {
			return ""
		}
		return value.String()
	}
	rows := make([][]string, len(d.Fields))
	for n, field := range d.Fields {
		rows[n] = append(slices.Clip(head), field.Name, string(field.Likeness), text(field.Incumbent), text(field.Planned))
	}
	return rows
}

// RemoveComparison forgets a comparison of a plan, with what was read from the log.
func (a Acts) RemoveComparison(ctx context.Context, app Application, p engine.Plan, c store.Comparison) error {
	return a.Store.RemoveComparison(ctx, c.ID, a.Record(ActivityForgetComparison, app.DisplayName, comparisonText(p, c)))
}

// comparisonText names a comparison for the audit log.
func comparisonText(p engine.Plan, c store.Comparison) string {
	return fmt.Sprintf("plan %s, with %d entries of %s", p.ID, c.Entries, strings.Join(c.Files, ", "))
}

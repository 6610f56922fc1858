package administration

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// writtenItem is an item of a plan in JSON, with what became of it.
type writtenItem struct {
	engine.PlanItem

	State engine.ItemState `json:"state"`
	Note  string           `json:"note,omitzero"`
}

// WritePlanJSON writes a plan with the items that the filter selects as one JSON
// document, item by item as they are read. Values of redacted fields are not in it.
func (s *Service) WritePlanJSON(ctx context.Context, out io.Writer, p engine.Plan, filter PlanFilter) error {
	head, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	if _, err := fmt.Fprintf(out, "{\"plan\":%s,\n\"items\":[", head); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	separator := "\n"
	for item, err := range s.PlanItems(ctx, p, filter, "") {
		if err != nil {
			return err
		}
		text, err := json.Marshal(writtenItem{item, item.State, item.Note})
		if err == nil {
			_, err = io.WriteString(out, separator+string(text))
		}
		if err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
		separator = ",\n"
	}
	if _, err := io.WriteString(out, "\n]}\n"); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// WritePlanCSV writes the items that the filter selects as CSV, a row for each field that
// differs and one for an item without fields. A value that a spreadsheet would take for a
// formula gets an apostrophe in front; values of redacted fields are not in it.
func (s *Service) WritePlanCSV(ctx context.Context, out io.Writer, p engine.Plan, filter PlanFilter) error {
	writer := csv.NewWriter(out)
	heading := []string{"sourceId", "sourceName", "targetId", "targetName", "action", "status", "state", "note", "errorCode", "reason", "field", "oldValue", "newValue"}
	if err := writer.Write(heading); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	for item, err := range s.PlanItems(ctx, p, filter, "") {
		if err != nil {
			return err
		}
		for _, row := range itemRows(item) {
			if err := writer.Write(journal.Guarded(row)); err != nil {
				return fmt.Errorf("write the plan: %w", err)
			}
		}
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// itemRows are the rows of an item in CSV.
func itemRows(item engine.PlanItem) [][]string {
	change := item.Change
	row := func(field, before, after string) []string {
		return []string{
			change.Source.ID, change.Source.Name, change.Target.ID, change.Target.Name, string(change.Action), string(change.Status), string(item.State), item.Note,
			change.Reason.Code, change.Reason.Text, field, before, after,
		}
	}
	if len(change.Fields) == 0 {
		return [][]string{row("", "", "")}
	}
	rows := make([][]string, len(change.Fields))
	for i, field := range change.Fields {
		rows[i] = row(field.Name, shownField(field, true), shownField(field, false))
	}
	return rows
}

// shownField is the old or the new value of a field as text, empty for null.
func shownField(field plan.Field, before bool) string {
	value := field.New
	if before {
		value = field.Old
	}
	switch {
	case value.IsNull():
		return ""
	case field.Redacted:
		return "[Redact]"
	}
	return value.String()
}

package journal

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

// WriteJSON writes entries as JSON, one document a line. Values of redacted fields are
// not in them.
func WriteJSON(out io.Writer, entries iter.Seq2[Entry, error]) error {
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

// WriteCSV writes entries as one CSV file with a heading and a row for each entry,
// without steps and values: CSVExport has those. Unless raw is set, a value that a
// spreadsheet would take for a formula gets an apostrophe in front.
func WriteCSV(out io.Writer, entries iter.Seq2[Entry, error], raw bool) error {
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
		if !raw {
			row = Guarded(row)
		}
		if err := writer.Write(row); err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	return nil
}

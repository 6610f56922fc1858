package journal

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

// WriteAuditCSV writes records of the audit log as one CSV file with a heading and a row
// for each. Unless raw is set, a value that a spreadsheet would take for a formula gets
// an apostrophe in front.
func WriteAuditCSV(out io.Writer, audits iter.Seq2[Audit, error], raw bool) error {
	writer := csv.NewWriter(out)
	row := func(cells ...string) error {
		if !raw {
			cells = Guarded(cells)
		}
		if err := writer.Write(cells); err != nil {
			return fmt.Errorf("write the audit log: %w", err)
		}
		return nil
	}
	if err := row("id", "activityDateTime", "activity", "initiatedBy", "target", "detail"); err != nil {
		return err
	}
	for audit, err := range audits {
		if err != nil {
			return err
		}
		err = row(strconv.FormatInt(audit.ID, 10), audit.At.UTC().Format(time.RFC3339Nano), audit.Activity, audit.Actor, audit.Subject, audit.Detail)
		if err != nil {
			return err
		}
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

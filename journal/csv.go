package journal

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// The files of a CSV export, by the names of Microsoft Entra's download ("How to
// download and analyze the provisioning logs"). They are joined by changeId.
const (
	LogsFile       = "ProvisioningLogs.csv"
	StepsFile      = "ProvisioningLogs_ProvisioningSteps.csv"
	PropertiesFile = "ProvisioningLogs_ModifiedProperties.csv"
)

// Systems names what an entry is about for people: an entry itself holds ids alone.
type Systems struct {
	Application string // display name
	Source      string // system that people come from
	Target      string // system that accounts are in
}

// CSVExport writes entries as three CSV files. Columns are named after the properties
// of Microsoft Graph's provisioningObjectSummary. Values of redacted fields are not in
// them.
type CSVExport struct {
	// Raw leaves values as they are. Otherwise one that a spreadsheet would take for a
	// formula gets an apostrophe in front (OWASP, "CSV Injection").
	Raw bool

	catalogue               Catalogue
	logs, steps, properties *csv.Writer
}

// NewCSVExport begins an export with the headings of the three files.
func NewCSVExport(catalogue Catalogue, logs, steps, properties io.Writer) (*CSVExport, error) {
	e := &CSVExport{catalogue: catalogue, logs: csv.NewWriter(logs), steps: csv.NewWriter(steps), properties: csv.NewWriter(properties)}
	return e, e.written(
		e.logs.Write([]string{
			"id", "activityDateTime", "jobId", "cycleId", "changeId", "provisioningAction", "durationInMilliseconds", "initiatedBy",
			"servicePrincipalId", "servicePrincipalName", "sourceSystem", "targetSystem",
			"sourceIdentityType", "sourceIdentityId", "sourceIdentityName", "targetIdentityType", "targetIdentityId", "targetIdentityName",
			"status", "errorCode", "reason", "recommendedAction", "warnings",
		}),
		e.steps.Write([]string{"changeId", "step", "name", "provisioningStepType", "status", "description", "details"}),
		e.properties.Write([]string{"changeId", "displayName", "oldValue", "newValue"}),
	)
}

// Add writes one entry.
func (e *CSVExport) Add(entry Entry, systems Systems) error {
	change := entry.Change
	faults := []error{e.row(e.logs, []string{
		strconv.FormatInt(entry.ID, 10), entry.At.UTC().Format(time.RFC3339Nano), entry.JobID, entry.CycleID, change.ID, string(change.Action),
		strconv.FormatInt(entry.Duration.Milliseconds(), 10), entry.InitiatedBy,
		entry.ApplicationID, systems.Application, systems.Source, systems.Target,
		change.Source.Type, change.Source.ID, change.Source.Name, change.Target.Type, change.Target.ID, change.Target.Name,
		string(change.Status), change.Reason.Code, change.Reason.Text, e.advice(change), strings.Join(change.Warnings, "\n"),
	})}
	for n, step := range change.Steps {
		faults = append(faults, e.row(e.steps, []string{
			change.ID, strconv.Itoa(n + 1), step.Name, string(step.Type), string(step.Status), step.Description, detailsText(step.Details),
		}))
	}
	for _, field := range change.Fields {
		faults = append(faults, e.row(e.properties, []string{change.ID, field.Name, shownValue(field, field.Old), shownValue(field, field.New)}))
	}
	return e.written(faults...)
}

// advice is what the change says to do, or else what the catalogue says about its code.
func (e *CSVExport) advice(change plan.Change) string {
	if change.Reason.Advice != "" || change.Status != plan.Failure {
		return change.Reason.Advice
	}
	return e.catalogue.Explain(change.Reason.Code).Advice
}

// Flush ends the export.
func (e *CSVExport) Flush() error {
	for _, writer := range []*csv.Writer{e.logs, e.steps, e.properties} {
		writer.Flush()
	}
	return e.written(e.logs.Error(), e.steps.Error(), e.properties.Error())
}

func (e *CSVExport) written(faults ...error) error {
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("write the provisioning log as CSV: %w", err)
	}
	return nil
}

func (e *CSVExport) row(writer *csv.Writer, cells []string) error {
	if !e.Raw {
		cells = Guarded(cells)
	}
	return writer.Write(cells)
}

// Guarded returns the cells of a CSV row so that no spreadsheet takes one for a formula:
// a cell that begins with =, +, -, @, a tab or a line break gets an apostrophe in front.
func Guarded(cells []string) []string {
	guarded := slices.Clone(cells)
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			guarded[i] = "'" + cell
		}
	}
	return guarded
}

func detailsText(details map[string]string) string {
	lines := make([]string, 0, len(details))
	for name, value := range details {
		lines = append(lines, name+"="+value)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// shownValue is a value as text, empty for null. What is redacted is not shown.
func shownValue(field plan.Field, value attr.Value) string {
	switch {
	case value.IsNull():
		return ""
	case field.Redacted:
		return "[Redact]"
	}
	return value.String()
}

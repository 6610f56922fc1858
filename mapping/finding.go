package mapping

import (
	"fmt"
	"strings"

	"github.com/usher-id/usher/nearest"
)

// Severity says what a Finding means for the schema.
type Severity string

// The severities.
const (
	Fault   Severity = "fault"   // the schema cannot be used
	Warning Severity = "warning" // the schema can be used and may not do what is meant
)

// Finding is one thing that is wrong or doubtful in a schema.
type Finding struct {
	Severity Severity `json:"severity"`
	Path     string   `json:"path"` // place in the document: "synchronizationRules[0].objectMappings[0].scope"
	Message  string   `json:"message"`
}

// String returns "path: message", and says when it is only a warning.
func (f Finding) String() string {
	text := f.Message
	if f.Severity == Warning {
		text = "warning: " + text
	}
	if f.Path == "" {
		return text
	}
	return f.Path + ": " + text
}

// Findings are what a check of a schema found, part by part.
type Findings []Finding

// Faults returns the findings that keep the schema from being used.
func (f Findings) Faults() Findings { return f.of(Fault) }

// Warnings returns the other findings.
func (f Findings) Warnings() Findings { return f.of(Warning) }

func (f Findings) of(severity Severity) Findings {
	var selected Findings
	for _, finding := range f {
		if finding.Severity == severity {
			selected = append(selected, finding)
		}
	}
	return selected
}

// String returns one line for each finding.
func (f Findings) String() string {
	var text strings.Builder
	for _, finding := range f {
		text.WriteString(finding.String() + "\n")
	}
	return text.String()
}

// Err returns the faults as a [*FaultError], nil when there are none.
func (f Findings) Err() error {
	faults := f.Faults()
	if len(faults) == 0 {
		return nil
	}
	return &FaultError{faults}
}

// FaultError says that a schema cannot be used, with everything that is wrong.
type FaultError struct {
	Findings Findings // faults only
}

// Error returns one line for each fault.
func (e *FaultError) Error() string { return strings.TrimSuffix(e.Findings.String(), "\n") }

// finder collects findings at places of the document.
type finder struct {
	findings Findings
}

func (f *finder) fault(path, format string, args ...any) {
	f.findings = append(f.findings, Finding{Fault, path, fmt.Sprintf(format, args...)})
}

func (f *finder) warn(path, format string, args ...any) {
	f.findings = append(f.findings, Finding{Warning, path, fmt.Sprintf(format, args...)})
}

// meant returns the proposal as the end of a message.
func meant(name string, known []string) string {
	if proposal := nearest.Name(name, known); proposal != "" {
		return fmt.Sprintf("; did you mean %q?", proposal)
	}
	return ""
}

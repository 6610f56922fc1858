package plan

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
)

// Action is what Usher intends to do, or did, with an object in the target.
type Action string

// The actions.
const (
	Create  Action = "create"
	Update  Action = "update"
	Disable Action = "disable"
	Enable  Action = "enable" // an update that makes a disabled account active again
	Delete  Action = "delete"
	None    Action = "none" // looked at, already as it should be
	Skip    Action = "skip" // looked at, not to be touched
)

// Writes reports whether the action writes to the target.
func (a Action) Writes() bool {
	return a == Create || a == Update || a == Disable || a == Enable || a == Delete
}

// Removes reports whether the action takes access away.
func (a Action) Removes() bool { return a == Disable || a == Delete }

// Status is how far a change has come.
type Status string

// The statuses. Success, Failure, Skipped and Warning are those of Microsoft
// Entra's provisioning log.
const (
	Planned Status = "planned" // decided, not carried out
	Success Status = "success"
	Failure Status = "failure"
	Skipped Status = "skipped"
	Warning Status = "warning"
	Staged  Status = "staged" // held by the removal guard
)

// Identity names an object on one side for machines (ID) and for people (Name).
type Identity struct {
	Type string `json:"type,omitzero"`
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
}

// Field is one attribute that differs, in the target's names. On creation Old is
// null throughout.
type Field struct {
	Name     string     `json:"name"`
	Old      attr.Value `json:"old"`
	New      attr.Value `json:"new"`
	Redacted bool       `json:"redacted,omitzero"` // the values flow but are not shown
}

// redactedText stands for a value that is not to be seen, by the name of the
// expression function that asks for it.
const redactedText = "[Redact]"

// MarshalJSON leaves the values of a redacted field out, so that no log, preview or
// answer that is made of a change holds them. Null stays null.
//
// The log entry of a new account holds some twenty fields, so this is written by hand: it
// takes half the time.
func (f Field) MarshalJSON() ([]byte, error) {
	if f.Redacted {
		f.Old, f.New = hidden(f.Old), hidden(f.New)
	}
	b := attr.Text(f.Name).AppendJSON(append(make([]byte, 0, 96), `{"name":`...))
	b = f.Old.AppendJSON(append(b, `,"old":`...))
	b = f.New.AppendJSON(append(b, `,"new":`...))
	if f.Redacted {
		b = append(b, `,"redacted":true`...)
	}
	return append(b, '}'), nil
}

// withoutHidden takes the values of redacted fields out of what a target said: it may
// quote what it was sent, in any letter case.
func (c Change) withoutHidden(text string) string {
	for _, field := range c.Fields {
		if !field.Redacted {
			continue
		}
		for _, value := range []attr.Value{field.Old, field.New} {
			for _, item := range value.Items() {
				if item.Kind() != attr.Boolean {
					text = replaceFold(text, item.String())
				}
			}
		}
	}
	return text
}

// shortestHidden is the length from which on a value is taken out of texts: a shorter
// one stands in every sentence, and tells nothing there.
const shortestHidden = 3

func replaceFold(text, value string) string {
	if len(value) < shortestHidden {
		return text
	}
	pattern, err := regexp.Compile("(?i)" + regexp.QuoteMeta(value))
	if err != nil { // of a value that is not valid UTF-8
		return strings.ReplaceAll(text, value, redactedText)
	}
	return pattern.ReplaceAllLiteralString(text, redactedText)
}

func hidden(value attr.Value) attr.Value {
	if value.IsNull() {
		return value
	}
	return attr.Text(redactedText)
}

// Reason says why a change is as it is: a code of the provisioning log and a
// sentence. Advice says what to do about it, for failures.
type Reason struct {
	Code   string `json:"code,omitzero"`
	Text   string `json:"text,omitzero"`
	Advice string `json:"advice,omitzero"`
}

// StepType is the type of a step, by the names of Graph's provisioningStepType.
type StepType string

// The types of step, in the order in which they happen.
const (
	ImportStep     StepType = "import"
	ScopingStep    StepType = "scoping"
	MatchingStep   StepType = "matching"
	ProcessingStep StepType = "processing"
	ReferenceStep  StepType = "referenceResolution"
	ExportStep     StepType = "export"
)

// Step is one step taken for a change.
type Step struct {
	Name        string            `json:"name"`
	Type        StepType          `json:"type"`
	Status      Status            `json:"status"`
	Description string            `json:"description"`
	Details     map[string]string `json:"details,omitempty"`
}

// Change is what Usher intends to do, and then did, to one object in the target.
// It is a value: a stage that adds to it returns a new one. Desired and Current
// are for the stages only; its JSON is the entry of the provisioning log.
type Change struct {
	ID       string   `json:"id,omitzero"`
	Action   Action   `json:"action"`
	Status   Status   `json:"status"`
	Source   Identity `json:"source"`
	Target   Identity `json:"target,omitzero"`
	Fields   []Field  `json:"fields,omitempty"`
	Reason   Reason   `json:"reason,omitzero"`
	Warnings []string `json:"warnings,omitempty"`
	Steps    []Step   `json:"steps,omitempty"`

	// KeptUntil is when the grace period of somebody who left ends; zero when none runs.
	KeptUntil time.Time `json:"-"`

	Desired attr.Object `json:"-"` // what the mapping wants
	Current attr.Object `json:"-"` // what the target holds; zero for an account that does not exist
}

// New returns the fields that differ as attributes with their new values: what
// has to be written.
func (c Change) New() attr.Object {
	builder := attr.NewBuilder(c.Target.Type, c.Target.ID, len(c.Fields))
	for _, field := range c.Fields {
		builder.Set(field.Name, field.New)
	}
	return builder.Object()
}

func (c Change) withStep(step Step) Change {
	c.Steps = slices.Concat(c.Steps, []Step{step})
	return c
}

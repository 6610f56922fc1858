package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/usher-id/usher/attr"
)

// Print writes changes in the one readable form that the command line, golden
// files and previews share: a line for each change, a line for each field below.
func Print(w io.Writer, changes ...Change) error {
	for _, change := range changes {
		if _, err := io.WriteString(w, change.String()); err != nil {
			return fmt.Errorf("print change: %w", err)
		}
	}
	return nil
}

// String returns the change in readable form, ending with a newline.
func (c Change) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%-8s %-8s %s", c.Action, c.Status, c.Source.Name)
	if c.Target.ID != "" {
		fmt.Fprintf(&text, " -> %s", c.Target.ID)
	}
	if c.Reason.Code != "" {
		fmt.Fprintf(&text, "  %s: %s", c.Reason.Code, c.Reason.Text)
	}
	text.WriteByte('\n')
	width := 28
	for _, field := range c.Fields {
		width = max(width, len(field.Name))
	}
	for _, field := range c.Fields {
		fmt.Fprintf(&text, "    %-*s %s -> %s\n", width, field.Name, field.show(field.Old), field.show(field.New))
	}
	for _, warning := range c.Warnings {
		fmt.Fprintf(&text, "    warning: %s\n", warning)
	}
	return text.String()
}

// Show returns a value of the field as people read it; a redacted one stays unseen.
func (f Field) Show(value attr.Value) string { return f.show(value) }

func (f Field) show(value attr.Value) string {
	switch {
	case value.IsNull():
		return "-"
	case f.Redacted:
		return redactedText
	case value.Kind() == attr.String:
		return fmt.Sprintf("%q", value.String())
	}
	return value.String()
}

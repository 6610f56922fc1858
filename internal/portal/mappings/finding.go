package mappings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// finding is something wrong or doubtful, as pages show it.
type finding struct {
	Fault bool // it keeps the schema from being used
	Text  string
}

func newFinding(f mapping.Finding) finding {
	return finding{f.Severity == mapping.Fault, page.Sentence(f.Message)}
}

// notable returns the findings but the warnings that the default mappings give rise to as
// well: whoever has just added an application would take them for something to be mended.
func (a *Area) notable(ctx context.Context, o opened, findings mapping.Findings) (mapping.Findings, error) {
	template, err := a.Administration.Template(o.app.Application)
	if err != nil {
		return nil, err
	}
	standard, err := a.Administration.StandardSchema(ctx, o.app.Application)
	if err != nil {
		return nil, err
	}
	usual := mapping.Check(standard, template.Use(o.app.Job.Settings))
	return slices.DeleteFunc(slices.Clone(findings), func(f mapping.Finding) bool {
		return f.Severity == mapping.Warning && slices.ContainsFunc(usual, func(u mapping.Finding) bool { return u.Severity == f.Severity && u.Message == f.Message })
	}), nil
}

// placed sorts findings by the row of the attribute mappings that they are about; those
// about none of them come under -1.
func placed(schema mapping.Schema, findings mapping.Findings) map[int][]finding {
	sorted := map[int][]finding{}
	path, rows := mappingPath(schema)
	for _, f := range findings {
		row := -1
		for i := range rows {
			if strings.HasPrefix(f.Path+".", fmt.Sprintf("%s.attributeMappings[%d].", path, i)) {
				row = i
			}
		}
		sorted[row] = append(sorted[row], newFinding(f))
	}
	return sorted
}

// mappingPath returns where the mapping of users is in a schema, and how many rows it
// has.
func mappingPath(schema mapping.Schema) (path string, rows int) {
	_, object, err := schema.UserMapping()
	if err != nil {
		return "", 0
	}
	for i := range schema.SynchronizationRules {
		for j := range schema.SynchronizationRules[i].ObjectMappings {
			if &schema.SynchronizationRules[i].ObjectMappings[j] == object {
				return fmt.Sprintf("synchronizationRules[%d].objectMappings[%d]", i, j), len(object.AttributeMappings)
			}
		}
	}
	return "", 0
}

// pointed is a fault of an expression with the text around its place, so that a mark
// can stand under the character that it is about.
type pointed struct {
	Message           string
	Line, Column      int
	Marked            bool   // the place is in the text
	Before, At, After string // the line around the character
	Blank             string // as wide as Before
}

const (
	shownBefore = 50 // characters of a line that are shown before a fault
	shownAfter  = 30
)

// pointOut shows where the faults of an expression are.
func pointOut(expression string, faults []expr.Fault) []pointed {
	lines := strings.Split(expression, "\n")
	shown := make([]pointed, len(faults))
	for i, fault := range faults {
		shown[i] = pointed{Message: page.Sentence(fault.Message), Line: fault.Line, Column: fault.Column}
		if fault.Line < 1 || fault.Line > len(lines) {
			continue
		}
		line := []rune(strings.NewReplacer("\t", " ", "\r", "").Replace(lines[fault.Line-1]))
		at := max(0, min(fault.Column-1, len(line)))
		from, to := max(0, at-shownBefore), min(len(line), at+1+shownAfter)
		p := &shown[i]
		p.Marked, p.Before, p.Blank = true, string(line[from:at]), strings.Repeat(" ", at-from)
		p.At = " " // after the end of the line
		if at < len(line) {
			p.At, p.After = string(line[at]), string(line[at+1:max(to, at+1)])
		}
	}
	return shown
}

// difference is a part in which two schemas differ.
type difference struct{ Part, Name, Change, Old, New string }

func newDifferences(found []mapping.Difference) []difference {
	shown := make([]difference, len(found))
	for i, d := range found {
		shown[i] = difference{page.Sentence(d.Part), d.Name, d.Change(), d.Old, d.New}
		shown[i].Part = strings.TrimSuffix(shown[i].Part, ".")
	}
	return shown
}

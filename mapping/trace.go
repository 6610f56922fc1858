package mapping

import (
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

// Traced is how one attribute mapping came to its value for one person.
type Traced struct {
	Target     string            `json:"target"`
	Expression string            `json:"expression,omitzero"` // empty for a mapping without source
	Inputs     map[string]string `json:"inputs,omitempty"`    // source attributes with their values, empty for those without
	Value      attr.Value        `json:"value"`
	Default    attr.Value        `json:"default,omitzero"`
	Redacted   bool              `json:"redacted,omitzero"`
	Ignored    bool              `json:"ignored,omitzero"`
	Fault      string            `json:"fault,omitzero"` // why there is no value
}

// Trace evaluates every mapping on its own and keeps going where one fails.
func (m *Mapping) Trace(source attr.Object, now time.Time) []Traced {
	source = ranked(source, m.ranking)
	traces := make([]Traced, len(m.Rules))
	for i, rule := range m.Rules {
		trace := Traced{Target: rule.Target, Expression: rule.Expression, Default: rule.Default, Inputs: inputs(m.programs[i], source)}
		flow, _, err := m.traced(i, source, now)
		if err != nil {
			trace.Fault = err.Error()
		}
		trace.Value, trace.Redacted, trace.Ignored = flow.Value, flow.Redacted, flow.Ignored
		traces[i] = trace
	}
	return traces
}

// traced is evaluate, but for values that are chosen when an account is made: it
// shows the first candidate.
func (m *Mapping) traced(index int, source attr.Object, now time.Time) (Flow, expr.Result, error) {
	if !m.Rules[index].Unique {
		return m.evaluate(index, source, now)
	}
	free := func(string) (bool, error) { return false, nil }
	return m.compute(index, expr.Input{Source: source, Now: now, Exists: free, DefaultDomain: m.DefaultDomain})
}

func inputs(program *expr.Program, source attr.Object) map[string]string {
	if program == nil {
		return nil
	}
	values := make(map[string]string, len(program.Attributes()))
	for _, name := range program.Attributes() {
		value := source.Get(name)
		if value.Kind() == attr.List && name == "appRoleAssignments" {
			value = roleNames(value)
		}
		values[name] = value.String()
	}
	return values
}

// roleNames shortens role assignments to the names that people know.
func roleNames(assignments attr.Value) attr.Value {
	names := make([]string, 0, len(assignments.Items()))
	for _, assignment := range assignments.Items() {
		names = append(names, assignment.Nested().Get("displayName").String())
	}
	return attr.Texts(names...)
}

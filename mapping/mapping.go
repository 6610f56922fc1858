package mapping

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/scope"
)

// Mapping is the object mapping of a schema that provisions users, made ready to
// be evaluated for many people. It is safe for concurrent use.
type Mapping struct {
	RuleID       string
	SourceSystem string // name of the source directory
	TargetSystem string // name of the target directory
	TargetObject string // "User"
	Flows        FlowTypes
	Filter       scope.CompiledFilter
	Rules        []AttributeRule // in the order of the schema

	// DefaultDomain is what the function DefaultDomain gives; without one it fails.
	DefaultDomain string

	programs  []*expr.Program // one for each rule, nil without source
	keys      []int           // indexes of the matching rules in the order of priority
	ranking   []string        // names of app roles, the one that counts most first
	usesRoles bool            // an expression asks for the app roles
	tests     []Test

	sourceNames []string // attributes that tests may give
}

// Targets returns the target attributes that the mapping writes.
func (m *Mapping) Targets() []string {
	names := make([]string, len(m.Rules))
	for i, rule := range m.Rules {
		names[i] = rule.Target
	}
	return names
}

// Keys returns the matching attributes in the order of priority.
func (m *Mapping) Keys() []string {
	names := make([]string, len(m.keys))
	for i, index := range m.keys {
		names[i] = m.Rules[index].Target
	}
	return names
}

// Rule returns the rule for a target attribute, nil when it is not mapped.
func (m *Mapping) Rule(target string) *AttributeRule {
	for i := range m.Rules {
		if m.Rules[i].Target == target {
			return &m.Rules[i]
		}
	}
	return nil
}

// Desired evaluates the mapping for one person, whose attributes are those of
// [Source]. An attribute that cannot be computed or does not fit gives a
// *ValueError; then nothing is known about the person's account and it is left
// alone.
func (m *Mapping) Desired(source attr.Object, now time.Time) (Desired, error) {
	source = ranked(source, m.ranking)
	desired := Desired{Flows: make([]Flow, 0, len(m.Rules)), Warnings: m.staleRoles(source)}
	for i := range m.Rules {
		flow, result, err := m.evaluate(i, source, now)
		if err != nil {
			return Desired{}, err
		}
		desired.IgnoreObject = desired.IgnoreObject || result.Flow == expr.FlowIgnoreObject
		desired.Warnings = append(desired.Warnings, result.Warnings...)
		desired.Flows = append(desired.Flows, flow)
	}
	for _, index := range m.keys {
		if value := desired.Flows[index].Value; !value.IsEmpty() {
			desired.Keys = append(desired.Keys, Key{m.Rules[index].Target, value})
		}
	}
	return desired, nil
}

// Only evaluates the mapping of one target attribute, for someone of whom nothing
// else is wanted. Without a mapping of that attribute nothing is desired.
func (m *Mapping) Only(target string, source attr.Object, now time.Time) (Desired, error) {
	for i := range m.Rules {
		if m.Rules[i].Target != target {
			continue
		}
		flow, result, err := m.evaluate(i, ranked(source, m.ranking), now)
		if err != nil {
			return Desired{}, err
		}
		return Desired{Flows: []Flow{flow}, Warnings: result.Warnings}, nil
	}
	return Desired{}, nil
}

// Choose returns what is desired of a new account with the values that have to be
// unique in the target: taken tells whether an account has the value of a target
// attribute already. All candidates taken is a *ValueError.
func (m *Mapping) Choose(desired Desired, source attr.Object, now time.Time, taken func(attribute, candidate string) (bool, error)) (Desired, error) {
	desired.Flows = slices.Clone(desired.Flows)
	for i := range m.Rules {
		rule := &m.Rules[i]
		if !rule.Unique {
			continue
		}
		exists := func(candidate string) (bool, error) { return taken(rule.Target, candidate) }
		flow, result, err := m.compute(i, expr.Input{Source: ranked(source, m.ranking), Now: now, Exists: exists, DefaultDomain: m.DefaultDomain})
		if err != nil {
			return desired, err
		}
		desired.Flows[i] = flow
		desired.Warnings = append(slices.Clip(desired.Warnings), result.Warnings...)
	}
	return desired, nil
}

// Chooses reports whether a new account needs Choose.
func (m *Mapping) Chooses() bool {
	return slices.ContainsFunc(m.Rules, func(r AttributeRule) bool { return r.Unique })
}

func (m *Mapping) evaluate(index int, source attr.Object, now time.Time) (Flow, expr.Result, error) {
	if m.programs[index] == nil || m.Rules[index].Unique {
		return Flow{Rule: &m.Rules[index]}, expr.Result{}, nil
	}
	return m.compute(index, expr.Input{Source: source, Now: now, DefaultDomain: m.DefaultDomain})
}

func (m *Mapping) compute(index int, input expr.Input) (Flow, expr.Result, error) {
	rule := &m.Rules[index]
	result, err := m.programs[index].Eval(input)
	if err != nil {
		return Flow{}, result, &ValueError{Attribute: rule.Target, Code: CodeExpression, Message: fmt.Sprintf("the expression for %s: %v", rule.Target, err), Err: err}
	}
	flow := Flow{Rule: rule, Redacted: result.Redacted, Ignored: result.Flow == expr.FlowIgnoreAttribute}
	flow.Value, err = coerce(rule, result.Value)
	switch {
	case err != nil && result.Redacted:
		return Flow{}, result, hidden(rule, err)
	case err != nil:
		return Flow{}, result, err
	}
	if flow.Value.IsNull() && result.Flow == expr.FlowValue {
		// An empty text empties an attribute of any type, but a Boolean, which has no empty value.
		flow.Clear = rule.ClearWhenNull || !result.Value.IsNull() && rule.Kind != attr.Boolean
	}
	return flow, result, nil
}

// hidden is the error of a value that does not fit and must not be shown.
func hidden(rule *AttributeRule, err error) error {
	code := CodeValue
	if value, ok := errors.AsType[*ValueError](err); ok {
		code = value.Code
	}
	return &ValueError{Attribute: rule.Target, Code: code, Message: fmt.Sprintf("%s takes values of type %s, and what the source gives does not fit; it is not shown, because the expression redacts it", rule.Target, rule.Kind)}
}

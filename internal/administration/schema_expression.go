package administration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
)

// Trial is an expression that is tried for somebody.
type Trial struct {
	Expression string
	Target     string // the attribute that it is for, empty when that does not matter
	UserID     string // empty: the expression is read and checked, and not evaluated
}

// Outcome is what became of a Trial. It never holds a value that is redacted.
type Outcome struct {
	Faults    []expr.Fault // what is wrong with the expression, each with its place; then there is nothing else
	Canonical string       // the expression as it is kept
	Evaluated bool         // for the person of the trial
	Steps     []expr.Step  // each part with its value
	Value     attr.Value   // "[Redact]" for one that is redacted
	Redacted  bool
	Flow      expr.Flow
	Failure   *expr.EvalError // why there is no value
	Warnings  []string
	Unfit     string // why the target attribute does not take the value, empty when it does
}

// seenAmong is how many people are looked at for a directory extension that the schema
// does not list.
const seenAmong = 2000

// TryExpression tries an expression for somebody as a mapping of the schema would have it. Its
// work is bounded, whatever the expression and the values are. Values that have to be
// free in the target are tried as if all were.
func (s *Service) TryExpression(ctx context.Context, app Application, schema mapping.Schema, trial Trial) (Outcome, error) {
	var outcome Outcome
	node, err := expr.Parse(trial.Expression)
	if err == nil {
		var environment expr.Environment
		environment, err = schema.Environment(node, func(wanted []string) ([]string, error) { return s.seen(ctx, wanted, &outcome) })
		if err != nil {
			return outcome, fmt.Errorf("look for directory extensions: %w", err)
		}
		err = expr.Check(node, environment)
	}
	var program *expr.Program
	if err == nil {
		program, err = expr.Compile(node)
	}
	if faults, ok := errors.AsType[*expr.FaultError](err); ok {
		outcome.Faults = faults.Faults
		return outcome, nil
	}
	if err != nil {
		return outcome, err
	}
	outcome.Canonical = expr.Print(node)
	if trial.UserID == "" {
		return outcome, nil
	}
	source, err := s.sourceOf(ctx, app, schema, trial.UserID)
	if err != nil {
		return outcome, err
	}
	outcome.evaluate(program, expr.Input{
		Source: source, Now: time.Now().UTC(), DefaultDomain: app.Job.Settings.DefaultDomain,
		Exists: func(string) (bool, error) { return false, nil },
	})
	if trial.Target != "" && outcome.Failure == nil {
		outcome.Unfit = unfit(schema, app.Job.Settings.DefaultDomain, trial.Target, node, source)
	}
	return outcome, nil
}

// seen accepts directory extensions, and warns of those that nobody seems to have: to
// read everybody takes too long for something that is asked at every key stroke.
func (s *Service) seen(ctx context.Context, wanted []string, outcome *Outcome) ([]string, error) {
	looked := 0
	some := func(yield func(directory.User, error) bool) {
		for user, err := range s.Store.Users(ctx, "") {
			if looked++; looked > seenAmong || !yield(user, err) {
				return
			}
		}
	}
	seen, err := mapping.SeenExtensions(some, wanted)
	for _, name := range wanted {
		if err == nil && !slices.Contains(seen, name) {
			outcome.Warnings = append(outcome.Warnings, fmt.Sprintf("the schema does not list %s, and none of the first %d people has it", name, min(looked, seenAmong)))
		}
	}
	return wanted, err
}

// sourceOf returns what mappings see of somebody. The filters that say whether somebody
// is out of scope are those of the schema given, or while it cannot be used those that
// are saved.
func (s *Service) sourceOf(ctx context.Context, app Application, schema mapping.Schema, userID string) (attr.Object, error) {
	runner := s.Runner
	if _, err := mapping.Compile(schema); err == nil {
		runner = s.proposing(schema)
	}
	return runner.Source(ctx, app.ID, userID)
}

func (o *Outcome) evaluate(program *expr.Program, input expr.Input) {
	steps, result, err := program.Trace(input)
	o.Evaluated, o.Steps, o.Value, o.Redacted, o.Flow = true, steps, result.Value, result.Redacted, result.Flow
	o.Warnings = append(o.Warnings, result.Warnings...)
	if result.Redacted {
		o.Value = attr.Text("[Redact]")
	}
	if err == nil {
		return
	}
	if failure, ok := errors.AsType[*expr.EvalError](err); ok {
		o.Failure = failure
		return
	}
	o.Failure = &expr.EvalError{Message: err.Error()}
}

// unfit tells why a target attribute does not take the value of an expression.
func unfit(schema mapping.Schema, defaultDomain, target string, node expr.Node, source attr.Object) string {
	own, err := copied(schema)
	if err != nil {
		return ""
	}
	_, object, err := own.UserMapping()
	if err != nil {
		return ""
	}
	given := expr.ToSource(node)
	row := mapping.AttributeMapping{TargetAttributeName: target, Source: &given, FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged}
	if at := rowOf(object.AttributeMappings, target); at >= 0 {
		object.AttributeMappings[at].Source = &given
	} else {
		object.AttributeMappings = append(object.AttributeMappings, row)
	}
	compiled, err := mapping.Compile(own)
	if err != nil {
		return ""
	}
	compiled.DefaultDomain = defaultDomain
	for _, traced := range compiled.Trace(source, time.Now().UTC()) {
		if traced.Target == target {
			return traced.Fault
		}
	}
	return ""
}

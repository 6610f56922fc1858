package expr

import (
	"errors"

	"github.com/usher-id/usher/attr"
)

// redactedText is what a log shows in place of a value that Redact protects.
const redactedText = "[Redact]"

// Step is one sub-expression of a traced evaluation.
type Step struct {
	Expression string // canonical text
	Line       int
	Column     int
	Depth      int        // 0 for the whole expression
	Value      attr.Value // as it is inside the language: a date is a date
	Flow       Flow       // set when a flow keyword ended the evaluation here
	Redacted   bool       // Value is hidden because of Redact
	Err        error      // why there is no value
}

// recorder collects the steps of an evaluation.
type recorder struct {
	steps []Step
	depth int
}

// Trace evaluates like [Program.Eval] and returns the steps too, each before the
// steps inside it. Parts that were not needed, such as the branch of an IIF that
// was not taken, have no step. When the evaluation ends in an error the steps up
// to there are returned with it.
func (p *Program) Trace(in Input) ([]Step, Result, error) {
	compiler := &compiler{tracing: true}
	evaluate := compiler.compile(p.root)
	f := &frame{Input: in, work: maxWork, regexTime: regexTotalTimeout, recorder: &recorder{}}
	result, err := f.result(evaluate(f))
	return f.recorder.steps, result, err
}

// traced wraps an evaluator so that it records what it came to.
func traced(node Node, evaluate evaluator) evaluator {
	text := Print(node)
	hides := node.Kind == Call && node.Name == "Redact"
	return func(f *frame) (attr.Value, error) {
		r := f.recorder
		index := len(r.steps)
		r.steps = append(r.steps, Step{Expression: text, Line: node.Pos.Line, Column: node.Pos.Column, Depth: r.depth})
		r.depth++
		value, err := evaluate(f)
		r.depth--
		step := &r.steps[index]
		step.Value = value
		switch {
		case errors.Is(err, errIgnoreAttribute):
			step.Flow = FlowIgnoreAttribute
		case errors.Is(err, errIgnoreObject):
			step.Flow = FlowIgnoreObject
		default:
			step.Err = f.hide(err)
		}
		if hides {
			r.hide(index)
		} else if r.hidden(index) {
			r.steps[index].mask()
		}
		return value, err
	}
}

// hide masks the step and all behind it: the parts of a Redact.
func (r *recorder) hide(from int) {
	for i := from; i < len(r.steps); i++ {
		r.steps[i].mask()
	}
}

// hidden reports whether a step inside the one at the index is masked, so that
// its own value may show the secret.
func (r *recorder) hidden(index int) bool {
	for _, step := range r.steps[index+1:] {
		if step.Redacted {
			return true
		}
	}
	return false
}

// mask hides the value. Errors were hidden when they were recorded.
func (s *Step) mask() {
	s.Redacted = true
	s.Value = attr.Text(redactedText)
}

package expr

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/usher-id/usher/attr"
)

// Input is everything that the value of an expression depends on.
type Input struct {
	// Source holds the attributes of the source object. An attribute that it
	// lacks is null.
	Source attr.Object
	// Now is the time that Now() returns.
	Now time.Time
	// Random feeds Guid and RandomString; nil means crypto/rand.
	Random io.Reader
	// Exists tells SelectUniqueValue whether the target already has the
	// candidate. Nil makes that function fail.
	Exists func(candidate string) (bool, error)
	// DefaultDomain is what DefaultDomain() returns; empty makes it fail.
	DefaultDomain string
}

// Flow says what the mapping is to do with a [Result].
type Flow uint8

// The flows. The zero Flow is the usual one: the value is used.
const (
	FlowValue           Flow = iota
	FlowIgnoreAttribute      // leave this attribute out: neither value nor default
	FlowIgnoreObject         // leave the whole object alone
)

// String returns "value", "ignore-attribute" or "ignore-object".
func (f Flow) String() string {
	switch f {
	case FlowIgnoreAttribute:
		return "ignore-attribute"
	case FlowIgnoreObject:
		return "ignore-object"
	case FlowValue:
	}
	return "value"
}

// Result is what an expression came to.
type Result struct {
	// Value is null unless Flow is FlowValue. A date and time has become text in
	// the form M/d/yyyy h:mm:ss tt, in UTC.
	Value attr.Value
	Flow  Flow
	// Redacted says that Redact was used: the value must not be written to any
	// log.
	Redacted bool
	// Warnings are sentences for the provisioning log.
	Warnings []string
}

// EvalError says why an expression has no value for an object: Error was called,
// a date cannot be read, a limit was reached.
type EvalError struct {
	Function     string // name of the function, empty for operators
	Line, Column int    // where the call stands; 0 when the tree was not parsed
	Message      string
	Err          error // what SelectUniqueValue's lookup returned, else nil
}

// Error returns the message with function and place.
func (e *EvalError) Error() string {
	text := e.Message
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Function != "" {
		text = e.Function + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", e.Line, e.Column, text)
	}
	return "evaluate expression: " + text
}

// Unwrap returns the error of the lookup.
func (e *EvalError) Unwrap() error { return e.Err }

// These two travel up as errors from where the keyword stands to Eval.
var (
	errIgnoreAttribute = errors.New("ignore attribute flow")
	errIgnoreObject    = errors.New("ignore object flow")
)

// evaluator computes one node. Frames are passed along, never kept.
type evaluator func(*frame) (attr.Value, error)

// frame is the state of one evaluation.
type frame struct {
	Input
	work      int           // bytes that may still be read and produced
	regexTime time.Duration // that may still be spent on patterns
	redacted  bool
	warnings  []string
	recorder  *recorder // nil unless tracing
}

// charge takes n bytes from the work that the evaluation may still do and
// reports whether there was enough left.
func (f *frame) charge(n int) bool {
	f.work -= n + 1
	return f.work >= 0
}

// Program is a compiled expression. It may be used by several goroutines at the
// same time.
type Program struct {
	root       Node
	evaluate   evaluator
	attributes []string
	frames     chan *frame // spare frames, so that evaluating allocates none
}

// Eval computes the value for one source object. Its errors are [*EvalError].
func (p *Program) Eval(in Input) (Result, error) {
	switch p.root.Kind {
	case Attribute:
		return Result{Value: outward(in.Source.Get(p.root.Name))}, nil
	case Text:
		return Result{Value: attr.Text(p.root.Text)}, nil
	case Omitted, Number, Keyword, Call, Compare, Concat:
	}
	f := p.frame(in)
	value, err := p.evaluate(f)
	result, err := f.result(value, err)
	p.release(f)
	return result, err
}

// Attributes returns the names of the source attributes that the expression
// reads, in order.
func (p *Program) Attributes() []string { return p.attributes }

func (p *Program) frame(in Input) *frame {
	var f *frame
	select {
	case f = <-p.frames:
	default:
		f = new(frame)
	}
	*f = frame{Input: in, work: maxWork, regexTime: regexTotalTimeout}
	return f
}

// release keeps the frame for the next evaluation, without anything in it.
func (p *Program) release(f *frame) {
	*f = frame{}
	select {
	case p.frames <- f:
	default:
	}
}

// result turns what the root came to into what Eval returns.
func (f *frame) result(value attr.Value, err error) (Result, error) {
	result := Result{Redacted: f.redacted, Warnings: f.warnings}
	switch {
	case err == nil:
		result.Value = outward(value)
	case errors.Is(err, errIgnoreAttribute):
		result.Flow = FlowIgnoreAttribute
	case errors.Is(err, errIgnoreObject):
		result.Flow = FlowIgnoreObject
	default:
		return Result{Redacted: f.redacted}, f.hide(err)
	}
	return result, nil
}

// hide takes everything that may quote a value out of an error when Redact was
// used.
func (f *frame) hide(err error) error {
	failed, ok := errors.AsType[*EvalError](err)
	if !ok || !f.redacted {
		return err
	}
	return &EvalError{Function: failed.Function, Line: failed.Line, Column: failed.Column, Message: "there is no value; the reason is hidden because of Redact"}
}

// outward gives dates the text form that leaves the language.
func outward(value attr.Value) attr.Value {
	switch value.Kind() {
	case attr.Time:
		return attr.Text(value.String())
	case attr.List:
		return outwardList(value)
	case attr.Null, attr.String, attr.Boolean, attr.Integer, attr.Reference, attr.Complex:
	}
	return value
}

func outwardList(value attr.Value) attr.Value {
	for i, item := range value.Items() {
		if item.Kind() != attr.Time {
			continue
		}
		items := append([]attr.Value(nil), value.Items()...)
		for j := i; j < len(items); j++ {
			items[j] = outward(items[j])
		}
		return attr.Values(items...)
	}
	return value
}

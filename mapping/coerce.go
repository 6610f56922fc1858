package mapping

import (
	"fmt"
	"strconv"
	"time"

	"github.com/usher-id/usher/attr"
)

// coerce turns a value into what the target attribute holds, so that desired and
// current compare as they are. Null stays null, and so does an empty text where
// the attribute holds no text.
func coerce(rule *AttributeRule, value attr.Value) (attr.Value, error) {
	if value.IsNull() {
		return value, nil
	}
	if rule.Multivalued {
		items := make([]attr.Value, 0, len(value.Items()))
		for _, item := range value.Items() {
			one, err := coerceOne(rule, item)
			if err != nil {
				return attr.Value{}, err
			}
			if !one.IsNull() {
				items = append(items, one)
			}
		}
		return attr.Values(items...), nil
	}
	if value.Kind() == attr.List {
		items := value.Items()
		switch len(items) {
		case 0:
			return attr.Value{}, nil
		case 1:
			return coerceOne(rule, items[0])
		}
		return attr.Value{}, &ValueError{Attribute: rule.Target, Code: CodeSingleValue, Message: fmt.Sprintf("the source gives %d values, %s takes one", len(items), rule.Target)}
	}
	return coerceOne(rule, value)
}

func coerceOne(rule *AttributeRule, value attr.Value) (attr.Value, error) {
	switch {
	case value.Kind() == rule.Kind:
		return value, nil
	case value.Kind() == attr.String && value.IsEmpty():
		return attr.Value{}, nil
	case value.Kind() == attr.Complex && rule.Kind == attr.String && rule.Multivalued:
		return value, nil // app roles in complex form
	}
	wrong := func(want string) error {
		return &ValueError{Attribute: rule.Target, Code: CodeValue, Message: fmt.Sprintf("%s takes %s, the source gives %q", rule.Target, want, value)}
	}
	text := value.String()
	switch rule.Kind {
	case attr.String:
		if value.Kind() == attr.Complex {
			return attr.Value{}, wrong("text")
		}
		return attr.Text(text), nil
	case attr.Boolean:
		if b, ok := boolText(text); ok {
			return attr.Bool(b), nil
		}
		return attr.Value{}, wrong("True or False")
	case attr.Integer:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return attr.Int(n), nil
		}
		return attr.Value{}, wrong("an integer")
	case attr.Time:
		for _, layout := range []string{time.RFC3339, "1/2/2006 3:04:05 PM", time.DateOnly} {
			if moment, err := time.Parse(layout, text); err == nil {
				return attr.Moment(moment), nil
			}
		}
		return attr.Value{}, wrong("a date and time")
	case attr.Reference:
		// A text is the id of an object of the target itself, not of the source.
		if value.Kind() == attr.Complex {
			return attr.Value{}, wrong("a reference")
		}
		return attr.RefTo(attr.Ref{Type: TargetReference, ID: text}), nil
	case attr.Null, attr.List, attr.Complex:
	}
	return attr.Value{}, wrong(rule.Kind.String())
}

// TargetReference is the type of a reference that names an object by its id in
// the target, as opposed to one of the directory that has to be resolved.
const TargetReference = "target"

// Codes of values that do not fit, as in Microsoft Entra's provisioning log.
const (
	CodeSingleValue = "SchemaPropertyCanOnlyAcceptValue"
	CodeValue       = "SchemaPropertyInvalidValue"
	CodeExpression  = "ExpressionFailed"
)

// ValueError says that an attribute mapping gives no usable value for a person.
type ValueError struct {
	Attribute string // target attribute
	Code      string // for the provisioning log
	Message   string
	Err       error // cause, such as that of a lookup in the target; nil when there is none
}

// Error returns the message.
func (e *ValueError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *ValueError) Unwrap() error { return e.Err }

package expr

import "github.com/usher-id/usher/attr"

// The bare words of the language.
const (
	keywordIgnoreAttribute = "IgnoreAttributeFlow"
	keywordIgnoreObject    = "IgnoreObjectFlow"
	keywordTextCompare     = "vbTextCompare"
	keywordBinaryCompare   = "vbBinaryCompare"
	keywordUTF8            = "UTF8"
	keywordUnicode         = "Unicode"
	keywordASCII           = "ASCII"
)

// Keywords returns the bare words of the language.
func Keywords() []string {
	return []string{
		keywordIgnoreAttribute, keywordIgnoreObject, keywordTextCompare, keywordBinaryCompare, keywordUTF8, keywordUnicode, keywordASCII,
	}
}

//nolint:gochecknoglobals // compile-time table
var flowFunctions = []definition{
	{
		Function: Function{
			Name: "IgnoreFlowIfNullOrEmpty", Result: TypeAny, Reference: true,
			Summary:    "Leaves the target attribute alone when there is no value or an empty one.",
			Parameters: []FunctionParameter{required("expression", TypeAny, "The value.")},
			Example:    Example{Expression: `IgnoreFlowIfNullOrEmpty([department])`, Inputs: map[string]string{"department": "Sales"}, Result: "Sales"},
		}, build: simple(evalIgnoreFlow),
	},
	{
		Function: Function{
			Name: "Redact", Result: TypeAny, Reference: true,
			Summary:    "Returns the value, which no log will show.",
			Parameters: []FunctionParameter{required("value", TypeAny, "The value.")},
			Example:    Example{Expression: `Redact([employeeId])`, Inputs: map[string]string{"employeeId": "0815"}, Result: "0815"},
		}, build: simple(evalRedact),
	},
	{
		Function: Function{
			Name: "SelectUniqueValue", Result: TypeString, Reference: true, TopLevel: true, Least: 2,
			Summary: "Returns the first candidate that the target does not have yet; when it has all, the object fails. " +
				"It must be the outermost call, and serves only the creation of objects.",
			Parameters: []FunctionParameter{
				{Name: "uniqueValueRule", Key: "uniqueValueRule", Type: TypeString, Required: true, Repeats: true, Summary: "A candidate."},
			},
			Example: Example{Expression: `SelectUniqueValue([mailNickname], Append([mailNickname], "2"))`, Inputs: map[string]string{"mailNickname": "ana"}, Result: "ana"},
		}, build: simple(evalSelectUniqueValue),
	},
	{
		Function: Function{
			Name: "Error", Result: TypeAny,
			Summary:    "Makes the object fail with this message.",
			Parameters: []FunctionParameter{required("message", TypeString, "The message for the log.")},
			Example:    Example{Expression: `IIF(IsPresent([mail]), [mail], Error("no mail address"))`, Inputs: map[string]string{"mail": "ana@contoso.com"}, Result: "ana@contoso.com"},
		}, build: simple(evalError),
	},
	{
		Function: Function{
			Name: "DefaultDomain", Result: TypeString, Summary: "Returns the default domain of the directory.",
			Example: Example{Expression: `Join("@", [mailNickname], DefaultDomain())`, Inputs: map[string]string{"mailNickname": "ana"}, Result: "ana@contoso.com"},
		}, build: simple(evalDefaultDomain),
	},
}

func evalIgnoreFlow(c *call, f *frame) (attr.Value, error) {
	value, err := c.value(f, 0)
	if err == nil && value.IsEmpty() {
		return attr.Value{}, errIgnoreAttribute
	}
	return value, err
}

func evalRedact(c *call, f *frame) (attr.Value, error) {
	f.redacted = true
	return c.value(f, 0)
}

func evalSelectUniqueValue(c *call, f *frame) (attr.Value, error) {
	if f.Exists == nil {
		return attr.Value{}, c.fail("the target cannot be asked here whether a value exists")
	}
	tried := 0
	for i := range c.args {
		candidate, err := c.text(f, i)
		if err != nil {
			return attr.Value{}, err
		}
		if candidate == "" {
			continue
		}
		tried++
		exists, err := f.Exists(candidate)
		if err != nil {
			return attr.Value{}, &EvalError{Function: c.name, Line: c.pos.Line, Column: c.pos.Column, Message: "look up a candidate in the target", Err: err}
		}
		if !exists {
			return attr.Text(candidate), nil
		}
	}
	if tried == 0 {
		return attr.Value{}, nil
	}
	return attr.Value{}, c.fail("the target already has every one of the %d candidates", tried)
}

func evalError(c *call, f *frame) (attr.Value, error) {
	message, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	return attr.Value{}, c.fail("%s", message)
}

func evalDefaultDomain(c *call, f *frame) (attr.Value, error) {
	if f.DefaultDomain == "" {
		return attr.Value{}, c.fail("the directory has no default domain")
	}
	return attr.Text(f.DefaultDomain), nil
}

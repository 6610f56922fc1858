package expr

import (
	"strings"

	"github.com/usher-id/usher/attr"
)

//nolint:gochecknoglobals // compile-time table
var logicFunctions = []definition{
	{
		Function: Function{
			Name: "IIF", Result: TypeAny, Reference: true,
			Summary: "Returns one of two values, by a condition such as [country] = \"PT\". The other value is not computed.",
			Parameters: []FunctionParameter{
				keyed(required("condition", TypeBoolean, "What decides: a comparison with = <> < <= > >= or a boolean."), "one"),
				keyed(required("valueIfTrue", TypeAny, "The value when the condition holds."), "two"),
				keyed(required("valueIfFalse", TypeAny, "The value when it does not."), "three"),
			},
			Example: Example{Expression: `IIF([country] = "PT", "Lisboa", "Madrid")`, Inputs: map[string]string{"country": "PT"}, Result: "Lisboa"},
		}, build: simple(evalIIF),
	},
	{
		Function: Function{
			Name: "Switch", Result: TypeAny, Reference: true, Pairs: true, Least: 4,
			Summary: "Returns the value that belongs to the key equal to the source, with exact letter case, and the default when there is none. " +
				"The key \"\" is equal to a source without value.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "What the keys are compared with."),
				optional("defaultValue", TypeAny, "The value when no key is equal; null when left out."),
				{Name: "key", Key: "switchValue", Type: TypeString, Required: true, Repeats: true, Summary: "What the source is compared with."},
				{Name: "value", Key: "switchValue", Type: TypeAny, Required: true, Repeats: true, Summary: "The value for the key in front of it."},
			},
			Example: Example{Expression: `Switch([state], "Sydney", "QLD", "Brisbane", "SA", "Adelaide")`, Inputs: map[string]string{"state": "QLD"}, Result: "Brisbane"},
		}, build: simple(evalSwitch),
	},
	{
		Function: Function{
			Name: "Coalesce", Result: TypeAny, Reference: true,
			Summary: "Returns the first argument that has a value; an empty text counts as none, unless it is the last argument.",
			Parameters: []FunctionParameter{
				{Name: "source", Key: "source", Type: TypeAny, Required: true, Repeats: true, Summary: "Usually attributes; the last one serves as the default."},
			},
			Example: Example{Expression: `Coalesce([mail], [userPrincipalName])`, Inputs: map[string]string{"userPrincipalName": "ana@contoso.com"}, Result: "ana@contoso.com"},
		}, build: simple(evalCoalesce),
	},
	{
		Function: Function{
			Name: "Not", Result: TypeBoolean, Reference: true,
			Summary:    "Returns False for True and True for everything else.",
			Parameters: []FunctionParameter{required("source", TypeBoolean, "The boolean, or the text True or False.")},
			Example:    Example{Expression: `Not([IsSoftDeleted])`, Inputs: map[string]string{"IsSoftDeleted": "False"}, Result: "True"},
		}, build: simple(evalNot),
	},
	{
		Function: Function{
			Name: "CBool", Result: TypeBoolean, Reference: true,
			Summary:    "Returns whether a comparison holds or a value is True or a number other than 0.",
			Parameters: []FunctionParameter{required("expression", TypeAny, "The comparison or value.")},
			Example:    Example{Expression: `CBool([city] = [officeCity])`, Inputs: map[string]string{"city": "Porto", "officeCity": "Porto"}, Result: "True"},
		}, build: simple(evalCBool),
	},
	{
		Function: Function{
			Name: "CStr", Result: TypeString, Reference: true,
			Summary:    "Turns a number, boolean or reference into text.",
			Parameters: []FunctionParameter{required("value", TypeAny, "The value.")},
			Example:    Example{Expression: `CStr(Count([proxyAddresses]))`, Inputs: map[string]string{"proxyAddresses": "ana@contoso.com"}, Result: "1"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) {
			return c.mapText(f, func(text string) (string, error) { return text, nil })
		}),
	},
	test("IsNull", true, "Returns whether a value is absent.",
		Example{Expression: `IsNull([mail])`, Result: "True"}, attr.Value.IsNull),
	test("IsNullOrEmpty", true, "Returns whether a value is absent or an empty text.",
		Example{Expression: `IsNullOrEmpty([mail])`, Inputs: map[string]string{"mail": ""}, Result: "True"}, attr.Value.IsEmpty),
	test("IsPresent", true, "Returns whether there is a value that is not an empty text.",
		Example{Expression: `IsPresent([mail])`, Inputs: map[string]string{"mail": "ana@contoso.com"}, Result: "True"},
		func(value attr.Value) bool { return !value.IsEmpty() }),
	test("IsString", true, "Returns whether a value can be used as one text.",
		Example{Expression: `IsString([mail])`, Inputs: map[string]string{"mail": "ana@contoso.com"}, Result: "True"}, isString),
	test("IsNothing", false, "Returns whether a value is absent, like IsNull.",
		Example{Expression: `IsNothing([mail])`, Result: "True"}, attr.Value.IsNull),
}

// test makes a function that asks one thing of one value.
func test(name string, reference bool, summary string, example Example, holds func(attr.Value) bool) definition {
	return definition{
		Function: Function{
			Name: name, Result: TypeBoolean, Reference: reference, Summary: summary, Example: example,
			Parameters: []FunctionParameter{required("expression", TypeAny, "The value.")},
		},
		build: simple(func(c *call, f *frame) (attr.Value, error) {
			value, err := c.value(f, 0)
			if err != nil {
				return attr.Value{}, err
			}
			return attr.Bool(holds(value)), nil
		}),
	}
}

func isString(value attr.Value) bool {
	switch value.Kind() {
	case attr.String, attr.Boolean, attr.Integer, attr.Time, attr.Reference:
		return true
	case attr.List:
		return len(value.Items()) == 1 && isString(value.Items()[0])
	case attr.Null, attr.Complex:
	}
	return false
}

func evalIIF(c *call, f *frame) (attr.Value, error) {
	condition, err := c.single(f, 0)
	switch {
	case err != nil:
		return attr.Value{}, err
	case truth(condition):
		return c.value(f, 1)
	}
	return c.value(f, 2)
}

func evalSwitch(c *call, f *frame) (attr.Value, error) {
	source, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	for i := 2; i+1 < len(c.args); i += 2 {
		key, err := c.text(f, i)
		if err != nil {
			return attr.Value{}, err
		}
		if key == source {
			return c.value(f, i+1)
		}
	}
	return c.value(f, 1)
}

func evalCoalesce(c *call, f *frame) (attr.Value, error) {
	var value attr.Value
	for i := range c.args {
		var err error
		if value, err = c.value(f, i); err != nil {
			return attr.Value{}, err
		}
		if !value.IsEmpty() {
			return value, nil
		}
	}
	return value, nil
}

func evalNot(c *call, f *frame) (attr.Value, error) {
	source, err := c.single(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	if source.Kind() == attr.Boolean {
		return attr.Bool(!source.Bool()), nil
	}
	text, err := c.textOf(f, source)
	return attr.Bool(!strings.EqualFold(text, "true")), err
}

func evalCBool(c *call, f *frame) (attr.Value, error) {
	value, err := c.single(f, 0)
	return attr.Bool(truth(value)), err
}

package expr

import (
	"strings"

	"github.com/usher-id/usher/attr"
)

//nolint:gochecknoglobals // compile-time table
var listFunctions = []definition{
	{
		Function: Function{
			Name: "Count", Result: TypeInteger, Reference: true,
			Summary:    "Returns how many values a multi-valued attribute has.",
			Parameters: []FunctionParameter{required("attribute", TypeMultiValued, "The attribute.")},
			Example:    Example{Expression: `Count(Split([skills], ","))`, Inputs: map[string]string{"skills": "Go,SQL"}, Result: "2"},
		}, build: simple(evalCount),
	},
	{
		Function: Function{
			Name: "Item", Result: TypeString, Reference: true,
			Summary: "Returns one value of a multi-valued attribute. An index that it does not have is an error; an attribute without values gives null.",
			Parameters: []FunctionParameter{
				required("attribute", TypeMultiValued, "The attribute."), required("index", TypeInteger, "Which value; the first one is 1."),
			},
			Example: Example{Expression: `Item(Split([skills], ","), 2)`, Inputs: map[string]string{"skills": "Go,SQL"}, Result: "SQL"},
		}, build: simple(evalItem),
	},
	{
		Function: Function{
			Name: "Contains", Result: TypeInteger,
			Summary: "Returns which value of a multi-valued attribute contains a text: 1 for the first one, 0 when none does.",
			Parameters: []FunctionParameter{
				required("attribute", TypeMultiValued, "The attribute."), required("search", TypeString, "The text that is looked for."), compareType(),
			},
			Example: Example{Expression: `Contains(Split([skills], ","), "SQL")`, Inputs: map[string]string{"skills": "Go,SQL"}, Result: "2"},
		}, build: simple(evalContains),
	},
	{
		Function: Function{
			Name: "RemoveDuplicates", Result: TypeMultiValued, Reference: true,
			Summary:    "Leaves every value of a multi-valued attribute only once, where it came first; letter case counts.",
			Parameters: []FunctionParameter{required("attribute", TypeMultiValued, "The attribute.")},
			Example:    Example{Expression: `Join(",", RemoveDuplicates(Split([skills], ",")))`, Inputs: map[string]string{"skills": "Go,SQL,Go"}, Result: "Go,SQL"},
		}, build: simple(evalRemoveDuplicates),
	},
	{
		Function: Function{
			Name: "Split", Result: TypeMultiValued, Reference: true,
			Summary: "Makes several values of one text, without white space around them; empty ones are left out.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "The text."), optional("delimiter", TypeString, "What stands between the values; a comma when left out."),
			},
			Example: Example{Expression: `Split([skills], ",")`, Inputs: map[string]string{"skills": "Go, SQL"}, Result: "Go;SQL"},
		}, build: simple(evalSplit),
	},
}

func evalCount(c *call, f *frame) (attr.Value, error) {
	values, err := c.value(f, 0)
	return attr.Int(int64(len(values.Items()))), err
}

func evalItem(c *call, f *frame) (attr.Value, error) {
	values, err := c.value(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	index, err := c.integer(f, 1)
	items := values.Items()
	switch {
	case err != nil:
		return attr.Value{}, err
	case index < 1:
		return attr.Value{}, c.fail("index is %d, but the first value is 1", index)
	case len(items) == 0:
		return attr.Value{}, nil
	case index > int64(len(items)):
		return attr.Value{}, c.fail("index is %d, but %s has %d", index, c.describe(0), len(items))
	}
	return items[index-1], nil
}

func evalContains(c *call, f *frame) (attr.Value, error) {
	values, err := c.value(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	search, err := c.text(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	anyCase, err := c.anyCase(f, 2)
	if err != nil {
		return attr.Value{}, err
	}
	for i, item := range values.Items() {
		text, err := c.textOf(f, item)
		if err != nil {
			return attr.Value{}, err
		}
		if strings.Contains(text, search) || (anyCase && strings.Contains(strings.ToLower(text), strings.ToLower(search))) {
			return attr.Int(int64(i + 1)), nil
		}
	}
	return attr.Int(0), nil
}

func evalRemoveDuplicates(c *call, f *frame) (attr.Value, error) {
	values, err := c.value(f, 0)
	if err != nil || values.IsNull() {
		return attr.Value{}, err
	}
	seen := make(map[string]bool, min(len(values.Items()), maxItems))
	var items []attr.Value
	for _, item := range values.Items() {
		text, err := c.textOf(f, item)
		if err != nil {
			return attr.Value{}, err
		}
		if !seen[text] {
			seen[text] = true
			items = append(items, item)
		}
	}
	return c.produceList(f, items)
}

func evalSplit(c *call, f *frame) (attr.Value, error) {
	source, err := c.single(f, 0)
	if err != nil || source.IsNull() {
		return attr.Value{}, err
	}
	text, err := c.textOf(f, source)
	if err != nil {
		return attr.Value{}, err
	}
	delimiter := ","
	if c.has(1) {
		if delimiter, err = c.text(f, 1); err != nil {
			return attr.Value{}, err
		}
	}
	if delimiter == "" {
		return attr.Value{}, c.fail("delimiter is empty")
	}
	var items []attr.Value
	for part := range strings.SplitSeq(text, delimiter) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if items = append(items, attr.Text(part)); len(items) > maxItems {
			break
		}
	}
	return c.produceList(f, items)
}

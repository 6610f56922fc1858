package expr

import (
	"errors"
	"strings"

	"github.com/usher-id/usher/attr"
)

// The positions of Replace's parameters.
const (
	replaceSource = iota
	replaceOld
	replacePattern
	replaceGroup
	replaceValue
	replaceAttribute
	replaceTemplate
)

//nolint:gochecknoglobals // compile-time table
var replaceFunctions = []definition{
	{
		Function: Function{
			Name: "Replace", Result: TypeString, Reference: true,
			Summary: "Replaces a text or what a .NET regular expression matches. What it does depends on the arguments that are given: " +
				"oldValue and replacementValue replace a text in the source; oldValue and template put the source into the template; " +
				"regexPattern and replacementValue replace what the pattern matches, where the replacement may use ${group}; " +
				"with regexGroupName only that group is replaced; " +
				"regexPattern, regexGroupName and replacementAttributeName give the source or, when that is empty, the group found in the attribute.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "Usually an attribute."),
				keyed(optional("oldValue", TypeString, "The text that is replaced."), "Find"),
				keyed(optional("regexPattern", TypeString, "The pattern of what is replaced or found."), "RegularExpression"),
				keyed(optional("regexGroupName", TypeString, "The name of a group in the pattern."), "RegularExpressionGroupName"),
				keyed(optional("replacementValue", TypeString, "What comes instead."), "Replacement"),
				keyed(optional("replacementAttributeName", TypeString, "The attribute that is searched when the source is empty."), "ReplacementPropertyName"),
				keyed(optional("template", TypeString, "The text into which the source is put."), "Template"),
			},
			Example: Example{
				Expression: `Replace([preferredLanguage], "-", , , "_", , )`, Inputs: map[string]string{"preferredLanguage": "pt-BR"}, Result: "pt_BR",
			},
		}, build: buildReplace,
	},
}

// replaceMode is one of the five things that Replace does.
type replaceMode uint8

const (
	replaceText replaceMode = iota + 1
	replaceInTemplate
	replaceMatches
	replaceGroups
	replaceEmptySource
)

// replaceHas reports whether an argument of Replace is there. A literal ""
// counts as left out except as replacement, where it means removal: no other
// parameter has a use for it.
func replaceHas(args []Node, i int) bool {
	return i < len(args) && args[i].Kind != Omitted && (i == replaceValue || !args[i].isText(""))
}

// replaceModeOf chooses the mode from the arguments that are there.
func replaceModeOf(args []Node) (replaceMode, error) {
	has := func(i int) bool { return replaceHas(args, i) }
	switch {
	case has(replacePattern) && has(replaceOld):
		return 0, errors.New("oldValue and regexPattern exclude one another")
	case has(replacePattern) && has(replaceTemplate):
		return 0, errors.New("template goes with oldValue, not with regexPattern")
	case has(replacePattern) && has(replaceGroup) && has(replaceAttribute):
		return replaceEmptySource, nil
	case has(replaceAttribute):
		return 0, errors.New("replacementAttributeName needs regexPattern and regexGroupName")
	case has(replacePattern) && has(replaceGroup) && has(replaceValue):
		return replaceGroups, nil
	case has(replacePattern) && has(replaceValue):
		return replaceMatches, nil
	case has(replacePattern):
		return 0, errors.New("regexPattern needs replacementValue, or regexGroupName and replacementAttributeName")
	case has(replaceOld) && has(replaceTemplate):
		return replaceInTemplate, nil
	case has(replaceOld) && has(replaceValue):
		return replaceText, nil
	case has(replaceOld):
		return 0, errors.New("oldValue needs replacementValue or template")
	}
	return 0, errors.New("oldValue or regexPattern is missing")
}

// replaceNamesAttribute reports whether the call gives replacementAttributeName
// as a constant, which then is the attribute's name.
func replaceNamesAttribute(node Node) bool {
	return len(node.Args) > replaceAttribute && node.Args[replaceAttribute].Kind == Text && replaceHas(node.Args, replaceAttribute)
}

func buildReplace(c *call) (evaluator, error) {
	mode, err := replaceModeOf(c.nodes)
	if err != nil {
		return nil, err
	}
	switch mode {
	case replaceText:
		return func(f *frame) (attr.Value, error) { return evalReplaceText(c, f) }, nil
	case replaceInTemplate:
		return func(f *frame) (attr.Value, error) { return evalReplaceInTemplate(c, f) }, nil
	case replaceMatches, replaceGroups, replaceEmptySource:
	}
	return buildReplacePattern(c, mode)
}

func evalReplaceText(c *call, f *frame) (attr.Value, error) {
	old, err := c.text(f, replaceOld)
	if err != nil {
		return attr.Value{}, err
	}
	replacement, err := c.text(f, replaceValue)
	if err != nil {
		return attr.Value{}, err
	}
	return c.mapText(f, func(source string) (string, error) { return c.replaceAll(f, source, old, replacement) })
}

func evalReplaceInTemplate(c *call, f *frame) (attr.Value, error) {
	old, err := c.text(f, replaceOld)
	if err != nil {
		return attr.Value{}, err
	}
	template, err := c.text(f, replaceTemplate)
	if err != nil {
		return attr.Value{}, err
	}
	return c.mapText(f, func(source string) (string, error) { return c.replaceAll(f, template, old, source) })
}

// replaceAll replaces every old in the text, once it is certain that the outcome
// is not too long.
func (c *call) replaceAll(f *frame, text, old, replacement string) (string, error) {
	if old == "" {
		return text, nil
	}
	count := strings.Count(text, old)
	if count == 0 {
		return text, nil
	}
	if length := len(text) + count*(len(replacement)-len(old)); length > maxText {
		return "", c.charge(f, length)
	}
	return strings.ReplaceAll(text, old, replacement), nil
}

package expr

import (
	"fmt"
	"slices"
	"strings"
)

// ReferenceMarkdown returns the list of functions for the reference manual, in
// Markdown.
func ReferenceMarkdown() string {
	var b strings.Builder
	functions := Functions()
	b.WriteString("| function | what it does |\n| --- | --- |\n")
	for _, function := range functions {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", function.Name, strings.ToLower(function.Name), firstSentence(function.Summary))
	}
	for _, function := range functions {
		writeFunction(&b, function)
	}
	return b.String()
}

func writeFunction(b *strings.Builder, function Function) {
	fmt.Fprintf(b, "\n### %s\n\n`%s` returns %s.\n\n%s\n", function.Name, function.Signature(), typeName(function.Result), function.Summary)
	if !function.Reference {
		b.WriteString("\nThis function is not in Microsoft's reference for application provisioning.\n")
	}
	if len(function.Parameters) > 0 {
		b.WriteString("\n| parameter | | type | meaning |\n| --- | --- | --- | --- |\n")
	}
	for _, parameter := range function.Parameters {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", parameter.Name, occurrence(parameter), typeName(parameter.Type), parameter.Summary)
	}
	fmt.Fprintf(b, "\n```\n%s\n", function.Example.Expression)
	names := make([]string, 0, len(function.Example.Inputs))
	for name := range function.Example.Inputs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(b, "  %s: %q\n", name, function.Example.Inputs[name])
	}
	fmt.Fprintf(b, "= %s\n```\n", function.Example.Result)
}

func occurrence(parameter FunctionParameter) string {
	words := "optional"
	if parameter.Required {
		words = "required"
	}
	if parameter.Repeats {
		words += ", repeats"
	}
	return words
}

func firstSentence(text string) string {
	for i := range len(text) - 1 {
		if text[i] == '.' && text[i+1] == ' ' {
			return text[:i+1]
		}
	}
	return text
}

// typeName names a type in a sentence.
func typeName(t Type) string {
	switch t {
	case TypeString:
		return "text"
	case TypeInteger:
		return "number"
	case TypeBoolean:
		return "boolean"
	case TypeDateTime:
		return "date"
	case TypeMultiValued:
		return "list"
	case TypeKeyword:
		return "word"
	case TypeRoles:
		return "roles"
	case TypeAny:
	}
	return "any value"
}

package expr

import (
	"strconv"
	"strings"
)

// Print returns the canonical text of a tree: one blank behind a comma and
// around operators, nothing for an omitted argument, decimal numbers. Parse
// reads it back as an equal tree.
func Print(node Node) string {
	return string(appendNode(nil, node))
}

// escaper writes the two escapes of the language.
func escape(text string) string {
	if !strings.ContainsAny(text, `\"`) {
		return text
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}

func appendNode(b []byte, node Node) []byte {
	switch node.Kind {
	case Omitted:
		return b
	case Attribute:
		b = append(b, '[')
		b = append(b, node.Name...)
		return append(b, ']')
	case Text:
		b = append(b, '"')
		b = append(b, escape(node.Text)...)
		return append(b, '"')
	case Number:
		return strconv.AppendInt(b, node.Number, 10)
	case Keyword:
		return append(b, node.Name...)
	case Call:
		return appendCall(b, node)
	case Compare:
		return appendOperands(b, node, " "+node.Name+" ")
	case Concat:
		return appendOperands(b, node, " & ")
	}
	return b
}

func appendCall(b []byte, node Node) []byte {
	b = append(b, node.Name...)
	b = append(b, '(')
	for i, arg := range node.Args {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendNode(b, arg)
	}
	return append(b, ')')
}

// appendOperands writes operands with parentheses where the reading would
// otherwise group them in another way.
func appendOperands(b []byte, node Node, operator string) []byte {
	for i, arg := range node.Args {
		if i > 0 {
			b = append(b, operator...)
		}
		if arg.Kind == Compare || (arg.Kind == Concat && node.Kind == Concat) {
			b = append(b, '(')
			b = appendNode(b, arg)
			b = append(b, ')')
			continue
		}
		b = appendNode(b, arg)
	}
	return b
}

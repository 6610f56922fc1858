package graphapi

import "strings"

// attributeText goes through attributes as they are kept: one JSON object whose names
// are in order, without spaces. It does not understand all of JSON, and says so.
type attributeText struct {
	rest        string // after the value
	name, value string // of the attribute that was reached; no name at the end
}

// openAttributes goes to the first attribute. It reports false for what it does not
// understand.
func openAttributes(text string) (attributeText, bool) {
	rest, ok := strings.CutPrefix(text, "{")
	if !ok {
		return attributeText{}, false
	}
	var a attributeText
	if rest != "}" {
		ok = a.take(rest)
	}
	return a, ok
}

// next goes to the next attribute. It reports false for what it does not understand:
// names with escapes, names that are not in order, objects, null.
func (a *attributeText) next() bool {
	if a.rest == "}" {
		a.name = ""
		return true
	}
	rest, ok := strings.CutPrefix(a.rest, ",")
	return ok && a.take(rest)
}

// take goes to the attribute that a text begins with.
func (a *attributeText) take(text string) bool {
	text, quoted := strings.CutPrefix(text, `"`)
	name, rest, ok := strings.Cut(text, `":`)
	if !quoted || !ok || name <= a.name || strings.IndexByte(name, '\\') >= 0 {
		return false
	}
	end := valueEnd(rest)
	if end <= 0 {
		return false
	}
	a.name, a.value, a.rest = name, rest[:end], rest[end:]
	return true
}

// valueEnd returns where a text, a number, a boolean or a list of these ends, which
// stands at the beginning; 0 for anything else.
func valueEnd(text string) int {
	if text == "" {
		return 0
	}
	switch c := text[0]; {
	case c == '"':
		return textEnd(text)
	case strings.HasPrefix(text, "true"):
		return len("true")
	case strings.HasPrefix(text, "false"):
		return len("false")
	case c == '-', '0' <= c && c <= '9':
		return max(0, strings.IndexAny(text, ",]}"))
	case strings.HasPrefix(text, "[]"):
		return len("[]")
	case c == '[':
		return listEnd(text)
	}
	return 0
}

func textEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++ // whatever is escaped is not the end
		}
	}
	return 0
}

func listEnd(text string) int {
	for i := 1; i < len(text); {
		length := valueEnd(text[i:])
		if i += length; length == 0 || i == len(text) {
			return 0
		}
		switch text[i] {
		case ']':
			return i + 1
		case ',':
			i++
		default:
			return 0
		}
	}
	return 0
}

package graphapi

import (
	"net/url"
	"strings"
)

// segment is one part of a path as OData has it.
type segment struct {
	text      string // as it was sent, unescaped
	isKey     bool   // it stood in parentheses, so it can be nothing but a key
	alternate string // name of the alternate key in lower case: "appid" of servicePrincipals(appId='...')
	qualified bool   // it began with microsoft.graph., so it is a function or a cast, never a key
}

// namespace stands before the names of functions and types. The generated SDKs write
// the short form, as in /members/graph.user, which a key may begin with as well.
const (
	namespace      = "microsoft.graph."
	shortNamespace = "graph."
)

// parsePath splits an escaped path into segments. Empty segments, as of a doubled or
// a trailing slash, are left out; the parentheses of a function without parameters
// are, too; a key in parentheses becomes a segment of its own. It reports false for
// a path that is not properly escaped.
func parsePath(escaped string) ([]segment, bool) {
	var segments []segment
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" {
			continue
		}
		text, err := url.PathUnescape(part)
		if err != nil || !printableText(text) {
			return nil, false
		}
		segments = append(segments, splitKey(text)...)
	}
	return segments, true
}

// splitKey takes name(key) apart. What does not look like it is one segment.
func splitKey(text string) []segment {
	name, inside, found := strings.Cut(text, "(")
	if !found || !strings.HasSuffix(inside, ")") || !isName(name) {
		return []segment{plainSegment(text)}
	}
	inside = strings.TrimSpace(strings.TrimSuffix(inside, ")"))
	if inside == "" {
		return []segment{plainSegment(name)}
	}
	alternate, value := "", inside
	if before, after, found := strings.Cut(inside, "="); found && isName(strings.TrimSpace(before)) {
		alternate, value = strings.ToLower(strings.TrimSpace(before)), strings.TrimSpace(after)
	}
	return []segment{plainSegment(name), {text: unquote(value), isKey: true, alternate: alternate}}
}

func plainSegment(text string) segment {
	if len(text) > len(namespace) && strings.EqualFold(text[:len(namespace)], namespace) {
		return segment{text: text, qualified: true}
	}
	return segment{text: text}
}

// unquote removes the quotes of a literal, in which a quote is doubled.
func unquote(value string) string {
	if len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\'' {
		return value
	}
	return strings.ReplaceAll(value[1:len(value)-1], "''", "'")
}

// isName reports whether a text is a name: letters, digits, dots, "_" and "$".
func isName(text string) bool {
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '$':
		default:
			return false
		}
	}
	return text != ""
}

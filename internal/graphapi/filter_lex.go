package graphapi

import "strings"

// tokenKind is what a token of a filter is.
type tokenKind uint8

const (
	endToken tokenKind = iota
	wordToken
	quotedToken
	signToken // ( ) , :
)

// filterToken is a word, a quoted text or a sign.
type filterToken struct {
	kind     tokenKind
	text     string
	position int // of its first character, from 1
}

// lexFilter splits a filter into tokens; the last one is the end. A colon is a sign
// only after a name and before a space or another name, because dates have colons.
func lexFilter(text string) ([]filterToken, error) {
	var tokens []filterToken
	for i := 0; i < len(text); {
		switch text[i] {
		case ' ', '\t', '\n', '\r':
			i++
		case '(', ')', ',', ':':
			tokens = append(tokens, filterToken{signToken, text[i : i+1], i + 1})
			i++
		case '\'':
			value, end, closed := lexQuoted(text, i)
			if !closed {
				return nil, badRequest("Invalid filter clause: the text that begins at position %d does not end; a quote inside it is doubled.", i+1)
			}
			tokens = append(tokens, filterToken{quotedToken, value, i + 1})
			i = end
		default:
			end := i + wordLength(text[i:])
			tokens = append(tokens, filterToken{wordToken, text[i:end], i + 1})
			i = end
		}
	}
	return append(tokens, filterToken{endToken, "", len(text) + 1}), nil
}

// lexQuoted reads a quoted text that begins at start, and returns where it ends.
func lexQuoted(text string, start int) (value string, end int, closed bool) {
	var b strings.Builder
	for i := start + 1; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

// wordLength returns how long the word at the beginning of a text is. What begins
// with a digit, as a date does, may have colons inside.
func wordLength(text string) int {
	stop := " \t\r\n(),':"
	if c := text[0]; '0' <= c && c <= '9' {
		stop = " \t\r\n(),'"
	}
	if end := strings.IndexAny(text, stop); end >= 0 {
		return max(end, 1)
	}
	return len(text)
}

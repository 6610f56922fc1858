package soql

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenString
	tokenNumber
	tokenDate
	tokenDateTime
	tokenSymbol
)

// token is one word of the query. text is what stands in the query, except for
// strings, where it is the decoded content.
type token struct {
	kind     tokenKind
	text     string
	position Position
}

// is tells whether the token is the keyword or the symbol, in any case.
func (t token) is(word string) bool {
	return (t.kind == tokenName || t.kind == tokenSymbol) && strings.EqualFold(t.text, word)
}

type lexer struct {
	text   string
	offset int

	row, column                     int
	lineScan, lineStart, columnScan int
}

func newLexer(text string) *lexer { return &lexer{text: text, row: 1} }

// tokens reads the whole text; the last token is always tokenEnd.
func (l *lexer) tokens() ([]token, error) {
	list := make([]token, 0, len(l.text)/6+4)
	for {
		next, err := l.next()
		if err != nil {
			return nil, err
		}
		list = append(list, next)
		if next.kind == tokenEnd {
			return list, nil
		}
	}
}

// fault is an error at an offset.
func (l *lexer) fault(at int, message string) error {
	return &Error{Code: CodeMalformedQuery, Message: message, Position: l.positionAt(at), Query: l.text}
}

// next reads one token.
func (l *lexer) next() (token, error) {
	for l.offset < len(l.text) && isBlank(l.text[l.offset]) {
		l.offset++
	}
	start := l.offset
	if start == len(l.text) {
		return token{kind: tokenEnd, text: "<EOF>", position: l.positionAt(start)}, nil
	}
	c := l.text[start]
	switch {
	case isLetter(c):
		l.offset += countWhile(l.text[start:], isNameByte)
		return l.token(tokenName, start), nil
	case c == '\'':
		return l.stringToken()
	case isDigit(c), (c == '-' || c == '+' || c == '.') && start+1 < len(l.text) && isDigit(l.text[start+1]):
		return l.numberToken()
	}
	return l.symbolToken()
}

// token takes what lies between start and the current offset.
func (l *lexer) token(kind tokenKind, start int) token {
	return token{kind: kind, text: l.text[start:l.offset], position: l.positionAt(start)}
}

// symbolToken reads an operator or a mark, the longest that fits.
func (l *lexer) symbolToken() (token, error) {
	start := l.offset
	if start+1 < len(l.text) {
		switch l.text[start : start+2] {
		case "!=", "<>", "<=", ">=":
			l.offset += 2
			return l.token(tokenSymbol, start), nil
		}
	}
	if strings.IndexByte(",().=<>:", l.text[start]) >= 0 {
		l.offset++
		return l.token(tokenSymbol, start), nil
	}
	r, _ := utf8.DecodeRuneInString(l.text[start:])
	return token{}, l.fault(start, fmt.Sprintf("unexpected char:'%c'", r))
}

// numberToken reads numbers, dates and datetimes, which all begin with digits.
func (l *lexer) numberToken() (token, error) {
	start := l.offset
	if length := dateLength(l.text[start:]); length > 0 {
		l.offset += length
		return l.dateToken(start)
	}
	end := start + 1
	for end < len(l.text) && (isDigit(l.text[end]) || l.text[end] == '.') {
		end++
	}
	if end < len(l.text) && (l.text[end] == 'e' || l.text[end] == 'E') {
		end++
		if end < len(l.text) && (l.text[end] == '-' || l.text[end] == '+') {
			end++
		}
		end += countWhile(l.text[end:], isDigit)
	}
	l.offset = end
	number := l.token(tokenNumber, start)
	_, err := strconv.ParseFloat(number.text, 64)
	if err != nil || end < len(l.text) && isNameByte(l.text[end]) {
		l.offset += countWhile(l.text[end:], isNameByte)
		return token{}, l.fault(start, "unexpected token: '"+l.text[start:l.offset]+"'")
	}
	return number, nil
}

// dateToken refuses what has the shape of a date and is none, such as February 30.
func (l *lexer) dateToken(start int) (token, error) {
	text := l.text[start:l.offset]
	kind := tokenDate
	if len(text) > len(time.DateOnly) {
		kind = tokenDateTime
	}
	if _, err := ParseTime(text); err != nil {
		return token{}, l.fault(start, "unexpected token: '"+text+"'")
	}
	if l.offset < len(l.text) && isNameByte(l.text[l.offset]) {
		return token{}, l.fault(start, "unexpected token: '"+text+l.text[l.offset:l.offset+1]+"'")
	}
	return l.token(kind, start), nil
}

// ParseTime reads a date (midnight UTC) or a datetime as they are written in a
// query, for example 2026-01-31, 2026-01-31T10:00:00Z or
// 2026-01-31T10:00:00.500+0100.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a date nor a datetime", text)
}

// dateLength returns how many bytes at the start of text have the shape of a
// date or a datetime, or 0.
func dateLength(text string) int {
	const date = "dddd-dd-dd"
	if !hasShape(text, date) {
		return 0
	}
	length := len(date)
	if !hasShape(text[length:], "Tdd:dd:dd") {
		return length
	}
	length += len("Tdd:dd:dd")
	if length < len(text) && text[length] == '.' {
		length += 1 + countWhile(text[length+1:], isDigit)
	}
	for _, zone := range []string{"Z", "sdd:dd", "sdddd"} {
		if hasShape(text[length:], zone) {
			return length + len(zone)
		}
	}
	return length
}

// hasShape compares the start of text with a pattern of d (digit), s (sign) and
// literal bytes.
func hasShape(text, pattern string) bool {
	if len(text) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		switch c := text[i]; pattern[i] {
		case 'd':
			if !isDigit(c) {
				return false
			}
		case 's':
			if c != '+' && c != '-' {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}

// stringToken copies the content only if something in it is escaped.
func (l *lexer) stringToken() (token, error) {
	start := l.offset
	body := l.text[start+1:]
	plain := strings.IndexAny(body, `'\`)
	if plain >= 0 && body[plain] == '\'' {
		l.offset = start + plain + 2
		return token{kind: tokenString, text: body[:plain], position: l.positionAt(start)}, nil
	}
	var content strings.Builder
	for i := start + 1; i < len(l.text); {
		switch c := l.text[i]; c {
		case '\'':
			l.offset = i + 1
			return token{kind: tokenString, text: content.String(), position: l.positionAt(start)}, nil
		case '\\':
			length, err := l.escape(i, &content)
			if err != nil {
				return token{}, err
			}
			i += length
		default:
			content.WriteByte(c)
			i++
		}
	}
	return token{}, l.fault(start, "unexpected token: '<EOF>', unclosed string literal")
}

// escape decodes the escape at offset i into content and returns its length.
// The escapes of LIKE keep their backslash, so that the pattern can tell a
// literal percent sign from a wildcard.
func (l *lexer) escape(i int, content *strings.Builder) (int, error) {
	if i+1 >= len(l.text) {
		return 0, l.fault(i, "unexpected token: '<EOF>', unclosed string literal")
	}
	switch c := l.text[i+1]; c {
	case 'n', 'N':
		content.WriteByte('\n')
	case 'r', 'R':
		content.WriteByte('\r')
	case 't', 'T':
		content.WriteByte('\t')
	case 'b', 'B':
		content.WriteByte('\b')
	case 'f', 'F':
		content.WriteByte('\f')
	case '\'', '"':
		content.WriteByte(c)
	case '\\', '_', '%':
		// Kept escaped: see Literal.Text and Literal.Pattern.
		content.WriteByte('\\')
		content.WriteByte(c)
	case 'u', 'U':
		if i+6 <= len(l.text) {
			if code, err := strconv.ParseUint(l.text[i+2:i+6], 16, 32); err == nil {
				writeRune(content, rune(code)) //nolint:gosec // four hexadecimal digits fit.
				return 6, nil
			}
		}
		return 0, l.illegalEscape(i)
	default:
		return 0, l.illegalEscape(i)
	}
	return 2, nil
}

// illegalEscape is the refusal of any escape that the language does not have.
func (l *lexer) illegalEscape(i int) error {
	r, _ := utf8.DecodeRuneInString(l.text[i+1:])
	return l.fault(i, fmt.Sprintf("Illegal character sequence '\\%c' in string literal", r))
}

// writeRune keeps a decoded backslash distinguishable, as escape does.
func writeRune(content *strings.Builder, r rune) {
	if r == '\\' {
		content.WriteByte('\\')
	}
	content.WriteRune(r)
}

// countWhile counts the bytes at the start of text that belong.
func countWhile(text string, belongs func(byte) bool) int {
	n := 0
	for n < len(text) && belongs(text[n]) {
		n++
	}
	return n
}

func isBlank(c byte) bool    { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isLetter(c byte) bool   { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) }

package expr

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd       tokenKind = iota
	tokenAttribute           // text is the name
	tokenText                // text is the value, escapes undone
	tokenNumber
	tokenWord
	tokenSign // text is one of ( ) , & = <> < <= > >=
)

type token struct {
	kind   tokenKind
	text   string
	number int64
	pos    Position
}

// lexer cuts the text of an expression into tokens. What it cannot read becomes
// a fault and is skipped, so that the faults behind it are found too.
type lexer struct {
	text   string
	offset int
	pos    Position
	faults *faults
	// operand is true where a value may start; there & starts a hexadecimal
	// number and - a negative one, elsewhere & joins two texts.
	operand bool
	// unclosed is true after a text without end, which swallows all that follows.
	unclosed bool
}

func (l *lexer) peek() rune {
	r, _ := utf8.DecodeRuneInString(l.text[l.offset:])
	return r
}

// advance moves over one character.
func (l *lexer) advance() {
	r, size := utf8.DecodeRuneInString(l.text[l.offset:])
	l.offset += size
	l.pos.Column++
	if r == '\n' {
		l.pos = Position{l.pos.Line + 1, 1}
	}
}

func (l *lexer) atEnd() bool { return l.offset >= len(l.text) }

func (l *lexer) take(accept func(rune) bool) string {
	start := l.offset
	for !l.atEnd() && accept(l.peek()) {
		l.advance()
	}
	return l.text[start:l.offset]
}

// next returns the next token.
func (l *lexer) next() token {
	for {
		l.take(unicode.IsSpace)
		if l.atEnd() {
			return token{kind: tokenEnd, pos: l.pos}
		}
		if t, ok := l.read(); ok {
			l.operand = t.kind == tokenSign && t.text != ")"
			return t
		}
	}
}

// read reads one token, or reports a fault, skips what it cannot read and
// returns false.
func (l *lexer) read() (token, bool) {
	pos, r := l.pos, l.peek()
	switch {
	case r == '"':
		return l.readText(), true
	case r == '[':
		return l.readAttribute(), true
	case r == '_' || unicode.IsLetter(r):
		return token{kind: tokenWord, text: l.take(isWordCharacter), pos: pos}, true
	case unicode.IsDigit(r):
		return l.readNumber(pos, ""), true
	case r == '-' && l.operand:
		l.advance()
		return l.readNumber(pos, "-"), true
	case r == '&' && l.operand && strings.HasPrefix(strings.ToUpper(l.text[l.offset:]), "&H"):
		return l.readHexadecimal(), true
	case strings.ContainsRune("(),&=<>", r):
		return l.readSign(), true
	}
	l.faults.add(pos, "%s", unreadable(r))
	l.advance()
	return token{}, false
}

func unreadable(r rune) string {
	switch r {
	case '“', '”', '„', '«', '»', '\'', '‘', '’':
		return "texts stand in straight double quotes (\"), not in " + string(r)
	case ']':
		return "] without [ before it"
	case '+', '-', '*', '/':
		return "there is no arithmetic: " + string(r) + " cannot stand here"
	case ';':
		return "arguments are separated by a comma, not by ;"
	case utf8.RuneError:
		return "the text is not valid UTF-8"
	}
	return strconv.QuoteRune(r) + " cannot stand here"
}

func isWordCharacter(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (l *lexer) readText() token {
	t := token{kind: tokenText, pos: l.pos}
	l.advance()
	var value strings.Builder
	for !l.atEnd() {
		r := l.peek()
		l.advance()
		switch r {
		case '"':
			t.text = value.String()
			return t
		case '\\':
			l.readEscape(&value)
		default:
			value.WriteRune(r)
		}
	}
	l.faults.add(t.pos, "the text that starts here has no closing \"")
	l.unclosed = true
	t.text = value.String()
	return t
}

// readEscape reads what follows a backslash. Only \\ and \" are escapes; any
// other backslash stands for itself, as published examples expect.
func (l *lexer) readEscape(value *strings.Builder) {
	if !l.atEnd() {
		if r := l.peek(); r == '\\' || r == '"' {
			l.advance()
			value.WriteRune(r)
			return
		}
	}
	value.WriteByte('\\')
}

func (l *lexer) readAttribute() token {
	t := token{kind: tokenAttribute, pos: l.pos}
	l.advance()
	t.text = l.take(func(r rune) bool { return !strings.ContainsRune("]\n\",()", r) })
	switch {
	case l.atEnd() || l.peek() != ']':
		l.faults.add(t.pos, "the attribute that starts here has no closing ]")
	case strings.TrimSpace(t.text) == "":
		l.faults.add(t.pos, "the brackets hold no attribute name")
		l.advance()
	default:
		l.advance()
	}
	return t
}

func (l *lexer) readNumber(pos Position, sign string) token {
	digits := l.take(func(r rune) bool { return isWordCharacter(r) || r == '.' })
	return l.number(pos, sign+digits, digits, sign, 10)
}

func (l *lexer) readHexadecimal() token {
	pos := l.pos
	l.advance()
	l.advance()
	digits := l.take(isWordCharacter)
	return l.number(pos, "&H"+digits, digits, "", 16)
}

func (l *lexer) number(pos Position, shown, digits, sign string, base int) token {
	number, err := strconv.ParseInt(sign+digits, base, 64)
	switch {
	case err == nil:
	case strings.Contains(digits, "."):
		l.faults.add(pos, "%s: numbers are whole numbers", shorten(shown))
	case errors.Is(err, strconv.ErrRange):
		l.faults.add(pos, "%s is too large for a number of 64 bits", shorten(shown))
	default:
		l.faults.add(pos, "%s is not a number", shorten(shown))
	}
	return token{kind: tokenNumber, number: number, pos: pos}
}

func (l *lexer) readSign() token {
	t := token{kind: tokenSign, pos: l.pos}
	start := l.offset
	first := l.peek()
	l.advance()
	if !l.atEnd() {
		second := l.peek()
		if (first == '<' && (second == '>' || second == '=')) || (first == '>' && second == '=') {
			l.advance()
		}
	}
	t.text = l.text[start:l.offset]
	return t
}

// shorten cuts a text that goes into a message.
func shorten(text string) string {
	const longest = 60
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	return string([]rune(text)[:longest]) + "…"
}

package salesforcetest

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeJSON reads one JSON value, keeping the order of members. It is written
// by hand because requests of 200 records spend most of their time here, and
// because the places of faults are part of the answer.
func decodeJSON(body []byte) (any, *apiError) {
	text := string(body)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	r := jsonReader{text: text}
	value, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.blank(); r.at < len(r.text) {
		return nil, r.unexpected()
	}
	return value, nil
}

type jsonReader struct {
	text string
	at   int
}

// maximumNesting protects the stack.
const maximumNesting = 100

// place counts lines and columns from 1, as the messages do.
func (r *jsonReader) place() (line, column int) {
	before := r.text[:min(r.at, len(r.text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

// unexpected is the fault of what stands at the current place.
func (r *jsonReader) unexpected() *apiError {
	line, column := r.place()
	if r.at >= len(r.text) {
		return malformedJSON("Unexpected end-of-input at [line:%d, column:%d]", line, column)
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.at:])
	return malformedJSON("Unexpected character ('%c' (code %d)) at [line:%d, column:%d]", c, c, line, column)
}

// blank skips what may stand between tokens.
func (r *jsonReader) blank() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// accept skips blanks and takes the byte if it comes next.
func (r *jsonReader) accept(c byte) bool {
	r.blank()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// value reads any value.
func (r *jsonReader) value(depth int) (any, *apiError) {
	r.blank()
	if r.at >= len(r.text) || depth > maximumNesting {
		return nil, r.unexpected()
	}
	switch c := r.text[r.at]; {
	case c == '{':
		return r.members(depth)
	case c == '[':
		return r.list(depth)
	case c == '"':
		text, err := r.string()
		return strings.Clone(text), err
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	for _, word := range []struct {
		text  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if strings.HasPrefix(r.text[r.at:], word.text) {
			r.at += len(word.text)
			return word.value, nil
		}
	}
	return nil, r.unexpected()
}

// members reads an object behind its brace.
func (r *jsonReader) members(depth int) (any, *apiError) {
	r.at++
	members := make([]member, 0, 8)
	if r.accept('}') {
		return members, nil
	}
	for {
		if r.blank(); r.at >= len(r.text) || r.text[r.at] != '"' {
			return nil, r.unexpected()
		}
		name, err := r.string()
		if err != nil {
			return nil, err
		}
		if !r.accept(':') {
			return nil, r.unexpected()
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{name, value})
		switch {
		case r.accept(','):
		case r.accept('}'):
			return members, nil
		default:
			return nil, r.unexpected()
		}
	}
}

// list reads an array behind its bracket.
func (r *jsonReader) list(depth int) (any, *apiError) {
	r.at++
	list := []any{}
	if r.accept(']') {
		return list, nil
	}
	for {
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		switch {
		case r.accept(','):
		case r.accept(']'):
			return list, nil
		default:
			return nil, r.unexpected()
		}
	}
}

// number takes what the grammar of JSON allows.
func (r *jsonReader) number() (any, *apiError) {
	start := r.at
	if r.text[r.at] == '-' {
		r.at++
	}
	whole := r.digits()
	valid := whole > 0 && (whole == 1 || r.text[r.at-whole] != '0')
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		valid = r.digits() > 0 && valid
	}
	if r.at < len(r.text) && (r.text[r.at] == 'e' || r.text[r.at] == 'E') {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		valid = r.digits() > 0 && valid
	}
	if !valid {
		return nil, r.unexpected()
	}
	return json.Number(strings.Clone(r.text[start:r.at])), nil
}

// digits skips digits and returns how many there were.
func (r *jsonReader) digits() int {
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at - start
}

// string returns a part of the text as long as nothing is escaped.
func (r *jsonReader) string() (string, *apiError) {
	r.at++
	start := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return r.text[start : r.at-1], nil
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			return "", r.unexpected()
		}
		r.at++
	}
	return "", r.unexpected()
}

// escaped goes on with a string at its first escape.
func (r *jsonReader) escaped(start int) (string, *apiError) {
	content := []byte(r.text[start:r.at])
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == '"':
			r.at++
			return string(content), nil
		case c < 0x20:
			return "", r.unexpected()
		case c != '\\':
			content = append(content, c)
			r.at++
			continue
		}
		r.at++
		if r.at >= len(r.text) {
			return "", r.unexpected()
		}
		if r.text[r.at] == 'u' {
			char, ok := r.unicode()
			if !ok {
				return "", r.unexpected()
			}
			content = utf8.AppendRune(content, char)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, r.text[r.at])
		if i < 0 {
			return "", r.unexpected()
		}
		content = append(content, "\"\\/\b\f\n\r\t"[i])
		r.at++
	}
	return "", r.unexpected()
}

// unicode reads uXXXX, and the second half of a surrogate pair.
func (r *jsonReader) unicode() (rune, bool) {
	first, ok := r.codeUnit()
	if !ok || !utf16.IsSurrogate(first) {
		return first, ok
	}
	if strings.HasPrefix(r.text[r.at:], `\u`) {
		r.at++
		second, ok := r.codeUnit()
		return utf16.DecodeRune(first, second), ok
	}
	return utf8.RuneError, true
}

// codeUnit reads the four hexadecimal digits behind u.
func (r *jsonReader) codeUnit() (rune, bool) {
	if r.at+5 > len(r.text) {
		return 0, false
	}
	code, err := strconv.ParseUint(r.text[r.at+1:r.at+5], 16, 32)
	if err != nil {
		return 0, false
	}
	r.at += 5
	return rune(code), true //nolint:gosec // four hexadecimal digits fit.
}

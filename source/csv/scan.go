package csv

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxLine  = 1 << 20 // bytes in a line
	maxValue = 1 << 16 // bytes in a value within quotation marks
)

// cell is one value of a row and where it starts.
type cell struct {
	text         string
	line, column int
}

// scanner splits a file into rows as RFC 4180 says: commas, quotation marks around
// values that need them, line ends of either kind. It goes on after a fault, so that
// one reading finds all of them, and holds one row at a time, so that a quotation
// mark that is never closed does not pull in the whole file. It is stricter than
// encoding/csv only in refusing NUL bytes and text that is not UTF-8.
type scanner struct {
	in     *bufio.Reader
	line   int // number of the line that was read last
	report func(line, column int, format string, args ...any)
	buffer []byte
}

func newScanner(in io.Reader, report func(line, column int, format string, args ...any)) *scanner {
	s := &scanner{in: bufio.NewReaderSize(in, 64<<10), report: report}
	if mark, _ := s.in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = s.in.Discard(len(mark)) // they were peeked at, so they are there
	}
	return s
}

// utf16 reports whether the file starts like a spreadsheet's "Unicode text".
func (s *scanner) utf16() bool {
	mark, _ := s.in.Peek(2)
	return bytes.Equal(mark, []byte("\xff\xfe")) || bytes.Equal(mark, []byte("\xfe\xff"))
}

// row returns the next row that is not blank, and io.EOF after the last. A row with
// a fault in its form is reported and comes back as far as it could be read, with
// whole false. The cells are valid until the next call.
func (s *scanner) row(cells []cell) (row []cell, whole bool, err error) {
	for {
		line, err := s.next()
		if err != nil {
			return nil, false, err
		}
		if line == "" {
			continue
		}
		return s.split(line, cells[:0])
	}
}

// next reads a line without its end. Text that must not be there is reported and
// left out.
func (s *scanner) next() (string, error) {
	s.buffer = s.buffer[:0]
	for {
		part, err := s.in.ReadSlice('\n')
		if len(s.buffer) <= maxLine {
			s.buffer = append(s.buffer, part...)
		}
		if err == nil || errors.Is(err, io.EOF) && len(s.buffer) > 0 {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
	s.line++
	line := bytes.TrimSuffix(s.buffer, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) > maxLine {
		s.report(s.line, 0, "the line is longer than %d bytes", maxLine)
		return "", nil
	}
	return s.clean(line), nil
}

// clean reports NUL bytes and bytes that are not UTF-8, once a line each.
func (s *scanner) clean(line []byte) string {
	if i := bytes.IndexByte(line, 0); i >= 0 {
		s.report(s.line, utf8.RuneCount(line[:i])+1, "NUL byte")
		line = bytes.ReplaceAll(line, []byte{0}, nil)
	}
	if utf8.Valid(line) {
		return string(line)
	}
	column := 1
	for rest := line; len(rest) > 0; column++ {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			s.report(s.line, column, "byte %#x is not UTF-8; save the file as UTF-8", rest[0])
			break
		}
		rest = rest[size:]
	}
	return strings.ToValidUTF8(string(line), "\uFFFD")
}

// split cuts a line into cells. A value in quotation marks may take more lines.
func (s *scanner) split(line string, cells []cell) (row []cell, whole bool, err error) {
	whole = true
	column := 1
	for {
		start := cell{line: s.line, column: column}
		if strings.HasPrefix(line, `"`) {
			text, rest, after, ok, err := s.quoted(line, start)
			if err != nil || !ok {
				return cells, false, err
			}
			start.text, line, column = text, rest, after
		} else {
			end := strings.IndexByte(line, ',')
			if end < 0 {
				end = len(line)
			}
			start.text, line = line[:end], line[end:]
			if i := strings.IndexByte(start.text, '"'); i >= 0 {
				s.report(s.line, column+utf8.RuneCountInString(start.text[:i]),
					`quotation mark inside a value; put the value in quotation marks and write "" for one of its own`)
				whole = false
			}
			column += utf8.RuneCountInString(start.text)
		}
		cells = append(cells, start)
		if line == "" {
			return cells, whole, nil
		}
		line = line[1:]
		column++
	}
}

// quoted reads a value in quotation marks. It returns the value, what is left of the
// line that it ends on, from a comma on or empty, and the column of that; ok is
// false after a fault.
func (s *scanner) quoted(line string, start cell) (text, rest string, column int, ok bool, err error) {
	var value strings.Builder
	column, line = start.column+1, line[1:]
	for {
		end := strings.IndexByte(line, '"')
		if end < 0 {
			value.WriteString(line)
			value.WriteByte('\n')
			column = 1
			line, err = s.next()
			ended := errors.Is(err, io.EOF)
			if err != nil && !ended {
				return "", "", 0, false, err
			}
			if ended || value.Len() > maxValue {
				s.report(start.line, start.column, "the quotation mark is never closed")
				return "", "", 0, false, nil
			}
			continue
		}
		value.WriteString(line[:end])
		column += utf8.RuneCountInString(line[:end]) + 1
		line = line[end+1:]
		switch {
		case line == "" || line[0] == ',':
			return value.String(), line, column, true, nil
		case line[0] == '"':
			value.WriteByte('"')
			line = line[1:]
			column++
		default:
			s.report(s.line, column, "text after the closing quotation mark of the value that starts at %d:%d", start.line, start.column)
			return "", "", 0, false, nil
		}
	}
}

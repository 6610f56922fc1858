package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// This file reads and writes dates by .NET custom date and time format strings
// in US English, as DateTime.ParseExact and DateTime.ToString do.

// dateToken is one piece of a format: a specifier letter with its count, or a
// literal text when the letter is 0.
type dateToken struct {
	letter byte
	count  int
	text   string
}

// dateFormat is a compiled format.
type dateFormat []dateToken

// dateParts is what was read of a date. A part that the format lacks is -1.
type dateParts struct {
	year, month, day             int
	hour, minute, second, nanos  int
	hour12, afternoon, dayOfWeek int
	offset                       *time.Location
}

// standardFormats are the formats of one letter, spelled as custom formats.
func standardFormat(letter string) (string, bool) {
	switch letter {
	case "d":
		return "M/d/yyyy", true
	case "D":
		return "dddd, MMMM d, yyyy", true
	case "f":
		return "dddd, MMMM d, yyyy h:mm tt", true
	case "F", "U":
		return "dddd, MMMM d, yyyy h:mm:ss tt", true
	case "g":
		return "M/d/yyyy h:mm tt", true
	case "G":
		return "M/d/yyyy h:mm:ss tt", true
	case "m", "M":
		return "MMMM d", true
	case "o", "O":
		return "yyyy-MM-ddTHH:mm:ss.fffffffK", true
	case "r", "R":
		return "ddd, dd MMM yyyy HH:mm:ss 'GMT'", true
	case "s":
		return "yyyy-MM-ddTHH:mm:ss", true
	case "t":
		return "h:mm tt", true
	case "T":
		return "h:mm:ss tt", true
	case "u":
		return "yyyy-MM-dd HH:mm:ss'Z'", true
	case "y", "Y":
		return "MMMM yyyy", true
	}
	return "", false
}

// compileDateFormat reads a format string.
func compileDateFormat(format string) (dateFormat, error) {
	if format == "" {
		return nil, errors.New("the date format is empty")
	}
	if utf8.RuneCountInString(format) == 1 {
		custom, ok := standardFormat(format)
		if !ok {
			return nil, fmt.Errorf("%q is not a standard date format", format)
		}
		format = custom
	}
	var tokens dateFormat
	for rest := format; rest != ""; {
		token, size, err := dateSpecifier(rest)
		if err != nil {
			return nil, fmt.Errorf("date format %q: %w", shorten(format), err)
		}
		tokens = append(tokens, token)
		rest = rest[size:]
	}
	return tokens, nil
}

// dateSpecifier reads the token at the start of a format and its length.
func dateSpecifier(format string) (dateToken, int, error) {
	letter := format[0]
	switch letter {
	case 'd', 'M', 'y', 'H', 'h', 'm', 's', 'f', 'F', 't', 'z', 'K', 'g', ':', '/':
		count := 1
		for letter != 'K' && count < len(format) && format[count] == letter {
			count++
		}
		if letter == ':' || letter == '/' {
			return dateToken{text: format[:count]}, count, nil
		}
		return dateToken{letter: letter, count: count}, count, checkCount(letter, count)
	case '\'', '"':
		end := strings.IndexByte(format[1:], letter)
		if end < 0 {
			return dateToken{}, 0, fmt.Errorf("the quote %c is not closed", letter)
		}
		return dateToken{text: format[1 : end+1]}, end + 2, nil
	case '\\':
		if len(format) == 1 {
			return dateToken{}, 0, errors.New(`a \ stands at the end`)
		}
		_, size := utf8.DecodeRuneInString(format[1:])
		return dateToken{text: format[1 : 1+size]}, 1 + size, nil
	case '%':
		if len(format) == 1 || format[1] == '%' {
			return dateToken{}, 0, errors.New("a % stands without a letter behind it")
		}
		return dateToken{}, 1, nil
	}
	_, size := utf8.DecodeRuneInString(format)
	return dateToken{text: format[:size]}, size, nil
}

func checkCount(letter byte, count int) error {
	if (letter == 'f' || letter == 'F') && count > 7 {
		return fmt.Errorf("%c stands more than 7 times", letter)
	}
	return nil
}

// format writes the moment.
func (f dateFormat) format(t time.Time) string {
	var b strings.Builder
	for _, token := range f {
		if token.letter == 'F' {
			writeShortFraction(&b, token.count, t)
			continue
		}
		b.WriteString(token.format(t))
	}
	return b.String()
}

func writeShortFraction(b *strings.Builder, count int, t time.Time) {
	fraction := strings.TrimRight(fractionDigits(t, count), "0")
	if text := b.String(); fraction == "" && strings.HasSuffix(text, ".") {
		b.Reset()
		b.WriteString(strings.TrimSuffix(text, "."))
	}
	b.WriteString(fraction)
}

func fractionDigits(t time.Time, count int) string {
	return fmt.Sprintf("%09d", t.Nanosecond())[:count]
}

func (d dateToken) format(t time.Time) string {
	switch d.letter {
	case 'y':
		return formatYear(t.Year(), d.count)
	case 'M':
		return named(d.count, int(t.Month()), t.Month().String())
	case 'd':
		return named(d.count, t.Day(), t.Weekday().String())
	case 'H':
		return padded(t.Hour(), d.count)
	case 'h':
		return padded((t.Hour()+11)%12+1, d.count)
	case 'm':
		return padded(t.Minute(), d.count)
	case 's':
		return padded(t.Second(), d.count)
	case 'f':
		return fractionDigits(t, d.count)
	case 't':
		return t.Format("PM")[:min(d.count, 2)]
	case 'z':
		return formatOffset(t, d.count)
	case 'K':
		return formatKind(t)
	case 'g':
		return "A.D."
	}
	return d.text
}

func formatYear(year, count int) string {
	if count <= 2 {
		return padded(year%100, count)
	}
	return fmt.Sprintf("%0*d", count, year)
}

// named writes a month or day: as a number, short name or full name.
func named(count, number int, name string) string {
	switch {
	case count <= 2:
		return padded(number, count)
	case count == 3:
		return name[:3]
	}
	return name
}

func padded(number, count int) string {
	if count >= 2 {
		return fmt.Sprintf("%02d", number)
	}
	return strconv.Itoa(number)
}

func formatOffset(t time.Time, count int) string {
	_, seconds := t.Zone()
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	hours, minutes := seconds/3600, seconds/60%60
	switch count {
	case 1:
		return fmt.Sprintf("%c%d", sign, hours)
	case 2:
		return fmt.Sprintf("%c%02d", sign, hours)
	}
	return fmt.Sprintf("%c%02d:%02d", sign, hours, minutes)
}

// unspecified is the location of a date that was read without a time zone.
//
//nolint:gochecknoglobals // a marker that is compared by identity
var unspecified = time.FixedZone("unspecified", 0)

// formatKind writes Z for UTC, nothing for a date without time zone, and the
// offset otherwise.
func formatKind(t time.Time) string {
	switch t.Location() {
	case time.UTC:
		return "Z"
	case unspecified:
		return ""
	}
	return formatOffset(t, 3)
}

// dateReader reads a text by a format.
type dateReader struct {
	rest       string
	parts      dateParts
	innerWhite bool
}

var errDate = errors.New("it does not have the expected form")

// read reads the text and returns what is left of it.
func (f dateFormat) read(text string, innerWhite bool) (dateParts, string, error) {
	r := dateReader{rest: text, parts: dateParts{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, nil}, innerWhite: innerWhite}
	for _, token := range f {
		if innerWhite {
			r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace)
		}
		if !r.token(token) {
			return dateParts{}, "", errDate
		}
	}
	return r.parts, r.rest, nil
}

// token reads what one token stands for.
func (r *dateReader) token(d dateToken) bool {
	p := &r.parts
	switch d.letter {
	case 'y':
		return r.year(d.count)
	case 'M':
		if d.count <= 2 {
			return r.number(&p.month, d.count, 2)
		}
		return r.name(&p.month, d.count, 1, 12, func(n int) string { return time.Month(n).String() })
	case 'd':
		if d.count <= 2 {
			return r.number(&p.day, d.count, 2)
		}
		return r.name(&p.dayOfWeek, d.count, 0, 6, func(n int) string { return time.Weekday(n).String() })
	case 'H':
		return r.number(&p.hour, d.count, 2)
	case 'h':
		return r.number(&p.hour12, d.count, 2)
	case 'm':
		return r.number(&p.minute, d.count, 2)
	case 's':
		return r.number(&p.second, d.count, 2)
	case 'f', 'F':
		return r.fraction(d.count, d.letter == 'F')
	case 't':
		return r.name(&p.afternoon, d.count, 0, 1, func(n int) string { return [...]string{"AM", "PM"}[n] })
	case 'z':
		return r.offset(d.count == 3)
	case 'K':
		return r.kind()
	case 'g':
		return r.literal("A.D.") || r.literal("AD")
	}
	if r.innerWhite {
		return r.literal(strings.TrimSpace(d.text))
	}
	return r.literal(d.text)
}

func (r *dateReader) literal(text string) bool {
	rest, found := strings.CutPrefix(r.rest, text)
	r.rest = rest
	return found
}

// digits reads at least least and at most most digits.
func (r *dateReader) digits(least, most int) (string, bool) {
	n := 0
	for n < most && n < len(r.rest) && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text, n >= least
}

func (r *dateReader) number(part *int, least, most int) bool {
	text, ok := r.digits(min(least, most), most)
	if !ok {
		return false
	}
	number, err := strconv.Atoi(text)
	same := *part < 0 || *part == number
	*part = number
	return err == nil && same
}

// year reads a year; one of two digits lies between 1930 and 2029.
func (r *dateReader) year(count int) bool {
	if count > 2 {
		return r.number(&r.parts.year, count, max(count, 4))
	}
	const pivot = 30
	if !r.number(&r.parts.year, count, 2) {
		return false
	}
	if r.parts.year += 2000; r.parts.year >= 2000+pivot {
		r.parts.year -= 100
	}
	return true
}

// name reads a name in any letter case: its first characters when count is 3 or
// less, else the whole.
func (r *dateReader) name(part *int, count, first, last int, name func(int) string) bool {
	for n := first; n <= last; n++ {
		text := name(n)
		if count < len(text) && count <= 3 {
			text = text[:count]
		}
		if len(r.rest) >= len(text) && strings.EqualFold(r.rest[:len(text)], text) {
			*part = n
			r.rest = r.rest[len(text):]
			return true
		}
	}
	return false
}

func (r *dateReader) fraction(count int, short bool) bool {
	least := count
	if short {
		least = 0
	}
	text, ok := r.digits(least, count)
	if !ok {
		return false
	}
	nanos, err := strconv.Atoi((text + "000000000")[:9])
	r.parts.nanos = nanos
	return err == nil
}

// offset reads +hh:mm, or +hh when minutes are not demanded.
func (r *dateReader) offset(minutes bool) bool {
	if r.rest == "" || (r.rest[0] != '+' && r.rest[0] != '-') {
		return false
	}
	sign := 1
	if r.rest[0] == '-' {
		sign = -1
	}
	r.rest = r.rest[1:]
	hours, mins := -1, 0
	if !r.number(&hours, 1, 2) {
		return false
	}
	if minutes {
		mins = -1
		r.literal(":")
		if !r.number(&mins, 2, 2) {
			return false
		}
	}
	const largest = 14
	r.parts.offset = time.FixedZone("", sign*(hours*3600+mins*60))
	return hours <= largest && mins < 60
}

func (r *dateReader) kind() bool {
	if r.literal("Z") || r.literal("z") {
		r.parts.offset = time.UTC
		return true
	}
	if r.rest != "" && (r.rest[0] == '+' || r.rest[0] == '-') {
		return r.offset(true)
	}
	return true
}

// moment puts the parts together. What the text did not say is taken from now
// for the date and is zero for the time, as in .NET.
func (p dateParts) moment(now time.Time, zone *time.Location) (time.Time, error) {
	if p.year < 0 && p.month < 0 && p.day < 0 {
		p.year, p.month, p.day = now.Year(), int(now.Month()), now.Day()
	}
	if p.year < 0 {
		p.year = now.Year()
	}
	month, day := orOne(p.month), orOne(p.day)
	hour, err := p.clock()
	if err != nil {
		return time.Time{}, err
	}
	if p.offset != nil {
		zone = p.offset
	}
	minute, second := max(p.minute, 0), max(p.second, 0)
	t := time.Date(p.year, time.Month(month), day, hour, minute, second, max(p.nanos, 0), zone)
	switch {
	case p.year < 1 || p.year > 9999:
		return time.Time{}, fmt.Errorf("there is no year %d", p.year)
	case hour > 23 || minute > 59 || second > 59:
		return time.Time{}, fmt.Errorf("there is no time %02d:%02d:%02d", hour, minute, second)
	case int(t.Month()) != month || t.Day() != day:
		return time.Time{}, fmt.Errorf("there is no day %d-%02d-%02d", p.year, month, day)
	case p.dayOfWeek >= 0 && int(t.Weekday()) != p.dayOfWeek:
		return time.Time{}, fmt.Errorf("that day is a %v", t.Weekday())
	}
	return t, nil
}

func orOne(part int) int {
	if part < 0 {
		return 1
	}
	return part
}

// clock returns the hour of 24.
func (p dateParts) clock() (int, error) {
	switch {
	case p.hour12 < 0 && p.hour < 0:
		return 0, nil
	case p.hour12 < 0:
		return p.hour, nil
	case p.hour12 < 1 || p.hour12 > 12:
		return 0, fmt.Errorf("there is no hour %d of 12", p.hour12)
	}
	hour := p.hour12 % 12
	if p.afternoon == 1 {
		hour += 12
	}
	if p.hour >= 0 && p.hour != hour {
		return 0, errors.New("it says two different hours")
	}
	return hour, nil
}

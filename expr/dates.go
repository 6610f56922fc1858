package expr

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The formats of dates that CDate reads, tried in this order. A time and a time
// zone may follow.
//
//nolint:gochecknoglobals // compile-time table
var readableDates = compileAll(
	"yyyy-M-d", "M/d/yyyy", "yyyy/M/d", "dddd, MMMM d, yyyy", "MMMM d, yyyy", "d MMMM yyyy",
	"ddd, d MMM yyyy", "MMM d, yyyy", "d MMM yyyy", "d-MMM-yyyy",
)

// The formats of times, the longest first.
//
//nolint:gochecknoglobals // compile-time table
var readableTimes = compileAll(
	"h:mm:ss.FFFFFFF tt", "h:mm:ss tt", "h:mm tt", "h tt", "H:mm:ss.FFFFFFF", "H:mm:ss", "H:mm",
)

func compileAll(formats ...string) []dateFormat {
	compiled := make([]dateFormat, 0, len(formats))
	for _, format := range formats {
		if tokens, err := compileDateFormat(format); err == nil {
			compiled = append(compiled, tokens)
		}
	}
	return compiled
}

// parseDate reads a date, with or without time and time zone, and returns the
// moment in UTC. A date without time zone is in UTC. A date with a time zone but
// without time, such as 2020-03-16-07:00, is midnight in that zone.
func parseDate(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	const longest = 100
	if len(text) > longest {
		return time.Time{}, errDate
	}
	for _, format := range readableDates {
		parts, rest, err := format.read(text, false)
		if err != nil || !readTime(&parts, rest) {
			continue
		}
		t, err := parts.moment(time.Time{}, time.UTC)
		if err != nil {
			return time.Time{}, err
		}
		return inRange(t.UTC())
	}
	return time.Time{}, errDate
}

// readTime reads the time and time zone behind a date, up to the end.
func readTime(parts *dateParts, text string) bool {
	if readZone(parts, text) {
		return true
	}
	text = shortenFraction(strings.TrimPrefix(strings.TrimPrefix(text, "T"), " "))
	for _, format := range readableTimes {
		times, rest, err := format.read(text, false)
		if err != nil || !readZone(&times, rest) {
			continue
		}
		parts.hour, parts.hour12, parts.afternoon = times.hour, times.hour12, times.afternoon
		parts.minute, parts.second, parts.nanos, parts.offset = times.minute, times.second, times.nanos, times.offset
		return true
	}
	return false
}

// shortenFraction cuts the fraction of a second to the seven digits that a format
// can read; other systems write nine.
func shortenFraction(text string) string {
	const most = 7
	before, fraction, found := strings.Cut(text, ".")
	digits := len(fraction) - len(strings.TrimLeft(fraction, "0123456789"))
	if !found || digits <= most {
		return text
	}
	return before + "." + fraction[:most] + fraction[digits:]
}

// readZone reads nothing, Z, GMT, UTC or an offset, up to the end.
func readZone(parts *dateParts, text string) bool {
	text = strings.TrimSpace(text)
	switch text {
	case "":
		return true
	case "Z", "z", "GMT", "UTC":
		parts.offset = time.UTC
		return true
	}
	const hoursOnly = 3
	r := dateReader{rest: text, parts: *parts}
	if !r.offset(len(text) > hoursOnly) || r.rest != "" {
		return false
	}
	parts.offset = r.parts.offset
	return true
}

// inRange refuses moments that .NET has no date for, and that lists of dates in
// applications do not expect.
func inRange(t time.Time) (time.Time, error) {
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, errors.New("the date lies outside the years 1 to 9999")
	}
	return t, nil
}

// isInterval reports whether DateAdd and DateDiff know the interval.
func isInterval(interval string) bool {
	switch interval {
	case "yyyy", "m", "d", "ww", "h", "n", "s":
		return true
	}
	return false
}

// addInterval adds a number of intervals. Months and years keep the day of the
// month where there is one, and otherwise end on the last day, as in Visual
// Basic.
func addInterval(t time.Time, interval string, number int64) (time.Time, error) {
	const most = 400_000_000_000 // seconds: more than from year 1 to 9999
	if number > most || number < -most {
		return time.Time{}, errors.New("the date lies outside the years 1 to 9999")
	}
	switch interval {
	case "yyyy":
		return addMonths(t, 12*number)
	case "m":
		return addMonths(t, number)
	case "d":
		return addSeconds(t, number*24*60*60)
	case "ww":
		return addSeconds(t, number*7*24*60*60)
	case "h":
		return addSeconds(t, number*60*60)
	case "n":
		return addSeconds(t, number*60)
	case "s":
		return addSeconds(t, number)
	}
	return time.Time{}, fmt.Errorf("the interval %q is none of yyyy, m, d, ww, h, n, s", shorten(interval))
}

func addMonths(t time.Time, months int64) (time.Time, error) {
	const most = 12 * 10_000
	if months > most || months < -most {
		return time.Time{}, errors.New("the date lies outside the years 1 to 9999")
	}
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return inRange(first.AddDate(0, 0, min(t.Day(), last)-1))
}

func addSeconds(t time.Time, seconds int64) (time.Time, error) {
	return inRange(time.Unix(t.Unix()+seconds, int64(t.Nanosecond())).UTC())
}

// difference returns how many intervals lie between two moments, like Visual
// Basic's DateDiff: whole days, hours, minutes and seconds that have passed;
// years, months and weeks (from Sunday) by the calendar.
func difference(interval string, from, to time.Time) (int64, error) {
	const day = 24 * 60 * 60
	seconds := to.Unix() - from.Unix()
	if nanos := int64(to.Nanosecond() - from.Nanosecond()); seconds > 0 && nanos < 0 {
		seconds--
	} else if seconds < 0 && nanos > 0 {
		seconds++
	}
	switch interval {
	case "yyyy":
		return int64(to.Year() - from.Year()), nil
	case "m":
		return int64(12*(to.Year()-from.Year()) + int(to.Month()) - int(from.Month())), nil
	case "ww":
		return (sunday(to) - sunday(from)) / 7, nil
	case "d":
		return seconds / day, nil
	case "h":
		return seconds / (60 * 60), nil
	case "n":
		return seconds / 60, nil
	case "s":
		return seconds, nil
	}
	return 0, fmt.Errorf("the interval %q is none of yyyy, m, d, ww, h, n, s", shorten(interval))
}

// sunday returns the number of the day on which the week began.
func sunday(t time.Time) int64 {
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return midnight.Unix()/(24*60*60) - int64(midnight.Weekday())
}

// fileTimeEpoch is the Windows file time 0, 1 January 1601, in seconds before
// 1970.
const fileTimeEpoch = 11_644_473_600

// ticksPerSecond is the number of Windows file time units in a second.
const ticksPerSecond = 10_000_000

func toFileTime(t time.Time) (int64, error) {
	if t.Year() < 1601 {
		return 0, errors.New("the first Windows file time is in 1601")
	}
	return (t.Unix()+fileTimeEpoch)*ticksPerSecond + int64(t.Nanosecond())/100, nil
}

func fromFileTime(ticks int64) (time.Time, error) {
	if ticks < 0 {
		return time.Time{}, errors.New("a Windows file time is not negative")
	}
	return inRange(time.Unix(ticks/ticksPerSecond-fileTimeEpoch, ticks%ticksPerSecond*100).UTC())
}

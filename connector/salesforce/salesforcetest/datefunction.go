package salesforcetest

import (
	"strconv"
	"time"
)

// dateFunction makes a value of a query from a date or a datetime, in UTC.
type dateFunction func(time.Time) string

// dateFunctionNamed finds a date function by its name in upper case, and the type
// of what it makes. The fiscal year is that of the calendar.
func dateFunctionNamed(name string) (f dateFunction, kind fieldType, known bool) {
	if name == "DAY_ONLY" {
		return func(t time.Time) string { return t.Format(time.DateOnly) }, typeDate, true
	}
	number, known := dateNumber(name)
	return func(t time.Time) string { return strconv.Itoa(number(t)) }, typeInteger, known
}

// dateNumber finds the functions that count. Weeks of a month and of a year begin
// with its first day, whatever day of the week that is.
func dateNumber(name string) (number func(time.Time) int, known bool) {
	const days = 7
	switch name {
	case "CALENDAR_YEAR", "FISCAL_YEAR":
		return time.Time.Year, true
	case "CALENDAR_QUARTER", "FISCAL_QUARTER":
		return func(t time.Time) int { return (int(t.Month()) + 2) / 3 }, true
	case "CALENDAR_MONTH", "FISCAL_MONTH":
		return func(t time.Time) int { return int(t.Month()) }, true
	case "DAY_IN_MONTH":
		return time.Time.Day, true
	case "DAY_IN_WEEK":
		return func(t time.Time) int { return int(t.Weekday()) + 1 }, true
	case "DAY_IN_YEAR":
		return time.Time.YearDay, true
	case "HOUR_IN_DAY":
		return time.Time.Hour, true
	case "WEEK_IN_MONTH":
		return func(t time.Time) int { return (t.Day()-1)/days + 1 }, true
	case "WEEK_IN_YEAR":
		return func(t time.Time) int { return (t.YearDay()-1)/days + 1 }, true
	}
	return nil, false
}

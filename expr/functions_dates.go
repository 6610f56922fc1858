package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
)

//nolint:gochecknoglobals // compile-time table
var dateFunctions = []definition{
	{
		Function: Function{
			Name: "Now", Result: TypeDateTime, Reference: true, Summary: "Returns the current date and time in UTC.",
			Example: Example{Expression: `Now()`, Result: "2/3/2026 4:05:06 PM"},
		}, build: simple(func(_ *call, f *frame) (attr.Value, error) {
			return attr.Moment(f.Now.UTC().Truncate(time.Second)), nil
		}),
	},
	{
		Function: Function{
			Name: "CDate", Result: TypeDateTime, Reference: true,
			Summary:    "Reads a date and time and turns it into UTC.",
			Parameters: []FunctionParameter{required("expression", TypeString, "The text, in ISO 8601 form or as M/d/yyyy h:mm:ss tt.")},
			Example:    Example{Expression: `CDate([hireDate])`, Inputs: map[string]string{"hireDate": "2026-02-01+02:00"}, Result: "1/31/2026 10:00:00 PM"},
		}, build: simple(evalCDate),
	},
	{
		Function: Function{
			Name: "DateAdd", Result: TypeDateTime, Reference: true,
			Summary: "Adds a number of intervals to a date.",
			Parameters: []FunctionParameter{
				interval(), required("value", TypeInteger, "How many; may be negative."), required("dateTime", TypeDateTime, "The date, from CDate or Now."),
			},
			Example: Example{Expression: `DateAdd("m", 1, CDate([hireDate]))`, Inputs: map[string]string{"hireDate": "2026-01-31"}, Result: "2/28/2026 12:00:00 AM"},
		}, build: simple(evalDateAdd),
	},
	{
		Function: Function{
			Name: "DateDiff", Result: TypeInteger, Reference: true,
			Summary: "Returns how many intervals lie between two dates; more than 0 when the second one is later.",
			Parameters: []FunctionParameter{
				interval(), required("date1", TypeDateTime, "The first date, from CDate or Now."), required("date2", TypeDateTime, "The second date."),
			},
			Example: Example{Expression: `DateDiff("d", CDate([from]), CDate([to]))`, Inputs: map[string]string{"from": "2026-02-01", "to": "2026-03-01"}, Result: "28"},
		}, build: simple(evalDateDiff),
	},
	{
		Function: Function{
			Name: "DateFromNum", Result: TypeDateTime, Reference: true,
			Summary:    "Turns a Windows file time, as Active Directory holds it, into a date and time.",
			Parameters: []FunctionParameter{required("value", TypeInteger, "The file time.")},
			Example:    Example{Expression: `DateFromNum("134117171990000000")`, Result: "1/1/2026 4:59:59 AM"},
		}, build: simple(evalDateFromNum),
	},
	{
		Function: Function{
			Name: "NumFromDate", Result: TypeInteger, Reference: true,
			Summary:    "Turns a date and time into a Windows file time, as Active Directory wants it.",
			Parameters: []FunctionParameter{required("value", TypeString, "The date in ISO 8601 form.")},
			Example:    Example{Expression: `NumFromDate("2025-12-31 23:59:59-05:00")`, Result: "134117171990000000"},
		}, build: simple(evalNumFromDate),
	},
	{
		Function: Function{
			Name: "FormatDateTime", Result: TypeString, Reference: true,
			Summary: "Reads a date by one format and writes it by another. A call with three arguments leaves dateTimeStyles out.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "The date as text, or from CDate, DateAdd or Now."),
				optional("dateTimeStyles", TypeString, "Names of .NET's DateTimeStyles, separated by commas."),
				required("inputFormat", TypeString, "The .NET format of the source."), required("outputFormat", TypeString, "The .NET format of the result."),
			},
			Example: Example{
				Expression: `FormatDateTime([hireDate], , "yyyyMMdd", "d MMM yyyy")`, Inputs: map[string]string{"hireDate": "20260201"}, Result: "1 Feb 2026",
			},
		}, build: buildFormatDateTime,
	},
}

func interval() FunctionParameter {
	return required("interval", TypeString, "yyyy for years, m months, d days, ww weeks, h hours, n minutes, s seconds.")
}

func evalCDate(c *call, f *frame) (attr.Value, error) {
	moment, ok, err := c.moment(f, 0)
	if err != nil || !ok {
		return attr.Value{}, err
	}
	return attr.Moment(moment), nil
}

func evalDateAdd(c *call, f *frame) (attr.Value, error) {
	interval, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	number, err := c.integer(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	moment, ok, err := c.moment(f, 2)
	if err != nil || !ok {
		return attr.Value{}, err
	}
	later, err := addInterval(moment, interval, number)
	if err != nil {
		return attr.Value{}, c.fail("%v", err)
	}
	return attr.Moment(later), nil
}

func evalDateDiff(c *call, f *frame) (attr.Value, error) {
	interval, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	var dates [2]time.Time
	for i := range dates {
		date, ok, err := c.moment(f, i+1)
		if err != nil {
			return attr.Value{}, err
		}
		if !ok {
			return attr.Value{}, c.fail("%s has no value; test it with IsPresent first", c.describe(i+1))
		}
		dates[i] = date
	}
	number, err := difference(interval, dates[0], dates[1])
	if err != nil {
		return attr.Value{}, c.fail("%v", err)
	}
	return attr.Int(number), nil
}

func evalDateFromNum(c *call, f *frame) (attr.Value, error) {
	value, err := c.single(f, 0)
	if err != nil || value.IsEmpty() {
		return attr.Value{}, err
	}
	ticks, err := c.integer(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	moment, err := fromFileTime(ticks)
	if err != nil {
		return attr.Value{}, c.fail("%v", err)
	}
	return attr.Moment(moment), nil
}

func evalNumFromDate(c *call, f *frame) (attr.Value, error) {
	moment, ok, err := c.moment(f, 0)
	if err != nil || !ok {
		return attr.Value{}, err
	}
	ticks, err := toFileTime(moment)
	if err != nil {
		return attr.Value{}, c.fail("%v", err)
	}
	return attr.Int(ticks), nil
}

// dateStyles are the .NET DateTimeStyles that change how a text is read.
type dateStyles struct {
	leadingWhite, trailingWhite, innerWhite bool
	universal                               bool // the result is in UTC
	assumeUniversal                         bool // a text without time zone is in UTC
}

// parseDateStyles reads style names separated by commas or blanks; "" gives the
// default, which allows white space around the date.
func parseDateStyles(text string) (dateStyles, error) {
	if strings.TrimSpace(text) == "" {
		return dateStyles{leadingWhite: true, trailingWhite: true}, nil
	}
	var styles dateStyles
	for name := range strings.FieldsFuncSeq(text, oneOf(", |")) {
		switch strings.TrimPrefix(name, "DateTimeStyles.") {
		case "AllowLeadingWhite":
			styles.leadingWhite = true
		case "AllowTrailingWhite":
			styles.trailingWhite = true
		case "AllowInnerWhite":
			styles.innerWhite = true
		case "AllowWhiteSpaces":
			styles.leadingWhite, styles.trailingWhite, styles.innerWhite = true, true, true
		case "AdjustToUniversal":
			styles.universal = true
		case "AssumeUniversal":
			styles.assumeUniversal = true
		case "None", "RoundtripKind", "AssumeLocal", "NoCurrentDateDefault":
		default:
			return dateStyles{}, fmt.Errorf("%q is not one of .NET's DateTimeStyles", shorten(name))
		}
	}
	return styles, nil
}

// dateFormatter is a FormatDateTime whose constants are prepared.
type dateFormatter struct {
	call          *call
	styles        int // position of the argument, -1 in the short form
	input, output int
	constantStyle *dateStyles
	formats       [2]dateFormat // of constants: input, output
}

func buildFormatDateTime(c *call) (evaluator, error) {
	d := &dateFormatter{call: c, styles: 1, input: 2, output: 3}
	if len(c.args) == 3 {
		d.styles, d.input, d.output = -1, 1, 2
	}
	for i, position := range []int{d.input, d.output} {
		if text, ok := c.literal(position); ok {
			format, err := compileDateFormat(text)
			if err != nil {
				return nil, err
			}
			d.formats[i] = format
		}
	}
	text, ok := c.literal(d.styles)
	if ok || d.styles < 0 || !c.has(d.styles) {
		styles, err := parseDateStyles(text)
		if err != nil {
			return nil, err
		}
		d.constantStyle = &styles
	}
	return d.eval, nil
}

func (d *dateFormatter) eval(f *frame) (attr.Value, error) {
	c := d.call
	source, err := c.single(f, 0)
	if err != nil || source.IsEmpty() {
		return attr.Value{}, err
	}
	output, err := d.format(f, 1, d.output)
	if err != nil {
		return attr.Value{}, err
	}
	if source.Kind() == attr.Time {
		return c.produce(f, output.format(source.Moment()))
	}
	text, err := c.textOf(f, source)
	if err != nil {
		return attr.Value{}, err
	}
	moment, err := d.read(f, text)
	if err != nil {
		return attr.Value{}, err
	}
	return c.produce(f, output.format(moment))
}

func (d *dateFormatter) format(f *frame, i, position int) (dateFormat, error) {
	if d.formats[i] != nil {
		return d.formats[i], nil
	}
	text, err := d.call.text(f, position)
	if err != nil {
		return nil, err
	}
	format, err := compileDateFormat(text)
	if err != nil {
		return nil, d.call.fail("%v", err)
	}
	return format, nil
}

// read reads the text by the input format. The result has the text's own time
// zone: the calendar day that the text shows is never moved, unless the style
// AdjustToUniversal asks for UTC.
func (d *dateFormatter) read(f *frame, text string) (time.Time, error) {
	c := d.call
	input, err := d.format(f, 0, d.input)
	if err != nil {
		return time.Time{}, err
	}
	styles, err := d.dateStyles(f)
	if err != nil {
		return time.Time{}, err
	}
	trimmed := text
	if styles.leadingWhite {
		trimmed = strings.TrimLeft(trimmed, " \t\r\n")
	}
	if styles.trailingWhite {
		trimmed = strings.TrimRight(trimmed, " \t\r\n")
	}
	parts, rest, err := input.read(trimmed, styles.innerWhite)
	if err != nil || rest != "" {
		return time.Time{}, c.fail("%q does not have the form of inputFormat", shorten(text))
	}
	zone := unspecified
	if styles.assumeUniversal {
		zone = time.UTC
	}
	moment, err := parts.moment(f.Now.UTC(), zone)
	if err != nil {
		return time.Time{}, c.fail("%q is not a date: %v", shorten(text), err)
	}
	if styles.universal && moment.Location() != unspecified {
		moment = moment.UTC()
	}
	return moment, nil
}

func (d *dateFormatter) dateStyles(f *frame) (dateStyles, error) {
	if d.constantStyle != nil {
		return *d.constantStyle, nil
	}
	text, err := d.call.text(f, d.styles)
	if err != nil {
		return dateStyles{}, err
	}
	styles, err := parseDateStyles(text)
	if err != nil {
		return dateStyles{}, d.call.fail("%v", err)
	}
	return styles, nil
}

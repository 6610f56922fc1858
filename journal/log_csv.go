package journal

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/usher-id/usher/plan"
)

// csvHeading is the place of each column that is known, by its name in lower case
// without anything but letters.
type csvHeading map[string]int

// column returns the first of some columns that a row has a value in.
func (h csvHeading) column(row []string, names ...string) string {
	for _, name := range names {
		if at, found := h[name]; found && at < len(row) && row[at] != "" {
			return unguarded(row[at])
		}
	}
	return ""
}

func (h csvHeading) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, found := h[name]
		return found
	})
}

// unguarded takes off the apostrophe that keeps a spreadsheet from taking a cell for a
// formula.
func unguarded(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@\t\r\n", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// The names of the columns, of which different exports have different ones.
func actionColumns() []string { return []string{"provisioningaction", "action"} }

func statusColumns() []string {
	return []string{"status", "provisioningstatusinfostatus", "statusinfostatus"}
}

func momentColumns() []string { return []string{"activitydatetime", "dateutc", "date"} }

// readCSV reads one of the three files of an export, by its heading.
func (r *logReader) readCSV(file LogFile) {
	reader := csv.NewReader(bytes.NewReader(file.Content))
	reader.FieldsPerRecord, reader.LazyQuotes = -1, false
	line, _, _ := bytes.Cut(file.Content, []byte("\n"))
	if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		reader.Comma = ';'
	}
	row, err := reader.Read()
	if err != nil {
		r.csvFault(file, err)
		return
	}
	heading := csvHeading{}
	for at, name := range row {
		name = strings.Map(onlyLetters, strings.ToLower(name))
		if _, twice := heading[name]; !twice && name != "" {
			heading[name] = at
		}
	}
	switch {
	case heading.has("changeid") && heading.has("newvalue") && heading.has("displayname", "name"):
		r.propertied = append(r.propertied, file)
		r.eachRow(file, reader, func(row []string, line int) { r.addProperty(file, heading, row, line) })
	case heading.has(actionColumns()...) && heading.has(statusColumns()...) && heading.has(momentColumns()...):
		r.eachRow(file, reader, func(row []string, line int) { r.addRow(file, heading, row, line) })
	case heading.has("changeid") && heading.has("provisioningsteptype", "step"):
		// The steps tell nothing that is compared.
	default:
		r.fault([]LogFile{file}, 1, "this is not the heading of a provisioning log: it needs the columns activityDateTime, provisioningAction and status, or changeId, displayName, oldValue and newValue")
	}
}

// onlyLetters drops every character that is no letter.
func onlyLetters(c rune) rune {
	if c < 'a' || c > 'z' {
		return -1
	}
	return c
}

func (r *logReader) csvFault(file LogFile, err error) {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		r.fault([]LogFile{file}, parse.Line, "this is no CSV: %v", parse.Err)
		return
	}
	r.fault([]LogFile{file}, 0, "this is no CSV: %v", err)
}

func (r *logReader) eachRow(file LogFile, reader *csv.Reader, take func(row []string, line int)) {
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.csvFault(file, err) // what follows cannot be told apart any more
			return
		}
		line, _ := reader.FieldPos(0)
		take(row, line)
	}
}

func (r *logReader) addProperty(file LogFile, heading csvHeading, row []string, line int) {
	id := strings.ToLower(heading.column(row, "changeid"))
	name := heading.column(row, "displayname", "name")
	if id == "" || name == "" {
		r.fault([]LogFile{file}, line, "the change id or the name of the property is missing")
		return
	}
	text := func(column string) *string {
		if value := heading.column(row, column); value != "" {
			return &value
		}
		return nil
	}
	r.properties[id] = append(r.properties[id], fieldOf(name, text("oldvalue"), text("newvalue")))
}

func (r *logReader) addRow(file LogFile, heading csvHeading, row []string, line int) {
	party := func(prefix string) plan.Identity {
		identity := plan.Identity{
			Type: heading.column(row, prefix+"identitytype", prefix+"type"), ID: heading.column(row, prefix+"identityid", prefix+"id"),
			Name: heading.column(row, prefix+"identityname", prefix+"identitydisplayname", prefix+"name"),
		}
		if name := heading.column(row, prefix+"identityuserprincipalname", prefix+"identitydetailsuserprincipalname"); name != "" {
			identity.Name = name
		}
		return identity
	}
	entry := Entry{JobID: heading.column(row, "jobid"), CycleID: heading.column(row, "cycleid"), Change: plan.Change{
		ID: heading.column(row, "changeid"), Source: party("source"), Target: party("target"),
		Reason: plan.Reason{Code: heading.column(row, "errorcode", "statusinfoerrorcode"), Text: heading.column(row, "reason", "errorreason", "statusinforeason")},
	}}
	entry, faults := loggedText{heading.column(row, momentColumns()...), heading.column(row, actionColumns()...), heading.column(row, statusColumns()...)}.entry(entry)
	for _, message := range faults {
		r.fault([]LogFile{file}, line, "%s", message)
	}
	r.entries = append(r.entries, entry)
}

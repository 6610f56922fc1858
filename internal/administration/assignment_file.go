package administration

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

const (
	// mostRows is how many assignments one file may hold.
	mostRows = 100_000
	// mostFaults is how many faults of a file are told.
	mostFaults = 100
)

// AssignmentRow is a row of a file of assignments.
type AssignmentRow struct {
	NewAssignment

	Line int // in the file, from 1
}

// ReadAssignments reads a CSV file of assignments: a heading with the columns principal
// and role, and principalType (User or Group) where a name alone does not tell. The
// columns may be in any order, and separated by commas, semicolons or tabs. All faults
// of the file are one Refusal, each with its line. Whether there are such people and
// roles is for CheckAssignments to say.
func ReadAssignments(in io.Reader) ([]AssignmentRow, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		return nil, refuse(Invalid, "file", "the file is no text in UTF-8").advising("In Excel, save it as \"CSV UTF-8\".")
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma, reader.FieldsPerRecord, reader.TrimLeadingSpace = separator(text), -1, true
	heading, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, refuse(Invalid, "file", "the file is empty").advising("Its first line is: principal,role")
	}
	if err != nil {
		return nil, refuseAll("the file cannot be read", []Fault{csvFault(err)})
	}
	columns, faults := columnsOf(heading)
	if len(faults) > 0 {
		return nil, refuseAll("the heading of the file cannot be used", faults)
	}
	return columns.rows(reader)
}

// separator guesses what separates the columns from the heading.
func separator(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, candidate := range []rune{';', '\t'} {
		if strings.Count(line, string(candidate)) > strings.Count(line, string(best)) {
			best = candidate
		}
	}
	return best
}

// columns are the places of the columns, -1 for one that there is none of.
type columns struct{ principal, role, kind int }

func columnsOf(heading []string) (columns, []Fault) {
	at := func(name string) int {
		return slices.IndexFunc(heading, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	found := columns{at("principal"), at("role"), at("principalType")}
	var faults []Fault
	if found.principal < 0 {
		faults = append(faults, Fault{1, "principal", "there is no column principal"})
	}
	if found.role < 0 {
		faults = append(faults, Fault{1, "role", "there is no column role"})
	}
	for _, name := range heading {
		if name = strings.TrimSpace(name); !slices.ContainsFunc([]string{"principal", "role", "principalType"}, func(known string) bool { return strings.EqualFold(known, name) }) {
			faults = append(faults, Fault{1, name, "there is no such column; there are principal, role and principalType"})
		}
	}
	return found, faults
}

func (c columns) rows(reader *csv.Reader) ([]AssignmentRow, error) {
	var rows []AssignmentRow
	var faults []Fault
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			faults = append(faults, csvFault(err)) // what follows cannot be told apart any more
			break
		}
		line, _ := reader.FieldPos(0)
		row, wrong := c.row(record, line)
		faults = append(faults, wrong...)
		if rows = append(rows, row); len(rows) > mostRows {
			return nil, refuse(TooMany, "file", "the file has more than %d assignments", mostRows).advising("Split it.")
		}
	}
	if err := refuseAll(faultsText(len(faults)), firstFaults(faults)); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, refuse(Invalid, "file", "the file has a heading and no assignment")
	}
	return rows, nil
}

func (c columns) row(record []string, line int) (AssignmentRow, []Fault) {
	cell := func(at int) string {
		if at < 0 || at >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[at])
	}
	row := AssignmentRow{NewAssignment{PrincipalType: cell(c.kind), Principal: cell(c.principal), Role: cell(c.role)}, line}
	var faults []Fault
	if row.Principal == "" {
		faults = append(faults, Fault{line, "principal", "the user or group is missing"})
	}
	switch strings.ToLower(row.PrincipalType) {
	case "":
	case "user":
		row.PrincipalType = "User"
	case "group":
		row.PrincipalType = "Group"
	default:
		faults = append(faults, Fault{line, "principalType", fmt.Sprintf("%q is neither User nor Group", row.PrincipalType)})
	}
	return row, faults
}

func csvFault(err error) Fault {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return Fault{Line: parse.Line, Message: parse.Err.Error()}
	}
	return Fault{Message: err.Error()}
}

func faultsText(count int) string {
	if count > mostFaults {
		return fmt.Sprintf("the file has %d faults, of which these are the first", count)
	}
	return "the file cannot be taken"
}

func firstFaults(faults []Fault) []Fault { return faults[:min(len(faults), mostFaults)] }

// CheckAssignments finds what the rows of a file name: it returns them with the ids of
// users, groups and roles in place of names. Everything that is not there is one
// Refusal, each with its line.
func (s *Service) CheckAssignments(ctx context.Context, app Application, rows []AssignmentRow) ([]AssignmentRow, error) {
	roles, err := s.Store.Roles(ctx, app.ID)
	if err != nil {
		return nil, err
	}
	noDefault := s.DefaultAccessRefused(app)
	found, faults := make([]AssignmentRow, len(rows)), []Fault(nil)
	for i, row := range rows {
		found[i] = row
		wrong, err := s.findPrincipal(ctx, &found[i])
		if err != nil {
			return nil, err
		}
		faults = append(faults, wrong...)
		faults = append(faults, findRole(&found[i], roles, noDefault)...)
	}
	if err := refuseAll(faultsText(len(faults)), firstFaults(faults)); err != nil {
		return nil, err
	}
	return found, nil
}

func (s *Service) findPrincipal(ctx context.Context, row *AssignmentRow) ([]Fault, error) {
	name := row.Principal
	fault := func(message string) []Fault { return []Fault{{row.Line, "principal", message}} }
	isUser, isGroup := false, false
	if row.PrincipalType != "Group" {
		user, err := s.Store.User(ctx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if isUser = err == nil && !user.Deleted(); isUser {
			row.Principal = user.ID
		}
	}
	if row.PrincipalType != "User" {
		group, err := s.Store.Group(ctx, name)
		if errors.Is(err, store.ErrConflict) {
			return fault(fmt.Sprintf("several groups are named %q; give the id", name)), nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		isGroup = err == nil && !group.Deleted()
		if isGroup && !isUser {
			row.Principal = group.ID
		}
		if isGroup && !isUser && !group.SecurityEnabled {
			return fault(fmt.Sprintf("%q is no security group, so it cannot be assigned", name)), nil
		}
	}
	switch {
	case isUser && isGroup:
		return fault(fmt.Sprintf("%q is a user and a group; say which in the column principalType", name)), nil
	case isUser:
		row.PrincipalType = "User"
	case isGroup:
		row.PrincipalType = "Group"
	default:
		return fault(fmt.Sprintf("there is no %s %q in the directory", strings.ToLower(cmp.Or(row.PrincipalType, "user or group")), name)), nil
	}
	return nil, nil
}

func findRole(row *AssignmentRow, roles []directory.AppRole, noDefault error) []Fault {
	if isDefault(row.Role) {
		if noDefault != nil {
			return []Fault{{row.Line, "role", noDefault.Error()}}
		}
		return nil
	}
	var named []directory.AppRole
	for _, role := range roles {
		if role.ID == row.Role || strings.EqualFold(role.DisplayName, row.Role) && role.Enabled {
			named = append(named, role)
		}
	}
	switch len(named) {
	case 0:
		return []Fault{{row.Line, "role", fmt.Sprintf("the application has no role %q that can be assigned", row.Role)}}
	case 1:
		row.Role = named[0].ID
		return nil
	}
	return []Fault{{row.Line, "role", fmt.Sprintf("%d roles are named %q; give the id of the one", len(named), row.Role)}}
}

// AssignAll makes the assignments of a file, all or none of them, and returns how many
// of them are new. The rows are checked before.
func (a Acts) AssignAll(ctx context.Context, app Application, rows []AssignmentRow) (added int, err error) {
	rows, err = a.CheckAssignments(ctx, app, rows)
	if err != nil {
		return 0, err
	}
	err = a.Store.Edit(ctx, "assign from a file", func(e store.Editor) error {
		added = 0
		for _, row := range rows {
			_, isNew, err := e.AddAssignment(ctx, row.request(app))
			if err != nil {
				return fmt.Errorf("line %d: %w", row.Line, err)
			}
			if isNew {
				added++
			}
		}
		return e.Audit(ctx, a.Record(ActivityAssign, app.DisplayName, fmt.Sprintf("from a file: %d assignments, %d new", len(rows), added)))
	})
	return added, err
}

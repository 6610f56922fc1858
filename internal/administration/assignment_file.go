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
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
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
	for first := 0; first < len(rows); first += principalsPart {
		part := rows[first:min(first+principalsPart, len(rows))]
		names := make([]string, len(part))
		for i, row := range part {
			names[i] = row.Principal
		}
		principals, err := s.Store.Principals(ctx, names)
		if err != nil {
			return nil, err
		}
		for i, row := range part {
			at := &found[first+i]
			*at = row
			faults = append(faults, at.find(principals[row.Principal])...)
			faults = append(faults, findRole(at, roles, noDefault)...)
		}
	}
	if err := refuseAll(faultsText(len(faults)), firstFaults(faults)); err != nil {
		return nil, err
	}
	return found, nil
}

// principalsPart is for how many rows the directory is asked at once.
const principalsPart = 5000

// find puts the id of the user or group in the place of the name.
func (row *AssignmentRow) find(named store.Principals) []Fault {
	name := row.Principal
	fault := func(message string) []Fault { return []Fault{{row.Line, "principal", message}} }
	isUser := row.PrincipalType != "Group" && named.User.ID != "" && !named.User.Deleted()
	if row.PrincipalType != "User" && len(named.Groups) > 1 {
		return fault(fmt.Sprintf("several groups are named %q; give the id", name))
	}
	isGroup := row.PrincipalType != "User" && len(named.Groups) == 1 && !named.Groups[0].Deleted()
	switch {
	case isUser && isGroup:
		return fault(fmt.Sprintf("%q is a user and a group; say which in the column principalType", name))
	case isUser:
		row.PrincipalType, row.Principal = "User", named.User.ID
	case isGroup && !named.Groups[0].SecurityEnabled:
		return fault(fmt.Sprintf("%q is no security group, so it cannot be assigned", name))
	case isGroup:
		row.PrincipalType, row.Principal = "Group", named.Groups[0].ID
	default:
		return fault(fmt.Sprintf("there is no %s %q in the directory", strings.ToLower(cmp.Or(row.PrincipalType, "user or group")), name))
	}
	return nil
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

// AssignedAtOnce is how many assignments of a file are made in one transaction. A file
// with more takes longer than a browser waits; see [Operations.AssignAll].
const AssignedAtOnce = 2000

// AssignAll makes the assignments of a file, all or none of them, and returns how many
// of them are new. The rows are checked before. Give those of CheckAssignments when
// somebody saw and confirmed them: they have ids, and a name may be somebody else's by now.
func (a Acts) AssignAll(ctx context.Context, app Application, rows []AssignmentRow) (added int, err error) {
	rows, err = a.CheckAssignments(ctx, app, rows)
	if err != nil {
		return 0, err
	}
	return a.assignRows(ctx, app, rows, func(added int) string { return fmt.Sprintf("from a file: %d assignments, %d new", len(rows), added) })
}

// assignRows makes checked assignments in one transaction, with the audit record.
func (a Acts) assignRows(ctx context.Context, app Application, rows []AssignmentRow, detail func(added int) string) (added int, err error) {
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
		return e.Audit(ctx, a.Record(ActivityAssign, app.DisplayName, detail(added)))
	})
	return added, err
}

// AssignAll is [Acts.AssignAll] in the background, for a file that is too long for one
// transaction. The rows are checked before anything is written, and made in parts, each
// whole with its audit record: one that is stopped leaves those that were made, and
// the same file goes on where it ended.
func (o *Operations) AssignAll(ctx context.Context, actor string, app Application, rows []AssignmentRow) (provisioning.Operation, error) {
	return o.begin(ctx, actor, app, provisioning.Operation{Kind: provisioning.Assigning}, len(rows), func(ctx context.Context, t *task) error {
		acts := o.By(actor)
		t.observe(engine.Progress{Phase: "check"})
		checked, err := acts.CheckAssignments(ctx, app, rows)
		if err != nil {
			return err
		}
		done := 0
		for part := range slices.Chunk(checked, AssignedAtOnce) {
			t.observe(engine.Progress{Phase: "assign", Counts: provisioning.Counts{Collected: len(rows), Unchanged: done}})
			if err := ctx.Err(); err != nil {
				return err
			}
			from := done + 1
			done += len(part)
			_, err := acts.assignRows(ctx, app, part, func(added int) string {
				return fmt.Sprintf("from a file: assignments %d to %d of %d, %d new", from, done, len(rows), added)
			})
			if err != nil {
				return err
			}
		}
		t.observe(engine.Progress{Phase: "assign", Counts: provisioning.Counts{Collected: len(rows), Unchanged: done}})
		return nil
	})
}

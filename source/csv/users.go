package csv

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// The columns that are fields of a user and not attributes.
const (
	idColumn      = "id"
	nameColumn    = "userPrincipalName"
	displayColumn = "displayName"
	enabledColumn = "accountEnabled"
	managerColumn = "manager"
)

// usersLayout is that of users.csv: every property that a user can have.
func usersLayout() layout {
	l := layout{required: []string{idColumn, nameColumn}, more: directory.IsExtensionName}
	for _, p := range directory.UserProperties() {
		if !slices.Contains(l.required, p.Name) {
			l.optional = append(l.optional, p.Name)
		}
	}
	return l
}

// booleanColumns returns the columns of users.csv that hold true or false.
func booleanColumns() []string {
	var columns []string
	for _, p := range directory.UserProperties() {
		if p.Kind == attr.Boolean {
			columns = append(columns, p.Name)
		}
	}
	return columns
}

// collectUsers learns the names of all users and checks what a row says by itself.
func (r *reading) collectUsers(ctx context.Context, file string) error {
	booleans, before := booleanColumns(), len(r.faults.faults)
	err := r.rows(ctx, file, usersLayout(), func(row row) error {
		id, name := row.name(idColumn), row.name(nameColumn)
		r.users.add(id, name, row.line)
		for _, column := range []string{idColumn, nameColumn} {
			row.demand(column)
		}
		for _, column := range booleans {
			row.boolean(column, true)
		}
		if _, ok := row.table.index[enabledColumn]; ok && row.whole && row.name(enabledColumn) == "" {
			// Taken for true, it would let somebody in; taken for false, lock somebody out.
			row.fault(enabledColumn, "%s is empty; write true or false", enabledColumn)
		}
		return nil
	})
	if err == nil && len(r.users.lines) == 0 && len(r.faults.faults) == before {
		// An export that went wrong, and taken for complete it would remove everybody.
		r.faults.add(file, 0, 0, "the file has no users")
	}
	r.users.sort()
	return err
}

// demand reports an empty value in a column that must have one.
func (r row) demand(column string) {
	if _, ok := r.table.index[column]; ok && r.whole && r.name(column) == "" {
		r.fault(column, "%s is missing", column)
	}
}

// checkUsers checks what needs all users: that names are unique and managers exist.
func (r *reading) checkUsers(ctx context.Context, file string) error {
	sameID, sameName := repeated(r.users.ids), repeated(r.users.names)
	number := uint32(0)
	return r.rows(ctx, file, usersLayout(), func(row row) error {
		if first, ok := sameID[number]; ok {
			row.fault(idColumn, "id %q is on line %d already", row.name(idColumn), r.users.lines[first])
		}
		if first, ok := sameName[number]; ok {
			row.fault(nameColumn, "userPrincipalName %q is on line %d already", row.name(nameColumn), r.users.lines[first])
		}
		number++
		return r.checkManager(ctx, row)
	})
}

func (r *reading) checkManager(ctx context.Context, row row) error {
	name := row.name(managerColumn)
	if name == "" {
		return nil
	}
	if name == row.name(idColumn) || foldName(name) == foldName(row.name(nameColumn)) {
		row.fault(managerColumn, "%q is their own manager", name)
		return nil
	}
	_, ok, err := r.findUser(ctx, name)
	if err == nil && !ok {
		row.fault(managerColumn, "manager %q does not exist", name)
	}
	return err
}

// userMaker makes users of the rows of one file.
type userMaker struct {
	reading    *reading
	attributes []directory.Property // in the order of their names, once the header is known
}

func newUserMaker(r *reading) *userMaker { return &userMaker{reading: r} }

// user makes the user of a valid row.
func (m *userMaker) user(ctx context.Context, row row) (directory.Content, error) {
	if m.attributes == nil {
		m.attributes = attributesOf(row.table.columns)
	}
	user := directory.User{
		ID:                row.name(idColumn),
		UserPrincipalName: row.name(nameColumn),
		DisplayName:       row.cell(displayColumn).text,
		AccountEnabled:    row.boolean(enabledColumn, true),
	}
	if name := row.name(managerColumn); name != "" {
		manager, _, err := m.reading.findUser(ctx, name)
		if err != nil {
			return nil, err
		}
		user.ManagerID = manager.id
	}
	attributes := attr.NewBuilder(userKind, user.ID, len(m.attributes))
	for _, p := range m.attributes {
		if value := valueOf(row, p); !value.IsNull() {
			attributes.Set(p.Name, value)
		}
	}
	user.Attributes = attributes.Object()
	return user, nil
}

// attributesOf returns the columns that become attributes, in the order of names.
func attributesOf(columns []string) []directory.Property {
	fields := []string{idColumn, nameColumn, displayColumn, enabledColumn, managerColumn}
	known := map[string]directory.Property{}
	for _, p := range directory.UserProperties() {
		known[p.Name] = p
	}
	attributes := []directory.Property{}
	for _, column := range columns {
		if slices.Contains(fields, column) {
			continue
		}
		p, ok := known[column]
		if !ok {
			p = directory.Property{Name: column, Kind: attr.String} // a custom extension
		}
		attributes = append(attributes, p)
	}
	slices.SortFunc(attributes, func(a, b directory.Property) int { return cmp.Compare(a.Name, b.Name) })
	return attributes
}

// valueOf returns the value of a property in a row, null where it is empty.
func valueOf(row row, p directory.Property) attr.Value {
	text := row.cell(p.Name).text
	switch {
	case text == "":
		return attr.Value{}
	case p.Kind == attr.Boolean:
		return attr.Bool(row.boolean(p.Name, false))
	case !p.Multivalued:
		return attr.Text(text)
	}
	var items []string
	for item := range strings.SplitSeq(text, ";") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	if len(items) == 0 {
		return attr.Value{}
	}
	return attr.Texts(items...)
}

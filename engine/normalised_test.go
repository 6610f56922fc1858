package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/mapping"
)

// TestValuesThatTheTargetSpellsItsOwnWayAreWrittenOnce gives people values that
// Salesforce keeps in another form than it was sent, and wants that the second
// cycle over everybody writes nothing.
func TestValuesThatTheTargetSpellsItsOwnWayAreWrittenOnce(t *testing.T) {
	t.Parallel()
	profiles := map[string]string{}
	w := newWorld(t, worldOptions{users: 60})
	for _, role := range w.roles(t) {
		profiles[role.Name] = role.ID
	}
	w.cycle(t)
	user := w.user(t, anyone)
	cases := []struct {
		name    string
		target  string
		mapping string
		change  func(directory.User) directory.User
	}{
		{name: "an id of 15 characters", target: "ProfileId", mapping: `"` + profiles["Standard User"][:15] + `"`},
		{name: "blanks around", target: "Department", mapping: "[department]", change: func(u directory.User) directory.User {
			u.Attributes = u.Attributes.With("department", attr.Text("  Sales and more  "))
			return u
		}},
		{name: "nothing but blanks", target: "Division", mapping: "[city]", change: func(u directory.User) directory.User {
			u.Attributes = u.Attributes.With("city", attr.Text("   "))
			return u
		}},
		{name: "unicode", target: "Title", mapping: "[jobTitle]", change: func(u directory.User) directory.User {
			u.Attributes = u.Attributes.With("jobTitle", attr.Text("Zażółć 東京 👩‍💻 e\u0301"))
			return u
		}},
		{name: "lines", target: "Street", mapping: "[streetAddress]", change: func(u directory.User) directory.User {
			u.Attributes = u.Attributes.With("streetAddress", attr.Text("First\r\nSecond"))
			return u
		}},
		{name: "capitals of a username", change: func(u directory.User) directory.User {
			u.UserPrincipalName = strings.ToUpper(u.UserPrincipalName)
			return u
		}},
		{name: "a Boolean as a text", target: "ReceivesInfoEmails", mapping: `"True"`},
		{name: "a picklist in other letter case", target: "DigestFrequency", mapping: `"w"`},
	}
	for _, c := range cases {
		schema, err := w.store.Schema(t.Context(), w.job.ID)
		w.must(t, err)
		if c.target != "" {
			mapTo(t, &schema, c.target, c.mapping)
			if c.target == "ProfileId" { // which says what ProfileName would say
				_, object, err := schema.UserMapping()
				w.must(t, err)
				object.AttributeMappings = slices.DeleteFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == "ProfileName" })
			}
			w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
		}
		if c.change != nil {
			user = c.change(user)
			w.must(t, w.store.PutUser(t.Context(), user))
		}
		w.full(t)
		before := w.org.Statistics().RowsWritten
		w.full(t)
		if written := w.org.Statistics().RowsWritten - before; written != 0 {
			t.Errorf("%s: %d rows are written again", c.name, written)
		}
	}
	account, _ := w.org.User(user.UserPrincipalName)
	if account.Get("Department") != "Sales and more" || account.Get("Division") != "" || account.Get("Title") != "Zażółć 東京 👩‍💻 e\u0301" || account.ProfileName != "Standard User" {
		t.Errorf("the org holds %+v", account)
	}
}

// full runs a cycle over everybody.
func (w *world) full(tb testing.TB) {
	tb.Helper()
	_, err := w.try(tb.Context(), tb, engine.Run{Full: true})
	w.must(tb, err)
}

// roles reads the roles of the org.
func (w *world) roles(tb testing.TB) (roles []connector.Role) {
	tb.Helper()
	w.session(tb, func(session engine.Session) {
		for role, err := range session.Connector.Roles(tb.Context()) {
			w.must(tb, err)
			roles = append(roles, role)
		}
	})
	return roles
}

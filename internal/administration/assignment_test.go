package administration_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
)

func TestDefaultAccessIsRefusedWhereARoleIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	for _, role := range []string{"", directory.DefaultAccess} {
		_, _, err := w.acts.Assign(t.Context(), app, administration.NewAssignment{PrincipalType: "User", Principal: ana, Role: role})
		refusal := w.refusal(err, administration.RoleRequired)
		if !strings.Contains(refusal.Error(), "skipped") || refusal.Field != "role" {
			t.Errorf("role %q: %v", role, refusal)
		}
	}
	_, added, err := w.acts.Assign(t.Context(), app, administration.NewAssignment{PrincipalType: "User", Principal: ana, DefaultAccess: true})
	w.must(err)
	if !added {
		t.Error("who asks for default access expressly does not get it")
	}
	_, _, err = w.acts.Assign(t.Context(), app, administration.NewAssignment{PrincipalType: "User", Principal: ana, Role: "Emperor"})
	w.refused(err, administration.UnknownRole)
	_, _, err = w.acts.Assign(t.Context(), app, administration.NewAssignment{PrincipalType: "User", Principal: "zoe", Role: "Standard User"})
	w.refused(err, administration.UnknownPrincipal)
}

func TestARoleIsChangedInOneGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	first := w.assign(app, "User", ana, "Standard User")
	second := w.assign(app, "Group", "Marketing", "Standard User")
	w.must(w.acts.ChangeRole(t.Context(), app, "Read Only", first.ID, second.ID))
	if diff := cmp.Diff([]string{"Marketing Read Only", "ana@contoso.com Read Only"}, w.roles(app)); diff != "" {
		t.Error(diff)
	}
	w.refused(w.acts.ChangeRole(t.Context(), app, "Emperor", w.ids(app)...), administration.UnknownRole)
	w.refused(w.acts.ChangeRole(t.Context(), app, "", w.ids(app)...), administration.RoleRequired)
	w.must(w.acts.RemoveAssignments(t.Context(), app, w.ids(app)...))
	if left := w.ids(app); len(left) != 0 {
		t.Errorf("%d assignments are left", len(left))
	}
	w.contains(w.audits(4), "Update app role assignment | dora@contoso.com | User Ana Lima (ana@contoso.com), id "+ana+`, role "Read Only"`)
}

func (w *world) ids(app administration.Application) []string {
	var ids []string
	for assignment, err := range w.store.Assignments(w.tb.Context(), app.ID) {
		w.must(err)
		ids = append(ids, assignment.ID)
	}
	return ids
}

// roles returns who has which role, sorted.
func (w *world) roles(app administration.Application) []string {
	w.tb.Helper()
	names := map[string]string{ana: "ana@contoso.com", ben: "ben@contoso.com", cleo: "cleo@contoso.com", sales: "Sales", marketing: "Marketing"}
	known, err := w.store.Roles(w.tb.Context(), app.ID)
	w.must(err)
	for _, role := range known {
		names[role.ID] = role.DisplayName
	}
	var texts []string
	for assignment, err := range w.store.Assignments(w.tb.Context(), app.ID) {
		w.must(err)
		texts = append(texts, names[assignment.PrincipalID]+" "+names[assignment.AppRoleID])
	}
	return sorted(texts)
}

func TestAllFaultsOfAFileOfAssignmentsAreTold(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"nothing", "", "the file is empty"},
		{"no heading", "ana@contoso.com,Standard User\n", "line 1, principal: there is no column principal"},
		{"a column that is misspelled", "principal,rolle\nana,x\n", "line 1, rolle: there is no such column"},
		{"a heading alone", "principal,role\n", "no assignment"},
		{"a broken quote", "principal,role\n\"ana,Standard User\n", "line 2"},
		{"several", "principal,role,principalType\n,Standard User,User\nana,Standard User,Robot\n", "line 3, principalType: \"Robot\" is neither"},
		{"no text", "principal,role\n\xff\xfe,x\n", "UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := administration.ReadAssignments(strings.NewReader(test.file))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAFileOfAssignmentsIsTakenAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	bad, err := administration.ReadAssignments(strings.NewReader("principal,role\nana@contoso.com,Standard User\nzoe@contoso.com,Standard User\nSales,Emperor\nben@contoso.com,\n"))
	w.must(err)
	_, err = w.acts.AssignAll(t.Context(), app, bad)
	refusal := w.refusal(err, administration.Invalid)
	var told []string
	for _, fault := range refusal.Faults {
		told = append(told, fmt.Sprintf("%d %s", fault.Line, fault.Field))
	}
	if diff := cmp.Diff([]string{"3 principal", "4 role", "5 role"}, told); diff != "" {
		t.Error(diff)
	}
	if made := w.ids(app); len(made) != 0 {
		t.Errorf("%d assignments were made of a file with faults", len(made))
	}
	good, err := administration.ReadAssignments(strings.NewReader("\ufeffRole;Principal\r\nstandard user;ANA@contoso.com\r\nRead Only;Sales\r\n"))
	w.must(err)
	added, err := w.acts.AssignAll(t.Context(), app, good)
	w.must(err)
	if diff := cmp.Diff([]string{"Sales Read Only", "ana@contoso.com Standard User"}, w.roles(app)); added != 2 || diff != "" {
		t.Errorf("%d added: %s", added, diff)
	}
	if added, err = w.acts.AssignAll(t.Context(), app, good); err != nil || added != 0 {
		t.Errorf("the same file again adds %d, %v", added, err)
	}
}

// What wins in the list of conflicts is what the account gets.
func TestConflictsNameTheRoleThatTheAccountGets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.assign(app, "Group", "Marketing", "Read Only")
	w.assign(app, "User", ana, "Read Only")
	w.assign(app, "User", cleo, "Read Only")
	w.cycle(app)
	profiles := w.profiles()
	got := map[string]string{}
	for conflict, err := range w.Conflicts(t.Context(), app, "") {
		w.must(err)
		got[conflict.User.UserPrincipalName] = conflict.Wins.Role.DisplayName
		if len(conflict.Grants) != 2 || profiles[conflict.User.UserPrincipalName] != conflict.Wins.Role.DisplayName {
			t.Errorf("%s has %d grants, %s wins, and the account has the profile %q", conflict.User.UserPrincipalName, len(conflict.Grants),
				conflict.Wins.Role.DisplayName, profiles[conflict.User.UserPrincipalName])
		}
	}
	if diff := cmp.Diff(map[string]string{"ana@contoso.com": "Read Only", "ben@contoso.com": "Read Only"}, got); diff != "" {
		t.Error(diff)
	}
	for conflict, err := range w.Conflicts(t.Context(), app, ana) {
		w.must(err)
		if conflict.User.ID <= ana {
			t.Errorf("after %s comes %s", ana, conflict.User.ID)
		}
	}
}

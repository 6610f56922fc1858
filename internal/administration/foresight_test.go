package administration_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

func TestWhatAReassignmentMeansIsForeseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.cycle(app)
	roles := map[string]string{}
	found, err := w.Roles(t.Context(), app)
	w.must(err)
	for _, role := range found {
		roles[role.DisplayName] = role.ID
	}
	ofSales := w.ids(app)
	add := func(kind, id, role string) administration.NewAssignment {
		return administration.NewAssignment{PrincipalType: kind, Principal: id, Role: role}
	}
	tests := []struct {
		name   string
		change administration.Reassignment
		want   administration.Foresight
	}{
		{"nothing", administration.Reassignment{}, administration.Foresight{}},
		{"somebody new", administration.Reassignment{Add: []administration.NewAssignment{add("User", cleo, roles["Read Only"])}}, administration.Foresight{People: 1, Gaining: 1}},
		{"a second group with another role", administration.Reassignment{Add: []administration.NewAssignment{add("Group", marketing, roles["Read Only"])}}, administration.Foresight{People: 1, Changing: 1, Conflicts: 1}},
		{"a second group with the same role", administration.Reassignment{Add: []administration.NewAssignment{add("Group", marketing, roles["Standard User"])}}, administration.Foresight{People: 1}},
		{"the group leaves", administration.Reassignment{Remove: ofSales}, administration.Foresight{People: 2, Losing: 2, Accounts: 2}},
		{"the group leaves and one stays", administration.Reassignment{Remove: ofSales, Add: []administration.NewAssignment{add("User", ana, roles["Read Only"])}}, administration.Foresight{People: 2, Losing: 1, Accounts: 1, Changing: 1}},
		{"default access is no access here", administration.Reassignment{Remove: ofSales, Add: []administration.NewAssignment{add("User", ana, directory.DefaultAccess)}}, administration.Foresight{People: 2, Losing: 2, Accounts: 2}},
		{"who is not there", administration.Reassignment{Add: []administration.NewAssignment{add("Group", "nobody", roles["Read Only"]), add("User", "nobody", roles["Read Only"]), add("User", cleo, "no role")}}, administration.Foresight{}},
	}
	for _, tt := range tests {
		got, err := w.Foresee(t.Context(), app, tt.change)
		w.must(err)
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(administration.Foresight{}, "LosingAccounts", "Conflicted", "Everybody", "Leave", "Held")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if len(got.Conflicted) != got.Conflicts || len(got.LosingAccounts) != got.Accounts {
			t.Errorf("%s: it names %d conflicts and %d accounts", tt.name, len(got.Conflicted), len(got.LosingAccounts))
		}
	}
	w.must(w.acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit, s.Leaving.Grace = 1, time.Hour
		return s, interval, nil
	}))
	held, err := w.Foresee(t.Context(), w.again(app), administration.Reassignment{Remove: ofSales})
	w.must(err)
	if held.Held == "" || held.Leave.Action != provisioning.LeaveDisable || held.Leave.Grace != time.Hour {
		t.Errorf("removals over the limit: %+v", held)
	}
}

func TestConflictsAreFoundInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	none, err := w.FindConflicts(t.Context(), app, "", 1)
	w.must(err)
	if len(none.Conflicts) != 0 || none.Looked != 2 || none.Next != "" {
		t.Errorf("without conflicts: %+v", none)
	}
	w.assign(app, "User", ana, "Read Only")
	w.assign(app, "Group", "Marketing", "Read Only")
	var names []string
	after := ""
	for range 3 {
		part, err := w.FindConflicts(t.Context(), app, after, 1)
		w.must(err)
		for _, conflict := range part.Conflicts {
			names = append(names, conflict.User.DisplayName+": "+conflict.Wins.Role.DisplayName)
		}
		if after = part.Next; after == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"Ana Lima: Read Only", "Ben Okoye: Read Only"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestManyAreAssignedOrNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	two := []administration.NewAssignment{{PrincipalType: "User", Principal: ana, Role: "Read Only"}, {PrincipalType: "Group", Principal: sales, Role: "Read Only"}}
	added, err := w.acts.AssignMany(t.Context(), app, two)
	w.must(err)
	if added != 2 {
		t.Errorf("%d are new", added)
	}
	w.contains(w.audits(2), "Add app role assignment | dora@contoso.com | Group Sales, id "+sales+`, role "Read Only"`)
	if added, err = w.acts.AssignMany(t.Context(), app, two); err != nil || added != 0 {
		t.Errorf("again: %d, %v", added, err)
	}
	_, err = w.acts.AssignMany(t.Context(), app, []administration.NewAssignment{{PrincipalType: "User", Principal: cleo, Role: "Read Only"}, {PrincipalType: "User", Principal: cleo, Role: "Emperor"}})
	w.refused(err, administration.UnknownRole)
	_, err = w.acts.AssignMany(t.Context(), app, []administration.NewAssignment{{PrincipalType: "User", Principal: cleo}})
	w.refused(err, administration.RoleRequired)
	if left := len(w.ids(app)); left != 2 {
		t.Errorf("%d assignments after refusals", left)
	}
}

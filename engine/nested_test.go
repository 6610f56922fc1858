package engine_test

import (
	"strings"
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// putMember makes a user or a group a member of a group.
func (w *world) putMember(t *testing.T, group, member, kind string) {
	t.Helper()
	w.must(t, w.store.PutMember(t.Context(), directory.Member{Group: group, Member: member, Type: kind}))
}

// Three groups, one inside the other, the innermost holding the outermost: whoever is
// in the innermost has an account as long as the chain holds.
func TestNestedGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.join(t, "nested", "")
	for _, id := range []string{"outer", "middle", "inner"} {
		w.must(t, w.store.PutGroup(t.Context(), directory.Group{ID: id, DisplayName: strings.ToUpper(id), SecurityEnabled: true}))
	}
	w.putMember(t, "outer", "middle", "Group")
	w.putMember(t, "middle", "inner", "Group")
	w.putMember(t, "inner", "outer", "Group")
	w.putMember(t, "inner", "nested", "User")
	_, err := w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "outer", Role: "Standard User"})
	w.must(t, err)
	expect := func(when string, inUse bool) {
		t.Helper()
		w.cycle(t)
		if got := w.inUse(user.UserPrincipalName); got != inUse {
			t.Errorf("%s: in use %v, want %v", when, got, inUse)
		}
	}
	expect("nested groups are off", false)
	w.configure(t, func(s *provisioning.Settings) { s.NestedGroups = true })
	expect("turned on", true)
	var change plan.Change
	w.session(t, func(s engine.Session) {
		explanation, err := w.runner.Engine.Explain(t.Context(), engine.Run{JobID: w.job.ID, Connector: s.Connector, Mapping: s.Mapping}, user.ID)
		w.must(t, err)
		change = explanation.Change
	})
	const path = "OUTER > MIDDLE > INNER"
	found := false
	for _, step := range change.Steps {
		found = found || step.Type == plan.ScopingStep && strings.Contains(step.Description, path)
	}
	if !found {
		t.Errorf("no scoping step shows the path %s: %+v", path, change.Steps)
	}
	w.must(t, w.store.RemoveMember(t.Context(), directory.Member{Group: "outer", Member: "middle", Type: "Group"}))
	expect("the chain is broken at its top", false)
	w.putMember(t, "outer", "middle", "Group")
	expect("the chain holds again", true)
	w.must(t, w.store.RemoveGroup(t.Context(), "middle"))
	expect("a group in between is deleted", false)
	w.must(t, w.store.PutGroup(t.Context(), directory.Group{ID: "middle", DisplayName: "MIDDLE", SecurityEnabled: true}))
	expect("it is restored", true)
	w.must(t, w.store.RemoveMember(t.Context(), directory.Member{Group: "inner", Member: "nested", Type: "User"}))
	expect("the person left the innermost group", false)
	w.putMember(t, "inner", "nested", "User")
	expect("and came back", true)
	w.configure(t, func(s *provisioning.Settings) { s.NestedGroups = false })
	expect("turned off again", false)
}

package administration_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// foreseenWorld is a company whose assignments change at random.
type foreseenWorld struct {
	*world

	random        *rand.Rand
	app           administration.Application
	users, groups []string
	roles         []string
	inside        map[[2]string]bool // group and member
}

func newForeseenWorld(t *testing.T) *foreseenWorld {
	t.Helper()
	w := &foreseenWorld{world: newWorld(t), random: rand.New(rand.NewPCG(1, 2)), inside: map[[2]string]bool{}}
	w.app = w.connected()
	w.users, w.groups = []string{ana, ben, cleo}, []string{sales, marketing}
	for _, member := range [][2]string{{sales, ana}, {sales, ben}, {marketing, ben}} {
		w.inside[member] = true
	}
	for n := range 9 {
		id := fmt.Sprintf("aaaaaaaa-0000-0000-0000-0000000001%02d", n)
		w.must(w.store.PutUser(t.Context(), directory.User{ID: id, UserPrincipalName: fmt.Sprintf("person%d@contoso.com", n), DisplayName: fmt.Sprintf("Person %d", n), AccountEnabled: true}))
		w.users = append(w.users, id)
	}
	for n := range 3 {
		id := fmt.Sprintf("aaaaaaaa-0000-0000-0000-0000000002%02d", n)
		w.must(w.store.PutGroup(t.Context(), directory.Group{ID: id, DisplayName: fmt.Sprintf("Group %d", n), SecurityEnabled: true}))
		w.groups = append(w.groups, id)
	}
	found, err := w.store.Roles(t.Context(), w.app.ID)
	w.must(err)
	w.roles = []string{found[0].ID, found[1].ID, found[2].ID, directory.DefaultAccess}
	job, err := w.store.Engine().Begin(t.Context(), w.app.Job.ID)
	w.must(err)
	var connections []engine.Connection
	for n, id := range w.users[:9] {
		connections = append(connections, engine.Connection{SourceID: id, TargetID: fmt.Sprint("005", n), TargetName: id, Enabled: n%3 > 0})
	}
	w.must(w.store.Engine().Commit(t.Context(), engine.Cycle{ID: "cycle", JobID: job.ID, ApplicationID: w.app.ID, Fence: job.Fence}, engine.Commit{Connections: connections}))
	return w
}

func (w *foreseenWorld) one(of []string) string { return of[w.random.IntN(len(of))] }

// shuffle changes who is in which group, who is deleted, and whether groups inside
// groups count.
func (w *foreseenWorld) shuffle() {
	ctx := w.tb.Context()
	for range 3 {
		member := directory.Member{Group: w.one(w.groups), Member: w.one(w.users), Type: "User"}
		if w.random.IntN(4) == 0 {
			member.Member, member.Type = w.one(w.groups), "Group"
		}
		at := [2]string{member.Group, member.Member}
		if w.inside[at] = !w.inside[at]; w.inside[at] {
			w.must(w.store.PutMember(ctx, member))
		} else {
			w.must(w.store.RemoveMember(ctx, member))
		}
	}
	leaver := w.one(w.users)
	if w.random.IntN(3) == 0 {
		w.must(w.store.RemoveUser(ctx, leaver))
	} else {
		w.must(w.store.RestoreUser(ctx, leaver))
	}
	w.must(w.store.UpdateJob(ctx, w.app.Job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		job.Settings.NestedGroups, job.Settings.SyncAll = w.random.IntN(2) == 0, w.random.IntN(8) == 0
		return job, nil
	}))
	w.app = w.again(w.app)
}

// principal is a user or a group.
func (w *foreseenWorld) principal() (kind, id string) {
	if w.random.IntN(2) == 0 {
		return "Group", w.one(w.groups)
	}
	return "User", w.one(w.users)
}

// draw makes up a change.
func (w *foreseenWorld) draw() administration.Reassignment {
	var change administration.Reassignment
	for assignment, err := range w.store.Assignments(w.tb.Context(), w.app.ID) {
		w.must(err)
		if w.random.IntN(3) > 0 {
			continue
		}
		change.Remove = append(change.Remove, assignment.ID)
		if w.random.IntN(2) == 0 {
			change.Add = append(change.Add, administration.NewAssignment{PrincipalType: assignment.PrincipalType, Principal: assignment.PrincipalID, Role: w.one(w.roles)})
		}
	}
	for range w.random.IntN(4) {
		kind, id := w.principal()
		change.Add = append(change.Add, administration.NewAssignment{PrincipalType: kind, Principal: id, Role: w.one(w.roles)})
	}
	return change
}

// principals are the users and groups that a change is about.
func (w *foreseenWorld) principals(change administration.Reassignment) []string {
	var ids []string
	for _, each := range change.Add {
		ids = append(ids, each.Principal)
	}
	for _, id := range change.Remove {
		assignment, err := w.store.Assignment(w.tb.Context(), id)
		w.must(err)
		ids = append(ids, assignment.PrincipalID)
	}
	return ids
}

// within reports whether a user is one of the principals, or in one.
func (w *foreseenWorld) within(principals []string, user string, seen ...string) bool {
	return slices.ContainsFunc(principals, func(id string) bool {
		if id == user || w.inside[[2]string{id, user}] {
			return true
		}
		var inner []string
		for _, group := range w.groups {
			if w.app.Job.Settings.NestedGroups && w.inside[[2]string{id, group}] && !slices.Contains(seen, group) {
				inner = append(inner, group)
			}
		}
		return len(inner) > 0 && w.within(inner, user, append(seen, inner...)...)
	})
}

func (w *foreseenWorld) subjects() []engine.Subject {
	found, err := w.store.Engine().Subjects(w.tb.Context(), w.app.Job.ID, w.users)
	w.must(err)
	return found
}

func (w *foreseenWorld) access(grants []directory.Grant) bool {
	return w.app.Job.Settings.SyncAll || slices.ContainsFunc(grants, func(g directory.Grant) bool { return g.Role.ID != directory.DefaultAccess })
}

// make makes a change, and tells what it really meant for each person alone.
func (w *foreseenWorld) make(change administration.Reassignment) administration.Foresight {
	var f administration.Foresight
	ctx, principals, before := w.tb.Context(), w.principals(change), w.subjects()
	for _, id := range change.Remove {
		w.must(w.acts.RemoveAssignments(ctx, w.app, id))
	}
	for _, each := range change.Add {
		_, err := w.store.Assign(ctx, directory.AssignmentRequest{Application: w.app.ID, PrincipalType: each.PrincipalType, Principal: each.Principal, Role: each.Role})
		w.must(err)
	}
	for i, after := range w.subjects() {
		if after.User.Deleted() || !w.within(principals, after.User.ID) {
			continue
		}
		f.People++
		had, has := w.access(before[i].Grants), w.access(after.Grants)
		was, _ := mapping.PreferredRole(before[i].Grants, nil)
		is, _ := mapping.PreferredRole(after.Grants, nil)
		switch {
		case !had && has:
			f.Gaining++
		case had && !has:
			f.Losing++
			if after.Connection.Enabled {
				f.Accounts++
				f.LosingAccounts = append(f.LosingAccounts, after.User)
			}
		case had && was != is:
			f.Changing++
		}
		if conflict, found := administration.ConflictOf(after.User, after.Grants, nil); found {
			f.Conflicts++
			f.Conflicted = append(f.Conflicted, conflict)
		}
	}
	return f
}

func TestWhatIsForeseenIsWhatTheChangeMeansForEachPerson(t *testing.T) {
	t.Parallel()
	w := newForeseenWorld(t)
	seen := map[string]int{}
	for step := range 120 {
		w.shuffle()
		change := w.draw()
		got, err := w.Foresee(t.Context(), w.app, change)
		w.must(err)
		again, err := w.Foresee(t.Context(), w.app, change)
		w.must(err)
		if again.Everybody != got.Everybody {
			t.Fatalf("step %d: the same is %s and %s", step, got.Everybody, again.Everybody)
		}
		want := w.make(change)
		byID := cmpopts.SortSlices(func(a, b directory.User) bool { return a.ID < b.ID })
		conflictByID := cmpopts.SortSlices(func(a, b administration.Conflict) bool { return a.User.ID < b.User.ID })
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(administration.Foresight{}, "Everybody", "Leave", "Held"), byID, conflictByID, cmpopts.EquateEmpty(),
			cmp.Transformer("id", func(u directory.User) string { return u.ID }),
			cmp.Transformer("person", func(c administration.Conflict) string { return c.User.ID + " " + c.Wins.Role.ID })); diff != "" {
			t.Fatalf("step %d, %+v (-what it meant +foreseen):\n%s", step, change, diff)
		}
		for name, count := range map[string]int{"gaining": got.Gaining, "losing": got.Losing, "accounts": got.Accounts, "changing": got.Changing, "conflicts": got.Conflicts} {
			seen[name] += count
		}
	}
	for name, count := range seen {
		if count < 20 {
			t.Errorf("%s: only %d people", name, count)
		}
	}
}

func TestWhatIsForeseenIsMarkedForEverybody(t *testing.T) {
	t.Parallel()
	w := newForeseenWorld(t)
	made := w.assign(w.app, "Group", sales, "Standard User")
	change := administration.Reassignment{Remove: []string{made.ID}}
	last := ""
	for _, step := range []struct {
		name  string
		alter func()
	}{
		{"at first", func() {}},
		{"another member", func() {
			w.must(w.store.PutMember(t.Context(), directory.Member{Group: sales, Member: cleo, Type: "User"}))
		}},
		{"another one in place of a member", func() {
			w.must(w.store.RemoveMember(t.Context(), directory.Member{Group: sales, Member: ana, Type: "User"}))
			w.must(w.store.PutMember(t.Context(), directory.Member{Group: sales, Member: w.users[5], Type: "User"}))
		}},
		{"another assignment", func() { w.assign(w.app, "User", ben, "Read Only") }},
		{"a member is deleted", func() { w.must(w.store.RemoveUser(t.Context(), w.users[5])) }},
	} {
		step.alter()
		got, err := w.Foresee(t.Context(), w.app, change)
		w.must(err)
		if got.Everybody == last {
			t.Errorf("%s: still %s", step.name, last)
		}
		last = got.Everybody
	}
}

package storetest

import (
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// nest turns nested groups on and makes groups, each inside the one before.
func (w *world) nest(groups ...string) {
	w.t.Helper()
	w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
		job.Settings.NestedGroups = true
		return job, nil
	}))
	outer := ""
	for _, id := range groups {
		w.putGroup(id)
		if outer != "" {
			w.must(w.PutMember(w.ctx(), inside(outer, id)))
		}
		outer = id
	}
}

func inside(outer, inner string) directory.Member {
	return directory.Member{Group: outer, Member: inner, Type: "Group"}
}

// reached returns the paths by which users are assigned, all of them.
func (w *world) reached(id string) []string {
	w.t.Helper()
	var paths []string
	for _, grant := range w.subject(id).Grants {
		paths = append(paths, grant.Through())
	}
	return paths
}

func nestedTests() []test {
	return []test{
		{"members below and groups above are met once, in rings too, and deleted groups lead nowhere", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c", "other")
			w.nest("outer", "middle", "inner")
			w.must(w.PutMember(w.ctx(), inside("inner", "outer")))
			for _, m := range []directory.Member{{Group: "outer", Member: "a"}, {Group: "middle", Member: "a"}, {Group: "middle", Member: "b"}, {Group: "inner", Member: "c"}} {
				m.Type = "User"
				w.must(w.PutMember(w.ctx(), m))
			}
			below := func(group, after string, want ...string) {
				t.Helper()
				var got []string
				for _, m := range all(t, w.MembersBelow(w.ctx(), group, after)) {
					got = append(got, m.Type+" "+m.Member)
				}
				w.equal("below "+group, got, want)
			}
			above := func(id string, want ...string) {
				t.Helper()
				groups, err := w.GroupsAbove(w.ctx(), id)
				w.must(err)
				var got []string
				for _, g := range groups {
					got = append(got, g.ID)
				}
				w.equal("above "+id, got, want)
			}
			below("outer", "", "User a", "User b", "User c", "Group inner", "Group middle")
			below("outer", "b", "User c", "Group inner", "Group middle")
			below("inner", "", "User a", "User b", "User c", "Group middle", "Group outer")
			below("x", "")
			above("c", "inner", "middle", "outer")
			above("inner", "middle", "outer")
			above("other")
			w.must(w.RemoveGroup(w.ctx(), "middle"))
			below("outer", "", "User a", "Group middle")
			below("middle", "")
			above("c", "inner")
			above("a", "inner", "outer")
		}},
		{"members of groups inside an assigned group are assigned where that is asked for", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c", "other")
			w.nest("outer", "middle", "inner")
			for group, id := range map[string]string{"outer": "a", "middle": "b", "inner": "c"} {
				w.must(w.PutMember(w.ctx(), directory.Member{Group: group, Member: id, Type: "User"}))
			}
			w.assign("Group", "outer")
			w.equal("assigned", w.collect(engine.Collection{Kind: provisioning.Initial}), []string{"a", "b", "c"})
			w.equal("a", w.reached("a"), []string{"Group outer"})
			w.equal("b", w.reached("b"), []string{"Group outer > Group middle"})
			w.equal("c", w.reached("c"), []string{"Group outer > Group middle > Group inner"})
			w.equal("the other one", w.reached("other"), nil)
			count, err := w.CountAssigned(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("count", count, 3)
			w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				job.Settings.NestedGroups = false
				return job, nil
			}))
			w.equal("assigned without nesting", w.collect(engine.Collection{Kind: provisioning.Initial}), []string{"a"})
			w.equal("b", w.reached("b"), nil)
			count, err = w.CountAssigned(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("count", count, 1)
		}},
		{"the count of who is assigned follows each kind of change", countFollows},
		{"groups in a ring do not hang anything", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b")
			w.nest("one", "two", "three")
			w.must(w.PutMember(w.ctx(), inside("three", "one")))
			w.must(w.PutMember(w.ctx(), inside("two", "two")))
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "two", Member: "a", Type: "User"}))
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "one", Member: "b", Type: "User"}))
			w.assign("Group", "two")
			w.equal("assigned", w.collect(engine.Collection{Kind: provisioning.Initial}), []string{"a", "b"})
			w.equal("a", w.reached("a"), []string{"Group two"})
			w.equal("b", w.reached("b"), []string{"Group two > Group three > Group one"})
			since := w.head()
			w.must(w.RemoveMember(w.ctx(), inside("three", "one")))
			w.equal("touched", w.touched(since), []string{"a", "b"})
			w.equal("b after the ring is open", w.reached("b"), nil)
		}},
		{"a change of the nesting touches everybody below it", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c")
			w.nest("outer", "middle", "inner")
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "middle", Member: "b", Type: "User"}))
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "inner", Member: "c", Type: "User"}))
			w.wantTouched("an assignment above", func() error { w.assign("Group", "outer"); return nil }, "b", "c")
			w.wantTouched("the end of the nesting", func() error { return w.RemoveMember(w.ctx(), inside("outer", "middle")) }, "b", "c")
			w.equal("c", w.reached("c"), nil)
			w.wantTouched("the nesting", func() error { return w.PutMember(w.ctx(), inside("outer", "middle")) }, "b", "c")
			w.wantTouched("nesting below", func() error { return w.RemoveMember(w.ctx(), inside("middle", "inner")) }, "c")
			w.must(w.PutMember(w.ctx(), inside("middle", "inner")))
			w.wantTouched("a group in between is deleted", func() error { return w.RemoveGroup(w.ctx(), "middle") }, "b", "c")
			w.equal("c, below the deleted one", w.reached("c"), nil)
			w.equal("assigned", w.collect(engine.Collection{Kind: provisioning.Initial}), nil)
			w.wantTouched("it is restored", func() error { return w.PutGroup(w.ctx(), group("middle")) }, "b", "c")
			w.wantTouched("the assignment ends", func() error {
				_, err := w.Unassign(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "outer"})
				return err
			}, "b", "c")
		}},
		{"the shortest path to an assigned group is shown, and each assigned group", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a")
			w.nest("far", "between", "near")
			w.must(w.PutMember(w.ctx(), inside("far", "near")))
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "near", Member: "a", Type: "User"}))
			w.assign("Group", "far")
			w.assign("Group", "near")
			w.assign("User", "a")
			w.equal("a", w.reached("a"), []string{"", "Group far > Group near", "Group near"})
		}},
		{"whoever is assigned through nested groups is not out of the way", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b")
			w.nest("outer", "inner")
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "inner", Member: "a", Type: "User"}))
			w.assign("Group", "outer")
			w.connect(true, "a", "b")
			w.must(w.Restart(w.ctx(), w.job, provisioning.RestartFull))
			left := all(t, w.Connections(w.ctx(), w.job))
			w.equal("left", left, []engine.Connection{connection("b", true)})
		}},
	}
}

func countFollows(t *testing.T, w *world) {
	t.Helper()
	counts := func(what string, want int, act func() error) {
		t.Helper()
		w.must(act())
		count, err := w.CountAssigned(w.ctx(), w.app.ID)
		w.must(err)
		w.equal("assigned after "+what, count, want)
	}
	imports := func(replace bool, contents ...directory.Content) func() error {
		return func() error {
			_, err := w.Import(w.ctx(), deltas(contents...), replace)
			return err
		}
	}
	member := func(group, user string) directory.Member {
		return directory.Member{Group: group, Member: user, Type: "User"}
	}
	w.nest("outer", "inner")
	counts("no assignment", 0, func() error { return nil })
	counts("an import of an assigned group", 0, imports(false, directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "outer"}))
	counts("an import of members", 2, imports(false, user("ana"), user("ben"), user("cleo"), member("outer", "ana"), member("inner", "ben")))
	counts("a new attribute", 2, func() error { return w.PutUser(w.ctx(), user("ana", "city", "Graz")) })
	counts("a new member of an inner group", 3, func() error { return w.PutMember(w.ctx(), member("inner", "cleo")) })
	counts("the end of nesting", 1, func() error { return w.RemoveMember(w.ctx(), inside("outer", "inner")) })
	counts("its return", 3, func() error { return w.PutMember(w.ctx(), inside("outer", "inner")) })
	counts("a removed user", 2, func() error { return w.RemoveUser(w.ctx(), "ben") })
	counts("a new attribute of somebody else", 2, func() error { return w.PutUser(w.ctx(), user("ana", "city", "Linz")) })
	counts("a restored user", 3, func() error { return w.RestoreUser(w.ctx(), "ben") })
	counts("an attribute of somebody restored", 3, func() error { return w.PutUser(w.ctx(), user("ben", "city", "Linz")) })
	counts("a purged user", 2, func() error { return w.PurgeUser(w.ctx(), "ben") })
	counts("a removed inner group", 1, func() error { return w.RemoveGroup(w.ctx(), "inner") })
	counts("an import that leaves somebody out", 0, imports(true, user("cleo"), user("dora")))
	counts("an assignment in person", 1, func() error { w.assign("User", "dora"); return nil })
	counts("a removed application", 0, func() error { return w.RemoveApplication(w.ctx(), w.app.ID) })
	counts("its return", 0, func() error {
		app, job := application("Salesforce")
		return w.AddApplication(w.ctx(), app, job, mapping.Schema{})
	})
}

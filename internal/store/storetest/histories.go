package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

func historyTests() []test {
	return []test{
		{"a user is told as of a moment", userAsOf},
		{"what happened to a user is told newest first", userChanges},
		{"the history of users goes with the log", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a")
			w.must(w.RemoveUser(w.ctx(), "a"))
			moment := tick()
			_, err := w.PruneEntries(w.ctx(), moment, 10)
			w.must(err)
			_, err = w.UserAsOf(w.ctx(), "a", moment.Add(-time.Second))
			w.wantError(err, store.ErrGone)
			_, err = w.UserAsOf(w.ctx(), "a", moment)
			w.must(err)
		}},
		{"a long history goes in parts, and tells nothing wrong meanwhile", pruneHistoryInParts},
		{"memberships and assignments are told with who began and ended them", linkEvents},
		{"what began in one moment on both sides of a group is told whole, once each, in parts too", bothSides},
		{"the members of a day stay whole while memberships end", membersEndMeanwhile},
		{"what is gone for good is told by the name that it had last", lastNames},
		{"the history of links goes with the log", pruneLinks},
	}
}

func pruneHistoryInParts(t *testing.T, w *world) {
	t.Helper()
	const users, first = 600, 550 // more than a store removes at a time
	ids := make([]string, users)
	for n := range ids {
		ids[n] = fmt.Sprintf("u%03d", n)
	}
	began := tick()
	for _, city := range []string{"Graz", "Linz"} {
		_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
			for _, id := range ids {
				if !yield(directory.Delta{Content: user(id, "city", city)}, nil) {
					return
				}
			}
		}, false)
		w.must(err)
	}
	left := func() (count int) {
		for _, id := range ids {
			found, err := w.FindEvents(w.ctx(), directory.UserObject, id, store.Page{})
			w.must(err)
			if found.Items[0].Kind == directory.ObjectUpdated {
				count++
			}
		}
		return count
	}
	w.equal("kept", left(), users)
	moment := tick()
	for _, want := range []int{users - first, 0} {
		_, err := w.PruneEntries(w.ctx(), moment, first)
		w.must(err)
		w.equal("kept", left(), want)
		_, err = w.UserAsOf(w.ctx(), ids[0], began)
		w.wantError(err, store.ErrGone)
	}
}

// tick returns a moment between what was done before and what is done next.
func tick() time.Time {
	time.Sleep(2 * time.Millisecond)
	defer time.Sleep(2 * time.Millisecond)
	return time.Now()
}

func userAsOf(t *testing.T, w *world) {
	t.Helper()
	var moments []time.Time
	var states []directory.User
	look := func() {
		t.Helper()
		u, err := w.User(w.ctx(), "a")
		if err != nil {
			u = directory.User{}
		}
		moments, states = append(moments, tick()), append(states, u)
	}
	w.putUsers("boss")
	look()
	w.must(w.PutUser(w.ctx(), user("a", "city", "Graz", "mobile", "1")))
	look()
	changed := user("a", "city", "Linz", "title", "x")
	changed.AccountEnabled, changed.ManagerID, changed.DisplayName = false, "boss", "Other"
	changed.Attributes = changed.Attributes.With("phones", attr.Texts("1", "2"))
	w.must(w.PutUser(w.ctx(), changed))
	look()
	w.must(w.PurgeUser(w.ctx(), "boss"))
	look()
	w.must(w.RemoveUser(w.ctx(), "a"))
	look()
	w.must(w.RestoreUser(w.ctx(), "a"))
	look()
	_, err := w.Import(w.ctx(), deltas(user("a", "city", "Wien"), user("b")), false)
	w.must(err)
	look()
	_, err = w.Import(w.ctx(), deltas(user("b")), true)
	w.must(err)
	look()
	w.must(w.PurgeUser(w.ctx(), "a"))
	look()
	w.must(w.PutUser(w.ctx(), user("a", "city", "Rom")))
	look()
	for i, want := range states {
		got, err := w.UserAsOf(w.ctx(), "a", moments[i])
		if want.ID == "" {
			w.wantError(err, store.ErrNotFound)
			continue
		}
		w.must(err)
		w.equal("user as of moment", got, want)
	}
	_, err = w.UserAsOf(w.ctx(), "a", moments[0].AddDate(-1, 0, 0))
	w.wantError(err, store.ErrGone)
}

func userChanges(t *testing.T, w *world) {
	t.Helper()
	w.must(w.PutUser(w.ctx(), user("a", "city", "Graz")))
	w.must(w.PutUser(w.ctx(), user("a", "city", "Graz")))
	w.must(w.Edit(w.ctx(), "edit", func(e store.Editor) error {
		if err := e.PutUser(w.ctx(), user("a", "city", "Linz")); err != nil {
			return err
		}
		return e.Audit(w.ctx(), journal.Audit{Actor: "ana", Activity: "Update user"})
	}))
	w.must(w.RemoveUser(w.ctx(), "a"))
	kinds := walk(w, func(page store.Page) (store.Listing[directory.Event], error) {
		return w.FindEvents(w.ctx(), directory.UserObject, "a", page)
	},
		func(e directory.Event) string { return string(e.Kind) + " " + e.Actor })
	w.equal("kinds", kinds, []string{"removed ", "updated ana", "created "})
	found, err := w.FindEvents(w.ctx(), directory.UserObject, "a", store.Page{})
	w.must(err)
	w.equal("properties", found.Items[1].Properties, []directory.PropertyChange{{Name: "city", Old: attr.Text("Graz"), New: attr.Text("Linz")}})
	none, err := w.FindEvents(w.ctx(), directory.UserObject, "nobody", store.Page{})
	w.must(err)
	w.equal("of nobody", len(none.Items), 0)
}

// eventTexts are the events of a user or group, the newest first, as kind, what it is
// about, and actor.
func eventTexts(w *world, kind directory.ObjectKind, id string) []string {
	w.t.Helper()
	return walk(w, func(page store.Page) (store.Listing[directory.Event], error) {
		return w.FindEvents(w.ctx(), kind, id, page)
	}, func(e directory.Event) string {
		parts := []string{string(e.Kind), e.Membership.GroupName, e.Membership.MemberName, e.Assignment.ApplicationName, e.Assignment.RoleName, e.Actor}
		return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
	})
}

func linkEvents(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("a")
	w.putGroup("g")
	role := directory.AppRole{ID: "r", ApplicationID: w.app.ID, DisplayName: "Standard User", Enabled: true}
	w.must(w.Edit(w.ctx(), "role", func(e store.Editor) error { return e.PutRole(w.ctx(), role) }))
	var assignment directory.Assignment
	w.must(w.Edit(w.ctx(), "begin", func(e store.Editor) error {
		if _, err := e.AddMember(w.ctx(), directory.Member{Group: "g", Member: "a", Type: "User"}); err != nil {
			return err
		}
		var err error
		assignment, _, err = e.AddAssignment(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: "a", Role: "r"})
		if err != nil {
			return err
		}
		return e.Audit(w.ctx(), journal.Audit{Actor: "ana", Activity: "Begin"})
	}))
	w.must(w.Edit(w.ctx(), "end", func(e store.Editor) error {
		if err := e.Audit(w.ctx(), journal.Audit{Actor: "ben", Activity: "End"}); err != nil {
			return err
		}
		return e.RemoveAssignment(w.ctx(), assignment.ID)
	}))
	moment := tick()
	_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
		yield(directory.Delta{Operation: directory.Remove, Content: directory.Member{Group: "g", Member: "a", Type: "User"}}, nil)
	}, false)
	w.must(err)
	w.equal("of the user", eventTexts(w, directory.UserObject, "a"), []string{
		"left, Group g, Name of a, import", "unassigned, Salesforce, Standard User, ben", "assigned, Salesforce, Standard User, ana",
		"joined, Group g, Name of a, ana", "created",
	})
	w.equal("of the group", eventTexts(w, directory.GroupObject, "g"), []string{"left, Group g, Name of a, import", "joined, Group g, Name of a, ana", "created"})
	memberships, err := w.MembershipsAsOf(w.ctx(), []string{"a"}, moment)
	w.must(err)
	if len(memberships) != 1 {
		t.Fatalf("%d memberships as of then", len(memberships))
	}
	found := memberships[0]
	w.equal("who began and ended it", []string{found.BegunBy, found.EndedBy}, []string{"ana", directory.ByImport})
	if !found.Since.Before(moment) || !found.Until.After(moment) {
		t.Errorf("from %s until %s, looked at %s", found.Since, found.Until, moment)
	}
}

// bothSides looks at a group that is in itself and in another one that is in it, since
// one and the same moment: an import gives one to all memberships that it reads at once.
func bothSides(t *testing.T, w *world) {
	t.Helper()
	inside := func(member, group string) directory.Content {
		return directory.Member{Group: group, Member: member, Type: "Group"}
	}
	_, err := w.Import(w.ctx(), deltas(group("a"), group("b"), group("c"), inside("a", "c"), inside("a", "b"), inside("b", "a"), inside("a", "a")), false)
	w.must(err)
	found, err := w.FindEvents(w.ctx(), directory.GroupObject, "a", store.Page{})
	w.must(err)
	for _, e := range found.Items[:4] {
		w.equal("moment", e.At, found.Items[0].At)
	}
	w.equal("begun", eventTexts(w, directory.GroupObject, "a"), []string{
		"joined, Group c, Group a, import", "joined, Group b, Group a, import", "joined, Group a, Group b, import", "joined, Group a, Group a, import", "created",
	})
	_, err = w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
		for _, gone := range []directory.Content{inside("a", "b"), inside("b", "a"), inside("a", "a")} {
			if !yield(directory.Delta{Operation: directory.Remove, Content: gone}, nil) {
				return
			}
		}
	}, false)
	w.must(err)
	all := eventTexts(w, directory.GroupObject, "a")
	slices.Sort(all)
	w.equal("begun and ended", all, []string{
		"created", "joined, Group a, Group a, import", "joined, Group a, Group b, import", "joined, Group b, Group a, import", "joined, Group c, Group a, import",
		"left, Group a, Group a, import", "left, Group a, Group b, import", "left, Group b, Group a, import",
	})
}

// membersEndMeanwhile ends a membership that is in the next part of a list.
func membersEndMeanwhile(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("000", "001", "005", "zz")
	w.putGroup("g")
	var contents []directory.Content
	for _, id := range []string{"000", "001", "005", "zz"} {
		contents = append(contents, directory.Member{Group: "g", Member: id, Type: "User"})
	}
	_, err := w.Import(w.ctx(), deltas(contents...), false)
	w.must(err)
	moment := tick()
	var members []string
	for page := (store.Page{Limit: 2}); ; {
		part, err := w.MembersAsOf(w.ctx(), "g", moment, page)
		w.must(err)
		for _, m := range part.Items {
			members = append(members, m.MemberID)
		}
		if page.Cursor = part.Next; page.Cursor == "" {
			break
		}
		w.must(w.RemoveMember(w.ctx(), directory.Member{Group: "g", Member: "001", Type: "User"}))
	}
	slices.Sort(members)
	w.equal("members", members, []string{"000", "001", "005", "zz"})
}

func lastNames(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("a", "b")
	w.putGroup("g", "a", "b")
	w.assign("User", "b")
	moment := tick()
	w.must(w.PurgeUser(w.ctx(), "a"))
	w.must(w.Edit(w.ctx(), "purge", func(e store.Editor) error { return e.PurgeGroup(w.ctx(), "g") }))
	w.must(w.RemoveApplication(w.ctx(), w.app.ID))
	was, err := w.GroupAsOf(w.ctx(), "g", moment)
	w.must(err)
	w.equal("group", was, group("g"))
	members, err := w.MembersAsOf(w.ctx(), "g", moment, store.Page{})
	w.must(err)
	names := make([]string, 0, 2)
	for _, m := range members.Items {
		names = append(names, m.GroupName+", "+m.MemberName)
	}
	w.equal("members", names, []string{"Group g, Name of b", "Group g, Name of a"})
	assignments, err := w.AssignmentsAsOf(w.ctx(), []string{"b"}, moment)
	w.must(err)
	w.equal("application", assignments[0].ApplicationName, "Salesforce")
	if _, err := w.GroupAsOf(w.ctx(), "g", time.Now()); err == nil {
		t.Error("a group that is gone is there")
	}
}

func pruneLinks(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("a", "b")
	w.putGroup("g", "a", "b")
	w.assign("Group", "g")
	w.must(w.RemoveMember(w.ctx(), directory.Member{Group: "g", Member: "a", Type: "User"}))
	_, err := w.Unassign(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "g"})
	w.must(err)
	moment := tick()
	w.must(w.RemoveMember(w.ctx(), directory.Member{Group: "g", Member: "b", Type: "User"}))
	_, err = w.PruneEntries(w.ctx(), moment, 10)
	w.must(err)
	w.equal("events", eventTexts(w, directory.GroupObject, "g"), []string{"left, Group g, Name of b", "joined, Group g, Name of b", "created"})
	for _, asOf := range []func(at time.Time) error{
		func(at time.Time) error { _, err := w.GroupAsOf(w.ctx(), "g", at); return err },
		func(at time.Time) error { _, err := w.MembersAsOf(w.ctx(), "g", at, store.Page{}); return err },
		func(at time.Time) error { _, err := w.MembershipsAsOf(w.ctx(), []string{"b"}, at); return err },
		func(at time.Time) error { _, err := w.AssignmentsAsOf(w.ctx(), []string{"g"}, at); return err },
	} {
		w.wantError(asOf(moment.Add(-time.Second)), store.ErrGone)
		w.must(asOf(moment))
	}
}

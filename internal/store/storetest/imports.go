package storetest

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func importTests() []test {
	return []test{
		{"an import takes in everything and a second one changes nothing", func(t *testing.T, w *world) {
			t.Helper()
			ana, ben := everyKindOfValue("ana"), user("ben")
			ana.ManagerID = "ben" // who comes later
			company := func() iter.Seq2[directory.Delta, error] {
				return deltas(ana, ben, group("sales"),
					directory.Member{Group: "sales", Member: "ana"}, directory.Member{Group: "Group sales", Member: "BEN@contoso.com", Type: "User"},
					directory.AssignmentRequest{Application: "salesforce", PrincipalType: "Group", Principal: "Group sales"},
					directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: "ana@contoso.com", Role: "Default Access"})
			}
			w.wantTouched("import", func() error {
				report, err := w.Import(w.ctx(), company(), false)
				w.equal("report", report, store.ImportReport{
					Users:   store.ImportCount{Read: 2, Created: 2},
					Groups:  store.ImportCount{Read: 1, Created: 1},
					Members: store.ImportCount{Read: 2, Created: 2}, Assignments: store.ImportCount{Read: 2, Created: 2},
				})
				return err
			}, "ana", "ben")
			w.equal("user", w.subject("ana").User, ana)
			w.equal("grants", len(w.subject("ana").Grants), 2)
			for _, replace := range []bool{false, true} {
				before := w.head()
				report, err := w.Import(w.ctx(), company(), replace)
				w.must(err)
				w.equal("report", report, store.ImportReport{
					Users: store.ImportCount{Read: 2}, Groups: store.ImportCount{Read: 1}, Members: store.ImportCount{Read: 2},
					Assignments: store.ImportCount{Read: 2},
				})
				w.equal("head of the feed", w.head(), before)
			}
		}},
		{"only what differs is in the feed", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			w.wantTouched("import", func() error {
				report, err := w.Import(w.ctx(), deltas(user("ana"), user("ben", "city", "Graz"), user("dora"), user("dora", "city", "Graz")), false)
				w.equal("users", report.Users, store.ImportCount{Read: 4, Created: 1, Updated: 2})
				return err
			}, "ben", "dora")
			w.equal("city", w.subject("dora").User.Get("city").String(), "Graz")
		}},
		{"what a source does not know of somebody who exists stays", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("boss")
			ana := user("ana", "department", "Sales", "city", "Graz")
			ana.AccountEnabled, ana.ManagerID = false, "boss"
			w.must(w.PutUser(w.ctx(), ana))
			sales := group("g")
			sales.SecurityEnabled, sales.Attributes = false, attr.New("Group", "g", map[string]attr.Value{"description": attr.Text("Sells")})
			w.must(w.PutGroup(w.ctx(), sales))
			w.wantTouched("nothing known", func() error {
				report, err := w.Import(w.ctx(), about([]string{"id", "userPrincipalName"}, user("ana", "city", "Wien")), true)
				w.equal("users", report.Users, store.ImportCount{Read: 1, Removed: 1})
				return err
			}, "boss")
			w.equal("user", w.subject("ana").User, ana)
			w.wantTouched("a city, an empty department and somebody new", func() error {
				_, err := w.Import(w.ctx(), about([]string{"id", "userPrincipalName", "department", "city"}, user("ana", "city", "Wien"), user("new")), false)
				return err
			}, "ana", "new")
			ana.Attributes = attr.New("User", "ana", map[string]attr.Value{"city": attr.Text("Wien")})
			w.equal("user", w.subject("ana").User, ana)
			w.equal("somebody new", w.subject("new").User, user("new"))
			renamed := group("g")
			renamed.DisplayName = "Renamed"
			_, err := w.Import(w.ctx(), about([]string{"id", "displayName"}, renamed), false)
			w.must(err)
			sales.DisplayName = "Renamed"
			got, err := w.Group(w.ctx(), "g")
			w.must(err)
			w.equal("group", got, sales)
		}},
		{"who was deleted comes back only with all that a source knows", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.putGroup("g")
			columns := []string{"id", "userPrincipalName", "displayName", "accountEnabled"}
			for _, step := range []struct {
				name          string
				only          []string
				replace, back bool
			}{
				{"a part of the people", columns, false, false},
				{"all people", columns, true, true},
				{"all properties", nil, false, true},
			} {
				w.must(w.RemoveUser(w.ctx(), "ana"))
				w.must(w.RemoveGroup(w.ctx(), "g"))
				report, err := w.Import(w.ctx(), about(step.only, user("ana"), group("g")), step.replace)
				w.must(err)
				w.equal(step.name+": who is back, and who is not", []bool{report.Restored == 1, report.StayDeleted == 1}, []bool{step.back, !step.back})
				w.equal(step.name+": user is back", !w.subject("ana").User.Deleted(), step.back)
				g, err := w.Group(w.ctx(), "g")
				w.must(err)
				w.equal(step.name+": group is back", !g.Deleted(), step.back)
			}
		}},
		{"removals of an import", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			w.putGroup("g", "ana", "cleo")
			w.putGroup("h")
			w.assign("User", "cleo")
			remove := func(yield func(directory.Delta, error) bool) {
				for _, content := range []directory.Content{
					directory.User{ID: "ana"},
					directory.User{UserPrincipalName: "BEN@contoso.com"},
					directory.User{ID: "nobody"},
					directory.Member{Group: "g", Member: "cleo"},
					directory.Member{Group: "g", Member: "nobody"},
					directory.Group{ID: "h"},
					directory.Group{ID: "nothing"},
					directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "User", Principal: "cleo"},
					directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "User", Principal: "nobody"},
				} {
					if !yield(directory.Delta{Operation: directory.Remove, Content: content}, nil) {
						return
					}
				}
			}
			for _, removed := range []int{1, 0} {
				report, err := w.Import(w.ctx(), remove, false)
				w.must(err)
				w.equal("report", report, store.ImportReport{
					Users: store.ImportCount{Read: 3, Removed: 2 * removed}, Groups: store.ImportCount{Read: 2, Removed: removed},
					Members: store.ImportCount{Read: 2, Removed: removed}, Assignments: store.ImportCount{Read: 2, Removed: removed},
				})
			}
			w.equal("deleted", []bool{w.subject("ana").User.Deleted(), w.subject("ben").User.Deleted(), w.subject("cleo").User.Deleted()},
				[]bool{true, true, false})
		}},
		{"replacing removes what was not put of the kinds that were", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			w.putGroup("g", "ana", "ben")
			w.putGroup("h", "cleo")
			w.assign("Group", "h")
			w.wantTouched("users only", func() error {
				report, err := w.Import(w.ctx(), deltas(user("ana"), user("ben")), true)
				w.equal("report", report, store.ImportReport{Users: store.ImportCount{Read: 2, Removed: 1}})
				return err
			}, "cleo")
			w.wantTouched("groups and members", func() error {
				report, err := w.Import(w.ctx(), deltas(group("g"), directory.Member{Group: "g", Member: "ana"}), true)
				w.equal("report", report, store.ImportReport{
					Groups: store.ImportCount{Read: 1, Removed: 1}, Members: store.ImportCount{Read: 1, Removed: 2},
				})
				return err
			}, "ben", "cleo")
			w.equal("members", all(t, w.Members(w.ctx(), "g")), []directory.Member{{Group: "g", Member: "ana", Type: "User"}})
			w.wantTouched("somebody who comes back", func() error {
				_, err := w.Import(w.ctx(), deltas(user("ana"), user("ben"), user("cleo")), true)
				return err
			}, "cleo")
			w.wantTouched("nothing at all", func() error {
				report, err := w.Import(w.ctx(), deltas(), true)
				w.equal("report", report, store.ImportReport{})
				return err
			})
		}},
		{"users may swap their names", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			ana, ben, cleo := user("ana"), user("ben"), user("cleo")
			ana.UserPrincipalName, ben.UserPrincipalName, cleo.UserPrincipalName = ben.UserPrincipalName, cleo.UserPrincipalName, ana.UserPrincipalName
			_, err := w.Import(w.ctx(), deltas(ana, group("between runs"), ben, group("and another"), cleo), false)
			w.must(err)
			got, err := w.User(w.ctx(), "ana@contoso.com")
			w.must(err)
			w.equal("who is ana now", got.ID, "cleo")
		}},
		{"a name passes on to somebody new when the old one is missing", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			again := user("again")
			again.UserPrincipalName = "Ana@contoso.com"
			_, err := w.Import(w.ctx(), deltas(user("ben"), again), false)
			w.wantError(err, store.ErrConflict)
			w.wantTouched("replacing import", func() error {
				report, err := w.Import(w.ctx(), deltas(user("ben"), again), true)
				w.equal("users", report.Users, store.ImportCount{Read: 2, Created: 1, Removed: 1})
				return err
			}, "again", "ana")
			got, err := w.User(w.ctx(), "ana@contoso.com")
			w.must(err)
			w.equal("who has the name", got.ID, "again")
			w.equal("the old one", w.subject("ana").User.UserPrincipalName, "ana@contoso.com")
			_, err = w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
				yield(directory.Delta{Content: user("ana", "city", "Graz"), Only: []string{"id", "userPrincipalName", "city"}}, nil)
			}, false)
			w.must(err) // the old one stays deleted, and needs no name
			w.equal("who has the name still", w.subject("again").User, again)
			w.must(w.RemoveUser(w.ctx(), "again"))
			w.must(w.RestoreUser(w.ctx(), "ana"))
			got, err = w.User(w.ctx(), "ana@contoso.com")
			w.must(err)
			w.equal("who has the name after that", got.ID, "ana")
		}},
		{"a name passes on within an import that removes who had it", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			again := user("again")
			again.UserPrincipalName = "ana@contoso.com"
			_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
				if yield(directory.Delta{Content: again}, nil) {
					yield(directory.Delta{Operation: directory.Remove, Content: directory.User{ID: "ana"}}, nil)
				}
			}, false)
			w.must(err)
			w.must(w.PurgeUser(w.ctx(), "again"))
			got, err := w.User(w.ctx(), "ana@contoso.com")
			w.must(err)
			w.equal("who is found by the name", got.ID, "ana")
		}},
		{"an import that changes what a group grants touches its members", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.putGroup("g", "ana")
			w.assign("Group", "g")
			mail := group("g")
			mail.SecurityEnabled = false
			for _, g := range []directory.Group{mail, group("g")} {
				w.wantTouched("import", func() error {
					_, err := w.Import(w.ctx(), deltas(g), false)
					return err
				}, "ana")
			}
		}},
		{"members and assignments may come before what they name", func(t *testing.T, w *world) {
			t.Helper()
			_, err := w.Import(w.ctx(), deltas(directory.Member{Group: "g", Member: "ana"},
				directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "Group", Principal: "g"}, group("g"), user("ana")), false)
			w.must(err)
			w.equal("grants", len(w.subject("ana").Grants), 1)
		}},
		{"a large import", func(t *testing.T, w *world) {
			t.Helper()
			const count = 12_345 // more than fits into one batch, and into the memory for changes
			since := w.head()
			report, err := w.Import(w.ctx(), manyUsers(count), true)
			w.must(err)
			w.equal("report", report.Users, store.ImportCount{Read: count, Created: count})
			collection := incremental(since, w.head())
			collection.Limit = 1000
			w.equal("touched", len(w.collect(collection)), count)
			report, err = w.Import(w.ctx(), manyUsers(count-1), true)
			w.must(err)
			w.equal("report", report.Users, store.ImportCount{Read: count - 1, Removed: 1})
		}},
	}
}

// about are deltas of a source that knows only some properties.
func about(only []string, contents ...directory.Content) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for _, content := range contents {
			if !yield(directory.Delta{Content: content, Only: only}, nil) {
				return
			}
		}
	}
}

func manyUsers(count int) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for i := range count {
			if !yield(directory.Delta{Content: user(fmt.Sprintf("user-%07d", i), "city", "Graz")}, nil) {
				return
			}
		}
	}
}

func importFaultTests() []test {
	lost := user("lost")
	lost.ManagerID = "nobody"
	double := user("double")
	double.UserPrincipalName = "ANA@contoso.com"
	other := user("other")
	other.UserPrincipalName = "first@contoso.com"
	member := directory.Member{Group: "g", Member: "nobody"}
	cases := []struct {
		name     string
		contents []directory.Content
		kind     error
		says     string
	}{
		{"a manager who does not exist", []directory.Content{user("x"), lost}, store.ErrInvalid, "manager nobody"},
		{"a name that a user of the directory has", []directory.Content{user("x"), user("ana"), double}, store.ErrConflict, "user ana"},
		{"a name that comes twice", []directory.Content{user("first"), user("x"), other}, store.ErrConflict, "first@contoso.com"},
		{"a name that comes twice in two runs", []directory.Content{user("first"), group("g"), other}, store.ErrConflict, "first@contoso.com"},
		{"a member who does not exist", []directory.Content{group("g"), member}, store.ErrNotFound, "nobody"},
		{"a group that does not exist", []directory.Content{directory.Member{Group: "nothing", Member: "ana"}}, store.ErrNotFound, "nothing"},
		{"a user without id", []directory.Content{directory.User{UserPrincipalName: "x"}}, store.ErrInvalid, "no id"},
		{"a group without name", []directory.Content{directory.Group{ID: "x"}}, store.ErrInvalid, "no display name"},
		{"a member with a NUL byte", []directory.Content{group("g"), directory.Member{Group: "g", Member: "a\x00"}}, store.ErrInvalid, "NUL"},
		{"a role that does not exist", []directory.Content{
			directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "User", Principal: "ana", Role: "King"},
		}, store.ErrNotFound, "King"},
		{"an application that does not exist", []directory.Content{
			directory.AssignmentRequest{Application: "Nothing", PrincipalType: "User", Principal: "ana"},
		}, store.ErrNotFound, "Nothing"},
	}
	tests := make([]test, 0, len(cases)+1)
	for _, c := range cases {
		tests = append(tests, test{"an import is undone by " + c.name, func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			before := w.head()
			report, err := w.Import(w.ctx(), deltas(c.contents...), true)
			w.wantError(err, c.kind)
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error does not speak of %q: %v", c.says, err)
			}
			w.equal("report", report, store.ImportReport{})
			w.equal("head of the feed", w.head(), before)
			w.equal("users", len(all(t, w.Users(w.ctx(), ""))), 1)
			w.equal("groups", len(all(t, w.Groups(w.ctx()))), 0)
			w.must(w.PutUser(w.ctx(), user("x")))
		}})
	}
	return append(tests, test{"an import reports all its faults, twenty of them in full", func(t *testing.T, w *world) {
		t.Helper()
		contents := []directory.Content{user("ana"), lost, group("g"), directory.User{UserPrincipalName: "x"}}
		for range 25 {
			contents = append(contents, member)
		}
		_, err := w.Import(w.ctx(), deltas(contents...), false)
		w.wantError(err, store.ErrInvalid)
		w.wantError(err, store.ErrNotFound)
		text := err.Error()
		if !strings.Contains(text, "27 faults") || !strings.Contains(text, "and 7 more") || strings.Count(text, "\n") != 21 {
			t.Errorf("the error is\n%s", text)
		}
		if errors.Is(err, store.ErrConflict) {
			t.Error("the error is a conflict, too")
		}
	}})
}

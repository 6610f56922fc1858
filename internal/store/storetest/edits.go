package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
)

// edit runs an edit that must work.
func (w *world) edit(change func(e store.Editor) error) {
	w.t.Helper()
	w.must(w.Edit(w.ctx(), "test", change))
}

func (w *world) changed(kind directory.ObjectKind, since directory.Cursor) []string {
	w.t.Helper()
	var all []string
	for after := ""; ; {
		ids, err := w.Changed(w.ctx(), kind, since, w.head(), after, 2)
		w.must(err)
		all = append(all, ids...)
		if len(ids) < 2 {
			return all
		}
		after = ids[1]
	}
}

func editTests() []test {
	return []test{
		{"an edit that fails changes nothing, and tells nobody", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			failure := errors.New("failure")
			since := w.head()
			err := w.Edit(w.ctx(), "test", func(e store.Editor) error {
				w.must(e.PutUser(w.ctx(), user("ben")))
				w.must(e.RemoveUser(w.ctx(), "ana"))
				w.must(e.Audit(w.ctx(), journal.Audit{Activity: "Test"}))
				return failure
			})
			w.wantError(err, failure)
			_, err = w.User(w.ctx(), "ben")
			w.wantError(err, store.ErrNotFound)
			w.equal("deleted", w.subject("ana").User.Deleted(), false)
			w.equal("audits", len(all(t, w.Audits(w.ctx(), 0))), 0)
			w.equal("changed", w.changed(directory.UserObject, since), nil)
		}},
		{"an edit sees what it changed, and all of it is there afterwards", func(t *testing.T, w *world) {
			t.Helper()
			w.edit(func(e store.Editor) error {
				w.must(e.PutUser(w.ctx(), user("ana")))
				found, err := e.User(w.ctx(), "ana@contoso.com")
				w.must(err)
				w.equal("user", found.ID, "ana")
				w.must(e.PutGroup(w.ctx(), group("g")))
				added, err := e.AddMember(w.ctx(), directory.Member{Group: "g", Member: "ana", Type: "User"})
				w.equal("new member", added, true)
				w.must(err)
				added, err = e.AddMember(w.ctx(), directory.Member{Group: "g", Member: "ana", Type: "User"})
				w.equal("new member again", added, false)
				w.must(err)
				return e.Audit(w.ctx(), journal.Audit{Activity: "Test", Actor: "script"})
			})
			groups, err := w.MemberOf(w.ctx(), "ana")
			w.must(err)
			w.equal("groups", groups, []directory.Group{group("g")})
			w.equal("audits", all(t, w.Audits(w.ctx(), 0))[0].Actor, "script")
			w.edit(func(e store.Editor) error {
				removed, err := e.RemoveMember(w.ctx(), directory.Member{Group: "g", Member: "ana"})
				w.equal("removed", removed, true)
				w.must(err)
				removed, err = e.RemoveMember(w.ctx(), directory.Member{Group: "g", Member: "ana"})
				w.equal("removed again", removed, false)
				return err
			})
		}},
		{"groups are found by their unique name, whatever its letter case, while they are there", func(t *testing.T, w *world) {
			t.Helper()
			for id, name := range map[string]string{"a": "Sales", "b": "sales", "c": "other", "d": "SALES"} {
				named := group(id)
				named.Attributes = attr.New("Group", id, map[string]attr.Value{"uniqueName": attr.Text(name)})
				w.must(w.PutGroup(w.ctx(), named))
			}
			w.putGroup("e")
			w.must(w.RemoveGroup(w.ctx(), "d"))
			w.edit(func(e store.Editor) error {
				found, err := e.GroupsCalled(w.ctx(), "saLES")
				w.equal("found", len(found), 2)
				w.must(err)
				found, err = e.GroupsCalled(w.ctx(), "sale")
				w.equal("found by a part", len(found), 0)
				return err
			})
		}},
		{"members and owners must exist", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.putGroup("g")
			w.edit(func(e store.Editor) error {
				for _, wrong := range []directory.Member{{Group: "x", Member: "ana", Type: "User"}, {Group: "g", Member: "x", Type: "User"}, {Group: "g", Member: "ana", Type: "Group"}} {
					_, err := e.AddMember(w.ctx(), wrong)
					w.wantError(err, store.ErrNotFound)
				}
				for _, wrong := range []directory.Owner{{ID: "x", Type: "User"}, {ID: "x", Type: "ServicePrincipal"}, {ID: "ana", Type: "ServicePrincipal"}} {
					_, err := e.AddOwner(w.ctx(), "g", wrong)
					w.wantError(err, store.ErrNotFound)
				}
				return nil
			})
		}},
		{"a client of the API can own a group", func(t *testing.T, w *world) {
			t.Helper()
			w.putGroup("g")
			client := apiClient("terraform")
			w.must(w.AddAPIClient(w.ctx(), client, nil))
			owner := directory.Owner{ID: client.ObjectID, Type: "ServicePrincipal"}
			w.edit(func(e store.Editor) error {
				_, err := e.AddOwner(w.ctx(), "g", directory.Owner{ID: client.ID, Type: "ServicePrincipal"})
				w.wantError(err, store.ErrNotFound)
				added, err := e.AddOwner(w.ctx(), "g", owner)
				w.equal("new", added, true)
				return err
			})
			got, err := w.Owners(w.ctx(), "g")
			w.must(err)
			w.equal("owners", got, []directory.Owner{owner})
		}},
		{"owners are kept until they, or what they own, are gone", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("g")
			ana, ben := directory.Owner{ID: "ana", Type: "User"}, directory.Owner{ID: "ben", Type: "User"}
			w.edit(func(e store.Editor) error {
				for _, owner := range []directory.Owner{ben, ana, {ID: w.app.ID, Type: "ServicePrincipal"}} {
					added, err := e.AddOwner(w.ctx(), "g", owner)
					w.must(err)
					w.equal("new", added, true)
				}
				added, err := e.AddOwner(w.ctx(), "g", ana)
				w.equal("new again", added, false)
				return err
			})
			owners := func(want ...directory.Owner) {
				t.Helper()
				got, err := w.Owners(w.ctx(), "g")
				w.must(err)
				w.equal("owners", got, want)
			}
			owners(ana, ben, directory.Owner{ID: w.app.ID, Type: "ServicePrincipal"})
			owned, err := w.Owned(w.ctx(), "ana")
			w.must(err)
			w.equal("owned", owned, []string{"g"})
			w.must(w.PurgeUser(w.ctx(), "ben"))
			w.must(w.RemoveApplication(w.ctx(), w.app.ID))
			owners(ana)
			w.edit(func(e store.Editor) error {
				removed, err := e.RemoveOwner(w.ctx(), "g", "ana")
				w.equal("removed", removed, true)
				w.must(err)
				removed, err = e.RemoveOwner(w.ctx(), "g", "ana")
				w.equal("removed again", removed, false)
				return err
			})
		}},
		{"a purged group is gone with all that its members had through it", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.putGroup("g", "ana")
			w.assign("Group", "g")
			since := w.head()
			w.wantTouched("purge", func() error {
				return w.Edit(w.ctx(), "purge", func(e store.Editor) error { return e.PurgeGroup(w.ctx(), "g") })
			}, "ana")
			_, err := w.Group(w.ctx(), "g")
			w.wantError(err, store.ErrNotFound)
			w.equal("assignments", len(all(t, w.Assignments(w.ctx(), w.app.ID))), 0)
			w.equal("changed groups", w.changed(directory.GroupObject, since), []string{"g"})
		}},
		{"groups are listed by id, users by their manager", func(t *testing.T, w *world) {
			t.Helper()
			w.putGroup("b")
			w.putGroup("a")
			var ids []string
			for _, g := range all(t, w.GroupsByID(w.ctx(), "")) {
				ids = append(ids, g.ID)
			}
			w.equal("groups", ids, []string{"a", "b"})
			w.equal("groups after a", len(all(t, w.GroupsByID(w.ctx(), "a"))), 1)
			count, err := w.CountGroups(w.ctx())
			w.must(err)
			w.equal("count", count, 2)
			w.putUsers("boss")
			ana := user("ana")
			ana.ManagerID = "boss"
			w.must(w.PutUser(w.ctx(), ana))
			reports, err := w.Reports(w.ctx(), "boss")
			w.must(err)
			w.equal("reports", reports, []directory.User{ana})
		}},
	}
}

func registrationTests() []test {
	return []test{
		{"a registration comes back as it was put", func(t *testing.T, w *world) {
			t.Helper()
			app, job := application("wiki")
			wiki := directory.Registration{Application: app, Details: `{"tags":["a"]}`, PrincipalDetails: `{}`}
			w.edit(func(e store.Editor) error { return e.AddRegistration(w.ctx(), wiki, job, mapping.Schema{}) })
			for _, id := range []string{app.ID, app.AppID, app.ObjectID} {
				got, err := w.Registration(w.ctx(), id)
				w.must(err)
				w.equal("found as "+id, got, wiki)
			}
			_, err := w.Registration(w.ctx(), "wiki")
			w.wantError(err, store.ErrNotFound)
			since := w.head()
			wiki.DisplayName, wiki.Principal, wiki.Details = "Wiki 2", true, `{"notes":"x"}`
			w.edit(func(e store.Editor) error { return e.UpdateRegistration(w.ctx(), wiki) })
			got, err := w.Registration(w.ctx(), app.ID)
			w.must(err)
			w.equal("updated", got, wiki)
			w.equal("changed", w.changed(directory.PrincipalObject, since), []string{app.ID})
			wiki.DisplayName = "SALESFORCE"
			w.wantError(w.Edit(w.ctx(), "rename", func(e store.Editor) error { return e.UpdateRegistration(w.ctx(), wiki) }), store.ErrConflict)
			found, err := w.Registrations(w.ctx())
			w.must(err)
			w.equal("registrations", len(found), 2)
		}},
		{"a role that is removed takes its assignments along", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			reader := directory.AppRole{ID: "reader", ApplicationID: w.app.ID, DisplayName: "Reader", Value: "reader", Enabled: true}
			w.edit(func(e store.Editor) error { return e.PutRole(w.ctx(), reader) })
			var made directory.Assignment
			w.edit(func(e store.Editor) error {
				var created bool
				var err error
				made, created, err = e.AddAssignment(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: "ana", Role: "reader"})
				w.equal("new", created, true)
				return err
			})
			got, err := w.Assignment(w.ctx(), made.ID)
			w.must(err)
			w.equal("assignment", got, made)
			of, err := w.AssignmentsOf(w.ctx(), "ana")
			w.must(err)
			w.equal("assignments of ana", of, []directory.Assignment{made})
			w.equal("assignments after", len(all(t, w.AssignmentsAfter(w.ctx(), w.app.ID, made.ID))), 0)
			w.wantTouched("removal", func() error {
				return w.Edit(w.ctx(), "remove", func(e store.Editor) error { return e.RemoveRole(w.ctx(), w.app.ID, "reader") })
			}, "ana")
			_, err = w.Assignment(w.ctx(), made.ID)
			w.wantError(err, store.ErrNotFound)
			w.wantError(w.Edit(w.ctx(), "remove", func(e store.Editor) error { return e.RemoveAssignment(w.ctx(), made.ID) }), store.ErrNotFound)
			other, _ := w.addApplication("other")
			w.edit(func(e store.Editor) error { return e.PutRole(w.ctx(), reader) })
			reader.ApplicationID = other.ID
			w.wantError(w.Edit(w.ctx(), "steal", func(e store.Editor) error { return e.PutRole(w.ctx(), reader) }), store.ErrConflict)
		}},
		{"an extension is declared once", func(t *testing.T, w *world) {
			t.Helper()
			x := directory.ExtensionProperty{ID: "x", ApplicationID: w.app.ID, Name: "extension_ab12_Nick", DataType: "String", TargetObjects: []string{"User"}}
			w.edit(func(e store.Editor) error { return e.AddExtension(w.ctx(), x) })
			got, err := w.Extensions(w.ctx(), "")
			w.must(err)
			w.equal("extensions", got, []directory.ExtensionProperty{x})
			x.ID = "y"
			w.wantError(w.Edit(w.ctx(), "again", func(e store.Editor) error { return e.AddExtension(w.ctx(), x) }), store.ErrConflict)
			w.edit(func(e store.Editor) error { return e.RemoveExtension(w.ctx(), w.app.ID, "x") })
			w.wantError(w.Edit(w.ctx(), "again", func(e store.Editor) error { return e.RemoveExtension(w.ctx(), w.app.ID, "x") }), store.ErrNotFound)
		}},
	}
}

func changeTests() []test {
	return []test{
		{"who follows the directory hears of owners", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("g")
			since := w.head()
			owned := []string{"g", w.app.ID, w.app.ObjectID}
			w.edit(func(e store.Editor) error {
				for _, id := range owned {
					for _, owner := range []string{"ana", "ben", "ben"} {
						_, err := e.AddOwner(w.ctx(), id, directory.Owner{ID: owner, Type: "User"})
						w.must(err)
					}
				}
				return nil
			})
			told := func(want ...string) {
				t.Helper()
				w.equal("groups", w.changed(directory.GroupObject, since), []string{"g"})
				w.equal("applications", w.changed(directory.ApplicationObject, since), []string{w.app.ObjectID})
				w.equal("service principals", w.changed(directory.PrincipalObject, since), []string{w.app.ID})
				w.equal("users", len(w.changed(directory.UserObject, since)), 0)
				for _, id := range owned {
					owners, err := w.ChangedOwners(w.ctx(), id, since, w.head())
					w.must(err)
					w.equal("owners of "+id, owners, want)
				}
			}
			told("ana", "ben")
			since = w.head()
			w.edit(func(e store.Editor) error {
				for _, id := range owned {
					_, err := e.RemoveOwner(w.ctx(), id, "ana")
					w.must(err)
					_, err = e.RemoveOwner(w.ctx(), id, "ana")
					w.must(err)
				}
				return nil
			})
			told("ana")
			since = w.head()
			w.must(w.PurgeUser(w.ctx(), "ben"))
			owners, err := w.ChangedOwners(w.ctx(), "g", since, w.head())
			w.must(err)
			w.equal("owners after one was removed", owners, []string{"ben"})
		}},
		{"who follows the directory hears of every user and group that changed, and touches nobody", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			w.putGroup("g", "ana")
			w.putGroup("inner")
			since := w.head()
			w.equal("nothing", w.changed(directory.UserObject, since), nil)
			w.must(w.RemoveUser(w.ctx(), "ana"))
			w.must(w.PurgeUser(w.ctx(), "cleo"))
			w.must(w.PutUser(w.ctx(), user("ben", "city", "Graz")))
			w.equal("users", w.changed(directory.UserObject, since), []string{"ana", "ben", "cleo"})
			since = w.head()
			renamed := group("g")
			renamed.DisplayName = "Renamed"
			renamed.Attributes = attr.New("Group", "g", map[string]attr.Value{"description": attr.Text("x")})
			w.wantTouched("renaming", func() error { return w.PutGroup(w.ctx(), renamed) })
			w.wantTouched("nesting", func() error {
				return w.PutMember(w.ctx(), directory.Member{Group: "g", Member: "inner", Type: "Group"})
			})
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "g", Member: "ben", Type: "User"}))
			w.equal("groups", w.changed(directory.GroupObject, since), []string{"g"})
			members, err := w.ChangedMembers(w.ctx(), "g", since, w.head())
			w.must(err)
			w.equal("members", members, []directory.MemberChange{{Group: "g", Member: "ben", Type: "User"}, {Group: "g", Member: "inner", Type: "Group"}})
			removed, head, err := w.DirectoryFeed(w.ctx())
			w.must(err)
			w.equal("head", head, w.head())
			w.equal("removed", removed, directory.Cursor(0))
			longAgo := time.Now()
			_, err = w.PruneChanges(w.ctx(), longAgo, time.Hour, 1_000_000)
			w.must(err)
			_, err = w.PruneChanges(w.ctx(), longAgo.Add(2*time.Hour), time.Hour, 1_000_000)
			w.must(err)
			removed, _, err = w.DirectoryFeed(w.ctx())
			w.must(err)
			w.equal("removed after all of it was removed", removed, head)
		}},
		{"who follows the directory hears of imported groups and of applications", func(t *testing.T, w *world) {
			t.Helper()
			since := w.head()
			_, err := w.Import(w.ctx(), deltas(group("a"), group("b")), false)
			w.must(err)
			w.equal("groups", w.changed(directory.GroupObject, since), []string{"a", "b"})
			app, _ := w.addApplication("new")
			w.equal("applications", w.changed(directory.ApplicationObject, since), []string{app.ObjectID})
			w.equal("service principals", w.changed(directory.PrincipalObject, since), []string{app.ID})
			since = w.head()
			w.edit(func(e store.Editor) error {
				return e.PutRole(w.ctx(), directory.AppRole{ID: "r", ApplicationID: app.ID, DisplayName: "R", Enabled: true})
			})
			w.equal("with a new role", w.changed(directory.ApplicationObject, since), []string{app.ObjectID})
			since = w.head()
			w.must(w.RemoveApplication(w.ctx(), app.ID))
			w.equal("removed", w.changed(directory.ApplicationObject, since), []string{app.ObjectID})
			w.equal("removed service principals", w.changed(directory.PrincipalObject, since), []string{app.ID})
			_, err = w.Changed(w.ctx(), "device", 0, w.head(), "", 1)
			w.wantError(err, store.ErrInvalid)
		}},
	}
}

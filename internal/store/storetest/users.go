package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func userTests() []test {
	return []test{
		{"a user comes back as it was put", func(t *testing.T, w *world) {
			t.Helper()
			ana := everyKindOfValue("ana")
			ana.ManagerID = "ana"
			w.must(w.PutUser(w.ctx(), ana))
			for _, name := range []string{"ana", "ana@contoso.com", "ANA@Contoso.COM"} {
				got, err := w.User(w.ctx(), name)
				w.must(err)
				w.equal("user found as "+name, got, ana)
			}
			for _, name := range []string{"nobody", "", "a\x00", "\xff"} {
				_, err := w.User(w.ctx(), name)
				w.wantError(err, store.ErrNotFound)
				_, err = w.Group(w.ctx(), name)
				w.wantError(err, store.ErrNotFound)
				_, err = w.Application(w.ctx(), name)
				w.wantError(err, store.ErrNotFound)
			}
		}},
		{"texts of users are the users in the order of their ids", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.PutUser(w.ctx(), everyKindOfValue("abe")))
			w.putUsers("bea", "cleo")
			w.must(w.RemoveUser(w.ctx(), "bea"))
			texts := func(after string, limit, wanted int) []directory.User {
				var got []directory.User
				w.must(w.UserTexts(w.ctx(), after, limit, func(text store.UserText) bool {
					user, err := text.Read()
					w.must(err)
					got = append(got, user)
					return len(got) < wanted
				}))
				return got
			}
			all := make([]directory.User, 0, 3)
			for user, err := range w.Users(w.ctx(), "") {
				w.must(err)
				all = append(all, user)
			}
			w.equal("all", texts("", 9, 9), all)
			w.equal("after the first", texts("abe", 9, 9), all[1:])
			w.equal("so many", texts("", 2, 9), all[:2])
			w.equal("as many as are wanted", texts("", 9, 1), all[:1])
			w.equal("after the last", texts("cleo", 9, 9), nil)
		}},
		{"attributes without a value are not kept and belong to the user", func(t *testing.T, w *world) {
			t.Helper()
			ana := user("ana", "city", "Graz")
			ana.Attributes = ana.Attributes.With("state", attr.Value{}).WithRef(attr.Ref{})
			w.must(w.PutUser(w.ctx(), ana))
			got, err := w.User(w.ctx(), "ana")
			w.must(err)
			w.equal("attributes", got.Attributes, attr.New("User", "ana", map[string]attr.Value{"city": attr.Text("Graz")}))
			w.wantTouched("the same again", func() error { return w.PutUser(w.ctx(), ana) })
		}},
		{"only a put that changes something is in the feed", func(t *testing.T, w *world) {
			t.Helper()
			put := func(u directory.User) func() error { return func() error { return w.PutUser(w.ctx(), u) } }
			w.wantTouched("creation", put(user("ana")), "ana")
			w.wantTouched("the same again", put(user("ana")))
			w.wantTouched("another attribute", put(user("ana", "city", "Graz")), "ana")
			renamed := user("ana", "city", "Graz")
			renamed.UserPrincipalName = "Anna@contoso.com"
			w.wantTouched("another name", put(renamed), "ana")
			_, err := w.User(w.ctx(), "ana@contoso.com")
			w.wantError(err, store.ErrNotFound)
		}},
		{"a name has one user whatever the letter case", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			other := user("other")
			other.UserPrincipalName = "ANA@contoso.com"
			w.wantError(w.PutUser(w.ctx(), other), store.ErrConflict)
			err := w.PutUser(w.ctx(), other)
			if !strings.Contains(err.Error(), "the user ana") {
				t.Errorf("the error does not say who has the name: %v", err)
			}
		}},
		{"the name of a removed user is free", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			again := user("again")
			again.UserPrincipalName = "ANA@contoso.com"
			found := func(want string) {
				t.Helper()
				got, err := w.User(w.ctx(), "ana@contoso.com")
				w.must(err)
				w.equal("who is found", got.ID, want)
			}
			w.must(w.RemoveUser(w.ctx(), "ana"))
			found("ana")
			w.must(w.PutUser(w.ctx(), again))
			found("again")
			w.wantError(w.RestoreUser(w.ctx(), "ana"), store.ErrConflict)
			w.wantError(w.PutUser(w.ctx(), user("ana")), store.ErrConflict)
			w.equal("still deleted", w.subject("ana").User.Deleted(), true)
			w.must(w.RemoveUser(w.ctx(), "again"))
			found("again") // who was deleted last
			w.must(w.RestoreUser(w.ctx(), "ana"))
			found("ana")
			w.wantError(w.RestoreUser(w.ctx(), "again"), store.ErrConflict)
			w.must(w.PurgeUser(w.ctx(), "ana"))
			w.must(w.RestoreUser(w.ctx(), "again"))
			found("again")
		}},
		{"a user who is not right is refused", func(t *testing.T, w *world) {
			t.Helper()
			lost := user("lost")
			lost.ManagerID = "nobody"
			nameless := user("nameless")
			nameless.UserPrincipalName = ""
			nul := user("nul")
			nul.DisplayName = "a\x00b"
			latin := user("latin")
			latin.UserPrincipalName = "\xe9@contoso.com"
			for _, wrong := range []directory.User{lost, nameless, nul, latin, {UserPrincipalName: "x@contoso.com"}} {
				w.wantError(w.PutUser(w.ctx(), wrong), store.ErrInvalid)
			}
			count, err := w.CountUsers(w.ctx())
			w.must(err)
			w.equal("users", count, 0)
		}},
		{"users are listed in the order of bytes of their ids", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("b", "a-b", "ab", "Z", "é", "a")
			var ids []string
			for _, u := range all(t, w.Users(w.ctx(), "")) {
				ids = append(ids, u.ID)
			}
			w.equal("ids", ids, []string{"Z", "a", "a-b", "ab", "b", "é"})
			rest := all(t, w.Users(w.ctx(), "ab"))
			w.equal("ids after ab", []string{rest[0].ID, rest[1].ID}, []string{"b", "é"})
		}},
		{"the store may be used while users are listed", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c")
			for u, err := range w.Users(w.ctx(), "") {
				w.must(err)
				w.must(w.RemoveUser(w.ctx(), u.ID))
				_, err = w.User(w.ctx(), u.ID)
				w.must(err)
			}
		}},
		{"removed users stay and can be restored", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			before := time.Now().Add(-time.Second)
			w.wantTouched("removal", func() error { return w.RemoveUser(w.ctx(), "ana") }, "ana")
			got, err := w.User(w.ctx(), "ana")
			w.must(err)
			if !got.Deleted() || got.DeletedAt.Before(before) {
				t.Errorf("deleted at %v", got.DeletedAt)
			}
			w.wantTouched("a second removal", func() error { return w.RemoveUser(w.ctx(), "ana") })
			count, err := w.CountUsers(w.ctx())
			w.must(err)
			w.equal("users", count, 0)
			w.wantTouched("restoring", func() error { return w.RestoreUser(w.ctx(), "ana") }, "ana")
			got, err = w.User(w.ctx(), "ana")
			w.must(err)
			w.equal("user", got, user("ana"))
			for _, err := range []error{w.RemoveUser(w.ctx(), "x"), w.RestoreUser(w.ctx(), "x"), w.PurgeUser(w.ctx(), "x")} {
				w.wantError(err, store.ErrNotFound)
			}
		}},
		{"putting a removed user restores it", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.must(w.RemoveUser(w.ctx(), "ana"))
			w.wantTouched("put", func() error { return w.PutUser(w.ctx(), user("ana")) }, "ana")
			gone := user("ana")
			gone.DeletedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			w.wantTouched("put as deleted", func() error { return w.PutUser(w.ctx(), gone) }, "ana")
			w.equal("deleted", w.subject("ana").User.DeletedAt, gone.DeletedAt)
		}},
		{"purged users are gone with all that they had", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("boss", "ana")
			ana := user("ana")
			ana.ManagerID = "boss"
			w.must(w.PutUser(w.ctx(), ana))
			w.putGroup("g", "boss", "ana")
			w.assign("User", "boss")
			w.wantTouched("purge", func() error { return w.PurgeUser(w.ctx(), "boss") }, "ana", "boss")
			_, err := w.User(w.ctx(), "boss")
			w.wantError(err, store.ErrNotFound)
			w.equal("members", all(t, w.Members(w.ctx(), "g")), []directory.Member{{Group: "g", Member: "ana", Type: "User"}})
			w.equal("assignments", len(all(t, w.Assignments(w.ctx(), w.app.ID))), 0)
			w.equal("manager", w.subject("ana").User.ManagerID, "")
			w.equal("subject", w.subject("boss").Gone, true)
			w.must(w.PutUser(w.ctx(), user("boss")))
		}},
		{"an update that fails changes nothing", func(t *testing.T, w *world) {
			t.Helper()
			failure := errors.New("failure")
			w.wantTouched("failing import", func() error {
				_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
					if yield(directory.Delta{Content: user("ana")}, nil) && yield(directory.Delta{Content: group("g")}, nil) {
						yield(directory.Delta{}, failure)
					}
				}, false)
				w.wantError(err, failure)
				return nil
			})
			_, err := w.User(w.ctx(), "ana")
			w.wantError(err, store.ErrNotFound)
		}},
	}
}

// everyKindOfValue returns a user with an attribute of each kind, and with texts that
// are hard to keep.
func everyKindOfValue(id string) directory.User {
	u := user(id)
	u.DisplayName = `Žofie "O'Brien" \ 日本 😀`
	u.Attributes = attr.New("User", id, map[string]attr.Value{
		"city":             attr.Text("São Paulo\n\t\"quoted\" \\ <&>"),
		"companyName":      attr.Text(""),
		"preferredName":    attr.Text("日本😀\u2028"),
		"onPremisesSync":   attr.Bool(true),
		"isResource":       attr.Bool(false),
		"employeeNumber":   attr.Int(-1234567890123),
		"employeeHireDate": attr.Moment(time.Date(2020, 2, 29, 23, 59, 59, 123456000, time.UTC)),
		"otherMails":       attr.Texts("a@contoso.com", "", `b"c`),
		"businessPhones":   attr.Values(),
		"assistant":        attr.RefTo(attr.Ref{Type: "User", ID: "7"}),
		"address":          attr.Nested(attr.New("Address", "", map[string]attr.Value{"zip": attr.Text("8010")})),
		"mixed":            attr.Values(attr.Int(1), attr.Bool(true), attr.Moment(time.Unix(0, 0))),
	})
	return u
}

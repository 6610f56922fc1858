package storetest

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// midday is the moment that tests of people count from.
func midday() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }

// person returns an administrator who signs in with a password.
func person(name string, role store.Role) store.Administrator {
	return store.Administrator{
		ID: "id-" + name, Name: name + "@Contoso.com", DisplayName: "Name of " + name, Role: role,
		PasswordHash: provisioning.NewSecret("$argon2id$" + name), CreatedAt: midday(),
	}
}

// addPeople adds administrators who sign in with a password.
func (w *world) addPeople(role store.Role, names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.must(w.AddAdministrator(w.ctx(), person(name, role)))
	}
}

// update changes an administrator without a word in the audit log.
func (w *world) update(id string, change func(a *store.Administrator)) error {
	return w.UpdateAdministrator(w.ctx(), id, func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		change(&a)
		return a, nil, nil
	})
}

// activities returns the activities of the audit log, the newest first.
func (w *world) activities() []string {
	w.t.Helper()
	var found []string
	for _, audit := range all(w.t, w.Audits(w.ctx(), 0)) {
		found = append(found, audit.Activity)
	}
	return found
}

func administratorTests() []test {
	return []test{
		{"an administrator comes back as it was added", func(t *testing.T, w *world) {
			t.Helper()
			ann, bob := person("ann", store.RoleAdministrator), person("bob", store.RoleReader)
			bob.PasswordHash, bob.Issuer, bob.Subject = provisioning.Secret{}, "https://id.contoso.com", "Sub-1"
			w.must(w.AddAdministrator(w.ctx(), bob))
			w.must(w.AddAdministrator(w.ctx(), ann, journal.Audit{Activity: "Add administrator"}))
			for _, name := range []string{ann.ID, ann.Name, "ANN@contoso.COM"} {
				got, err := w.Administrator(w.ctx(), name)
				w.must(err)
				w.equal("administrator found as "+name, got, ann)
			}
			got, err := w.AdministratorBySubject(w.ctx(), bob.Issuer, bob.Subject)
			w.must(err)
			w.equal("administrator by subject", got, bob)
			everybody, err := w.Administrators(w.ctx())
			w.must(err)
			w.equal("administrators", everybody, []store.Administrator{ann, bob})
			w.equal("audit log", w.activities(), []string{"Add administrator"})
		}},
		{"somebody who is not known is not found", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann")
			for _, name := range []string{"nobody", "", "a\x00"} {
				_, err := w.Administrator(w.ctx(), name)
				w.wantError(err, store.ErrNotFound)
				_, err = w.AdministratorBySubject(w.ctx(), "", name)
				w.wantError(err, store.ErrNotFound)
			}
			w.wantError(w.update("nobody", func(*store.Administrator) {}), store.ErrNotFound)
			w.wantError(w.RemoveAdministrator(w.ctx(), "nobody"), store.ErrNotFound)
		}},
		{"an administrator that is not right is refused", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann")
			nameless, roleless, nul, half := person("b", "reader"), person("c", "king"), person("d", "reader"), person("e", "reader")
			nameless.Name, nul.DisplayName, half.Subject = "", "\x00", "alone"
			for _, wrong := range []store.Administrator{nameless, roleless, nul, half, {}} {
				w.wantError(w.AddAdministrator(w.ctx(), wrong), store.ErrInvalid)
			}
			twin, double := person("twin", store.RoleReader), person("ann", store.RoleReader)
			twin.Name, double.Name = "ANN@CONTOSO.COM", "other"
			w.wantError(w.AddAdministrator(w.ctx(), twin), store.ErrConflict)
			w.wantError(w.AddAdministrator(w.ctx(), double), store.ErrConflict)
			known := person("known", store.RoleReader)
			known.Issuer, known.Subject = "https://id", "1"
			w.must(w.AddAdministrator(w.ctx(), known))
			same := person("same", store.RoleReader)
			same.Issuer, same.Subject = "https://id", "1"
			w.wantError(w.AddAdministrator(w.ctx(), same), store.ErrConflict)
			w.wantError(w.update("id-ann", func(a *store.Administrator) { a.Name = known.Name }), store.ErrConflict)
		}},
		{"an administrator is changed as a whole, and an error changes nothing", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			w.must(w.update("id-bob", func(a *store.Administrator) {
				a.ID, a.CreatedAt, a.Name, a.Role, a.Issuer, a.Subject = "other", time.Time{}, "Bobby", store.RoleOperator, "https://id", "2"
			}))
			want := person("bob", store.RoleOperator)
			want.Name, want.Issuer, want.Subject = "Bobby", "https://id", "2"
			got, err := w.Administrator(w.ctx(), "bobby")
			w.must(err)
			w.equal("changed", got, want)
			refused := errors.New("refused")
			w.wantError(w.UpdateAdministrator(w.ctx(), "id-bob", func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
				a.Role = store.RoleReader
				return a, []journal.Audit{{Activity: "x"}}, refused
			}), refused)
			got, err = w.Administrator(w.ctx(), "bobby")
			w.must(err)
			w.equal("role", got.Role, store.RoleOperator)
			w.equal("audit log", w.activities(), nil)
		}},
		{"the last administrator who can sign in stays", func(t *testing.T, w *world) {
			t.Helper()
			invited := person("invited", store.RoleAdministrator)
			invited.PasswordHash = provisioning.Secret{}
			w.must(w.AddAdministrator(w.ctx(), invited)) // cannot sign in yet
			w.addPeople(store.RoleOperator, "operator")
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			w.must(w.update("id-bob", func(a *store.Administrator) { a.DisabledAt = midday() }))
			for what, err := range map[string]error{
				"removed":        w.RemoveAdministrator(w.ctx(), "id-ann"),
				"disabled":       w.update("id-ann", func(a *store.Administrator) { a.DisabledAt = midday() }),
				"demoted":        w.update("id-ann", func(a *store.Administrator) { a.Role = store.RoleOperator }),
				"without a key":  w.update("id-ann", func(a *store.Administrator) { a.PasswordHash = provisioning.Secret{} }),
				"at the same as": w.update("id-ann", func(a *store.Administrator) { a.Role, a.DisabledAt = store.RoleReader, midday() }),
			} {
				if !errors.Is(err, store.ErrConflict) {
					t.Errorf("the last one is %s: error %v", what, err)
				}
			}
			w.must(w.update("id-bob", func(a *store.Administrator) { a.DisabledAt = time.Time{} }))
			w.must(w.update("id-ann", func(a *store.Administrator) { a.Role = store.RoleReader }))
			w.wantError(w.RemoveAdministrator(w.ctx(), "id-bob"), store.ErrConflict)
			w.must(w.RemoveAdministrator(w.ctx(), "id-ann"))
			w.must(w.RemoveAdministrator(w.ctx(), "id-invited"))
		}},
		{"two who demote each other at the same time leave one", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			errs := make([]error, 2)
			var group sync.WaitGroup
			for i, id := range []string{"id-ann", "id-bob"} {
				group.Go(func() { errs[i] = w.update(id, func(a *store.Administrator) { a.Role = store.RoleReader }) })
			}
			group.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("errors %v, want one", errs)
			}
		}},
	}
}

// signedIn returns a session that lasts from midday.
func signedIn(name, of string) store.Session {
	return store.Session{
		ID: "session-" + name, AdministratorID: "id-" + of, CreatedAt: midday(), SeenAt: midday(), IdleAt: midday().Add(time.Hour), ExpiresAt: midday().Add(24 * time.Hour),
		Address: "192.0.2.1", UserAgent: "Browser",
	}
}

func sessionTests() []test {
	return []test{
		{"a session comes back with its administrator, who signed in", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann")
			first, second := signedIn("1", "ann"), signedIn("2", "ann")
			second.CreatedAt = midday().Add(time.Minute)
			w.must(w.AddSession(w.ctx(), "hash-1", first, journal.Audit{Activity: "Sign in"}))
			w.must(w.AddSession(w.ctx(), "hash-2", second))
			got, ann, err := w.SessionByHash(w.ctx(), "hash-1")
			w.must(err)
			w.equal("session", got, first)
			want := person("ann", store.RoleAdministrator)
			want.SignedInAt = second.CreatedAt
			w.equal("administrator", ann, want)
			w.must(w.TouchSession(w.ctx(), first.ID, midday().Add(time.Minute), midday().Add(2*time.Hour)))
			first.SeenAt, first.IdleAt = midday().Add(time.Minute), midday().Add(2*time.Hour)
			for _, id := range []string{"id-ann", ""} {
				sessions, err := w.Sessions(w.ctx(), id)
				w.must(err)
				w.equal("sessions of "+id, sessions, []store.Session{second, first})
			}
			w.equal("audit log", w.activities(), []string{"Sign in"})
			_, _, err = w.SessionByHash(w.ctx(), "hash-3")
			w.wantError(err, store.ErrNotFound)
		}},
		{"sessions are read in parts and counted, without those that are over", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			for i, whose := range []string{"ann", "bob", "ann", "bob", "ann"} {
				session := signedIn(strconv.Itoa(i), whose)
				session.CreatedAt = midday().Add(time.Duration(i/2) * time.Minute) // two at a time
				session.IdleAt, session.ExpiresAt = midday().Add(time.Hour), midday().Add(2*time.Hour)
				if i == 4 {
					session.IdleAt = midday()
				}
				w.must(w.AddSession(w.ctx(), "hash-"+strconv.Itoa(i), session))
			}
			var got []string
			for page := (store.Page{Limit: 2}); ; {
				found, err := w.FindSessions(w.ctx(), "", midday(), page)
				w.must(err)
				for _, session := range found.Items {
					got = append(got, session.ID)
				}
				if page.Cursor = found.Next; page.Cursor == "" {
					break
				}
			}
			w.equal("sessions in parts", got, []string{"session-3", "session-2", "session-1", "session-0"})
			own, err := w.FindSessions(w.ctx(), "id-bob", midday(), store.Page{})
			w.must(err)
			w.equal("those of one", len(own.Items), 2)
			_, err = w.FindSessions(w.ctx(), "", midday(), store.Page{Cursor: "x"})
			w.wantError(err, store.ErrInvalid)
			counts, err := w.CountSessions(w.ctx(), midday())
			w.must(err)
			w.equal("counted", counts, map[string]int{"id-ann": 2, "id-bob": 2})
			one, err := w.Session(w.ctx(), "session-1")
			w.must(err)
			w.equal("whose it is", one.AdministratorID, "id-bob")
			_, err = w.Session(w.ctx(), "session-9")
			w.wantError(err, store.ErrNotFound)
		}},
		{"another password ends the other sessions and the links", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			for id, whose := range map[string]string{"1": "ann", "2": "ann", "3": "bob"} {
				w.must(w.AddSession(w.ctx(), "hash-"+id, signedIn(id, whose)))
			}
			w.must(w.AddSignInLink(w.ctx(), "link-ann", link(store.LinkReset, "ann")))
			w.must(w.AddSignInLink(w.ctx(), "link-bob", link(store.LinkReset, "bob")))
			w.must(w.ChangePassword(w.ctx(), "id-ann", provisioning.NewSecret("another"), "session-1", journal.Audit{Activity: "Change password"}))
			sessions, err := w.Sessions(w.ctx(), "id-ann")
			w.must(err)
			w.equal("sessions that are left", []string{sessions[0].ID, strconv.Itoa(len(sessions))}, []string{"session-1", "1"})
			_, _, err = w.SignInLink(w.ctx(), "link-ann")
			w.wantError(err, store.ErrNotFound)
			_, bob, err := w.SignInLink(w.ctx(), "link-bob")
			w.must(err)
			w.equal("the link of somebody else", bob.Name, person("bob", store.RoleAdministrator).Name)
			ann, err := w.Administrator(w.ctx(), "id-ann")
			w.must(err)
			w.equal("the password", ann.PasswordHash.Reveal(), "another")
			w.equal("audit log", w.activities(), []string{"Change password"})
			w.wantError(w.ChangePassword(w.ctx(), "nobody", provisioning.NewSecret("another"), ""), store.ErrNotFound)
		}},
		{"nobody unknown or disabled gets a session", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			w.must(w.update("id-bob", func(a *store.Administrator) { a.DisabledAt = midday() }))
			w.wantError(w.AddSession(w.ctx(), "hash", signedIn("1", "nobody")), store.ErrNotFound)
			w.wantError(w.AddSession(w.ctx(), "hash", signedIn("1", "bob")), store.ErrConflict)
			w.wantError(w.AddSession(w.ctx(), "", signedIn("1", "ann")), store.ErrInvalid)
		}},
		{"sessions end one by one, for a person, and by themselves", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			for _, name := range []string{"1", "2", "3", "4"} {
				w.must(w.AddSession(w.ctx(), "hash-"+name, signedIn(name, "ann")))
			}
			w.must(w.AddSession(w.ctx(), "hash-5", signedIn("5", "bob")))
			w.must(w.RemoveSession(w.ctx(), "session-1", journal.Audit{Activity: "Sign out"}))
			w.wantError(w.RemoveSession(w.ctx(), "session-1"), store.ErrNotFound)
			w.wantError(w.TouchSession(w.ctx(), "session-1", midday(), midday()), store.ErrNotFound)
			count, err := w.RemoveSessions(w.ctx(), "id-ann", "session-2")
			w.must(err)
			w.equal("ended", count, 2)
			w.must(w.TouchSession(w.ctx(), "session-2", midday(), midday().Add(3*time.Hour)))
			count, err = w.RemoveEndedSessions(w.ctx(), midday().Add(time.Hour))
			w.must(err)
			w.equal("over", count, 1)
			sessions, err := w.Sessions(w.ctx(), "")
			w.must(err)
			w.equal("left", len(sessions), 1)
			count, err = w.RemoveEndedSessions(w.ctx(), midday().Add(24*time.Hour))
			w.must(err)
			w.equal("over after a day, although it was used", count, 1)
		}},
		{"who is disabled or removed has no session and no link", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob", "eve")
			for i, name := range []string{"bob", "eve"} {
				w.must(w.AddSession(w.ctx(), "hash-"+name, signedIn(name, name)))
				w.must(w.AddSignInLink(w.ctx(), "link-"+name, link(store.LinkReset, name)))
				if i == 0 {
					w.must(w.update("id-"+name, func(a *store.Administrator) { a.DisabledAt = midday() }))
				} else {
					w.must(w.RemoveAdministrator(w.ctx(), "id-"+name))
				}
				_, _, err := w.SessionByHash(w.ctx(), "hash-"+name)
				w.wantError(err, store.ErrNotFound)
				_, _, err = w.SignInLink(w.ctx(), "link-"+name)
				w.wantError(err, store.ErrNotFound)
			}
		}},
	}
}

// link returns a link that is good for an hour from midday.
func link(purpose store.LinkPurpose, of string) store.SignInLink {
	l := store.SignInLink{Purpose: purpose, CreatedAt: midday(), ExpiresAt: midday().Add(time.Hour)}
	if of != "" {
		l.AdministratorID = "id-" + of
	}
	return l
}

// use uses a link at a moment; what it makes has another display name.
func (w *world) use(hash string, at time.Time) (store.Administrator, error) {
	return w.UseSignInLink(w.ctx(), hash, at, func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		if a.ID == "" {
			a = person("first", store.RoleAdministrator)
		}
		a.DisplayName = "Used " + hash
		return a, []journal.Audit{{Activity: "Use " + hash}}, nil
	})
}

func signInLinkTests() []test {
	return []test{
		{"the first administrator is made by a link, once", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddSignInLink(w.ctx(), "old", link(store.LinkSetUp, "")))
			w.must(w.AddSignInLink(w.ctx(), "new", link(store.LinkSetUp, "")))
			_, err := w.use("old", midday())
			w.wantError(err, store.ErrNotFound) // the new one took its place
			made, err := w.use("new", midday())
			w.must(err)
			w.equal("name", made.DisplayName, "Used new")
			_, err = w.use("new", midday())
			w.wantError(err, store.ErrGone)
			w.wantError(w.AddSignInLink(w.ctx(), "again", link(store.LinkSetUp, "")), store.ErrConflict)
			w.equal("audit log", w.activities(), []string{"Use new"})
		}},
		{"the first link is good for nothing once somebody was added", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddSignInLink(w.ctx(), "first", link(store.LinkSetUp, "")))
			w.addPeople(store.RoleReader, "ann")
			_, err := w.use("first", midday())
			w.wantError(err, store.ErrGone)
		}},
		{"a link is for somebody, until it is over", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			w.must(w.AddSignInLink(w.ctx(), "ann", link(store.LinkReset, "ann"), journal.Audit{Activity: "Make link"}))
			w.must(w.AddSignInLink(w.ctx(), "bob", link(store.LinkReset, "bob")))
			found, ann, err := w.SignInLink(w.ctx(), "ann")
			w.must(err)
			w.equal("link", found, link(store.LinkReset, "ann"))
			w.equal("for whom", ann.ID, "id-ann")
			open, err := w.SignInLinks(w.ctx())
			w.must(err)
			w.equal("links", len(open), 2)
			_, err = w.use("ann", midday().Add(time.Hour))
			w.wantError(err, store.ErrGone)
			_, err = w.use("ann", midday().Add(time.Hour-time.Second))
			w.must(err)
			got, err := w.Administrator(w.ctx(), "id-ann")
			w.must(err)
			w.equal("changed", got.DisplayName, "Used ann")
			open, err = w.SignInLinks(w.ctx())
			w.must(err)
			w.equal("links that were not used", len(open), 1)
			_, err = w.use("nothing", midday())
			w.wantError(err, store.ErrNotFound)
		}},
		{"a link that is not right is refused", func(t *testing.T, w *world) {
			t.Helper()
			w.addPeople(store.RoleAdministrator, "ann", "bob")
			w.must(w.update("id-bob", func(a *store.Administrator) { a.DisabledAt = midday() }))
			w.wantError(w.AddSignInLink(w.ctx(), "x", link(store.LinkReset, "nobody")), store.ErrNotFound)
			w.wantError(w.AddSignInLink(w.ctx(), "x", link(store.LinkReset, "bob")), store.ErrConflict)
			w.wantError(w.AddSignInLink(w.ctx(), "x", link(store.LinkReset, "")), store.ErrInvalid)
			w.wantError(w.AddSignInLink(w.ctx(), "", link(store.LinkReset, "ann")), store.ErrInvalid)
		}},
		{"of several who use a link at the same time one does", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddSignInLink(w.ctx(), "first", link(store.LinkSetUp, "")))
			errs := make([]error, 4)
			var group sync.WaitGroup
			for i := range errs {
				group.Go(func() { _, errs[i] = w.use("first", midday()) })
			}
			group.Wait()
			used := 0
			for _, err := range errs {
				if err == nil {
					used++
				} else if !errors.Is(err, store.ErrGone) {
					t.Error(err)
				}
			}
			w.equal("used", used, 1)
		}},
	}
}

func settingsTests() []test {
	put := func(w *world, change func(s *store.Settings)) store.Settings {
		after, err := w.UpdateSettings(w.ctx(), func(s store.Settings) (store.Settings, []journal.Audit, error) {
			change(&s)
			return s, []journal.Audit{{Activity: "Update service settings"}}, nil
		})
		w.must(err)
		return after
	}
	return []test{
		{"settings come back with their secrets and the next version", func(t *testing.T, w *world) {
			t.Helper()
			none, err := w.Settings(w.ctx())
			w.must(err)
			w.equal("settings before any", none, store.Settings{})
			want := store.Settings{
				PublicURL: "https://usher.contoso.com", LogDays: 90, WebhookSecret: provisioning.NewSecret("whsec"),
				Mail: store.MailServer{Address: "smtp:587", From: "usher@contoso.com", Security: store.MailTLS, Username: "usher", Password: provisioning.NewSecret("canary")},
				SignIn: store.SignInSettings{PasswordsOff: true, IdleMinutes: 5, MaxHours: 6, OpenID: store.OpenIDProvider{
					Issuer: "https://id", ClientID: "usher", ClientSecret: provisioning.NewSecret("secret"), Claim: "groups",
					Roles: map[string]store.Role{"admins": store.RoleAdministrator}, DefaultRole: store.RoleReader, Scopes: []string{"groups"},
				}},
			}
			after := put(w, func(s *store.Settings) { *s = want })
			want.Version = 1
			w.equal("what was written", after, want)
			got, err := w.Settings(w.ctx())
			w.must(err)
			w.equal("settings", got, want)
			put(w, func(s *store.Settings) { s.Mail = store.MailServer{} })
			version, err := w.SettingsVersion(w.ctx())
			w.must(err)
			w.equal("version", version, int64(2))
			w.equal("audit log", w.activities(), []string{"Update service settings", "Update service settings"})
		}},
		{"an error changes no settings", func(t *testing.T, w *world) {
			t.Helper()
			put(w, func(s *store.Settings) { s.LogDays = 7 })
			refused := errors.New("refused")
			_, err := w.UpdateSettings(w.ctx(), func(s store.Settings) (store.Settings, []journal.Audit, error) {
				s.LogDays = 8
				return s, nil, refused
			})
			w.wantError(err, refused)
			got, err := w.Settings(w.ctx())
			w.must(err)
			w.equal("days", got.LogDays, 7)
		}},
		{"changes of settings at the same time all count", func(t *testing.T, w *world) {
			t.Helper()
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					_, err := w.UpdateSettings(w.ctx(), func(s store.Settings) (store.Settings, []journal.Audit, error) {
						s.LogDays++
						return s, nil, nil
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			got, err := w.Settings(w.ctx())
			w.must(err)
			w.equal("days", got.LogDays, 4)
			w.equal("version", got.Version, int64(4))
		}},
	}
}

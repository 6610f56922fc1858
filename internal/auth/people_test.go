package auth_test

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
)

const goodPassword = "correct horse battery"

// office is the sign-in of people on a store of its own.
type office struct {
	*auth.People

	t        *testing.T
	store    *sqlstore.Store
	settings store.SignInSettings
}

// desk is from where people of the tests sign in.
func desk() auth.Device { return auth.Device{Address: "192.0.2.1", UserAgent: "Browser"} }

func newOffice(t *testing.T) *office {
	t.Helper()
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db"), Sealer: plainSealer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	o := &office{t: t, store: opened}
	o.restart(auth.PasswordCost{Memory: 64, Passes: 1, Threads: 1})
	return o
}

// restart makes the sign-in anew on the same database.
func (o *office) restart(cost auth.PasswordCost) {
	o.t.Helper()
	people, err := auth.NewPeople(auth.PeopleConfig{Store: o.store, Settings: func() store.SignInSettings { return o.settings }, Cost: cost})
	o.must(err)
	o.People = people
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// first makes the first administrator, ann, who is signed in.
func (o *office) first() auth.Session {
	o.t.Helper()
	link, made, err := o.SetupLink(o.t.Context())
	o.must(err)
	if !made {
		o.t.Fatal("there is no set-up link")
	}
	session, err := o.Redeem(o.t.Context(), link.Token, auth.Redemption{Name: "ann@contoso.com", DisplayName: "Ann", Password: goodPassword}, desk())
	o.must(err)
	return session
}

// join adds somebody with a password, who is signed in.
func (o *office) join(by auth.Visitor, name string, role store.Role) auth.Session {
	o.t.Helper()
	link, err := o.Invite(o.t.Context(), by, auth.Invitation{Name: name, Role: role})
	o.must(err)
	session, err := o.Redeem(o.t.Context(), link.Token, auth.Redemption{Password: goodPassword}, desk())
	o.must(err)
	return session
}

// audits returns activity, actor, subject and detail of the audit log, the newest first.
func (o *office) audits() []journal.Audit {
	o.t.Helper()
	var found []journal.Audit
	for audit, err := range o.store.Audits(o.t.Context(), 0) {
		o.must(err)
		audit.ID, audit.At = 0, time.Time{}
		found = append(found, audit)
	}
	return found
}

func (o *office) wantVisitor(token string, want store.Role) {
	o.t.Helper()
	visitor, err := o.Visitor(o.t.Context(), token)
	if want == "" {
		if !errors.Is(err, auth.ErrNoSession) {
			o.t.Errorf("the token is that of %v, error %v", visitor, err)
		}
		return
	}
	if err != nil || visitor.Role != want {
		o.t.Errorf("the token is that of %v, error %v, want the role %s", visitor, err, want)
	}
}

func TestTheFirstAdministratorComesThroughALinkThatIsGoodOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	old, _, err := o.SetupLink(t.Context())
	o.must(err)
	link, made, err := o.SetupLink(t.Context())
	o.must(err)
	if !made || !strings.HasSuffix(link.URL("https://usher.example/"), "https://usher.example/sign-in/link/"+link.Token) {
		t.Errorf("link %+v", link)
	}
	if _, err := o.LookAtLink(t.Context(), old.Token); !errors.Is(err, auth.ErrLink) {
		t.Errorf("the link from before gives the error %v", err)
	}
	seen, err := o.LookAtLink(t.Context(), link.Token)
	if err != nil || seen.Purpose != store.LinkSetUp || !seen.NeedsPassword || seen.Token != "" {
		t.Errorf("the link is for %+v, error %v", seen, err)
	}
	for _, wrong := range []struct {
		chosen auth.Redemption
		field  string
	}{
		{auth.Redemption{Password: goodPassword}, "name"},
		{auth.Redemption{Name: "ann\x00", Password: goodPassword}, "name"},
		{auth.Redemption{Name: strings.Repeat("a", 300), Password: goodPassword}, "name"},
		{auth.Redemption{Name: "ann@contoso.com"}, "password"},
		{auth.Redemption{Name: "ann@contoso.com", Password: "short"}, "password"},
	} {
		_, err := o.Redeem(t.Context(), link.Token, wrong.chosen, desk())
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != wrong.field {
			t.Errorf("%v gives the error %v, want one of the field %s", wrong.chosen, err, wrong.field)
		}
	}
	session, err := o.Redeem(t.Context(), link.Token, auth.Redemption{Name: " ann@contoso.com ", Password: goodPassword}, desk())
	if err != nil || session.Name != "ann@contoso.com" || session.DisplayName != "ann@contoso.com" || session.Role != store.RoleAdministrator {
		t.Fatalf("session %+v, error %v", session, err)
	}
	o.wantVisitor(session.Token, store.RoleAdministrator)
	if _, err := o.Redeem(t.Context(), link.Token, auth.Redemption{Name: "eve", Password: goodPassword}, desk()); !errors.Is(err, auth.ErrLink) {
		t.Errorf("the link is good again: error %v", err)
	}
	if _, made, err := o.SetupLink(t.Context()); made || err != nil {
		t.Errorf("there is another set-up link: %v, error %v", made, err)
	}
	want := []journal.Audit{
		{Activity: "Sign in", Actor: "ann@contoso.com (portal)", Subject: "ann@contoso.com", Detail: "with a link, from 192.0.2.1"},
		{Activity: "Use sign-in link", Actor: "ann@contoso.com (portal)", Subject: "ann@contoso.com", Detail: "set-up, from 192.0.2.1"},
		{Activity: "Make sign-in link", Actor: "Usher", Subject: "the first administrator", Detail: "set-up"},
		{Activity: "Make sign-in link", Actor: "Usher", Subject: "the first administrator", Detail: "set-up"},
	}
	if got := o.audits(); !slices.Equal(got, want) {
		t.Errorf("audit log %+v", got)
	}
}

func TestALinkIsTooOldAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		link, _, err := o.SetupLink(t.Context())
		o.must(err)
		time.Sleep(auth.SetUpLifetime)
		if _, err := o.Redeem(t.Context(), link.Token, auth.Redemption{Name: "ann", Password: goodPassword}, desk()); !errors.Is(err, auth.ErrLink) {
			t.Errorf("error %v", err)
		}
	})
}

func TestSigningInWithAPassword(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	bob := o.join(ann.Visitor, "bob@contoso.com", store.RoleReader)
	o.must(o.Disable(t.Context(), ann.Visitor, bob.ID))
	_, err := o.Invite(t.Context(), ann.Visitor, auth.Invitation{Name: "new@contoso.com", Role: store.RoleReader})
	o.must(err)
	session, err := o.SignIn(t.Context(), " Ann@Contoso.com", goodPassword, auth.Device{Address: "192.0.2.1", Replaces: ann.Token})
	o.must(err)
	if session.ID != ann.ID || session.SessionID == ann.SessionID || session.Token == ann.Token {
		t.Errorf("session %+v after %+v", session, ann)
	}
	o.wantVisitor(session.Token, store.RoleAdministrator)
	o.wantVisitor(ann.Token, "") // the new one took its place
	for name, password := range map[string]string{
		"ann@contoso.com": "wrong " + goodPassword, "nobody": goodPassword, "bob@contoso.com": goodPassword, "new@contoso.com": "", ann.ID: goodPassword, "": "", "a\x00": "b",
	} {
		if _, err := o.SignIn(t.Context(), name, password, desk()); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("%q with %q: error %v", name, password, err)
		}
	}
	denied := map[string]string{}
	for _, audit := range o.audits() {
		if audit.Activity == "Deny sign-in" {
			denied[audit.Actor] = audit.Detail
		}
		if strings.Contains(audit.Detail+audit.Actor, goodPassword) {
			t.Errorf("the audit log shows a password: %v", audit)
		}
	}
	for actor, want := range map[string]string{
		"ann@contoso.com (portal)": "wrong password, from 192.0.2.1", "bob@contoso.com (portal)": "the administrator is disabled, from 192.0.2.1",
		"new@contoso.com (portal)": "the administrator has no password, from 192.0.2.1",
	} {
		if denied[actor] != want {
			t.Errorf("denied %v, want %s: %s", denied, actor, want)
		}
	}
	if len(denied) != 3 {
		t.Errorf("denied %v", denied)
	}
	o.must(o.SignOut(t.Context(), session.Token))
	o.must(o.SignOut(t.Context(), session.Token))
	o.wantVisitor(session.Token, "")
	o.settings.PasswordsOff = true
	if _, err := o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk()); !errors.Is(err, auth.ErrPasswordsOff) {
		t.Errorf("passwords are off: error %v", err)
	}
}

func TestWhoFailsWaitsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.first()
		try := func(password, address string) time.Duration {
			_, err := o.SignIn(t.Context(), "ann@contoso.com", password, auth.Device{Address: address})
			throttled, ok := errors.AsType[*auth.ThrottledError](err)
			if !ok {
				return 0
			}
			return throttled.RetryAfter
		}
		for range 5 {
			if wait := try("wrong", "192.0.2.1"); wait != 0 {
				t.Fatalf("waits %v at first", wait)
			}
		}
		var waits []time.Duration
		for range 8 {
			wait := try("wrong", "192.0.2.2") // from another address, for the same name
			waits = append(waits, wait)
			if again := try(goodPassword, "192.0.2.3"); again == 0 {
				t.Fatal("the right password need not wait")
			}
			time.Sleep(wait)
			if wait := try("wrong", "192.0.2.2"); wait != 0 {
				t.Fatalf("waits %v after the wait", wait)
			}
		}
		want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute}
		if !slices.Equal(waits, want) {
			t.Errorf("waits %v, want %v", waits, want)
		}
		time.Sleep(time.Minute)
		if _, err := o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk()); err != nil {
			t.Errorf("the right password after the wait: %v", err)
		}
		if wait := try("wrong", "192.0.2.1"); wait != 0 {
			t.Errorf("waits %v after a success", wait)
		}
	})
}

func TestManyNamesFromOneAddressHaveToWait(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 40 {
		_, err := o.SignIn(t.Context(), strings.Repeat("x", i+1), "wrong", auth.Device{Address: "2001:db8::" + string(rune('a'+i%6))})
		if throttled, ok := errors.AsType[*auth.ThrottledError](err); ok {
			if i < 20 || throttled.RetryAfter <= 0 {
				t.Errorf("attempt %d waits %v", i, throttled.RetryAfter)
			}
			return
		}
	}
	t.Error("40 names could be tried from one network")
}

func TestManyAttemptsAtTheSameTimeAreCountedBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.first()
	var (
		group sync.WaitGroup
		mutex sync.Mutex
		tried int
	)
	for range 30 {
		group.Go(func() {
			_, err := o.SignIn(t.Context(), "ann@contoso.com", "wrong", auth.Device{})
			mutex.Lock()
			defer mutex.Unlock()
			if errors.Is(err, auth.ErrCredentials) {
				tried++
			}
		})
	}
	group.Wait()
	if tried > 6 {
		t.Errorf("%d passwords were tried", tried)
	}
}

func TestASessionEndsWhenItIsIdleAndAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.settings = store.SignInSettings{IdleMinutes: 60, MaxHours: 24}
		idle := o.first()
		time.Sleep(59 * time.Minute)
		o.wantVisitor(idle.Token, store.RoleAdministrator)
		time.Sleep(59 * time.Minute)
		o.wantVisitor(idle.Token, store.RoleAdministrator) // use keeps it
		time.Sleep(time.Hour)
		o.wantVisitor(idle.Token, "")
		used, err := o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk())
		o.must(err)
		if until := time.Until(used.Expires); until != 24*time.Hour {
			t.Errorf("the session ends in %v", until)
		}
		for range 47 {
			time.Sleep(30 * time.Minute)
			o.wantVisitor(used.Token, store.RoleAdministrator)
		}
		time.Sleep(30 * time.Minute)
		o.wantVisitor(used.Token, "") // whatever its use
	})
}

// A page that stays open asks again and again, and nobody is there.
func TestWatchingIsNoUseOfASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.settings = store.SignInSettings{IdleMinutes: 60, MaxHours: 24}
		ann := o.first()
		for minute := range 60 {
			if visitor, err := o.Watcher(t.Context(), ann.Token); err != nil || visitor != ann.Visitor {
				t.Fatalf("after %d minutes: %v, %v", minute, visitor, err)
			}
			time.Sleep(time.Minute)
		}
		if _, err := o.Watcher(t.Context(), ann.Token); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("the session that is idle: %v", err)
		}
		o.wantVisitor(ann.Token, "")
	})
}

func TestTheUseOfASessionIsWrittenDownOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		ann := o.first()
		began := time.Now()
		seen := func() time.Duration {
			o.wantVisitor(ann.Token, store.RoleAdministrator)
			sessions, err := o.Sessions(t.Context(), ann.Visitor, ann.ID)
			o.must(err)
			return sessions[0].SeenAt.Sub(began).Round(time.Second)
		}
		time.Sleep(59 * time.Second)
		if got := seen(); got != 0 {
			t.Errorf("seen after %v", got)
		}
		time.Sleep(2 * time.Second)
		if got := seen(); got != 61*time.Second {
			t.Errorf("seen after %v", got)
		}
	})
}

func TestRolesHoldFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	bob := o.join(ann.Visitor, "bob", store.RoleAdministrator)
	o.must(o.SetRole(t.Context(), ann.Visitor, bob.ID, store.RoleReader))
	o.wantVisitor(bob.Token, store.RoleReader)
	now, err := o.Visitor(t.Context(), bob.Token)
	o.must(err)
	for what, err := range map[string]error{
		"role":    o.SetRole(t.Context(), now, ann.ID, store.RoleReader),
		"disable": o.Disable(t.Context(), now, ann.ID),
		"remove":  o.Remove(t.Context(), now, ann.ID),
	} {
		if !errors.Is(err, auth.ErrForbidden) {
			t.Errorf("a reader may %s: error %v", what, err)
		}
	}
	if _, err := o.Invite(t.Context(), now, auth.Invitation{Name: "x", Role: store.RoleReader}); !errors.Is(err, auth.ErrForbidden) {
		t.Errorf("a reader may invite: error %v", err)
	}
	if _, err := o.NewLink(t.Context(), now, ann.ID); !errors.Is(err, auth.ErrForbidden) {
		t.Errorf("a reader may make a link: error %v", err)
	}
	for what, err := range map[string]error{
		"demote":  o.SetRole(t.Context(), ann.Visitor, ann.ID, store.RoleReader),
		"disable": o.Disable(t.Context(), ann.Visitor, ann.ID),
		"remove":  o.Remove(t.Context(), ann.Visitor, ann.ID),
	} {
		if !errors.Is(err, auth.ErrLast) {
			t.Errorf("%s the last one: error %v", what, err)
		}
	}
	o.must(o.Disable(t.Context(), ann.Visitor, bob.ID))
	o.wantVisitor(bob.Token, "")
	o.must(o.Enable(t.Context(), ann.Visitor, bob.ID))
	o.wantVisitor(bob.Token, "") // the session is gone for good
	o.must(o.Remove(t.Context(), ann.Visitor, bob.ID))
	if err := o.SetRole(t.Context(), ann.Visitor, bob.ID, store.RoleReader); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a removed one gets a role: error %v", err)
	}
	if _, ok := errors.AsType[*auth.InputError](o.SetRole(t.Context(), ann.Visitor, ann.ID, "king")); !ok {
		t.Error("there is a role king")
	}
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	bob := o.join(ann.Visitor, "bob", store.RoleReader)
	second, err := o.SignIn(t.Context(), "bob", goodPassword, desk())
	o.must(err)
	if _, err := o.Sessions(t.Context(), bob.Visitor, ""); !errors.Is(err, auth.ErrForbidden) {
		t.Errorf("a reader sees all sessions: error %v", err)
	}
	if err := o.RevokeSession(t.Context(), bob.Visitor, ann.SessionID); !errors.Is(err, auth.ErrForbidden) {
		t.Errorf("a reader ends the session of another: error %v", err)
	}
	all, err := o.Sessions(t.Context(), ann.Visitor, "")
	if err != nil || len(all) != 3 {
		t.Errorf("sessions %v, error %v", all, err)
	}
	o.must(o.RevokeSession(t.Context(), bob.Visitor, second.SessionID))
	o.must(o.RevokeSession(t.Context(), bob.Visitor, second.SessionID))
	o.wantVisitor(second.Token, "")
	o.wantVisitor(bob.Token, store.RoleReader)
	count, err := o.RevokeSessions(t.Context(), ann.Visitor, bob.ID)
	if err != nil || count != 1 {
		t.Errorf("%d sessions ended, error %v", count, err)
	}
	o.wantVisitor(bob.Token, "")
	count, err = o.RevokeSessions(t.Context(), ann.Visitor, ann.ID)
	if err != nil || count != 0 {
		t.Errorf("%d sessions ended, error %v", count, err)
	}
	o.wantVisitor(ann.Token, store.RoleAdministrator) // the one in use stays
}

func TestAPasswordIsChangedByWhoKnowsIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	other, err := o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk())
	o.must(err)
	for _, test := range []struct{ current, next, field string }{
		{"wrong", "another good password", "current"}, {goodPassword, "short", "password"}, {goodPassword, "ann@contoso.com", "password"},
	} {
		err := o.ChangePassword(t.Context(), ann.Visitor, test.current, test.next)
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != test.field {
			t.Errorf("%v: error %v", test, err)
		}
	}
	o.wantVisitor(other.Token, store.RoleAdministrator)
	link, err := o.NewLink(t.Context(), ann.Visitor, ann.ID)
	o.must(err)
	_, err = o.LookAtLink(t.Context(), link.Token)
	o.must(err)
	o.must(o.ChangePassword(t.Context(), ann.Visitor, goodPassword, "another good password"))
	if _, err := o.LookAtLink(t.Context(), link.Token); !errors.Is(err, auth.ErrLink) {
		t.Errorf("the link to choose another password is good for something still: %v", err)
	}
	o.wantVisitor(ann.Token, store.RoleAdministrator)
	o.wantVisitor(other.Token, "")
	if _, err := o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk()); !errors.Is(err, auth.ErrCredentials) {
		t.Errorf("the password from before: error %v", err)
	}
	_, err = o.SignIn(t.Context(), "ann@contoso.com", "another good password", desk())
	o.must(err)
}

func TestAResetLinkGivesAnotherPasswordAndEndsSessions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	link, err := o.NewLink(t.Context(), auth.CommandLine("root"), "ANN@contoso.com")
	o.must(err)
	if link.Purpose != store.LinkReset || link.Name != "ann@contoso.com" {
		t.Errorf("link %+v", link)
	}
	o.wantVisitor(ann.Token, store.RoleAdministrator) // until it is used
	session, err := o.Redeem(t.Context(), link.Token, auth.Redemption{Name: "eve", Password: "another good password"}, desk())
	o.must(err)
	if session.Name != "ann@contoso.com" {
		t.Errorf("the bearer of the link is %v", session.Visitor)
	}
	o.wantVisitor(ann.Token, "")
	o.wantVisitor(session.Token, store.RoleAdministrator)
}

func TestAnInvitationIsChecked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	for _, test := range []struct {
		invitation auth.Invitation
		field      string
	}{
		{auth.Invitation{Role: store.RoleReader}, "name"},
		{auth.Invitation{Name: "Ann@Contoso.com", Role: store.RoleReader}, "name"},
		{auth.Invitation{Name: "bob"}, "role"},
		{auth.Invitation{Name: "bob", DisplayName: "\x07", Role: store.RoleReader}, "displayName"},
	} {
		_, err := o.Invite(t.Context(), ann.Visitor, test.invitation)
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != test.field {
			t.Errorf("%v: error %v", test, err)
		}
	}
}

func TestAHashIsRenewedWhenItsCostGrows(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ann := o.first()
	before, err := o.store.Administrator(t.Context(), ann.ID)
	o.must(err)
	o.restart(auth.PasswordCost{Memory: 128, Passes: 2, Threads: 1})
	_, err = o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk())
	o.must(err)
	after, err := o.store.Administrator(t.Context(), ann.ID)
	o.must(err)
	if !strings.HasPrefix(before.PasswordHash.Reveal(), "$argon2id$v=19$m=64,t=1,p=1$") || !strings.HasPrefix(after.PasswordHash.Reveal(), "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("hashes %s and %s", before.PasswordHash.Reveal(), after.PasswordHash.Reveal())
	}
	_, err = o.SignIn(t.Context(), "ann@contoso.com", goodPassword, desk())
	o.must(err)
}

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"short": "12 are the least", strings.Repeat("a1B!", 65): "256 are the most", "aaaaaaaaaaaaaaaa": "fewer than four", "Password1234": "tried first",
		"ann@contoso.com": "the password is the name", "annabelleannabelle": "the password is the name", "\xff\xfe1234567890": "not text",
	} {
		err := auth.CheckPassword(password, "ann@contoso.com", "annabelle")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one about %q", password, err, want)
		}
	}
	for _, password := range []string{goodPassword, "zwölf Zeichen", "ann@contoso.com and more", strings.Repeat("a1B!", 64)} {
		if err := auth.CheckPassword(password, "ann@contoso.com", "Ann"); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestTheDeviceIsWhatATrustedProxySaw(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	request.RemoteAddr = "[2001:db8::1]:4711"
	request.Header.Add("X-Forwarded-For", "10.0.0.1, 198.51.100.7")
	request.Header.Set("User-Agent", strings.Repeat("ä", 1000))
	if got := auth.DeviceOf(request, false); got.Address != "2001:db8::1" || len(got.UserAgent) > 300 {
		t.Errorf("device %+v", got)
	}
	if got := auth.DeviceOf(request, true); got.Address != "198.51.100.7" {
		t.Errorf("device %+v", got)
	}
}

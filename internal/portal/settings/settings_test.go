package settings_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/auth/authtest"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	pages "github.com/usher-id/usher/internal/portal/settings"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

const (
	reader        = store.RoleReader
	operator      = store.RoleOperator
	administrator = store.RoleAdministrator

	canary  = "canary-secret-7f3a91c04e5d2b68"
	another = "another-canary-secret-55aa10ef"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, pages.New(pages.Config{}))
}

// notifier takes what it is given, unless it is told what to answer.
type notifier struct {
	answer error
	took   []string
}

func (n *notifier) Mail(_ context.Context, recipient string, _ provisioning.Notice) error {
	n.took = append(n.took, "mail "+recipient)
	return n.answer
}

func (n *notifier) Post(_ context.Context, webhook string, _ provisioning.Notice) error {
	n.took = append(n.took, "post "+webhook)
	return n.answer
}

// world is one with the pages of the settings.
type world struct {
	*portaltest.World

	live     *settings.Live
	people   *auth.People
	notifier *notifier
}

func newWorld(t *testing.T, overrides ...settings.Override) *world {
	t.Helper()
	w := &world{notifier: &notifier{}}
	w.World = portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		kept, ok := service.Store.(interface {
			pages.Store
			auth.PeopleStore
			store.ServiceSettings
		})
		if !ok {
			t.Fatal("the store of the world keeps no settings")
		}
		var err error
		if w.live, err = settings.Open(t.Context(), settings.Config{Store: kept, Overrides: overrides}); err != nil {
			t.Fatal(err)
		}
		w.people, err = auth.NewPeople(auth.PeopleConfig{
			Store: kept, Settings: func() store.SignInSettings { return w.live.Effective().SignIn }, Cost: auth.PasswordCost{Memory: 64, Passes: 1, Threads: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		return []portaltest.Area{pages.New(pages.Config{
			Administration: service, Store: kept, People: w.people, Settings: w.live, Notifier: w.notifier, Version: "test", Node: "node-1",
		})}
	})
	return w
}

// add keeps an administrator as they are, with the name as id.
func (w *world) add(name string, role store.Role) store.Administrator {
	w.TB.Helper()
	a := store.Administrator{
		ID: name, Name: name + "@contoso.com", DisplayName: strings.ToUpper(name[:1]) + name[1:], Role: role,
		PasswordHash: provisioning.NewSecret("hash-of-" + canary), CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	w.Must(w.Store.AddAdministrator(w.TB.Context(), a))
	return a
}

func (w *world) session(id, whose string) {
	w.TB.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.Must(w.Store.AddSession(w.TB.Context(), "hash-"+id, store.Session{
		ID: id, AdministratorID: whose, CreatedAt: now, SeenAt: now, IdleAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour), Address: "192.0.2.7", UserAgent: "Firefox",
	}))
}

// entries adds entries to the provisioning log, of these moments.
func (w *world) entries(moments ...time.Time) {
	w.TB.Helper()
	app, err := w.Service.Application(w.TB.Context(), "Salesforce")
	if errors.Is(err, store.ErrNotFound) {
		app, err = w.Add(), nil
	}
	w.Must(err)
	cycles := w.Store.Engine()
	job, err := cycles.Begin(w.TB.Context(), app.Job.ID)
	w.Must(err)
	cycle := engine.Cycle{ID: "c", JobID: job.ID, ApplicationID: app.ID, Fence: job.Fence}
	var commit engine.Commit
	for i, at := range moments {
		commit.Entries = append(commit.Entries, journal.Entry{
			At: at, JobID: app.Job.ID, ApplicationID: app.ID, CycleID: "c", Change: plan.Change{Action: plan.Update, Status: plan.Success, Source: plan.Identity{ID: strconv.Itoa(i), Name: "ana"}},
		})
	}
	w.Must(cycles.Commit(w.TB.Context(), cycle, commit))
}

// audited fails unless the latest records begin with these, the newest first.
func (w *world) audited(want ...string) {
	w.TB.Helper()
	got := w.Audits(len(want))
	for i, text := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], text) {
			w.TB.Errorf("the audit log begins with %q, wanted %q", got, want)
			return
		}
	}
}

// quiet fails when one of the texts is in the audit log.
func (w *world) quiet(texts ...string) {
	w.TB.Helper()
	for _, record := range w.Audits(0) {
		for _, text := range texts {
			if strings.Contains(record, text) {
				w.TB.Errorf("the audit log has a secret: %s", record)
			}
		}
	}
}

// form is what a browser sends of the form that a page sends to an action, with changes.
func form(answer portaltest.Answer, action string, changes url.Values) url.Values {
	sent := url.Values{}
	at := `form[action="` + action + `"] `
	for _, input := range answer.All(at + "input:not([disabled]), " + at + "textarea:not([disabled])") {
		name, _ := pagetest.Attribute(input, "name")
		kind, _ := pagetest.Attribute(input, "type")
		value, _ := pagetest.Attribute(input, "value")
		if input.Data == "textarea" {
			value = ""
			if input.FirstChild != nil {
				value = input.FirstChild.Data
			}
		}
		if _, checked := pagetest.Attribute(input, "checked"); name != "" && (kind != "checkbox" || checked) {
			sent.Add(name, value)
		}
	}
	for _, choice := range answer.All(at + "select:not([disabled])") {
		name, _ := pagetest.Attribute(choice, "name")
		sent.Add(name, strings.Join(answer.Attributes(at+`select[name="`+name+`"] option[selected]`, "value"), ""))
	}
	for name, values := range changes {
		if sent[name] = values; values == nil {
			sent.Del(name)
		}
	}
	return sent
}

// save sends the form of a page with changes.
func (w *world) save(path string, changes url.Values) portaltest.Answer {
	w.TB.Helper()
	return w.Post(administrator, path, form(w.Get(administrator, path), path, changes))
}

func TestReadersSeeTheOverviewTheAuditLogAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("ann", administrator)
	open := []string{"/settings", "/settings/about", "/settings/audit", "/settings/audit/download"}
	closed := []string{
		"/settings/administrators", "/settings/administrators/invite", "/settings/administrators/ann", "/settings/administrators/ann/remove", "/settings/sessions",
		"/settings/api-clients", "/settings/api-clients/new", "/settings/notifications", "/settings/sign-in", "/settings/retention",
	}
	forms := []string{
		"/settings/administrators/invite", "/settings/administrators/ann/role", "/settings/administrators/ann/disable", "/settings/administrators/ann/enable",
		"/settings/administrators/ann/link", "/settings/administrators/ann/sessions", "/settings/administrators/ann/remove", "/settings/sessions/revoke",
		"/settings/api-clients/new", "/settings/api-clients/x/rotate", "/settings/api-clients/x/revoke", "/settings/notifications", "/settings/notifications/test-mail",
		"/settings/notifications/test-webhook", "/settings/sign-in", "/settings/sign-in/check", "/settings/retention",
	}
	for _, role := range []store.Role{reader, operator} {
		for _, path := range open {
			if got := w.Get(role, path).Status; got != http.StatusOK {
				t.Errorf("%s, GET %s: %d", role, path, got)
			}
		}
		for _, path := range closed {
			if got := w.Get(role, path).Status; got != http.StatusForbidden {
				t.Errorf("%s, GET %s: %d", role, path, got)
			}
		}
		for _, path := range forms {
			if got := w.Post(role, path, url.Values{}).Status; got != http.StatusForbidden {
				t.Errorf("%s, POST %s: %d", role, path, got)
			}
		}
		overview := w.Get(role, "/settings")
		if links := overview.Attributes(".settings-tile a", "href"); !slices.Equal(links, []string{"/settings/audit", "/settings/about"}) {
			t.Errorf("%s is led to %v", role, links)
		}
	}
	for _, path := range append(open, closed...) {
		if got := w.Get(administrator, path).Status; got != http.StatusOK {
			t.Errorf("administrator, GET %s: %d", path, got)
		}
	}
	w.Contains(w.Get(administrator, "/settings").TextOf("main"), "1 person may sign in")
	w.Contains(w.Get(reader, "/settings/about").TextOf("main"), "SQLite")
}

func TestAnAdministratorIsInvitedByALinkThatIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("ann", administrator)
	roles := w.Get(administrator, "/settings/administrators/invite").TextOf("select[name=role]")
	w.Contains(roles, "Reader: sees applications, people and logs; no secrets, and not the settings for administrators")
	for _, path := range []string{"/settings/administrators", "/settings/sessions", "/settings/api-clients", "/settings/notifications", "/settings/sign-in", "/settings/retention"} {
		if answer := w.Get(reader, path); answer.Status != http.StatusForbidden {
			t.Errorf("a reader, of whom it is said otherwise, sees %s: %d", path, answer.Status)
		}
	}
	invited := w.Post(administrator, "/settings/administrators/invite", url.Values{"name": {"eve@contoso.com"}, "displayName": {"Eve Kim"}, "role": {"operator"}})
	if invited.Status != http.StatusOK {
		t.Fatalf("%d: %s", invited.Status, invited.TextOf("main"))
	}
	address := invited.TextOf(".link-once code")
	base, token, found := strings.Cut(address, auth.LinkPath)
	if !found || token == "" || !strings.HasPrefix(base, "http") {
		t.Fatalf("the link is %q", address)
	}
	if link, err := w.people.LookAtLink(t.Context(), token); err != nil || link.Name != "eve@contoso.com" || link.Role != operator {
		t.Errorf("the link is for %+v, %v", link, err)
	}
	w.audited("Make sign-in link | administrator@contoso.com", "Add administrator | administrator@contoso.com")
	w.quiet(token)
	list := w.Get(administrator, "/settings/administrators")
	w.Contains(list.TextOf("main"), "Invited")
	id := strings.TrimPrefix(list.Attributes(`td a[href*="administrators/"]`, "href")[1], "/settings/administrators/")
	again := w.Post(administrator, "/settings/administrators/"+id+"/link", nil)
	fresh := again.TextOf(".link-once code")
	if fresh == "" || fresh == address {
		t.Errorf("another link is %q", fresh)
	}
	if _, err := w.people.LookAtLink(t.Context(), token); !errors.Is(err, auth.ErrLink) {
		t.Errorf("the link from before is good: %v", err)
	}
	for _, path := range []string{"/settings/administrators", "/settings/administrators/" + id} {
		if text := w.Get(administrator, path).Text; strings.Contains(text, token) || strings.Contains(text, "hash-of-") {
			t.Errorf("%s shows a secret", path)
		}
	}
	for field, given := range map[string]url.Values{
		"name": {"name": {"EVE@contoso.com"}, "role": {"reader"}}, "role": {"name": {"fred@contoso.com"}, "role": {"king"}},
	} {
		wrong := w.Post(administrator, "/settings/administrators/invite", given)
		if wrong.Status != http.StatusUnprocessableEntity || wrong.Count(`.is-invalid[name="`+field+`"]`) != 1 {
			t.Errorf("a wrong %s: %d %s", field, wrong.Status, wrong.TextOf("main"))
		}
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("ann", administrator)
	w.add("ben", operator)
	before := len(w.Audits(0))
	for path, given := range map[string]url.Values{"/remove": nil, "/disable": nil, "/role": {"role": {"reader"}}} {
		at := "/settings/administrators/ann" + path
		if path == "/remove" {
			given = w.Shown(administrator, at, nil)
		} else {
			_, given = w.Ask(administrator, at, given)
		}
		answer := w.Post(administrator, at, given)
		if answer.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, answer.Status)
		}
		w.Contains(answer.TextOf(".alert-danger"), "This is the last administrator")
	}
	if after := len(w.Audits(0)); after != before {
		t.Errorf("%d records for what was not done", after-before)
	}
	w.Contains(w.Post(administrator, "/settings/administrators/ben/role", url.Values{"role": {"administrator"}}).Notice, "has the role administrator")
	w.audited("Update administrator role | administrator@contoso.com (portal) | role administrator, before operator")
	w.session("s1", "ann")
	w.Contains(w.Get(administrator, "/settings/administrators/ann/remove").TextOf("main"), "1 session ends at once")
	shown := w.Shown(administrator, "/settings/administrators/ann/remove", nil)
	w.session("s2", "ann")
	for _, form := range []url.Values{nil, shown} {
		if answer := w.Post(administrator, "/settings/administrators/ann/remove", form); answer.Status != http.StatusConflict {
			t.Errorf("removed by %v: %d", form, answer.Status)
		}
	}
	gone := w.Post(administrator, "/settings/administrators/ann/remove", w.Shown(administrator, "/settings/administrators/ann/remove", nil))
	w.Contains(gone.Notice, "ann@contoso.com was removed")
	w.audited("Remove administrator")
	if again := w.Get(administrator, "/settings/administrators/ann"); again.Status != http.StatusNotFound {
		t.Errorf("the page of somebody removed: %d", again.Status)
	}
	if wrong := w.Post(administrator, "/settings/administrators/ben/role", url.Values{"role": {"king"}}); wrong.Count(`.is-invalid[name="role"]`) != 1 {
		t.Errorf("a role that there is none of: %s", wrong.TextOf("main"))
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("ann", administrator)
	w.add("ben", operator)
	for id, whose := range map[string]string{"s1": "ann", "s2": "ben", "s3": "ben", "s4": "ben"} {
		w.session(id, whose)
	}
	if got := w.Get(administrator, "/settings/sessions").Count(`[aria-label="Sessions"] tbody tr`); got != 4 {
		t.Errorf("%d sessions of all", got)
	}
	if got := w.Get(administrator, "/settings/administrators/ben").Count(`[aria-label="Sessions"] tbody tr`); got != 3 {
		t.Errorf("%d sessions of one", got)
	}
	if ended := w.Post(administrator, "/settings/sessions/revoke", url.Values{"session": {"s2"}, "administrator": {"ben"}}); ended.Location != "/settings/administrators/ben" {
		t.Errorf("%d, to %s", ended.Status, ended.Location)
	}
	w.audited("Revoke session")
	asked, confirming := w.Ask(administrator, "/settings/administrators/ben/sessions", nil)
	w.Contains(asked.TextOf("main"), "2 sessions of Ben (ben@contoso.com) end at once")
	w.session("s5", "ben")
	changed := w.Post(administrator, "/settings/administrators/ben/sessions", confirming)
	if changed.Status != http.StatusConflict {
		t.Errorf("2 sessions were confirmed, and 3 ended: %d", changed.Status)
	}
	w.Contains(changed.TextOf("main"), "3 sessions")
	w.Contains(w.Confirm(administrator, "/settings/administrators/ben/sessions", nil).Notice, "3 sessions of ben@contoso.com ended")
	w.Contains(w.Post(administrator, "/settings/administrators/ben/sessions", nil).Notice, "no session that could end")
	w.Contains(w.Confirm(administrator, "/settings/administrators/ann/disable", nil).TextOf(".alert-danger"), "This is the last")
	asked, confirming = w.Ask(administrator, "/settings/administrators/ben/disable", nil)
	w.Contains(asked.TextOf("main"), "Ben (ben@contoso.com, operator) cannot sign in any more.")
	w.Contains(w.Get(administrator, "/settings/administrators/ben").TextOf("main"), "May sign in")
	w.Contains(w.Post(administrator, "/settings/administrators/ben/role", url.Values{"role": {"administrator"}}).Notice, "has the role administrator")
	if stale := w.Post(administrator, "/settings/administrators/ben/disable", confirming); stale.Status != http.StatusConflict {
		t.Errorf("an operator was to be disabled, and an administrator was: %d", stale.Status)
	}
	asked, confirming = w.Ask(administrator, "/settings/administrators/ben/role", url.Values{"role": {"operator"}})
	w.Contains(asked.TextOf("main"), "becomes operator, and is administrator now")
	w.Contains(w.Post(administrator, "/settings/administrators/ben/role", confirming).Notice, "has the role operator")
	w.Contains(w.Confirm(administrator, "/settings/administrators/ben/disable", nil).Notice, "cannot sign in any more")
	w.Contains(w.Post(administrator, "/settings/administrators/ben/enable", nil).Notice, "may sign in again")
	w.audited("Enable administrator", "Disable administrator", "Update administrator role", "Update administrator role", "Revoke all sessions")
	if got := w.Get(administrator, "/settings/sessions").Count(`[aria-label="Sessions"] tbody tr`); got != 1 {
		t.Errorf("%d sessions are left", got)
	}
}

func TestManySessionsAreReadInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("ann", administrator)
	for i := range 120 {
		w.session(fmt.Sprintf("s%03d", i), "ann")
	}
	seen := map[string]bool{}
	answer := w.Get(administrator, "/settings/sessions")
	for parts := 1; ; parts++ {
		for _, id := range answer.Attributes(`tbody input[name="session"]`, "value") {
			seen[id] = true
		}
		next := answer.Attributes(`a[rel="next"]`, "href")
		if len(next) == 0 {
			if parts != 3 {
				t.Errorf("%d parts", parts)
			}
			break
		}
		answer = w.Get(administrator, "/settings/sessions"+next[0])
	}
	if len(seen) != 120 {
		t.Errorf("%d sessions in all parts", len(seen))
	}
	if lost := w.Get(administrator, "/settings/sessions?cursor=x"); lost.Status != http.StatusSeeOther {
		t.Errorf("a cursor that is none: %d", lost.Status)
	}
}

func TestAClientIsMadeRotatedAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.Post(administrator, "/settings/api-clients/new", url.Values{"name": {"terraform"}, "role": {"administrator"}})
	secret := made.TextOf(".secret-once code")
	if made.Status != http.StatusOK || !strings.HasPrefix(secret, "usher_") {
		t.Fatalf("%d, secret %q: %s", made.Status, secret, made.TextOf("main"))
	}
	w.audited("Add API client | administrator@contoso.com (portal) | client ")
	client, err := w.Store.APIClient(t.Context(), "terraform")
	w.Must(err)
	at := "/settings/api-clients/" + client.ID
	rotated := w.Post(administrator, at+"/rotate", url.Values{"grace": {"24h"}})
	fresh := rotated.TextOf(".secret-once code")
	if fresh == "" || fresh == secret {
		t.Errorf("rotated, the secret is %q", fresh)
	}
	w.audited("Update API client credentials")
	for _, path := range []string{"/settings/api-clients", at, at + "/revoke"} {
		if text := w.Get(administrator, path).Text; strings.Contains(text, secret) || strings.Contains(text, fresh) {
			t.Errorf("%s shows a secret", path)
		}
	}
	if got := w.Get(administrator, at).Count(`[aria-label="Secrets"] tbody tr`); got != 2 {
		t.Errorf("%d secrets in the time of grace", got)
	}
	w.quiet(secret, fresh)
	private := w.Post(administrator, at+"/rotate", url.Values{"grace": {"0s"}, "publicKey": {"-----BEGIN PRIVATE KEY-----\n" + canary}})
	if private.Status != http.StatusUnprocessableEntity || strings.Contains(private.Text, canary) || private.Count(`.is-invalid[name="publicKey"]`) != 1 {
		t.Errorf("a private key: %d", private.Status)
	}
	for field, given := range map[string]url.Values{
		"name": {"name": {"TERRAFORM"}, "role": {"reader"}}, "role": {"name": {"other"}, "role": {"king"}}, "publicKey": {"name": {"other"}, "role": {"reader"}, "publicKey": {"hello"}},
	} {
		if wrong := w.Post(administrator, "/settings/api-clients/new", given); wrong.Status != http.StatusUnprocessableEntity || wrong.Count(`.is-invalid[name="`+field+`"]`) != 1 {
			t.Errorf("a wrong %s: %d %s", field, wrong.Status, wrong.TextOf("main"))
		}
	}
	asked, confirming := w.Ask(administrator, at+"/rotate", url.Values{"grace": {"0s"}})
	w.Contains(asked.TextOf("main"), "What terraform (administrator) signs in with stops working at once: 2 secrets.")
	if kept := w.Get(administrator, at).Count(`[aria-label="Secrets"] tbody tr`); kept != 2 {
		t.Errorf("it was rotated without a confirmation: %d secrets", kept)
	}
	if atOnce := w.Post(administrator, at+"/rotate", confirming).TextOf(".secret-once code"); atOnce == "" || atOnce == fresh {
		t.Errorf("rotated at once, the secret is %q", atOnce)
	}
	if stale := w.Post(administrator, at+"/rotate", confirming); stale.Status != http.StatusConflict {
		t.Errorf("what was confirmed is gone, and it was rotated again: %d", stale.Status)
	}
	if answer := w.Post(administrator, at+"/revoke", nil); answer.Status != http.StatusConflict {
		t.Errorf("revoked without a confirmation: %d", answer.Status)
	}
	w.Contains(w.Post(administrator, at+"/revoke", w.Shown(administrator, at+"/revoke", nil)).Notice, "terraform was revoked")
	w.Contains(w.Post(administrator, at+"/revoke", nil).Notice, "terraform was revoked already")
	w.audited("Revoke API client", "Update API client credentials")
	if again := w.Post(administrator, at+"/rotate", url.Values{"grace": {"0s"}}); again.Status != http.StatusUnprocessableEntity {
		t.Errorf("a revoked client was rotated: %d", again.Status)
	}
	if none := w.Get(administrator, "/settings/api-clients/nobody"); none.Status != http.StatusNotFound {
		t.Errorf("a client that there is none of: %d", none.Status)
	}
}

func mailForm() url.Values {
	return url.Values{
		"mail-address": {"smtp.contoso.com:587"}, "mail-from": {"usher@contoso.com"}, "mail-security": {store.MailStartTLS}, "mail-username": {"usher"}, "mail-password": {canary},
		"webhookSecret": {another},
	}
}

func TestNotificationsAreSavedAndTheirSecretsNeverShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/settings/notifications"
	w.Contains(w.save(at, mailForm()).Notice, "The settings were saved")
	w.audited("Update service settings | administrator@contoso.com (portal) | ")
	shown := w.Get(administrator, at)
	if strings.Contains(shown.Text, canary) || strings.Contains(shown.Text, another) {
		t.Error("the page shows a secret")
	}
	w.quiet(canary, another)
	before := w.live.Effective().Kept
	if before.Mail.Password.Reveal() != canary || before.WebhookSecret.Reveal() != another {
		t.Errorf("saved: %+v", before)
	}
	w.Contains(w.save(at, nil).Notice, "The settings were saved")
	if diff := cmp.Diff(before, w.live.Effective().Kept, cmp.Comparer(func(a, b provisioning.Secret) bool { return a == b })); diff != "" {
		t.Errorf("a form that nobody changed changes:\n%s", diff)
	}
	elsewhere := w.save(at, url.Values{"mail-address": {"smtp.evil.example:587"}})
	if elsewhere.Status != http.StatusUnprocessableEntity || elsewhere.Count("#field-mail-password.is-invalid") != 1 {
		t.Errorf("the saved password goes elsewhere: %d", elsewhere.Status)
	}
	wrong := w.save(at, url.Values{"mail-address": {"smtp"}, "mail-from": {"nobody"}, "mail-password": {canary}, "publicUrl": {"usher"}, "webhookSecret": {"short"}})
	for _, field := range []string{"mail-address", "mail-from", "publicUrl", "webhookSecret"} {
		if wrong.Count(`.is-invalid[name="`+field+`"]`) != 1 {
			t.Errorf("%s is not marked", field)
		}
	}
	if strings.Contains(wrong.Text, canary) || wrong.Status != http.StatusUnprocessableEntity {
		t.Errorf("%d, or the page shows what was entered as a secret", wrong.Status)
	}
	w.Contains(wrong.TextOf(".alert-danger"), "enter them once more")
	if got := wrong.Attributes("#field-mail-address", "value"); !slices.Equal(got, []string{"smtp"}) {
		t.Errorf("what was entered is shown as %v", got)
	}
	w.Contains(w.save(at, url.Values{"forget-webhookSecret": {"on"}}).Notice, "saved")
	if !w.live.Effective().WebhookSecret.IsZero() {
		t.Error("the secret was not forgotten")
	}
	if broken := w.Post(administrator, at, url.Values{"mail-address": {""}}); broken.Status != http.StatusUnprocessableEntity {
		t.Errorf("a form without its version: %d", broken.Status)
	}
}

func TestAChangeByAnotherIsNotOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/settings/notifications"
	mine := w.Get(administrator, at)
	w.save(at, mailForm())
	late := w.Post(administrator, at, form(mine, at, url.Values{"mail-address": {"smtp.fabrikam.com:465"}, "mail-from": {"usher@fabrikam.com"}, "mail-security": {store.MailTLS}}))
	if late.Status != http.StatusConflict {
		t.Fatalf("%d", late.Status)
	}
	w.Contains(late.TextOf(".alert-danger"), "Somebody else saved settings")
	w.Contains(late.TextOf("#about-mail-address"), "Saved now: “smtp.contoso.com:587”")
	if got := late.Attributes("#field-mail-address", "value"); !slices.Equal(got, []string{"smtp.fabrikam.com:465"}) {
		t.Errorf("what was entered is shown as %v", got)
	}
	if address := w.live.Effective().Mail.Address; address != "smtp.contoso.com:587" {
		t.Errorf("the mail server is %s", address)
	}
	anew := w.Post(administrator, at, form(late, at, url.Values{"mail-username": {"usher"}, "mail-password": {canary}}))
	if anew.Status != http.StatusSeeOther || w.live.Effective().Mail.Address != "smtp.fabrikam.com:465" {
		t.Errorf("saved again: %d %s", anew.Status, anew.TextOf("main"))
	}
}

func TestWhatAFlagSetsIsShownAndStays(t *testing.T) {
	t.Parallel()
	flag := settings.Override{Source: "--smtp-address", Fields: settings.MailFields(), Apply: func(s store.Settings) store.Settings {
		s.Mail = store.MailServer{Address: "smtp.flag.example:25", From: "flag@contoso.com", Security: store.MailTLS, Username: "u", Password: provisioning.NewSecret(canary)}
		return s
	}}
	w := newWorld(t, flag)
	const at = "/settings/notifications"
	shown := w.Get(administrator, at)
	if strings.Contains(shown.Text, canary) || shown.Count("#field-mail-address[disabled]") != 1 || shown.Count("#field-publicUrl[disabled]") != 0 {
		t.Error("what a flag sets can be changed, or is shown as a secret")
	}
	w.Contains(shown.TextOf(".setting-origin"), "--smtp-address")
	saved := w.Post(administrator, at, form(shown, at, url.Values{"publicUrl": {"https://usher.contoso.com"}, "mail-address": {"smtp.evil.example:25"}}))
	w.Contains(saved.Notice, "saved")
	if now := w.live.Effective(); now.Mail.Address != "smtp.flag.example:25" || now.Kept.Mail.Address != "" || now.PublicURL != "https://usher.contoso.com" {
		t.Errorf("saved: %+v", now.Kept)
	}
}

func TestNoticesAreTested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/settings/notifications"
	mail := func(to string) portaltest.Answer {
		return w.Post(administrator, at+"/test-mail", url.Values{"recipient": {to}})
	}
	w.Contains(mail("ann@contoso.com").TextOf("#about-recipient"), "No mail server is saved")
	w.save(at, mailForm())
	w.Contains(mail("nobody").TextOf("#about-recipient"), "not an e-mail address")
	w.Contains(mail("ann@contoso.com").Notice, "took the test mail for ann@contoso.com")
	w.audited("Send test notification | administrator@contoso.com (portal) | e-mail, taken")
	hook := "https://hooks.contoso.com/services/" + canary
	w.Contains(w.Post(administrator, at+"/test-webhook", url.Values{"webhook": {hook}}).Notice, "hooks.contoso.com took")
	w.notifier.answer = fmt.Errorf("it answered 500: %w", provisioning.ErrUndeliverable)
	refused := w.Post(administrator, at+"/test-webhook", url.Values{"webhook": {hook}})
	if refused.Status != http.StatusUnprocessableEntity || strings.Contains(refused.Text, canary) {
		t.Errorf("%d, or the page shows the address", refused.Status)
	}
	w.Contains(refused.TextOf("#about-webhook"), "It answered 500")
	w.audited("Send test notification | administrator@contoso.com (portal) | webhook, not taken")
	w.quiet(canary)
	w.Contains(w.Post(administrator, at+"/test-webhook", url.Values{"webhook": {"ftp://x"}}).TextOf("#about-webhook"), "not an address")
	if diff := cmp.Diff([]string{"mail ann@contoso.com", "post " + hook, "post " + hook}, w.notifier.took); diff != "" {
		t.Error(diff)
	}
}

func TestTheProviderIsCheckedAndTheOnlyWayInOnlyWhenItIsProven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, server, err := authtest.Start(authtest.Config{})
	w.Must(err)
	t.Cleanup(server.Close)
	const at = "/settings/sign-in"
	provider := url.Values{
		"signIn-openId-issuer": {server.URL}, "signIn-openId-clientId": {"usher"}, "signIn-openId-clientSecret": {canary}, "signIn-openId-claim": {"roles"},
		"signIn-openId-roles": {"Usher.Admins = administrator\r\ncn=x,dc=y = Reader"}, "signIn-idleMinutes": {"60"},
	}
	checked := w.Post(administrator, at+"/check", form(w.Get(administrator, at), at, provider))
	w.Contains(checked.TextOf(".alert-success"), "answers as an OpenID provider")
	w.Contains(checked.TextOf(".alert-warning"), "enter the client secret once more")
	if checked.Status != http.StatusOK || strings.Contains(checked.Text, canary) || w.live.Effective().SignIn.OpenID.Issuer != "" {
		t.Errorf("%d, the page shows a secret, or the check saved something", checked.Status)
	}
	nowhere := w.Post(administrator, at+"/check", url.Values{"signIn-openId-issuer": {server.URL + "/nowhere"}, "signIn-openId-clientId": {"usher"}, "signIn-openId-defaultRole": {"reader"}, "signIn-passwordsOff": {"on"}})
	if nowhere.Status != http.StatusUnprocessableEntity || nowhere.Count("#field-signIn-openId-issuer.is-invalid") != 1 {
		t.Errorf("a provider that there is none of: %d", nowhere.Status)
	}
	w.Contains(w.save(at, provider).Notice, "saved")
	want := map[string]store.Role{"Usher.Admins": administrator, "cn=x,dc=y": reader}
	if diff := cmp.Diff(want, w.live.Effective().SignIn.OpenID.Roles); diff != "" || w.live.Effective().SignIn.IdleMinutes != 60 {
		t.Error(diff)
	}
	if shown := w.Get(administrator, at); strings.Contains(shown.Text, canary) || shown.Count("#field-signIn-passwordsOff[checked]") != 1 {
		t.Error("the page shows a secret, or passwords as off")
	}
	off := url.Values{"signIn-passwordsOff": nil}
	w.Contains(w.save(at, off).TextOf("#about-signIn-passwordsOff"), "Nobody with the role administrator has signed in with this provider yet")
	a := w.add("ann", administrator)
	w.Must(w.Store.UpdateAdministrator(t.Context(), a.ID, func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		a.Issuer, a.Subject = server.URL, "1"
		return a, nil, nil
	}))
	w.add("ben", operator)
	keptOut := w.save(at, off)
	if keptOut.Status != http.StatusUnprocessableEntity || w.live.Effective().SignIn.PasswordsOff {
		t.Errorf("somebody is kept out without a confirmation: %d", keptOut.Status)
	}
	w.Contains(keptOut.TextOf("#kept-out"), "1 person cannot sign in any more with what you entered: ben@contoso.com.")
	off["confirmed"] = keptOut.Attributes("main input[name=confirmed]", "value")
	w.add("eve", reader)
	w.Contains(w.save(at, off).TextOf("#kept-out"), "This is not what you confirmed any more. 2 people")
	off["confirmed"] = w.save(at, off).Attributes("main input[name=confirmed]", "value")
	w.Contains(w.save(at, off).Notice, "saved")
	if !w.live.Effective().SignIn.PasswordsOff {
		t.Error("passwords are on")
	}
	other := url.Values{"signIn-openId-issuer": {"https://login.fabrikam.com"}, "signIn-openId-clientSecret": {another}}
	w.Contains(w.save(at, other).TextOf("#about-signIn-passwordsOff"), "not known to work")
	moved := w.save(at, url.Values{"signIn-openId-issuer": {"https://login.fabrikam.com"}, "signIn-passwordsOff": {"on"}})
	w.Contains(moved.TextOf("#about-signIn-openId-clientSecret"), "A saved secret is not sent elsewhere")
	wrong := w.save(at, url.Values{"signIn-openId-roles": {"Usher.Admins"}, "signIn-idleMinutes": {"soon"}})
	for _, field := range []string{"signIn-openId-roles", "signIn-idleMinutes"} {
		if wrong.Count(`.is-invalid[name="`+field+`"]`) != 1 {
			t.Errorf("%s is not marked", field)
		}
	}
	w.quiet(canary, another)
}

func TestTheLogIsKeptForLessTimeOnlyAfterItWasSaidWhatGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/settings/retention"
	asked := w.save(at, url.Values{"logDays": {"7"}})
	if asked.Status != http.StatusOK || w.live.Effective().LogDays != 0 {
		t.Errorf("%d, kept for %d days", asked.Status, w.live.Effective().LogDays)
	}
	w.Contains(asked.TextOf("main"), "No entry is that old yet")
	w.Contains(w.Post(administrator, at, form(asked, at, nil)).Notice, "saved")
	if days := w.live.Effective().LogDays; days != 7 {
		t.Errorf("kept for %d days", days)
	}
	w.Contains(w.save(at, url.Values{"logDays": {"0"}}).Notice, "saved")
	if days := w.live.Effective().LogDays; days != store.LogForever {
		t.Errorf("kept for %d days", days)
	}
	if got := w.Get(administrator, at).Attributes("#field-logDays", "value"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("for ever is shown as %v", got)
	}
	w.entries(time.Now().AddDate(0, 0, -20), time.Now().AddDate(0, 0, -12))
	asked, confirming := w.Ask(administrator, at, form(w.Get(administrator, at), at, url.Values{"logDays": {"10"}}))
	w.Contains(asked.TextOf("main"), "2 entries from before")
	w.entries(time.Now().AddDate(0, 0, -11))
	refused := w.Post(administrator, at, confirming)
	if refused.Status != http.StatusConflict || w.live.Effective().LogDays != store.LogForever {
		t.Fatalf("2 entries were confirmed, and 3 go: %d, kept for %d days", refused.Status, w.live.Effective().LogDays)
	}
	w.Contains(refused.TextOf("main"), "3 entries from before")
	w.Contains(w.Post(administrator, at, refused.Hidden("main form")).Notice, "saved")
	if days := w.live.Effective().LogDays; days != 10 {
		t.Errorf("kept for %d days", days)
	}
	for _, days := range []string{"many", "-3", "99999"} {
		if wrong := w.save(at, url.Values{"logDays": {days}}); wrong.Status != http.StatusUnprocessableEntity || wrong.Count("#field-logDays.is-invalid") != 1 {
			t.Errorf("%s days: %d", days, wrong.Status)
		}
	}
}

func TestTheAuditLogIsSearchedPagedAndDownloaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 120 {
		w.Must(w.Store.Audit(t.Context(), journal.Audit{
			At: time.Date(2026, 3, 1, 0, i, 0, 0, time.UTC), Activity: []string{"Sign in", "Retry"}[i%2], Actor: "=ann", Subject: fmt.Sprintf("subject-%03d", i), Detail: "detail",
		}))
	}
	first := w.Get(reader, "/settings/audit")
	if got := first.Count(".audit tbody tr"); got != 50 {
		t.Errorf("%d rows on the first page", got)
	}
	seen := map[string]bool{}
	for answer := first; ; {
		for _, subject := range answer.Texts(".audit tbody td:nth-child(3)") {
			seen[subject] = true
		}
		next := answer.Attributes(`a[rel="next"]`, "href")
		if len(next) == 0 {
			break
		}
		answer = w.Get(reader, "/settings/audit"+next[0])
	}
	if len(seen) != 120 {
		t.Errorf("%d acts in all pages", len(seen))
	}
	found := w.Get(reader, "/settings/audit?text=SUBJECT-11&activity=Retry")
	if got := found.Count(".audit tbody tr"); got != 5 {
		t.Errorf("%d acts are found", got)
	}
	if none := w.Get(reader, "/settings/audit?from=2026-03-02"); none.Count(".audit tbody tr") != 0 || none.Count(".empty") != 1 {
		t.Errorf("acts of another day: %s", none.TextOf("#rows"))
	}
	if wrong := w.Get(reader, "/settings/audit?from=yesterday"); wrong.Status != http.StatusUnprocessableEntity || wrong.Count(`.is-invalid[name="from"]`) != 1 {
		t.Errorf("a day that is none: %d", wrong.Status)
	}
	if lost := w.Get(reader, "/settings/audit?cursor=x&text=a"); lost.Status != http.StatusSeeOther || lost.Location != "/settings/audit?text=a" {
		t.Errorf("a cursor that is none: %d to %s", lost.Status, lost.Location)
	}
	file := w.Get(reader, "/settings/audit/download?activity=Retry")
	lines := strings.Count(strings.TrimSpace(file.Text), "\n")
	if lines != 60 || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(file.Text, ",'=ann,") {
		t.Errorf("%d lines of a download: %.200s", lines, file.Text)
	}
	if part := w.Part(reader, "/settings/audit?text=subject-003", "rows"); part.Count("#rows") != 1 || part.Count("form") != 0 {
		t.Errorf("the rows alone: %.200s", part.Text)
	}
}

func TestAboutNamesTheNodesAndTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Contains(w.Get(reader, "/settings/about").TextOf("main"), "No node is known yet")
	now := time.Now().UTC().Truncate(time.Second)
	for id, seen := range map[string]time.Time{"node-1": now, "node-2": now.Add(-time.Hour)} {
		w.Must(w.Store.NoteNode(t.Context(), store.Node{ID: id, Host: "host of " + id, Version: "test", StartedAt: now.Add(-2 * time.Hour), SeenAt: seen}))
	}
	about := w.Get(reader, "/settings/about")
	rows := about.Texts(`[aria-label="Nodes"] tbody tr`)
	if len(rows) != 2 || !strings.Contains(rows[0], "host of node-1 this one Serves") || !strings.Contains(rows[1], "host of node-2 Not heard of") {
		t.Errorf("the nodes are %q", rows)
	}
	w.Contains(about.TextOf("main"), "SQLite 3.")
	if about.Count(".alert-warning") != 0 {
		t.Error("nodes of one version are said to be mixed")
	}
	w.Must(w.Store.NoteNode(t.Context(), store.Node{ID: "node-3", Host: "new", Version: "newer", StartedAt: now, SeenAt: now}))
	w.Contains(w.Get(reader, "/settings/about").TextOf(".alert-warning"), "Not all nodes have the same version.")
}

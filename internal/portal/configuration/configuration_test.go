package configuration_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/configuration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

const (
	reader        = store.RoleReader
	operator      = store.RoleOperator
	administrator = store.RoleAdministrator
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, configuration.New(nil))
}

func newWorld(t *testing.T) *portaltest.World {
	t.Helper()
	return portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		return []portaltest.Area{configuration.New(service)}
	})
}

func pathOf(app administration.Application) string {
	return page.Application{Application: app}.Path("provisioning")
}

// form is what a browser sends of a form that a page shows, with changes.
func form(answer portaltest.Answer, action string, changes url.Values) url.Values {
	sent := url.Values{}
	at := `form[action*="` + action + `"] `
	for _, input := range answer.All(at + "input") {
		name, _ := pagetest.Attribute(input, "name")
		kind, _ := pagetest.Attribute(input, "type")
		value, _ := pagetest.Attribute(input, "value")
		if _, checked := pagetest.Attribute(input, "checked"); name != "" && (kind != "checkbox" || checked) {
			sent.Add(name, value)
		}
	}
	for _, text := range answer.All(at + "textarea") {
		name, _ := pagetest.Attribute(text, "name")
		sent.Add(name, pagetest.Text(text))
	}
	for _, choice := range answer.All(at + "select") {
		name, _ := pagetest.Attribute(choice, "name")
		sent.Add(name, strings.Join(answer.Attributes(at+`select[name="`+name+`"] option[selected]`, "value"), ""))
	}
	maps.Copy(sent, changes)
	return sent
}

// credentials are those of the org as the form has them.
func credentials(w *portaltest.World, changes url.Values) url.Values {
	sent := url.Values{}
	for key, value := range w.Credentials() {
		sent.Set("setting-"+key, value)
	}
	maps.Copy(sent, changes)
	return sent
}

func TestAnApplicationIsSetUpStepByStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Add()
	at := pathOf(app)
	done := func() []string { return w.Get(reader, at).Texts(".setup-steps .done a") }
	if got := done(); len(got) != 0 {
		t.Errorf("done of a new application: %v", got)
	}
	saved := w.Post(administrator, at+"/credentials", credentials(w, nil))
	if saved.Status != http.StatusSeeOther {
		t.Fatalf("%d: %s", saved.Status, saved.TextOf("main"))
	}
	w.Contains(saved.Notice, "The credentials work and were saved")
	if diff := cmp.Diff([]string{"Admin Credentials", "Mappings"}, done()); diff != "" {
		t.Error(diff)
	}
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Contains(w.Get(operator, at).TextOf("#mode"), "The first cycle looks at 2 assigned people")
	seen := form(w.Get(operator, at), "/mode", url.Values{"mode": {"Automatic"}})
	w.AddUser("bbbbbbbb-0000-0000-0000-000000000001", "Dan Dole")
	w.Assign(app, "User", "dan@contoso.com", "Standard User")
	if changed := w.Post(operator, at+"/mode", seen); changed.Status != http.StatusConflict || w.Again(app).Job.Schedule.State == provisioning.ScheduleActive {
		t.Errorf("it was turned on although somebody was assigned since the page was shown: %d", changed.Status)
	}
	turned := w.Post(operator, at+"/mode", form(w.Get(operator, at), "/mode", url.Values{"mode": {"Automatic"}}))
	w.Contains(turned.Notice, "Provisioning is on.")
	if state := w.Again(app).Job.Schedule.State; state != provisioning.ScheduleActive {
		t.Errorf("turned on, it is %s", state)
	}
	w.Cycle(w.Again(app))
	if steps := w.Get(reader, at); steps.Count(".setup-steps") != 0 || !strings.Contains(steps.TextOf("#mode"), "Provisioning Status: On.") {
		t.Errorf("after the first cycle: %s", steps.TextOf("#mode"))
	}
	w.Contains(w.Post(operator, at+"/mode", url.Values{"mode": {"Automatic"}}).Notice, "Nothing was changed")
	w.Contains(w.Post(operator, at+"/mode", url.Values{"mode": {"Manual"}}).Notice, "Provisioning is off.")
	if state := w.Again(app).Job.Schedule.State; state != provisioning.SchedulePaused {
		t.Errorf("turned off, it is %s", state)
	}
	if wrong := w.Post(operator, at+"/mode", url.Values{"mode": {"Sometimes"}}); wrong.Status != http.StatusUnprocessableEntity {
		t.Errorf("a mode that there is none of: %d", wrong.Status)
	}
}

func TestCredentialsThatDoNotWorkAreRefusedAndNeverShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Add()
	at := pathOf(app)
	const canary = "canary-2f9c"
	for _, path := range []string{"/credentials", "/test"} {
		wrong := w.Post(administrator, at+path, credentials(w, url.Values{"setting-Password": {canary}}))
		if wrong.Status != http.StatusUnprocessableEntity || strings.Contains(wrong.Text, canary) {
			t.Errorf("%s: %d", path, wrong.Status)
		}
		w.Contains(wrong.TextOf("#credentials .alert-danger"), "enter them once more")
		if got := wrong.Attributes("#field-setting-UserName", "value"); !slices.Equal(got, []string{w.Org.Credentials().Username}) {
			t.Errorf("%s: the username that was entered is %v", path, got)
		}
	}
	w.Contains(w.Post(administrator, at+"/credentials", credentials(w, url.Values{"setting-Password": {canary}})).TextOf("#credentials .alert-danger"), "Nothing was saved")
	if code := w.Again(app).Job.Status.Code; code != provisioning.NotConfigured {
		t.Errorf("it is %s", code)
	}
	unconfigured := w.Post(operator, at+"/mode", url.Values{"mode": {"Automatic"}})
	if unconfigured.Status != http.StatusUnprocessableEntity {
		t.Errorf("turned on without credentials: %d", unconfigured.Status)
	}
	w.Contains(unconfigured.TextOf("#mode .alert-danger"), "Provisioning was not turned on.")
	w.Post(administrator, at+"/credentials", credentials(w, nil))
	shown := w.Get(administrator, at)
	for _, secret := range []string{w.Org.Credentials().Password, w.Org.Credentials().SecurityToken} {
		if strings.Contains(shown.Text, secret) {
			t.Error("the page shows a secret")
		}
	}
	if got := shown.Attributes("#field-setting-Password", "placeholder"); !slices.Equal(got, []string{"saved, leave empty to keep"}) {
		t.Errorf("a saved secret is shown as %v", got)
	}
	kept := w.Post(administrator, at+"/credentials", form(shown, "/credentials", url.Values{"setting-DailyBudget": {"80%"}}))
	if kept.Status != http.StatusSeeOther {
		t.Errorf("a choice cannot be changed without the secrets: %s", kept.TextOf("#credentials .alert-danger"))
	}
	moved := w.Post(administrator, at+"/credentials", form(shown, "/credentials", url.Values{"setting-BaseAddress": {"https://evil.my.salesforce.com"}}))
	if moved.Status != http.StatusUnprocessableEntity || moved.Count("#field-setting-Password.is-invalid") != 1 {
		t.Errorf("a saved secret may go elsewhere: %d", moved.Status)
	}
	forgotten := w.Post(administrator, at+"/credentials", form(shown, "/credentials", url.Values{"forget-Password": {"on"}}))
	if forgotten.Status != http.StatusUnprocessableEntity {
		t.Errorf("without its password it still signs in: %d", forgotten.Status)
	}
	for _, record := range w.Audits(0) {
		if strings.Contains(record, canary) || strings.Contains(record, w.Org.Credentials().Password) {
			t.Errorf("the audit log has a secret: %s", record)
		}
	}
}

func TestAConnectionIsTestedWithItsPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Add()
	at := pathOf(app)
	tested := w.Post(administrator, at+"/test", credentials(w, nil))
	if tested.Status != http.StatusOK {
		t.Fatalf("%d: %s", tested.Status, tested.TextOf("main"))
	}
	w.Contains(tested.TextOf("#tested .facts"), w.Org.Credentials().Username)
	permissions := tested.Texts(`[aria-label="Permissions"] tbody tr`)
	if !slices.ContainsFunc(permissions, func(p string) bool { return strings.Contains(p, "creating, updating and deactivating users granted") }) {
		t.Errorf("permissions: %v", permissions)
	}
	w.Contains(tested.TextOf("#tested .alert"), "Summer '27")
	w.Contains(tested.TextOf("#tested"), "enter them once more")
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, at+"/test", strings.NewReader(credentials(w, nil).Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("HX-Request", "true")
	request.Header.Set("HX-Target", "tested")
	if part := w.Do(administrator, request); part.Count("#tested") != 1 || part.Count("form") != 0 || strings.Contains(part.TextOf("#tested"), "once more") {
		t.Errorf("the result alone: %s", part.Text)
	}
	if code := w.Again(app).Job.Status.Code; code != provisioning.NotConfigured {
		t.Errorf("a test saved something: %s", code)
	}
}

func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	before := w.Again(app).Job
	unchanged := w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", nil))
	w.Contains(unchanged.Notice, "The settings were saved.")
	if diff := cmp.Diff(before.Settings, w.Again(app).Job.Settings); diff != "" {
		t.Errorf("a form that nobody changed changes (-before +after):\n%s", diff)
	}
	saved := w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", url.Values{
		"notify": {"ana@contoso.com; ben@contoso.com"}, "notifyOn": {"on"}, "digest": {"on"}, "webhook": {"https://hooks.contoso.com/canary-91"}, "removalLimit": {"7"}, "removalPercent": {"5"},
		"scope": {"all"}, "nestedGroups": {"on"}, "action-unassigned": {"nothing"}, "grace-source-disabled": {"0s"}, "grace": {"7d"}, "vanished": {"match"}, "drift": {"report"},
		"driftInterval": {"2h"}, "interval": {"1h"}, "defaultDomain": {"contoso.com"}, "removalDays": {"-1"},
	}))
	if saved.Status != http.StatusUnprocessableEntity {
		t.Fatalf("that people keep their accounts was not to be confirmed: %d", saved.Status)
	}
	if got := saved.Attributes("#settings-wrong a", "href"); !slices.Contains(got, "#risks") {
		t.Errorf("what is to be confirmed is not led to: %v", got)
	}
	w.Contains(saved.TextOf("#risks"), "No longer assigned: people keep the account and the access, and nobody takes it away.")
	if diff := cmp.Diff(before.Settings, w.Again(app).Job.Settings); diff != "" {
		t.Errorf("saved without a confirmation (-before +after):\n%s", diff)
	}
	w.Contains(saved.TextOf("#settings"), "It is not shown again: enter it once more.")
	saved = w.Post(administrator, at+"/settings", form(saved, "/settings", url.Values{"webhook": {"https://hooks.contoso.com/canary-91"}, "confirmed": saved.Attributes("#risks input[name=confirmed]", "value")}))
	w.Contains(saved.Notice, "The next cycle looks at everyone.")
	want := provisioning.Settings{
		Notify:       provisioning.Notify{Recipients: []string{"ana@contoso.com", "ben@contoso.com"}, Digest: true, Webhook: "https://hooks.contoso.com/canary-91"},
		RemovalLimit: 7, RemovalPercent: 5, RemovalDays: -1, SyncAll: true, NestedGroups: true, Vanished: provisioning.VanishedMatch, DefaultDomain: "contoso.com",
		Drift: provisioning.Drift{Mode: provisioning.DriftReport, Interval: 2 * time.Hour},
		Leaving: provisioning.Leaving{
			Actions: map[provisioning.Trigger]provisioning.LeaveAction{provisioning.Unassigned: provisioning.LeaveNothing}, Grace: 7 * 24 * time.Hour,
			GraceOn: map[provisioning.Trigger]time.Duration{provisioning.SourceDisabled: 0},
		},
	}
	job := w.Again(app).Job
	if diff := cmp.Diff(want, job.Settings); diff != "" || job.Schedule.Interval != time.Hour {
		t.Errorf("interval %s, settings (-want +got):\n%s", job.Schedule.Interval, diff)
	}
	shown := w.Get(administrator, at)
	if strings.Contains(shown.Text, "canary") {
		t.Error("the page shows the way of the webhook")
	}
	w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", nil))
	if diff := cmp.Diff(want, w.Again(app).Job.Settings); diff != "" {
		t.Errorf("saved again (-want +got):\n%s", diff)
	}
	off := form(shown, "/settings", url.Values{"webhookForget": {"on"}})
	off.Del("notifyOn")
	w.Post(administrator, at+"/settings", off)
	if notify := w.Again(app).Job.Settings.Notify; !notify.IsZero() {
		t.Errorf("without the check mark it still tells %+v", notify)
	}
}

// TestNobodyOverwritesSettingsUnseen saves two forms that were shown at the same time,
// and one that is not whole.
func TestNobodyOverwritesSettingsUnseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	everybody := form(w.Get(administrator, at), "/settings", url.Values{"scope": {"all"}})
	guarded := form(w.Get(administrator, at), "/settings", url.Values{"removalLimit": {"7"}})
	w.Contains(w.Post(administrator, at+"/settings", everybody).Notice, "The settings were saved.")
	clash := w.Post(administrator, at+"/settings", guarded)
	if settings := w.Again(app).Job.Settings; clash.Status != http.StatusUnprocessableEntity || !settings.SyncAll || settings.RemovalLimit == 7 {
		t.Fatalf("the second form undid the first one: %d, %+v", clash.Status, settings)
	}
	w.Contains(clash.TextOf("#settings"), "Somebody else saved settings while you edited")
	if got := clash.Attributes("#field-removalLimit", "value"); !slices.Equal(got, []string{"7"}) {
		t.Errorf("what was entered is shown as %v", got)
	}
	for name, sent := range map[string]url.Values{"nothing": {}, "a part": {"notify": {"ana@contoso.com"}, "mark": w.Get(administrator, at).Attributes("input[name=mark]", "value")}} {
		if part := w.Post(administrator, at+"/settings", sent); part.Status != http.StatusUnprocessableEntity || !w.Again(app).Job.Settings.SyncAll {
			t.Errorf("%s of the form was taken for all of it: %d", name, part.Status)
		}
	}
}

// TestWhatTakesAccountsAwayIsConfirmedWithNumbers goes from everybody to those who are
// assigned, and turns the removal guard off, while two accounts are in use.
func TestWhatTakesAccountsAwayIsConfirmedWithNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	sales := w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		s.SyncAll, s.RemovalLimit, s.RemovalPercent = true, 1, 0
		return s, interval, nil
	}))
	narrow := url.Values{"scope": {"assigned"}, "removalLimit": {"0"}}
	asked := w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", narrow))
	w.Contains(asked.TextOf("#risks"), "2 accounts are in use, and 2 people are assigned.")
	w.Contains(asked.TextOf("#risks"), "The removal guard is turned off: a mistake could take all 2 accounts in use away in one cycle.")
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, sales.ID))
	confirmed := form(asked, "/settings", url.Values{"confirmed": asked.Attributes("#risks input[name=confirmed]", "value")})
	again := w.Post(administrator, at+"/settings", confirmed)
	if again.Status != http.StatusUnprocessableEntity || !w.Again(app).Job.Settings.SyncAll {
		t.Fatalf("it was confirmed for 2 people who are assigned, and nobody is: %d", again.Status)
	}
	w.Contains(again.TextOf("#risks"), "This is not what you confirmed any more.")
	w.Contains(again.TextOf("#risks"), "0 people are assigned, so that at least 2 accounts are taken away.")
	confirmed["confirmed"] = again.Attributes("#risks input[name=confirmed]", "value")
	w.Contains(w.Post(administrator, at+"/settings", confirmed).Notice, "The settings were saved.")
	if settings := w.Again(app).Job.Settings; settings.SyncAll || settings.RemovalLimit != 0 {
		t.Errorf("confirmed and not saved: %+v", settings)
	}
}

func TestSettingsThatCannotBeMeantAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	before := w.Again(app).Job.Settings
	wrong := w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", url.Values{
		"removalLimit": {"many"}, "grace": {"week"}, "grace-unassigned": {"x"}, "notifyOn": {"on"}, "notify": {""}, "interval": {"40"},
	}))
	if wrong.Status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", wrong.Status)
	}
	for _, field := range []string{"removalLimit", "grace", "grace-unassigned", "notify", "interval"} {
		if wrong.Count(`.is-invalid[name="`+field+`"]`) != 1 {
			t.Errorf("%s is not marked", field)
		}
	}
	if got := wrong.Attributes("#field-removalLimit", "value"); !slices.Equal(got, []string{"many"}) {
		t.Errorf("what was entered is shown as %v", got)
	}
	if got := wrong.Attributes(`form[action$="/settings#settings-wrong"]`, "data-unsaved"); !slices.Equal(got, []string{"Settings"}) {
		t.Errorf("a browser does not go to what is wrong: %v", got)
	}
	w.Contains(wrong.TextOf("#settings-wrong [role=alert]"), "Nothing was saved.")
	ways := []string{"#field-notify", "#field-removalLimit", "#field-grace-unassigned", "#field-grace", "#field-interval"}
	if diff := cmp.Diff(ways, wrong.Attributes("#settings-wrong a", "href")); diff != "" {
		t.Errorf("the ways to what is wrong (-want +got):\n%s", diff)
	}
	for _, way := range ways {
		if wrong.Count(way+".is-invalid") != 1 {
			t.Errorf("%s does not lead to a field that is wrong", way)
		}
	}
	meant := w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", url.Values{
		"removalPercent": {"101"}, "interval": {"1s"}, "notifyOn": {"on"}, "notify": {"nobody"}, "action-unassigned": {"explode"},
	}))
	for _, field := range []string{"removalPercent", "interval", "notify"} {
		if meant.Count(`.is-invalid[name="`+field+`"]`) != 1 {
			t.Errorf("%s is not marked by the rules of settings", field)
		}
	}
	if diff := cmp.Diff(before, w.Again(app).Job.Settings); diff != "" {
		t.Errorf("something was saved (-before +after):\n%s", diff)
	}
}

func TestTheGuardSaysWhatItWouldMeanToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	for limit, want := range map[int]string{
		0: "It is off: a mistake in the directory or in a scoping filter could take all 2 accounts", 1: "2 accounts are in use today: as it is saved now, 2 removals or more in one cycle would be held.",
		5: "so that as it is saved now no number of removals would be held",
	} {
		w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
			s.RemovalLimit, s.RemovalPercent = limit, 0
			return s, interval, nil
		}))
		w.Contains(w.Get(reader, pathOf(app)).TextOf("#settings"), want)
	}
}

func TestWhoMayNotChangeSettingsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	for role, allowed := range map[store.Role][]string{reader: nil, operator: {"/mode"}} {
		for _, path := range []string{"/mode", "/credentials", "/test", "/settings"} {
			answer := w.Post(role, at+path, url.Values{"mode": {"Manual"}})
			if refused := answer.Status == http.StatusForbidden; refused == slices.Contains(allowed, path) {
				t.Errorf("%s posts %s: %d", role, path, answer.Status)
			}
		}
		if shown := w.Get(role, at); shown.Count(`form[action$="/credentials"]`) != 0 || shown.Count(`form[action$="/mode"]`) != len(allowed) {
			t.Errorf("%s is shown forms that are not theirs", role)
		}
	}
}

// TestWhatWasTypedIsNotLostWithAnotherForm looks for the marks by which the script of
// the portal tells of it, and for the sentences that are there without scripts.
func TestWhatWasTypedIsNotLostWithAnotherForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	shown := w.Get(administrator, at)
	if diff := cmp.Diff([]string{"Provisioning Mode", "Admin Credentials", "Settings"}, shown.Attributes("form[data-unsaved]", "data-unsaved")); diff != "" {
		t.Errorf("the forms (-want +got):\n%s", diff)
	}
	if got := shown.Attributes("form[data-entered]", "action"); len(got) != 0 {
		t.Errorf("nothing was entered, and marked are %v", got)
	}
	w.Contains(shown.TextOf("#settings .card-footer [data-without-script]"), "What you typed under Admin Credentials is not saved with it")
	w.Contains(shown.TextOf("#credentials [data-without-script]"), "What you typed under Settings is not saved with it")
	wrong := w.Post(administrator, at+"/settings", form(shown, "/settings", url.Values{"grace": {"7 days"}}))
	if got := wrong.Attributes("form[data-entered]", "data-unsaved"); !slices.Equal(got, []string{"Settings"}) {
		t.Errorf("with settings that were refused, marked are %v", got)
	}
	tested := w.Post(administrator, at+"/test", credentials(w, nil))
	if got := tested.Attributes("form[data-entered]", "data-unsaved"); !slices.Equal(got, []string{"Admin Credentials"}) {
		t.Errorf("with credentials that were tested, marked are %v", got)
	}
}

// TestUsualValuesAreShownInTheirFields saves a field of its own, and leaves it to the
// usual value again.
func TestUsualValuesAreShownInTheirFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := pathOf(app)
	for _, field := range [][3]string{{"removalDays", "30", "7"}, {"confirmationDays", "3", "7"}, {"driftInterval", "6h", "2h"}} {
		name, usual, value := field[0], field[1], field[2]
		shown := w.Get(administrator, at)
		if got := shown.Attributes("#field-"+name, "placeholder"); !slices.Equal(got, []string{usual}) {
			t.Errorf("the field %s shows %v for the usual value", name, got)
		}
		own := w.Post(administrator, at+"/settings", form(shown, "/settings", url.Values{name: {value}}))
		w.Contains(own.Notice, "The settings were saved.")
		if got := w.Get(administrator, at).Attributes("#field-"+name, "value"); !slices.Equal(got, []string{value}) {
			t.Errorf("the field %s shows %v for %s", name, got, value)
		}
		w.Post(administrator, at+"/settings", form(w.Get(administrator, at), "/settings", url.Values{name: {""}}))
	}
	settings := w.Again(app).Job.Settings
	if settings.RemovalDays != 0 || settings.ConfirmationDays != 0 || settings.Drift.Interval != 0 {
		t.Errorf("left empty, the settings are %+v", settings)
	}
}

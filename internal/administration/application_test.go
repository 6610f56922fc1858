package administration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

func TestApplicationsAreAddedListedAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	refusal := w.refusal(second(w.acts.AddApplication(t.Context(), "salesforce", " salesforce ")), administration.Taken)
	if refusal.Field != "name" || refusal.Advice == "" {
		t.Errorf("the refusal is %+v", refusal)
	}
	w.refused(second(w.acts.AddApplication(t.Context(), "myspace", "")), administration.Invalid)
	w.cycle(app)
	var names []string
	for view, err := range w.Applications(t.Context()) {
		w.must(err)
		names = append(names, view.DisplayName+", "+view.Template)
		if view.Health.Assigned != 2 || view.Health.Links.Enabled != 2 || view.Health.Behind != 0 || view.Health.Healthy {
			t.Errorf("health of a job that is off: %+v", view.Health)
		}
	}
	if diff := cmp.Diff([]string{"Salesforce, Salesforce"}, names); diff != "" {
		t.Error(diff)
	}
	left, err := w.LeftBehind(t.Context(), app)
	w.must(err)
	if left != (administration.LeftBehind{Assigned: 2, Connections: 2, Enabled: 2}) {
		t.Errorf("left behind: %+v", left)
	}
	w.must(w.acts.RemoveApplication(t.Context(), app))
	for view, err := range w.Applications(t.Context()) {
		t.Errorf("there is still %v, %v", view.DisplayName, err)
	}
	w.contains(w.audits(1), "Remove application | dora@contoso.com | ")
}

func second[A any](_ A, err error) error { return err }

func TestCredentialsThatDoNotWorkAreNotSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.add()
	wrong := w.entered()
	wrong["Password"] = "canary-2f9c"
	refusal := w.refusal(second(w.acts.SaveEntered(t.Context(), app, wrong)), administration.ConnectionFails)
	if text := refusal.Error(); strings.Contains(text, "canary") || !strings.Contains(text, "nothing was saved") {
		t.Errorf("the refusal says %q", text)
	}
	if status := w.again(app).Job.Status.Code; status != provisioning.NotConfigured {
		t.Errorf("the status is %s after credentials that do not work", status)
	}
	w.refused(second(w.TestSaved(t.Context(), app)), administration.NotConfigured)
	w.refused(w.acts.Start(t.Context(), app, administration.Starting{}), administration.NotConfigured)
	health, err := w.TestEntered(t.Context(), app, w.entered())
	w.must(err)
	if health.Account == "" {
		t.Errorf("the test tells %+v", health)
	}
	fields, unreadable, err := w.CredentialFields(t.Context(), app)
	w.must(err)
	if unreadable != nil {
		t.Errorf("nothing is saved, and it cannot be read: %v", unreadable)
	}
	for _, field := range fields {
		if field.Saved {
			t.Errorf("a test saved %s", field.Key)
		}
	}
}

// Secrets that are left empty stay, but only for the address that they were entered for.
func TestSavedSecretsStayAndGoNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	same := w.entered()
	same["Password"], same["SecretToken"] = "", ""
	_, err := w.acts.SaveEntered(t.Context(), app, same)
	w.must(err)
	saved, err := w.store.Credentials(t.Context(), app.Job.ID)
	w.must(err)
	if saved.Get("Password") != w.org.Credentials().Password {
		t.Error("a secret that was left empty was forgotten")
	}
	for field, value := range map[string]string{"BaseAddress": "https://evil.my.salesforce.com", "UserName": "mallory@contoso.com"} {
		moved := w.entered()
		moved["Password"], moved["SecretToken"], moved[field] = "", "", value
		refusal := w.refusal(second(w.TestEntered(t.Context(), app, moved)), administration.Invalid)
		if len(refusal.Faults) != 2 || !strings.Contains(refusal.Error(), "again") {
			t.Errorf("with another %s: %v", field, refusal)
		}
		w.refused(second(w.acts.SaveEntered(t.Context(), app, moved)), administration.Invalid)
	}
	fields, _, err := w.CredentialFields(t.Context(), app)
	w.must(err)
	for _, field := range fields {
		if field.Secret && field.Value != "" {
			t.Errorf("%s shows %q", field.Key, field.Value)
		}
		if field.Key == "UserName" && (field.Value != w.org.Credentials().Username || !field.Saved) {
			t.Errorf("the username is shown as %q", field.Value)
		}
	}
	roles, err := w.RolesWithSeats(t.Context(), app)
	w.must(err)
	seats := 0
	for _, role := range roles {
		if role.Seats != nil && role.Seats.Total > 0 {
			seats++
		}
	}
	if len(roles) == 0 || seats == 0 {
		t.Errorf("%d roles were imported with the credentials, %d of them with seats", len(roles), seats)
	}
}

func TestSettingsAreCheckedAndAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	err := w.acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, _ time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit, s.RemovalPercent, s.Notify.Recipients = -1, 101, []string{"nobody"}
		return s, time.Second, nil
	})
	refusal := w.refusal(err, administration.Invalid)
	var fields []string
	for _, fault := range refusal.Faults {
		fields = append(fields, fault.Field)
	}
	if diff := cmp.Diff([]string{"removalLimit", "removalPercent", "interval", "notify"}, fields); diff != "" {
		t.Error(diff)
	}
	before := w.woken
	w.must(w.acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit, s.SyncAll, s.Notify.Recipients, s.Notify.Webhook = 7, true, []string{"ana@contoso.com"}, "https://hooks.example/canary-91"
		return s, 2 * interval, nil
	}))
	job := w.again(app).Job
	if job.Settings.RemovalLimit != 7 || !job.Settings.SyncAll || w.woken != before+1 {
		t.Errorf("saved %+v, woken %d times", job.Settings, w.woken-before)
	}
	w.contains(w.audits(1), administration.ActivityConfigure+" | dora@contoso.com | notify, removalLimit 7, syncAll true, interval ")
	if strings.Contains(strings.Join(w.audits(0), ""), "canary") {
		t.Error("the audit log holds the way of the webhook")
	}
}

func TestAJobIsStartedPausedAndRestarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.must(w.acts.Start(t.Context(), app, administration.Starting{}))
	if state := w.again(app).Job.Schedule.State; state != provisioning.ScheduleActive {
		t.Errorf("started, it is %s", state)
	}
	w.cycle(app)
	w.must(w.acts.Pause(t.Context(), app, ""))
	w.must(w.acts.Restart(t.Context(), app, provisioning.RestartDefault, ""))
	if job := w.again(app).Job; job.Status.Code != provisioning.Paused || job.Status.InitialDone {
		t.Errorf("paused and restarted, it is %s and its initial cycle done: %v", job.Status.Code, job.Status.InitialDone)
	}
	for _, choice := range administration.RestartChoices() {
		scope, err := provisioning.ParseRestartScope(choice.Name)
		w.must(err)
		if scope != choice.Scope || choice.Text == "" {
			t.Errorf("%s is read as %d, not %d", choice.Name, scope, choice.Scope)
		}
	}
}

// Connections are kept while an account is still to be taken away.
func TestARestartThatWouldLoseARemovalIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.cycle(app)
	w.must(w.acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit = 1
		return s, interval, nil
	}))
	_, err := w.acts.Unassign(t.Context(), app, administration.NewAssignment{PrincipalType: "Group", Principal: "Sales"})
	w.must(err)
	if run := w.cycle(app); run.Counts.Staged != 2 {
		t.Fatalf("%d removals are staged", run.Counts.Staged)
	}
	w.refused(w.acts.Restart(t.Context(), app, provisioning.RestartFull, "Full"), administration.RemovalsPending)
}

package failures

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil))
}

func TestFailuresAreRetriedByPersonByCauseAndAll(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	at := "/applications/" + app.ID + "/failures"
	w.Contains(w.Get(store.RoleReader, at).TextOf("main"), "Nothing fails")
	w.Must(w.Store.PutUser(t.Context(), directory.User{ID: portaltest.Cleo, UserPrincipalName: "cleo@contoso.com", DisplayName: "Cleo Marsh", AccountEnabled: true}))
	w.Assign(app, "User", portaltest.Cleo, "Standard User") // who has no surname and no mail address
	w.Cycle(app)

	list := w.Get(store.RoleReader, at)
	w.Contains(list.TextOf("main"), "SalesforceRequiredFieldMissing")
	w.Contains(list.TextOf("main"), "Cleo Marsh")
	nextTries := func() []string {
		shown := w.Get(store.RoleReader, at)
		return []string{shown.TextOf("[aria-label=Causes] tbody td:nth-child(4)"), shown.TextOf("[aria-label='Failed changes'] tbody td:nth-last-child(2)")}
	}
	if diff := cmp.Diff([]string{"when provisioning is started", "when provisioning is started"}, nextTries()); diff != "" {
		t.Errorf("the next try, while provisioning is off (-want +got):\n%s", diff)
	}
	w.Must(w.Acts.Start(t.Context(), app, administration.Starting{}))
	if diff := cmp.Diff([]string{"with the next cycle", "with the next cycle"}, nextTries()); diff != "" {
		t.Errorf("the next try after the first failure (-want +got):\n%s", diff)
	}
	w.Cycle(w.Again(app))
	for _, got := range nextTries() {
		if !strings.HasPrefix(got, "in ") {
			t.Errorf("the next try after the second failure is %q", got)
		}
	}
	w.Must(w.Acts.Pause(t.Context(), app, ""))
	for name, form := range map[string]url.Values{"a person": {"user": {portaltest.Cleo}}, "a cause": {"of": {"SalesforceRequiredFieldMissing"}}, "all": {"all": {"on"}}} {
		answer := w.Post(store.RoleOperator, at+"/retry", form)
		if answer.Status != http.StatusSeeOther {
			t.Errorf("retry of %s: %d %s", name, answer.Status, answer.TextOf("main"))
		}
		w.Contains(answer.Notice, "turned off")
	}
	if answer := w.Post(store.RoleReader, at+"/retry", url.Values{"all": {"on"}}); answer.Status != http.StatusForbidden {
		t.Errorf("a reader retried: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, at+"/retry", url.Values{"code": {"SalesforceRequiredFieldMissing"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("retry of nobody: %d", answer.Status)
	}
}

// TestWhatIsSaidAboutARetryIsWhatHappens: a job in quarantine does not try within
// seconds.
func TestWhatIsSaidAboutARetryIsWhatHappens(t *testing.T) {
	t.Parallel()
	app := page.SampleApplication("Salesforce")
	app.Job.Schedule.State, app.Job.Status.Quarantine = provisioning.ScheduleActive, provisioning.Quarantine{}
	quarantined, off := app, app
	quarantined.Job.Status.Quarantine.Reason = provisioning.EncounteredQuarantineException
	off.Job.Schedule.State = provisioning.SchedulePaused
	for _, tt := range []struct {
		app   page.Application
		count int
		want  string
	}{
		{app, 2, "2 changes are tried again within seconds."},
		{app, 0, "Nothing was left to be tried again."},
		{quarantined, 1, "1 change is due, but Salesforce is in quarantine: it is tried with its next attempt."},
		{off, 2, "2 changes are due, but provisioning of Salesforce is turned off: they are tried when it is started."},
	} {
		if got := retried(tt.app, tt.count).Text; got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

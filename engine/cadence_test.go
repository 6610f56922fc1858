package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// start turns the world's job on.
func (w *world) start(t *testing.T) {
	t.Helper()
	w.must(t, w.store.UpdateJob(t.Context(), w.job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		return job.Configured().Started(), nil
	}))
}

func (w *world) state(t *testing.T) provisioning.Job {
	t.Helper()
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	return job
}

// signIn saves credentials; with another password than the right one they do not
// work.
func (w *world) signIn(t *testing.T, password string) {
	t.Helper()
	known := w.org.Credentials()
	w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, provisioning.Credentials{}.
		With("UserName", known.Username).With("Password", password).With("SecretToken", known.SecurityToken)))
}

// refuseAll is a target that refuses every change.
func refuseAll() twisted {
	return twisted{apply: func(changes []plan.Change, _ func() []connector.Outcome) []connector.Outcome {
		outcomes := make([]connector.Outcome, len(changes))
		for n := range outcomes {
			outcomes[n].Err = &connector.Error{Kind: connector.Invalid, Code: "SalesforceOutOfOrder", Message: "refused"}
		}
		return outcomes
	}}
}

// Credentials that do not work any more: the attempts follow the documented steps,
// counted from the first failure, and after four weeks the job is turned off and
// what failed is forgotten. Nobody lost an account by it.
func TestAQuarantineIsGivenUpAfterFourWeeks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60})
		w.start(t)
		w.cycle(t) // two people fail, and are kept
		inUse := len(w.active())
		// Somebody else's name, because the org locks a user after some attempts.
		w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, provisioning.Credentials{}.With("UserName", "nobody@contoso.com").With("Password", "x")))
		began := time.Now()
		var hours []int
		for {
			_, err := w.try(t.Context(), t, engine.Run{})
			if !errors.Is(err, connector.Unauthorized) {
				t.Fatalf("error %v, want one about the credentials", err)
			}
			hours = append(hours, int(time.Since(began).Hours()))
			job := w.state(t)
			quarantine := job.Status.Quarantine
			if job.Status.Code != provisioning.Quarantined || quarantine.SeriesCount != len(hours) || !quarantine.Began.Equal(quarantine.SeriesBegan) {
				t.Fatalf("after %d attempts: %s, %+v", len(hours), job.Status.Code, quarantine)
			}
			if quarantine.GivenUp || len(hours) > 40 {
				break
			}
			time.Sleep(time.Until(quarantine.NextAttempt))
		}
		want := []int{0, 6, 12}
		for day := 1; day <= 28; day++ {
			want = append(want, 24*day)
		}
		if !slices.Equal(hours, want) {
			t.Errorf("attempts after %v hours, want %v", hours, want)
		}
		job := w.state(t)
		links, err := w.store.CountLinks(t.Context(), w.job.ID)
		w.must(t, err)
		if job.Schedule.State != provisioning.ScheduleDisabled || links.Escrows != 0 || len(w.active()) != inUse {
			t.Errorf("schedule %s, %d kept for another try, %d accounts in use; want it turned off, none, %d", job.Schedule.State, links.Escrows, len(w.active()), inUse)
		}
		// Somebody renews the credentials and turns it on again.
		w.signIn(t, w.org.Credentials().Password)
		w.start(t)
		w.cycle(t)
		if job := w.state(t); job.Status.Code != provisioning.Active || job.Status.Quarantine.Reason != "" {
			t.Errorf("%s, %+v after it was mended", job.Status.Code, job.Status.Quarantine)
		}
	})
}

func TestAQuarantineForCredentialsSaysWhatToRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	w.signIn(t, "expired")
	_, err := w.try(t.Context(), t, engine.Run{})
	if err == nil {
		t.Fatal("no error")
	}
	message := w.state(t).Status.Quarantine.Message
	if !strings.Contains(strings.ToLower(message), "password") {
		t.Errorf("the message does not say what to renew: %q", message)
	}
}

func TestSavingCredentialsOrASchemaMakesTheNextAttemptDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.start(t)
	due := func() bool { return !w.state(t).Status.Quarantine.NextAttempt.After(time.Now()) }
	fail := func() {
		t.Helper()
		w.signIn(t, "expired")
		if _, err := w.try(t.Context(), t, engine.Run{}); err == nil || due() {
			t.Fatalf("error %v; the next attempt is due at once: %v", err, due())
		}
	}
	fail()
	w.start(t) // as after credentials were saved
	if !due() {
		t.Error("credentials were saved, and the job waits")
	}
	fail()
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	if !due() {
		t.Error("a schema was saved, and the job waits")
	}
}

// In the initial cycle nothing can be known to have worked before: what failed is
// forgotten, the cycle comes to its end, and the job waits for an administrator.
func TestTooManyFailuresOfTheInitialCyclePauseTheJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.FailurePercent = 50 }})
	w.start(t)
	run, err := w.twist(t, engine.Run{}, refuseAll())
	w.must(t, err)
	if run.Counts.Failed < 10 {
		t.Fatalf("%+v, want that nearly everyone fails", run.Counts)
	}
	job := w.state(t)
	links, err := w.store.CountLinks(t.Context(), w.job.ID)
	w.must(t, err)
	if job.Schedule.State != provisioning.SchedulePaused || job.Status.Code != provisioning.Paused || !job.Status.EscrowsPruned || !job.Status.InitialDone || links.Escrows != 0 {
		t.Errorf("schedule %s, status %+v, %d kept for another try; want it paused, the initial cycle done, nothing kept", job.Schedule.State, job.Status, links.Escrows)
	}
	if job.Status.Quarantine.Reason != provisioning.EncounteredEscrowProportionThreshold {
		t.Errorf("the reason is %q", job.Status.Quarantine.Reason)
	}
	// The administrator mends it, and has everyone looked at again.
	w.start(t)
	if job := w.state(t); job.Status.EscrowsPruned || job.Status.Quarantine.Reason != "" || job.Status.Code != provisioning.Active {
		t.Errorf("after it was started again: %+v", job.Status)
	}
	w.must(t, w.store.Restart(t.Context(), w.job.ID, provisioning.RestartDefault))
	if run := w.cycle(t); run.Counts.Created < 30 {
		t.Errorf("%+v after it was mended", run.Counts)
	}
	if job := w.state(t); job.Schedule.State != provisioning.ScheduleActive || job.Status.Code != provisioning.Active {
		t.Errorf("schedule %s, %s at the end", job.Schedule.State, job.Status.Code)
	}
}

// Later on the same share of failures is a quarantine, which a good cycle lifts.
func TestTooManyFailuresLaterAreAQuarantineThatAGoodCycleLifts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.FailurePercent = 50 }})
	w.start(t)
	w.cycle(t)
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		user.DisplayName += " x"
		user.Attributes = user.Attributes.With("surname", user.Get("displayName"))
		w.must(t, w.store.PutUser(t.Context(), user))
	}
	run, err := w.twist(t, engine.Run{}, refuseAll())
	w.must(t, err)
	job := w.state(t)
	if run.Kind != provisioning.Incremental || job.Status.Code != provisioning.Quarantined || job.Schedule.State != provisioning.ScheduleActive || job.Status.EscrowsPruned {
		t.Fatalf("%s cycle, status %+v, schedule %s", run.Kind, job.Status, job.Schedule.State)
	}
	links, err := w.store.CountLinks(t.Context(), w.job.ID)
	w.must(t, err)
	if links.Escrows < 10 {
		t.Errorf("%d people are kept for another try", links.Escrows)
	}
	w.cycle(t)
	if job := w.state(t); job.Status.Code != provisioning.Active || job.Status.Quarantine.Reason != "" {
		t.Errorf("status %+v after a good cycle", job.Status)
	}
}

// Held removals for a month are no reason to give the job up when its credentials
// fail for the first time.
func TestHeldRemovalsAreASeriesOfTheirOwn(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	held := provisioning.Quarantine{Reason: provisioning.TooManyDeletes}.After(provisioning.Quarantine{}, moment)
	later := moment.AddDate(0, 2, 0)
	if again := (provisioning.Quarantine{Reason: provisioning.TooManyDeletes}).After(held, later); again.GivenUp || !again.Began.Equal(moment) {
		t.Errorf("held removals: %+v", again)
	}
	failed := provisioning.Quarantine{Reason: provisioning.EncounteredQuarantineException}.After(held, later)
	if failed.GivenUp || failed.SeriesCount != 1 || !failed.NextAttempt.Equal(later.Add(6*time.Hour)) {
		t.Errorf("credentials that fail for the first time: %+v", failed)
	}
}

// What an administrator has to mend before a job can even be opened is in its
// status, and the job is tried again when it was mended.
func TestAJobThatCannotBeOpenedIsInQuarantine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, code, says string
		spoil            func(t *testing.T, w *world)
	}{
		{"nothing to sign in with", "", "", func(t *testing.T, w *world) {
			t.Helper()
			w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, nil))
		}},
		{"an expression that there is none of", "InvalidSchema", "schema", func(t *testing.T, w *world) {
			t.Helper()
			schema, err := w.store.Schema(t.Context(), w.job.ID)
			w.must(t, err)
			_, object, err := schema.UserMapping()
			w.must(t, err)
			object.AttributeMappings[0].Source = &expr.Source{Type: "Function", Name: "NoSuchFunction", Expression: "NoSuchFunction()"}
			w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
		}},
		{"a template that there is none of", "UnknownTemplate", "gallery", func(_ *testing.T, w *world) { w.runner.Gallery = nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60})
			w.start(t)
			test.spoil(t, w)
			_, failure := w.runner.Open(t.Context(), w.app.ID)
			if failure == nil {
				t.Fatal("it can be opened")
			}
			run, err := w.runner.Refuse(t.Context(), w.job.ID, failure)
			w.must(t, err)
			job := w.state(t)
			quarantine := job.Status.Quarantine
			if job.Status.Code != provisioning.Quarantined || quarantine.Reason != provisioning.EncounteredQuarantineException || job.Status.LastRun.CycleID != run.CycleID || run.Error == "" {
				t.Errorf("status %+v", job.Status)
			}
			if quarantine.Code == "" || test.code != "" && quarantine.Code != test.code || !strings.Contains(quarantine.Message, test.says) {
				t.Errorf("code %q, message %q", quarantine.Code, quarantine.Message)
			}
			t.Log(quarantine.Code, quarantine.Message)
		})
	}
	t.Run("an error of the database is nobody's fault", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, worldOptions{users: 60})
		if run, err := w.runner.Refuse(t.Context(), w.job.ID, errors.New("disk full")); err != nil || run.CycleID != "" {
			t.Errorf("%+v, %v", run, err)
		}
	})
}

package jobs_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/provisioning"
)

// rarely makes a service look around as seldom as a test of hours allows.
func rarely(config *jobs.Config) {
	config.Poll, config.Sweep, config.Fetch = 5*time.Minute, 5*time.Minute, time.Minute
}

// The end of a grace period wakes the job, however long its interval is.
func TestTheEndOfAGracePeriodWakesTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{settings: func(job *provisioning.Job) {
			job.Schedule.Interval = 1000 * time.Hour
			job.Settings.Leaving.Grace = 4 * time.Hour
		}})
		stop := w.service(t, rarely)
		time.Sleep(15 * time.Minute)
		must(t, w.store.RemoveUser(t.Context(), name(1)))
		inUse := func() bool {
			user, _ := w.org.User(name(1) + "@contoso.example")
			return user.IsActive
		}
		time.Sleep(3*time.Hour + 50*time.Minute)
		if !inUse() {
			t.Error("the account was disabled before the period was over")
		}
		time.Sleep(30 * time.Minute)
		must(t, stop())
		if inUse() {
			t.Errorf("the account is in use after the period; cycles at %v minutes", offsets(w.seen.cycles()))
		}
		if got := offsets(w.seen.cycles()); len(got) != 3 {
			t.Errorf("cycles at %v minutes, want the initial one, one for the change and one for the end of the period", got)
		}
	})
}

// A job that cannot be opened is in quarantine, people are told once, and it is tried
// again when what was missing is saved.
func TestAJobThatCannotBeOpenedIsToldOfAndTriedAgainWhenItIsMended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{notify: provisioning.Notify{Recipients: []string{"admin@contoso.example"}}})
		must(t, w.store.PutCredentials(t.Context(), w.job, nil))
		stop := w.service(t, rarely)
		time.Sleep(time.Hour)
		job := w.status(t)
		if job.Status.Code != provisioning.Quarantined || job.Status.LastRun.Error == "" || len(w.seen.cycles()) != 1 {
			t.Errorf("status %+v after %d cycles", job.Status, len(w.seen.cycles()))
		}
		if got := w.seen.events(); !slices.Equal(got, []provisioning.Event{provisioning.QuarantineBegan}) {
			t.Errorf("told of %v", got)
		}
		w.signIn(t, "")
		must(t, w.store.UpdateJob(t.Context(), w.job, func(job provisioning.Job) (provisioning.Job, error) { return job.Configured(), nil }))
		time.Sleep(15 * time.Minute)
		must(t, stop())
		if job := w.status(t); job.Status.Code != provisioning.Active {
			t.Errorf("%s after it was mended", job.Status.Code)
		}
	})
}

// stuck is a notifier whose mail server never answers.
type stuck struct {
	asked chan struct{}
}

func (s stuck) Mail(ctx context.Context, _ string, _ provisioning.Notice) error {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s stuck) Post(ctx context.Context, _ string, notice provisioning.Notice) error {
	return s.Mail(ctx, "", notice)
}

func TestANoticeThatIsNotDeliveredHoldsUpNoCycle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{
			password: "wrong", notify: provisioning.Notify{Recipients: []string{"admin@contoso.example"}},
		})
		notifier := stuck{make(chan struct{}, 1)}
		stop := w.service(t, func(c *jobs.Config) {
			rarely(c)
			c.Notifier = notifier
		})
		<-notifier.asked
		w.signIn(t, "")
		must(t, w.store.UpdateJob(t.Context(), w.job, func(job provisioning.Job) (provisioning.Job, error) { return job.Configured(), nil }))
		time.Sleep(15 * time.Minute)
		if job := w.status(t); !job.Status.InitialDone || w.surname(0) == "" {
			t.Errorf("the cycle waits for the mail server: %+v", job.Status)
		}
		must(t, stop())
	})
}

package engine_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/engine"
)

// TestOutOfQuotaMeansStopKeepTheRestAndGoOn uses up the requests of the org, and
// those that a budget leaves, in the middle of a cycle. Eleven requests are too few for
// the whole, also with some more that are under way when the budget ends, and enough
// to write something after everybody was looked up.
func TestOutOfQuotaMeansStopKeepTheRestAndGoOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		limit  int
		budget string
	}{
		{"the org's own", 11, ""},
		{"a number", 1000, "11"},
		{"a share", 100, "11%"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				undisturbed := newWorld(t, worldOptions{users: 1200})
				undisturbed.cycle(t)
				w := newWorld(t, worldOptions{users: 1200, org: func(config *salesforcetest.Config) { config.DailyLimit = test.limit }})
				credentials, err := w.store.Credentials(t.Context(), w.job.ID)
				w.must(t, err)
				w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, credentials.With("DailyBudget", test.budget)))
				time.Sleep(10 * time.Minute)
				_, err = w.try(t.Context(), t, engine.Run{})
				if !errors.Is(err, connector.QuotaExceeded) {
					t.Fatalf("the cycle ended with %v, want that the quota is used up", err)
				}
				some := len(w.active())
				job, err := w.store.Job(t.Context(), w.app.ID)
				w.must(t, err)
				if want := time.Now().Truncate(time.Hour).Add(time.Hour); !job.Status.ResumeAt.Truncate(time.Second).Equal(want) {
					t.Errorf("it goes on at %s, want %s", job.Status.ResumeAt, want)
				}
				for cycles := 0; ; cycles++ {
					time.Sleep(25 * time.Hour)
					if _, err = w.try(t.Context(), t, engine.Run{}); err == nil {
						break
					}
					if !errors.Is(err, connector.QuotaExceeded) || cycles > 20 {
						t.Fatal(err)
					}
					if now := len(w.active()); now < some {
						t.Errorf("%d accounts are in use, %d before", now, some)
					}
				}
				if diff := cmp.Diff(undisturbed.content(), w.content()); diff != "" {
					t.Errorf("the org differs from the undisturbed one (-want +got):\n%s", diff)
				}
				job, err = w.store.Job(t.Context(), w.app.ID)
				w.must(t, err)
				if !job.Status.ResumeAt.IsZero() {
					t.Errorf("after a good cycle it goes on at %s", job.Status.ResumeAt)
				}
			})
		})
	}
}

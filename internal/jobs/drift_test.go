package jobs_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/provisioning"
)

func drifting(mode provisioning.DriftMode) func(*provisioning.Job) {
	return func(job *provisioning.Job) {
		job.Settings.Drift = provisioning.Drift{Mode: mode, Interval: time.Second}
	}
}

func (w *world) lastName(number int) string {
	user, _ := w.org.User(name(number) + "@contoso.example")
	return user.Get("LastName")
}

func TestChangesMadeInTheTargetAreReportedOrRepairedByTheService(t *testing.T) {
	t.Parallel()
	for _, mode := range []provisioning.DriftMode{provisioning.DriftReport, provisioning.DriftRepair} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, options worldOptions) {
				t.Helper()
				options.settings = drifting(mode)
				options.notify = provisioning.Notify{Recipients: []string{"admin@contoso.example"}}
				w := newWorld(t, options)
				w.service(t, func(c *jobs.Config) { c.Gap = time.Millisecond })
				await(t, "the first cycle is over", func() bool { return w.status(t).Status.InitialDone })
				must(t, w.org.SetUser(name(1)+"@contoso.example", map[string]any{"LastName": "Edited"}))
				await(t, "people were told", func() bool { return slices.Contains(w.seen.events(), provisioning.DriftFound) })
				if mode == provisioning.DriftRepair {
					await(t, "the account was set right", func() bool { return w.lastName(1) == "First" })
					return
				}
				if got := w.lastName(1); got != "Edited" {
					t.Errorf("a report wrote the name %q", got)
				}
			})
		})
	}
}

func TestChecksForDriftFollowTheirInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{settings: func(job *provisioning.Job) {
			job.Schedule.Interval = 24 * time.Hour
			job.Settings.Drift = provisioning.Drift{Mode: provisioning.DriftReport, Interval: time.Hour}
		}})
		stop := w.service(t, seldom)
		var checks []time.Time
		for range 65 {
			time.Sleep(2 * time.Minute)
			check, err := w.store.DriftCheck(t.Context(), w.job)
			must(t, err)
			if check.Error != "" {
				t.Errorf("a check failed: %s", check.Error)
			}
			if len(checks) == 0 && !check.At.IsZero() || len(checks) > 0 && check.At.After(checks[len(checks)-1]) {
				checks = append(checks, check.At)
			}
		}
		must(t, stop())
		if len(checks) != 3 {
			t.Fatalf("checks at %v, want three in two hours and ten minutes", checks)
		}
		for n := range 2 {
			if between := checks[n+1].Sub(checks[n]); between < time.Hour || between > time.Hour+4*time.Minute {
				t.Errorf("%s between two checks, want an hour", between)
			}
		}
	})
}

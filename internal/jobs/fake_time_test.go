package jobs_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/provisioning"
)

// seldom makes a service of a test in fake time look around as seldom as possible:
// every look costs real time.
func seldom(config *jobs.Config) {
	config.Poll, config.Sweep, config.Fetch = time.Minute, time.Minute, 30*time.Second
}

// offsets returns when the cycles began, in minutes after the first one.
func offsets(runs []provisioning.Run) []int {
	var minutes []int
	for _, run := range runs {
		minutes = append(minutes, int(run.Began.Sub(runs[0].Began).Round(time.Minute).Minutes()))
	}
	return minutes
}

func TestCyclesFollowTheSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{settings: func(job *provisioning.Job) { job.Schedule.Interval = 20 * time.Minute }})
		stop := w.service(t, seldom)
		time.Sleep(65 * time.Minute)
		must(t, stop())
		got := offsets(w.seen.cycles())
		if len(got) != 4 {
			t.Fatalf("cycles at %v, want four", got)
		}
		for i, at := range got {
			// The look around and the fetch come up to a minute and a half after the time.
			if late := at - 20*i; late < 0 || late > 2*i {
				t.Errorf("cycle %d began after %d minutes, want %d", i, at, 20*i)
			}
		}
	})
}

func TestAQuarantinedJobIsTriedAgainAfterSixHoursAndToldOfOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{password: "wrong", notify: provisioning.Notify{Recipients: []string{"admin@contoso.example"}}})
		stop := w.service(t, func(c *jobs.Config) {
			c.Poll, c.Sweep, c.Fetch = 5*time.Minute, 5*time.Minute, time.Minute
		})
		time.Sleep(6*time.Hour + 15*time.Minute)
		must(t, stop())
		got := offsets(w.seen.cycles())
		if len(got) != 2 || got[1] < 360 || got[1] > 367 {
			t.Errorf("cycles at %v minutes, want one at 0 and one at 360", got)
		}
		if diff := cmp.Diff([]provisioning.Event{provisioning.QuarantineBegan}, w.seen.events()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestADigestComesOnceADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{
			notify:   provisioning.Notify{Webhook: "https://hooks.example/usher", Digest: true},
			settings: func(job *provisioning.Job) { job.Schedule.Interval = 12 * time.Hour },
		})
		slow := func(c *jobs.Config) { c.Poll, c.Sweep, c.Fetch = time.Hour, time.Minute, 10*time.Second }
		stop := w.service(t, slow)
		time.Sleep(2 * time.Minute)
		must(t, stop())
		time.Sleep(24 * time.Hour) // nobody works
		stop = w.service(t, slow)
		time.Sleep(3 * time.Minute)
		must(t, stop())
		if diff := cmp.Diff([]provisioning.Event{provisioning.DailyDigest}, w.seen.events()); diff != "" {
			t.Fatalf("events (-want +got):\n%s", diff)
		}
		digest := w.seen.notices[0].Digest
		if diff := cmp.Diff(map[string]int{"create success": 3}, digest.Counts); diff != "" || digest.Until.Sub(digest.Since) < 24*time.Hour {
			t.Errorf("digest of %s to %s (-want +got):\n%s", digest.Since, digest.Until, diff)
		}
	})
}

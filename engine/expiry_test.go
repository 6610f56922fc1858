package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// Removals on which nobody decides are looked at anew after a month: nobody is
// disabled by that, people are told again, and who is in scope again is off the
// list.
func TestHeldRemovalsAreLookedAtAnewAndNeverGoAheadByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 2 }})
		for _, id := range []string{"a", "b", "c"} {
			user := w.join(t, id, "")
			w.grant(t, user.ID)
		}
		w.cycle(t)
		for _, id := range []string{"a", "b", "c"} {
			w.leave(t, provisioning.Unassigned, directory.User{ID: id})
		}
		w.cycle(t)
		links, err := w.store.CountLinks(t.Context(), w.job.ID)
		w.must(t, err)
		_, told := provisioning.Told{}.Next(provisioning.Standing{Job: w.state(t), Held: links.Staged, Now: time.Now()}, 0)
		time.Sleep(20 * 24 * time.Hour)
		run := w.cycle(t)
		if run.Counts.Staged != 0 {
			t.Errorf("%d removals were looked at anew after 20 days", run.Counts.Staged)
		}
		// Fewer than the limit are left, and still none goes ahead.
		w.grant(t, "a")
		time.Sleep(11 * 24 * time.Hour)
		run = w.cycle(t)
		if run.Counts.Staged != 2 || run.Counts.Disabled != 0 || !w.inUse("b@contoso.example") {
			t.Errorf("%+v, want two held again", run.Counts)
		}
		links, err = w.store.CountLinks(t.Context(), w.job.ID)
		w.must(t, err)
		if links.Staged != 2 {
			t.Errorf("%d removals are held, want 2", links.Staged)
		}
		job := w.state(t)
		if !strings.Contains(job.Status.Quarantine.Message, "looked at anew") {
			t.Errorf("the message is %q", job.Status.Quarantine.Message)
		}
		standing := provisioning.Standing{Job: job, Held: links.Staged, Now: time.Now()}
		notices, told := told.Next(standing, time.Minute)
		if len(notices) != 1 || notices[0].Event != provisioning.RemovalsStaged || notices[0].Held != 2 {
			t.Errorf("told %+v", notices)
		}
		if again, _ := told.Next(standing, 0); len(again) != 0 {
			t.Errorf("told again: %+v", again)
		}
		_, err = w.store.AllowRemovals(t.Context(), w.job.ID, nil)
		w.must(t, err)
		if run := w.cycle(t); run.Counts.Disabled != 2 {
			t.Errorf("%+v after they were allowed", run.Counts)
		}
	})
}

// A source that was cut short: the guard says what may be behind it.
func TestTheGuardSaysThatTheSourceMayHaveBeenCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200, settings: func(s *provisioning.Settings) { s.RemovalLimit = 5 }})
	w.cycle(t)
	inUse := len(w.active())
	half := func(yield func(directory.Delta, error) bool) {
		n := 0
		for delta, err := range w.people {
			if _, isUser := delta.Content.(directory.User); isUser {
				if n++; n > 100 {
					continue
				}
				user, _ := delta.Content.(directory.User)
				user.ManagerID = ""
				delta.Content = user
			} else {
				continue
			}
			if !yield(delta, err) {
				return
			}
		}
	}
	report, err := w.store.Import(t.Context(), half, true)
	w.must(t, err)
	if !report.Shrinkage.Suspicious() {
		t.Fatalf("%+v", report)
	}
	if _, err := w.try(t.Context(), t, engine.Run{}); err != nil {
		t.Fatal(err)
	}
	message := w.state(t).Status.Quarantine.Message
	if !strings.Contains(message, "may have been cut short") || len(w.active()) != inUse {
		t.Errorf("%d accounts are in use, want %d; the message is %q", len(w.active()), inUse, message)
	}
}

package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// managerOf returns the username of an account's manager in the org, empty without
// one.
func (w *world) managerOf(username string) string {
	account, _ := w.org.User(username)
	id := account.Get("ManagerId")
	for _, other := range w.org.Users() {
		if id != "" && other.ID == id {
			return other.Username
		}
	}
	return id
}

// manage gives a person another manager.
func (w *world) manage(t *testing.T, user directory.User, manager string) {
	t.Helper()
	user.ManagerID = manager
	w.must(t, w.store.PutUser(t.Context(), user))
}

const exampleDomain = "@contoso.example"

func TestManagers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		build func(t *testing.T, w *world)
		want  map[string]string // account to manager, after each of two cycles
		then  func(t *testing.T, w *world)
		after map[string]string // after the cycle that follows
	}{
		{
			"the manager has an account before",
			func(t *testing.T, w *world) {
				t.Helper()
				w.join(t, "boss", "")
				w.grant(t, "boss")
				w.cycle(t)
				w.join(t, "report", "boss")
				w.grant(t, "report")
			},
			map[string]string{"report": "boss"},
			nil, nil,
		},
		{
			"both come in one cycle, whoever is first",
			func(t *testing.T, w *world) {
				t.Helper()
				w.join(t, "aboss", "")
				w.join(t, "report", "aboss")
				w.join(t, "zboss", "")
				w.join(t, "other", "zboss")
				for _, id := range []string{"aboss", "report", "zboss", "other"} {
					w.grant(t, id)
				}
			},
			map[string]string{"report": "aboss", "other": "zboss"},
			nil, nil,
		},
		{
			"two people manage each other, which the org refuses of one of them",
			func(t *testing.T, w *world) {
				t.Helper()
				one := w.join(t, "one", "")
				w.join(t, "two", "one")
				w.manage(t, one, "two")
				w.grant(t, "one")
				w.grant(t, "two")
			},
			map[string]string{"one": "two", "two": ""},
			nil, nil,
		},
		{
			"the manager is out of scope, and comes later",
			func(t *testing.T, w *world) {
				t.Helper()
				w.join(t, "boss", "")
				w.join(t, "report", "boss")
				w.grant(t, "report")
			},
			map[string]string{"report": ""},
			func(t *testing.T, w *world) { t.Helper(); w.grant(t, "boss") },
			map[string]string{"report": "boss"},
		},
		{
			"the manager leaves",
			func(t *testing.T, w *world) {
				t.Helper()
				w.join(t, "boss", "")
				w.join(t, "report", "boss")
				w.grant(t, "boss")
				w.grant(t, "report")
			},
			map[string]string{"report": "boss"},
			func(t *testing.T, w *world) { t.Helper(); w.must(t, w.store.RemoveUser(t.Context(), "boss")) },
			map[string]string{"report": "boss"}, // what the directory goes on saying
		},
		{
			"another manager takes over",
			func(t *testing.T, w *world) {
				t.Helper()
				w.join(t, "boss", "")
				w.join(t, "next", "")
				w.join(t, "report", "boss")
				for _, id := range []string{"boss", "next", "report"} {
					w.grant(t, id)
				}
			},
			map[string]string{"report": "boss"},
			func(t *testing.T, w *world) {
				t.Helper()
				user, err := w.store.User(t.Context(), "report")
				w.must(t, err)
				w.manage(t, user, "next")
			},
			map[string]string{"report": "next"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60, managers: true})
			check := func(want map[string]string) {
				t.Helper()
				for report, manager := range want {
					if manager != "" {
						manager += exampleDomain
					}
					if got := w.managerOf(report + exampleDomain); got != manager {
						t.Errorf("%s has the manager %q in the org, want %q", report, got, manager)
					}
				}
			}
			test.build(t, w)
			w.cycle(t)
			check(test.want)
			before := w.org.Statistics().RowsWritten
			w.cycle(t)
			if written := w.org.Statistics().RowsWritten - before; written != 0 {
				t.Errorf("the next cycle wrote %d rows", written)
			}
			if test.then == nil {
				return
			}
			test.then(t, w)
			w.cycle(t)
			check(test.after)
		})
	}
}

// In a ring of managers the org takes all but one, and that one is listed.
func TestAManagerThatClosesARingIsListedAndTheAccountsAreThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, managers: true})
	one := w.join(t, "one", "")
	w.join(t, "two", "one")
	w.manage(t, one, "two")
	w.grant(t, "one")
	w.grant(t, "two")
	run := w.cycle(t)
	var kept []string
	for escrow, err := range w.store.Escrows(t.Context(), w.job.ID) {
		w.must(t, err)
		if escrow.Attribute != "" {
			kept = append(kept, escrow.SourceID+" "+escrow.Attribute+" "+escrow.Code)
		}
	}
	if len(kept) != 1 || run.Counts.Refused != 1 || !w.inUse("one"+exampleDomain) || !w.inUse("two"+exampleDomain) {
		t.Errorf("kept %v, %d refused", kept, run.Counts.Refused)
	}
}

// A reference that the target refuses waits longer every time, is counted apart, and
// leaves the person alone otherwise.
func TestARefusedReferenceIsTriedAgainAtGrowingIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60, managers: true, settings: func(s *provisioning.Settings) { s.FailurePercent = 1 }})
		w.start(t)
		w.cycle(t)
		w.start(t) // two people of the company fail, which is too much for this job
		w.join(t, "zboss", "")
		w.join(t, "report", "zboss")
		w.grant(t, "zboss")
		w.grant(t, "report")
		tries := 0
		refuse := twisted{apply: func(changes []plan.Change, do func() []connector.Outcome) []connector.Outcome {
			if changes[0].Action != plan.Update {
				return do()
			}
			tries++
			outcomes := make([]connector.Outcome, len(changes))
			for n := range outcomes {
				outcomes[n].Err = &connector.Error{Kind: connector.Invalid, Code: "SalesforceManagerRefused", Message: "refused"}
			}
			return outcomes
		}}
		var hours []int
		began := time.Now()
		for range 40 {
			before := tries
			run, err := w.twist(t, engine.Run{}, refuse)
			w.must(t, err)
			if tries > before {
				hours = append(hours, int(time.Since(began).Hours()))
				if run.Counts.Refused != 1 || run.Counts.Failed != 0 {
					t.Errorf("%+v, want one refused reference and no failure", run.Counts)
				}
			}
			time.Sleep(time.Hour)
		}
		want := []int{0, 1, 2, 4, 8, 16, 32}
		if len(hours) != len(want) {
			t.Fatalf("tried after %v hours, want %v", hours, want)
		}
		for n := range want {
			if hours[n] != want[n] {
				t.Errorf("tried after %v hours, want %v", hours, want)
			}
		}
		if code := w.state(t).Status.Code; code != provisioning.Active {
			t.Errorf("the job is %s: references count apart", code)
		}
		time.Sleep(24 * time.Hour)
		w.cycle(t)
		if got := w.managerOf("report" + exampleDomain); got != "zboss"+exampleDomain {
			t.Errorf("the manager is %q after it was not refused any more", got)
		}
		for escrow, err := range w.store.Escrows(t.Context(), w.job.ID) {
			w.must(t, err)
			if escrow.Attribute != "" {
				t.Errorf("still kept: %+v", escrow)
			}
		}
	})
}

// Changes of people who fail are tried again at growing intervals, and the log says
// when.
func TestAFailedChangeIsTriedAgainAtGrowingIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60})
		w.cycle(t)
		w.join(t, "failing", "")
		w.grant(t, "failing")
		began := time.Now()
		var hours []int
		for range 120 {
			run, err := w.twist(t, engine.Run{}, refuseAll())
			w.must(t, err)
			escrow, err := w.store.Escrow(t.Context(), w.job.ID, "failing")
			w.must(t, err)
			if run.Counts.Codes["SalesforceOutOfOrder"] > 0 && escrow.Attempts > len(hours) {
				hours = append(hours, int(time.Since(began).Hours()))
			}
			time.Sleep(time.Hour)
		}
		want := []int{0, 1, 2, 4, 8, 16, 32, 56, 80, 104}
		if len(hours) != len(want) {
			t.Fatalf("tried after %v hours, want %v", hours, want)
		}
		for n := range want {
			if hours[n] != want[n] {
				t.Errorf("tried after %v hours, want %v", hours, want)
			}
		}
	})
}

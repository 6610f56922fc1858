package provisioning_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/provisioning"
)

func TestPeopleAreToldWhatTheyDoNotKnowYet(t *testing.T) {
	t.Parallel()
	const gap = 5 * time.Minute
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	quarantine := func(reason provisioning.QuarantineReason) provisioning.Quarantine {
		return provisioning.Quarantine{Reason: reason, Began: now}
	}
	refused, tooMany := provisioning.EncounteredQuarantineException, provisioning.TooManyDeletes
	tests := []struct {
		name  string
		known provisioning.Told
		now   provisioning.Quarantine
		held  int
		want  []provisioning.Event
	}{
		{name: "nothing is wrong"},
		{name: "a quarantine begins", now: quarantine(refused), want: []provisioning.Event{provisioning.QuarantineBegan}},
		{name: "it is known", known: provisioning.Told{Quarantine: quarantine(refused)}, now: quarantine(refused)},
		{name: "its reason changes", known: provisioning.Told{Quarantine: quarantine(refused)}, now: quarantine(tooMany), want: []provisioning.Event{provisioning.QuarantineChanged}},
		{
			name: "it is given up", known: provisioning.Told{Quarantine: quarantine(refused)},
			now: provisioning.Quarantine{Reason: refused, Began: now, GivenUp: true}, want: []provisioning.Event{provisioning.QuarantineGivenUp},
		},
		{name: "it is lifted", known: provisioning.Told{Quarantine: quarantine(refused)}, want: []provisioning.Event{provisioning.QuarantineLifted}},
		{
			name: "removals are held", now: quarantine(tooMany), held: 12,
			want: []provisioning.Event{provisioning.QuarantineBegan, provisioning.RemovalsStaged},
		},
		{name: "more are held", known: provisioning.Told{Held: 3}, held: 4, want: []provisioning.Event{provisioning.RemovalsStaged}},
		{name: "fewer are held", known: provisioning.Told{Held: 3}, held: 2},
		{name: "something was told just now", known: provisioning.Told{At: now.Add(-gap + time.Second)}, now: quarantine(refused), held: 5},
		{name: "it was told long ago", known: provisioning.Told{At: now.Add(-gap)}, now: quarantine(refused), want: []provisioning.Event{provisioning.QuarantineBegan}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			standing := provisioning.Standing{
				Job: provisioning.Job{ID: "job", Status: provisioning.Status{Quarantine: tt.now}}, Application: "Salesforce", Held: tt.held, Now: now,
			}
			notices, next := tt.known.Next(standing, gap)
			var got []provisioning.Event
			ids := map[string]bool{}
			for _, notice := range notices {
				got = append(got, notice.Event)
				ids[notice.ID] = true
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if len(ids) != len(notices) {
				t.Errorf("the notices share ids: %v", ids)
			}
			if again, _ := next.Next(standing, 0); tt.known.At.Before(now.Add(-gap+time.Second)) && len(again) > 0 {
				t.Errorf("it is told again: %v", again)
			}
		})
	}
}

func TestANoticeOfALiftedQuarantineSaysWhichOne(t *testing.T) {
	t.Parallel()
	known := provisioning.Told{Quarantine: provisioning.Quarantine{Reason: provisioning.TooManyDeletes, Message: "12 removals"}}
	notices, _ := known.Next(provisioning.Standing{Now: time.Now()}, 0)
	if len(notices) != 1 || notices[0].Quarantine.Message != "12 removals" {
		t.Errorf("notices %+v", notices)
	}
}

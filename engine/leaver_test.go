package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// leave makes one person of a world leave in the way that a trigger names.
func (w *world) leave(tb testing.TB, trigger provisioning.Trigger, user directory.User) {
	tb.Helper()
	ctx := tb.Context()
	switch trigger {
	case provisioning.Unassigned:
		_, err := w.store.Unassign(ctx, directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: user.ID})
		w.must(tb, err)
	case provisioning.FilteredOut:
		w.filterOut(tb, user)
	case provisioning.SourceDisabled:
		user.AccountEnabled = false
		w.must(tb, w.store.PutUser(ctx, user))
	case provisioning.SoftDeleted:
		w.must(tb, w.store.RemoveUser(ctx, user.ID))
	case provisioning.HardDeleted:
		w.must(tb, w.store.PurgeUser(ctx, user.ID))
	}
}

// filterOut gives the schema a scoping filter that excludes the person.
func (w *world) filterOut(tb testing.TB, user directory.User) {
	tb.Helper()
	schema, err := w.store.Schema(tb.Context(), w.job.ID)
	w.must(tb, err)
	_, object, err := schema.UserMapping()
	w.must(tb, err)
	object.Scope = &scope.Filter{Groups: []scope.FilterGroup{{Name: "others", Clauses: []scope.Clause{{
		OperatorName: "NOT EQUALS", SourceOperandName: "userPrincipalName", TargetOperand: &scope.Operand{Values: []string{user.UserPrincipalName}},
	}}}}}
	w.must(tb, w.store.PutSchema(tb.Context(), w.job.ID, schema))
}

// configure changes the settings of the world's job.
func (w *world) configure(tb testing.TB, change func(*provisioning.Settings)) {
	tb.Helper()
	w.must(tb, w.store.UpdateJob(tb.Context(), w.job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		change(&job.Settings)
		return job, nil
	}))
}

// deleting is a target that can delete accounts. It keeps the names of those that
// it was told to delete.
func deleting(deleted *[]string) twisted {
	return twisted{
		describe: func(d connector.Descriptor) connector.Descriptor { d.Capabilities.Deletes = true; return d },
		apply: func(changes []plan.Change, do func() []connector.Outcome) []connector.Outcome {
			outcomes := do() // where this is a deactivation
			for n, change := range changes {
				if change.Action == plan.Delete {
					*deleted = append(*deleted, change.Target.Name)
					outcomes[n] = connector.Outcome{TargetID: change.Target.ID}
				}
			}
			return outcomes
		},
	}
}

// What becomes of an account, for each trigger and each action, in a target that
// deletes and in one that does not.
func TestEachTriggerDoesWhatIsConfigured(t *testing.T) {
	t.Parallel()
	for _, trigger := range provisioning.Triggers() {
		for _, action := range append(provisioning.LeaveActions(), "") {
			for _, deletes := range []bool{false, true} {
				name := strings.Join([]string{string(trigger), string(action)}, " ")
				if deletes {
					name += " where accounts can be deleted"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, worldOptions{users: 60})
					user := w.join(t, "leaver", "")
					w.grant(t, "leaver")
					var deleted []string
					how := deleting(&deleted)
					if !deletes {
						how = twisted{}
					}
					_, err := w.twist(t, engine.Run{}, how)
					w.must(t, err)
					if action != "" {
						w.configure(t, func(s *provisioning.Settings) { s.Leaving = s.Leaving.With(trigger, action) })
					}
					w.leave(t, trigger, user)
					for range 2 { // the second cycle finds it done
						_, err = w.twist(t, engine.Run{}, how)
						w.must(t, err)
					}
					wantDeleted := deletes && (action == provisioning.LeaveDelete || action == "" && trigger == provisioning.HardDeleted)
					if got := slices.Contains(deleted, user.UserPrincipalName); got != wantDeleted || len(deleted) > 1 {
						t.Errorf("deleted %v, want %v", deleted, wantDeleted)
					}
					wantInUse := action == provisioning.LeaveNothing
					if got := w.inUse(user.UserPrincipalName); got != wantInUse {
						t.Errorf("the account is in use: %v, want %v", got, wantInUse)
					}
				})
			}
		}
	}
}

func TestSkipOutOfScopeDeletionsWinsOverTheActionsButNotOverHardDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) {
		s.SkipOutOfScopeDeletions = true
		s.Leaving = s.Leaving.With(provisioning.Unassigned, provisioning.LeaveDelete)
	}})
	left, gone := w.join(t, "left", ""), w.join(t, "gone", "")
	w.grant(t, "left")
	w.grant(t, "gone")
	w.cycle(t)
	w.leave(t, provisioning.Unassigned, left)
	w.leave(t, provisioning.HardDeleted, gone)
	w.cycle(t)
	if !w.inUse(left.UserPrincipalName) || w.inUse(gone.UserPrincipalName) {
		t.Errorf("in use: the unassigned one %v, want true; who was removed for good %v, want false", w.inUse(left.UserPrincipalName), w.inUse(gone.UserPrincipalName))
	}
}

// One trigger on which nothing is done does not protect an account from another one.
func TestTheStrongestActionOfSeveralTriggersCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) {
		s.Leaving = s.Leaving.With(provisioning.SourceDisabled, provisioning.LeaveNothing)
	}})
	user := w.join(t, "both", "")
	w.grant(t, "both")
	w.cycle(t)
	w.leave(t, provisioning.SourceDisabled, user)
	w.cycle(t)
	if !w.inUse(user.UserPrincipalName) {
		t.Fatal("nothing was to be done when the account was disabled in the directory")
	}
	w.leave(t, provisioning.Unassigned, user)
	w.cycle(t)
	if w.inUse(user.UserPrincipalName) {
		t.Error("the person was unassigned as well, and keeps the account")
	}
}

func TestUnassignedAndDeletedLaterGetsTheDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.join(t, "leaver", "")
	w.grant(t, "leaver")
	var deleted []string
	how := deleting(&deleted)
	for _, trigger := range []provisioning.Trigger{"", provisioning.Unassigned, provisioning.SoftDeleted, provisioning.HardDeleted} {
		w.leave(t, trigger, user)
		_, err := w.twist(t, engine.Run{}, how)
		w.must(t, err)
		if trigger == provisioning.Unassigned && w.inUse(user.UserPrincipalName) {
			t.Error("unassigned and still in use")
		}
		if trigger != provisioning.HardDeleted && len(deleted) > 0 {
			t.Errorf("deleted %v on %q", deleted, trigger)
		}
	}
	if !slices.Equal(deleted, []string{user.UserPrincipalName}) {
		t.Errorf("deleted %v, want the one account", deleted)
	}
}

func TestAccountsThatWereDisabledAreDeletedWhenTheActionBecomesDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.join(t, "leaver", "")
	w.grant(t, "leaver")
	var deleted []string
	how := deleting(&deleted)
	cycle := func() {
		_, err := w.twist(t, engine.Run{}, how)
		w.must(t, err)
	}
	cycle()
	w.leave(t, provisioning.Unassigned, user)
	cycle()
	w.configure(t, func(s *provisioning.Settings) {
		s.Leaving = s.Leaving.With(provisioning.Unassigned, provisioning.LeaveDelete)
	})
	cycle()
	cycle()
	if !slices.Equal(deleted, []string{user.UserPrincipalName}) {
		t.Errorf("deleted %v, want the one account, once", deleted)
	}
}

// leavers lists who is in a grace period.
func (w *world) leavers(tb testing.TB) []engine.Leaver {
	tb.Helper()
	var leavers []engine.Leaver
	for leaver, err := range w.store.Leavers(tb.Context(), w.job.ID) {
		w.must(tb, err)
		leavers = append(leavers, leaver)
	}
	return leavers
}

func TestGracePeriod(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	week := func(s *provisioning.Settings) { s.Leaving.Grace = 7 * day }
	type step struct {
		after time.Duration // since the step before
		do    func(t *testing.T, w *world, user directory.User)
		inUse bool // after the cycle that follows
		waits bool
	}
	leave := func(trigger provisioning.Trigger) func(*testing.T, *world, directory.User) {
		return func(t *testing.T, w *world, user directory.User) { t.Helper(); w.leave(t, trigger, user) }
	}
	back := func(t *testing.T, w *world, user directory.User) { t.Helper(); w.grant(t, user.ID) }
	set := func(change func(*provisioning.Settings)) func(*testing.T, *world, directory.User) {
		return func(t *testing.T, w *world, _ directory.User) { t.Helper(); w.configure(t, change) }
	}
	tests := []struct {
		name     string
		settings func(*provisioning.Settings)
		steps    []step
	}{
		{"the first cycle after it disables", week, []step{
			{0, leave(provisioning.Unassigned), true, true},
			{7*day - time.Minute, nil, true, true},
			{2 * time.Minute, nil, false, false},
			{day, nil, false, false},
		}},
		{"who comes back keeps the account and gets a whole period the next time", week, []step{
			{0, leave(provisioning.Unassigned), true, true},
			{6 * day, back, true, false},
			{3 * day, leave(provisioning.Unassigned), true, true},
			{6 * day, nil, true, true},
			{day + time.Minute, nil, false, false},
		}},
		{"a trigger with a period of 0 is not put off", func(s *provisioning.Settings) {
			week(s)
			s.Leaving = s.Leaving.WithGrace(provisioning.SourceDisabled, 0)
		}, []step{{0, leave(provisioning.SourceDisabled), false, false}}},
		{"a trigger with a period of 0 ends a period that runs", func(s *provisioning.Settings) {
			week(s)
			s.Leaving = s.Leaving.WithGrace(provisioning.SourceDisabled, 0)
		}, []step{{0, leave(provisioning.Unassigned), true, true}, {day, leave(provisioning.SourceDisabled), false, false}}},
		{"another trigger does not begin the period anew", week, []step{
			{0, leave(provisioning.Unassigned), true, true},
			{5 * day, leave(provisioning.SoftDeleted), true, true},
			{day, leave(provisioning.HardDeleted), true, true},
			{day + time.Minute, nil, false, false},
		}},
		{"a shorter period counts for who is waiting", week, []step{
			{0, leave(provisioning.Unassigned), true, true},
			{2 * day, set(func(s *provisioning.Settings) { s.Leaving.Grace = day }), false, false},
		}},
		{"a longer period counts for who is waiting", week, []step{
			{0, leave(provisioning.Unassigned), true, true},
			{6 * day, set(func(s *provisioning.Settings) { s.Leaving.Grace = 10 * day }), true, true},
			{2 * day, nil, true, true},
			{2*day + time.Minute, nil, false, false},
		}},
		{"nothing is done any more to who is waiting", week, []step{
			{0, leave(provisioning.Unassigned), true, true},
			{day, set(func(s *provisioning.Settings) {
				s.Leaving = s.Leaving.With(provisioning.Unassigned, provisioning.LeaveNothing)
			}), true, true},
			{7 * day, nil, true, false},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, worldOptions{users: 60, settings: test.settings})
				user := w.join(t, "leaver", "")
				w.grant(t, user.ID)
				w.cycle(t)
				for n, step := range test.steps {
					time.Sleep(step.after)
					if step.do != nil {
						step.do(t, w, user)
					}
					before := time.Now()
					w.cycle(t)
					waiting := w.leavers(t)
					if got := w.inUse(user.UserPrincipalName); got != step.inUse || (len(waiting) == 1) != step.waits {
						t.Fatalf("step %d: in use %v, waiting %v; want %v, %v", n+1, got, waiting, step.inUse, step.waits)
					}
					if step.waits && (waiting[0].SourceID != user.ID || waiting[0].Name != user.UserPrincipalName || !waiting[0].Due.After(before)) && step.do == nil {
						t.Errorf("step %d: the list has %+v", n+1, waiting[0])
					}
				}
			})
		})
	}
}

// Who left a target that asks for an hour's patience is disabled all the same when
// the period is over: the failed removal is not given a new period.
func TestFailedRemovalAfterAGracePeriodIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.Leaving.Grace = time.Hour }})
		user := w.join(t, "leaver", "")
		w.grant(t, user.ID)
		w.cycle(t)
		w.leave(t, provisioning.Unassigned, user)
		w.cycle(t)
		time.Sleep(2 * time.Hour)
		refuse := twisted{apply: func(changes []plan.Change, _ func() []connector.Outcome) []connector.Outcome {
			outcomes := make([]connector.Outcome, len(changes))
			for n := range outcomes {
				outcomes[n].Err = &connector.Error{Kind: connector.Invalid, Message: "owner of a queue"}
			}
			return outcomes
		}}
		_, err := w.twist(t, engine.Run{}, refuse)
		w.must(t, err)
		if !w.inUse(user.UserPrincipalName) {
			t.Fatal("the target refused, and the account is disabled")
		}
		time.Sleep(time.Minute)
		w.cycle(t)
		if w.inUse(user.UserPrincipalName) {
			t.Error("the removal failed once, and the person has access in the cycle after it")
		}
		if waiting := w.leavers(t); len(waiting) > 0 {
			t.Errorf("still on the list: %v", waiting)
		}
	})
}

func TestTheGuardCountsWhoseGracePeriodsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) {
			s.Leaving.Grace, s.RemovalLimit = time.Hour, 2
		}})
		var users []directory.User
		for _, id := range []string{"a", "b", "c"} {
			users = append(users, w.join(t, id, ""))
			w.grant(t, id)
		}
		w.cycle(t)
		for _, user := range users {
			w.leave(t, provisioning.Unassigned, user)
		}
		if run := w.cycle(t); run.Counts.Staged != 0 {
			t.Errorf("%d removals are held although nobody's period is over", run.Counts.Staged)
		}
		time.Sleep(2 * time.Hour)
		if run := w.cycle(t); run.Counts.Staged != 3 || !w.inUse("a@contoso.example") {
			t.Errorf("%d removals are held, want 3; a is in use: %v", run.Counts.Staged, w.inUse("a@contoso.example"))
		}
		_, err := w.store.AllowRemovals(t.Context(), w.job.ID, nil)
		w.must(t, err)
		if run := w.cycle(t); run.Counts.Disabled != 3 {
			t.Errorf("%+v, want three disabled after they were allowed", run.Counts)
		}
	})
}

// A removal that the target refuses is tried with the next cycle and then hourly,
// as the log says, and at once when the person changes.
func TestAFailedRemovalIsTriedHourly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, worldOptions{users: 60})
		user := w.join(t, "leaver", "")
		w.grant(t, "leaver")
		w.cycle(t)
		w.leave(t, provisioning.Unassigned, user)
		began := time.Now()
		var minutes []int
		cycle := func() {
			t.Helper()
			before := len(minutes)
			_, err := w.twist(t, engine.Run{}, twisted{apply: func(changes []plan.Change, _ func() []connector.Outcome) []connector.Outcome {
				outcomes := make([]connector.Outcome, len(changes))
				for n := range outcomes {
					outcomes[n].Err = &connector.Error{Kind: connector.Invalid, Message: "owner of a queue"}
					if changes[n].Source.ID == user.ID {
						minutes = append(minutes, int(time.Since(began).Minutes()))
					}
				}
				return outcomes
			}})
			w.must(t, err)
			if len(minutes) > before+1 {
				t.Errorf("tried %d times in one cycle", len(minutes)-before)
			}
		}
		for range 25 {
			cycle()
			time.Sleep(10 * time.Minute)
		}
		if want := []int{0, 10, 70, 130, 190}; !slices.Equal(minutes, want) {
			t.Errorf("tried after %v minutes, want %v", minutes, want)
		}
		escrow, err := w.store.Escrow(t.Context(), w.job.ID, user.ID)
		w.must(t, err)
		for _, entry := range w.entries(t) {
			if entry.Change.Source.ID != user.ID || entry.Change.Status != plan.Failure {
				continue
			}
			if next := escrow.Next.Format(time.RFC3339); escrow.Attempts > 1 && !strings.Contains(entry.Change.Reason.Text, next) {
				t.Errorf("the log says %q, the next try is at %s", entry.Change.Reason.Text, next)
			}
			break // the newest
		}
		// Something about the person changes: it is not waited for the hour.
		user.DisplayName = "Somebody else"
		w.must(t, w.store.PutUser(t.Context(), user))
		tried := len(minutes)
		cycle()
		if len(minutes) != tried+1 {
			t.Errorf("the person changed, and the removal was tried %d times", len(minutes)-tried)
		}
		w.cycle(t)
		if w.inUse(user.UserPrincipalName) {
			time.Sleep(time.Hour)
			w.cycle(t)
		}
		if w.inUse(user.UserPrincipalName) {
			t.Error("the target takes it again, and the account is in use an hour later")
		}
	})
}

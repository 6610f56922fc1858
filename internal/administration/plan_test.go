package administration_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func TestAPlanIsMadeLookedAtAppliedAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.must(w.acts.Start(t.Context(), app, administration.Starting{}))
	app = w.again(app)
	made, err := w.acts.MakePlan(t.Context(), app, administration.Planning{Full: true})
	w.must(err)
	items := func(filter administration.PlanFilter, after string) []string {
		var names []string
		for item, err := range w.PlanItems(t.Context(), made, filter, after) {
			w.must(err)
			names = append(names, item.Change.Source.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"ana@contoso.com", "ben@contoso.com"}, items(administration.PlanFilter{}, "")); diff != "" {
		t.Error(diff)
	}
	if got := items(administration.PlanFilter{}, ana); len(got) != 1 || got[0] != "ben@contoso.com" {
		t.Errorf("behind ana come %v", got)
	}
	if got := items(administration.PlanFilter{Actions: []plan.Action{plan.Disable}}, ""); len(got) != 0 {
		t.Errorf("to be disabled are %v", got)
	}
	if got := items(administration.PlanFilter{Causes: []string{"Nothing"}}, ""); len(got) != 0 {
		t.Errorf("because of nothing: %v", got)
	}
	applied, err := w.acts.ApplyPlan(t.Context(), app, made.ID, administration.Applying{})
	w.must(err)
	if applied.Plan.Items[engine.ItemDone] != 2 || applied.Plan.State != engine.PlanApplied || len(w.profiles()) < 2 {
		t.Errorf("applied %v, %s", applied.Plan.Items, applied.Plan.State)
	}
	_, err = w.acts.ApplyPlan(t.Context(), app, made.ID, administration.Applying{})
	w.refused(err, administration.PlanApplied)
	cycle, applicationID, err := w.WrittenBy(t.Context(), made.ID[:12])
	w.must(err)
	if applicationID != app.ID {
		t.Errorf("it wrote to %s", applicationID)
	}
	undo, err := w.acts.MakeUndo(t.Context(), app, administration.Undoing{Cycle: cycle, Users: []string{ana}})
	w.must(err)
	applied, err = w.acts.ApplyPlan(t.Context(), app, undo.ID, administration.Applying{AllowRemovals: true})
	w.must(err)
	if _, active := w.profiles()["ana@contoso.com"]; active || !applied.Paused || w.again(app).Job.Schedule.State != provisioning.SchedulePaused {
		t.Errorf("taken back, the account is active: %v, and provisioning paused: %v", active, applied.Paused)
	}
	_, err = w.acts.MakeUndo(t.Context(), app, administration.Undoing{Cycle: "no such cycle"})
	w.refused(err, administration.NothingToUndo)
	kept := 0
	for _, err := range w.Plans(t.Context(), app) {
		w.must(err)
		kept++
	}
	if named, err := w.Plan(t.Context(), undo.ID[:8]); err != nil || named.ID != undo.ID {
		t.Errorf("eight digits name the plan %s: %v", named.ID, err)
	}
	if _, err := w.Plan(t.Context(), undo.ID[:7]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("seven digits, which might be a slip, name a plan: %v", err)
	}
	w.must(w.acts.RemovePlan(t.Context(), app, undo))
	if _, err := w.Plan(t.Context(), undo.ID); kept != 2 || !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%d plans were kept, and the removed one is %v", kept, err)
	}
	w.contains(w.audits(0), "Apply plan | dora@contoso.com | plan "+made.ID+" (cycle): 2 done")
	w.contains(w.audits(0), administration.ActivityPause+" | dora@contoso.com | before a plan is applied")
}

func TestAPlanThatIsNotMeantAnyMoreIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	made, err := w.acts.MakePlan(t.Context(), app, administration.Planning{})
	w.must(err)
	schema, err := w.store.Schema(t.Context(), app.Job.ID)
	w.must(err)
	_, object, err := schema.UserMapping()
	w.must(err)
	object.RoleRanking = []string{"Read Only"}
	w.must(w.acts.SaveSchema(t.Context(), app, schema))
	_, err = w.acts.ApplyPlan(t.Context(), app, made.ID, administration.Applying{})
	w.refused(err, administration.PlanSchema)
	object.AttributeMappings[0].TargetAttributeName = ""
	refusal := w.refusal(w.acts.SaveSchema(t.Context(), app, schema), administration.SchemaFaults)
	if len(refusal.Faults) == 0 || refusal.Faults[0].Field == "" {
		t.Errorf("the faults are %v", refusal.Faults)
	}
	w.must(w.acts.RestoreSchema(t.Context(), app))
	_, err = w.acts.ApplyPlan(t.Context(), app, made.ID, administration.Applying{})
	w.must(err)
}

func TestRemovalsAreDecidedAndFailuresTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.must(w.org.SetLicenseTotal("Salesforce", 0))
	if run := w.cycle(app); run.Counts.Failed != 2 {
		t.Fatalf("%d failed without licences", run.Counts.Failed)
	}
	causes, err := w.Causes(t.Context(), app)
	w.must(err)
	if len(causes) != 1 || causes[0].Count != 2 || causes[0].Explanation.Text == "" || !strings.Contains(causes[0].Code, "License") {
		t.Fatalf("causes %+v", causes)
	}
	for _, which := range []store.Retry{{SourceIDs: []string{ana}}, {Code: causes[0].Code}, {}} {
		if count, err := w.acts.Retry(t.Context(), app, which); err != nil || count == 0 {
			t.Errorf("%+v makes %d due, %v", which, count, err)
		}
	}
	failures := 0
	for failure, err := range w.Failures(t.Context(), app, causes[0].Code) {
		w.must(err)
		if failure.Code == causes[0].Code {
			failures++
		}
	}
	if failures != 2 {
		t.Errorf("%d failures have the cause", failures)
	}
	w.must(w.org.SetLicenseTotal("Salesforce", 100))
	w.cycle(app)
	w.must(w.acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit = 1
		return s, interval, nil
	}))
	_, err = w.acts.Unassign(t.Context(), app, administration.NewAssignment{PrincipalType: "Group", Principal: sales})
	w.must(err)
	w.cycle(app)
	var held []string
	for removal, err := range w.Removals(t.Context(), app, "") {
		w.must(err)
		held = append(held, removal.SourceID)
	}
	if diff := cmp.Diff([]string{ana, ben}, held); diff != "" {
		t.Error(diff)
	}
	for _, decision := range []administration.Decision{administration.Reject, administration.Reconsider} {
		if count, err := w.acts.DecideRemovals(t.Context(), app, decision, []string{ana}); err != nil || count != 1 {
			t.Errorf("%s: %d, %v", decision, count, err)
		}
	}
	count, err := w.acts.DecideRemovals(t.Context(), app, administration.Allow, nil)
	w.must(err)
	_, err = w.acts.DecideRemovals(t.Context(), app, "perhaps", nil)
	w.refused(err, administration.Invalid)
	w.cycle(app)
	if _, active := w.profiles()["ben@contoso.com"]; count != 1 || active {
		t.Errorf("%d removals were allowed, and ben is active: %v", count, active)
	}
	w.contains(w.audits(0), "Removals: allow | dora@contoso.com | 1 removal: Ben Okoye (ben@contoso.com)")
}

func TestPeopleAreProvisionedOnDemandAndExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	preview, err := w.acts.ProvisionBetweenCycles(t.Context(), app, administration.OnDemand{Users: []string{ana, cleo}, Preview: true})
	w.must(err)
	if _, there := w.profiles()["ana@contoso.com"]; there || len(preview.Changes) != 2 || len(preview.Changes[0].Steps) == 0 {
		t.Errorf("a preview made an account: %v, and told of %d people", there, len(preview.Changes))
	}
	done, err := w.acts.ProvisionBetweenCycles(t.Context(), app, administration.OnDemand{Users: []string{ana, cleo}})
	w.must(err)
	if _, there := w.profiles()["ana@contoso.com"]; !there || len(done.Changes) != 2 {
		t.Errorf("the account of ana is there: %v, and %d changes are told", there, len(done.Changes))
	}
	_, err = w.acts.Provision(t.Context(), app, administration.OnDemand{})
	w.refused(err, administration.Invalid)
	_, err = w.acts.Provision(t.Context(), app, administration.OnDemand{Users: make([]string, administration.MostOnDemand+1)})
	w.refused(err, administration.TooMany)
	user, err := w.Person(t.Context(), app, "CLEO@contoso.com")
	w.must(err)
	why, err := w.Why(t.Context(), app, user)
	w.must(err)
	if why.Verdict.In || !why.Verdict.Has("NotAssigned") || why.Fault != nil {
		t.Errorf("cleo: %v, %v", why.Verdict, why.Fault)
	}
	w.must(w.store.RemoveUser(t.Context(), ana))
	w.must(w.store.PurgeUser(t.Context(), ana))
	gone, err := w.Person(t.Context(), app, ana)
	w.must(err)
	if why, err = w.Why(t.Context(), app, gone); err != nil || !why.Subject.Gone || len(why.Log) == 0 {
		t.Errorf("ana, who is gone: %+v, %v", why.Subject, err)
	}
	if id, err := w.Former(t.Context(), app, ana); err != nil || id != ana {
		t.Errorf("by the id: %q, %v", id, err)
	}
	_, err = w.Former(t.Context(), app, "nobody")
	w.refused(err, administration.UnknownPrincipal)
}

func TestDriftIsFoundAcceptedAndSetRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	_, err := w.acts.FindDrift(t.Context(), app, administration.Looking{})
	w.refused(err, administration.NoSteadyState)
	w.cycle(app)
	for _, name := range []string{"ana@contoso.com", "ben@contoso.com"} {
		w.must(w.org.SetUser(name, map[string]any{"LastName": "Changed"}))
	}
	found, err := w.acts.FindDrift(t.Context(), app, administration.Looking{})
	w.must(err)
	if found.Found != 2 || found.PlanID == "" || !found.Full {
		t.Fatalf("found %+v", found.DriftCheck)
	}
	_, err = w.acts.AcceptDrift(t.Context(), app, "ShoeSize", administration.Looking{})
	w.refused(err, administration.NotMapped)
	accepted, err := w.acts.AcceptDrift(t.Context(), app, "lastname", administration.Looking{Users: []string{ana}})
	w.must(err)
	if len(accepted) != 1 || accepted[0].By != "dora@contoso.com" || accepted[0].Attribute != "LastName" {
		t.Errorf("accepted %+v", accepted)
	}
	found, err = w.acts.FindDrift(t.Context(), app, administration.Looking{})
	w.must(err)
	applied, err := w.acts.ApplyPlan(t.Context(), app, found.PlanID, administration.Applying{})
	w.must(err)
	if found.Found != 1 || applied.Plan.Items[engine.ItemDone] != 1 {
		t.Errorf("found %d, done %v", found.Found, applied.Plan.Items)
	}
	if count, err := w.acts.RetractDrift(t.Context(), app, "LastName", nil); err != nil || count != 1 {
		t.Errorf("retracted %d, %v", count, err)
	}
	_, err = w.acts.FindDrift(t.Context(), app, administration.Looking{Recent: true, Users: []string{ana}})
	w.refused(err, administration.Invalid)
	counts, err := w.Accounts(t.Context(), app, nil, func(engine.Account) error { return nil })
	w.must(err)
	if counts[engine.AccountAssigned] != 2 {
		t.Errorf("accounts %v", counts)
	}
}

func TestAConnectionIsForgottenWhileProvisioningIsOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.must(w.acts.Start(t.Context(), app, administration.Starting{}))
	w.cycle(app)
	app = w.again(app)
	_, err := w.acts.Disconnect(t.Context(), app, ana, administration.Disconnecting{})
	w.refused(err, administration.TurnedOn)
	w.must(w.acts.Pause(t.Context(), app, ""))
	app = w.again(app)
	was, err := w.acts.Disconnect(t.Context(), app, ana, administration.Disconnecting{})
	w.must(err)
	if was.TargetName != "ana@contoso.com" {
		t.Errorf("forgotten: %+v", was)
	}
	w.must(w.store.RemoveMember(t.Context(), directory.Member{Group: sales, Member: ben, Type: "User"}))
	_, err = w.acts.Disconnect(t.Context(), app, ben, administration.Disconnecting{})
	w.refused(err, administration.AccountInUse)
	_, err = w.acts.Disconnect(t.Context(), app, ben, administration.Disconnecting{Force: true})
	w.must(err)
}

// An act that waits gives up after its patience, and the work is not done then.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	never := func(ctx context.Context, _ func() error) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	err := administration.Patiently(t.Context(), time.Millisecond, refused, never, func() error { return errors.New("done") })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}

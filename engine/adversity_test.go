package engine_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// twisted is a connector some of whose answers are changed.
type twisted struct {
	connector.Connector
	describe func(connector.Descriptor) connector.Descriptor
	read     func(attr.Object) bool // keep
	apply    func([]plan.Change, func() []connector.Outcome) []connector.Outcome
	fail     func() error // of reading
}

func (t twisted) Describe() connector.Descriptor {
	d := t.Connector.Describe()
	if t.describe != nil {
		d = t.describe(d)
	}
	return d
}

func (t twisted) Read(ctx context.Context, q connector.Query) iter.Seq2[attr.Object, error] {
	return func(yield func(attr.Object, error) bool) {
		if t.fail != nil {
			if err := t.fail(); err != nil {
				yield(attr.Object{}, err)
				return
			}
		}
		for o, err := range t.Connector.Read(ctx, q) {
			if err == nil && t.read != nil && !t.read(o) {
				continue
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

func (t twisted) Apply(ctx context.Context, changes []plan.Change) []connector.Outcome {
	do := func() []connector.Outcome { return t.Connector.Apply(ctx, changes) }
	if t.apply != nil {
		return t.apply(changes, do)
	}
	return do()
}

func (w *world) twist(t *testing.T, request engine.Run, how twisted) (run provisioning.Run, err error) {
	t.Helper()
	w.session(t, func(s engine.Session) {
		how.Connector = s.Connector
		s2 := s
		s2.Connector = how
		run, err = w.runner.Run(t.Context(), s2, request)
	})
	return run, err
}

func (w *world) join(t *testing.T, id, manager string) directory.User {
	t.Helper()
	u := directory.User{
		ID: id, UserPrincipalName: id + "@contoso.example", DisplayName: id, AccountEnabled: true, ManagerID: manager,
		Attributes: attr.New("User", id, map[string]attr.Value{"mail": attr.Text(id + "@contoso.example"), "surname": attr.Text(id)}),
	}
	w.must(t, w.store.PutUser(t.Context(), u))
	return u
}

func (w *world) grant(t *testing.T, id string) {
	t.Helper()
	_, err := w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: id, Role: "Standard User"})
	w.must(t, err)
}

func (w *world) inUse(name string) bool { _, ok := w.active()[name]; return ok }

func (w *world) entries(t *testing.T) []journal.Entry {
	t.Helper()
	var all []journal.Entry
	for e, err := range w.store.Entries(t.Context(), journal.Query{}) {
		w.must(t, err)
		all = append(all, e)
	}
	return all
}

func TestRehireUnderANewID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	u := w.join(t, "old", "")
	w.grant(t, "old")
	w.cycle(t)
	w.must(t, w.store.PurgeUser(t.Context(), "old"))
	w.cycle(t)
	if w.inUse(u.UserPrincipalName) {
		t.Fatal("leaver in use")
	}
	u.ID = "new"
	w.must(t, w.store.PutUser(t.Context(), u))
	w.grant(t, "new")
	changes := w.changes(t)
	if !w.inUse(u.UserPrincipalName) {
		t.Errorf("the rehired person has no access: %v", changes[u.UserPrincipalName])
	}
}

func TestLeaverWhoseAccountIsMissingFromOneRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	u := w.user(t, anyone)
	w.must(t, w.store.RemoveUser(t.Context(), u.ID))
	_, err := w.twist(t, engine.Run{}, twisted{read: func(o attr.Object) bool { return !strings.EqualFold(o.Get("Username").String(), u.UserPrincipalName) }})
	w.must(t, err)
	for range 3 {
		w.cycle(t)
	}
	if w.inUse(u.UserPrincipalName) {
		t.Errorf("%s left, was missing from one read, and is still in use three cycles later", u.UserPrincipalName)
	}
}

type brokenLedger struct {
	engine.Ledger
	broken bool
}

func (l *brokenLedger) Commit(ctx context.Context, c engine.Cycle, commit engine.Commit) error {
	if l.broken {
		return errors.New("power cut")
	}
	return l.Ledger.Commit(ctx, c, commit)
}

func TestCreatedButNotRecordedThenLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	u := w.join(t, "brief", "")
	w.grant(t, "brief")
	ledger := &brokenLedger{Ledger: w.runner.Engine.Ledger, broken: true}
	w.runner.Engine.Ledger = ledger
	if _, err := w.try(t.Context(), t, engine.Run{}); err == nil {
		t.Fatal("no power cut")
	}
	ledger.broken = false
	u.AccountEnabled = false
	w.must(t, w.store.PutUser(t.Context(), u))
	for range 2 {
		w.cycle(t)
	}
	_, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if w.inUse(u.UserPrincipalName) {
		t.Error("the account was made, the machine stopped before the commit, the person left: the account stays in use for ever")
	}
}

func TestEnabledButNotRecordedThenLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	u := w.join(t, "back", "")
	w.grant(t, "back")
	w.cycle(t)
	w.must(t, w.store.RemoveUser(t.Context(), u.ID))
	w.cycle(t)
	w.must(t, w.store.RestoreUser(t.Context(), u.ID))
	ledger := &brokenLedger{Ledger: w.runner.Engine.Ledger, broken: true}
	w.runner.Engine.Ledger = ledger
	if _, err := w.try(t.Context(), t, engine.Run{}); err == nil {
		t.Fatal("no power cut")
	}
	ledger.broken = false
	w.must(t, w.store.RemoveUser(t.Context(), u.ID))
	for range 2 {
		w.cycle(t)
	}
	_, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if w.inUse(u.UserPrincipalName) {
		t.Error("re-enabled, not recorded, left again: the account stays in use for ever")
	}
}

func TestDryRunShowsAllowedRemovals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200, settings: func(s *provisioning.Settings) { s.RemovalLimit = 2 }})
	w.cycle(t)
	removed := 0
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if w.inUse(user.UserPrincipalName) && removed < 4 {
			w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			removed++
		}
	}
	w.cycle(t)
	_, err := w.store.AllowRemovals(t.Context(), w.job.ID, nil)
	w.must(t, err)
	for _, full := range []bool{false, true} {
		preview, err := w.try(t.Context(), t, engine.Run{DryRun: true, Full: full})
		w.must(t, err)
		if preview.Counts.Disabled != removed {
			t.Errorf("full %v: the preview says %d disabled, %d staged; the cycle will disable %d", full, preview.Counts.Disabled, preview.Counts.Staged, removed)
		}
	}
}

func TestWaitingReferenceOfALeaver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, managers: true})
	w.join(t, "boss", "")
	a := w.join(t, "report", "boss")
	w.grant(t, "report")
	w.cycle(t)
	w.must(t, w.store.RemoveUser(t.Context(), a.ID))
	w.cycle(t)
	w.grant(t, "boss")
	w.cycle(t)
	if account, _ := w.org.User(a.UserPrincipalName); account.Get("ManagerId") != "" {
		t.Errorf("ManagerId %q was written to the disabled account of a leaver", account.Get("ManagerId"))
	}
}

func TestWaitingReferenceThatIsNotMappedAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, managers: true})
	w.join(t, "boss", "")
	a := w.join(t, "report", "boss")
	w.grant(t, "report")
	w.cycle(t)
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	_, object, err := schema.UserMapping()
	w.must(t, err)
	object.AttributeMappings = object.AttributeMappings[:len(object.AttributeMappings)-1]
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	w.cycle(t)
	w.grant(t, "boss")
	w.cycle(t)
	if account, _ := w.org.User(a.UserPrincipalName); account.Get("ManagerId") != "" {
		t.Errorf("ManagerId %q was written although it is not mapped", account.Get("ManagerId"))
	}
}

func TestWaitingReferenceToAFormerManager(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, managers: true})
	w.join(t, "boss1", "")
	w.join(t, "boss2", "")
	w.grant(t, "boss2")
	a := w.join(t, "report", "boss1")
	w.grant(t, "report")
	w.cycle(t)
	a.ManagerID = "boss2"
	a.AccountEnabled = true
	a.Attributes = a.Attributes.With("mail", attr.Text("not an address")) // the org refuses the update
	w.must(t, w.store.PutUser(t.Context(), a))
	w.cycle(t)
	w.grant(t, "boss1")
	for _, c := range w.changes(t) {
		if c.Source.ID == "report" {
			t.Log(c)
		}
	}
	boss1, _ := w.org.User("boss1@contoso.example")
	account, _ := w.org.User(a.UserPrincipalName)
	if account.Get("ManagerId") == boss1.ID {
		t.Error("the manager of long ago was written")
	}
}

func TestLostAnswerOfAReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, managers: true})
	once := false
	run, err := w.twist(t, engine.Run{}, twisted{apply: func(cs []plan.Change, do func() []connector.Outcome) []connector.Outcome {
		out := do()
		if cs[0].Action == plan.Update && !once {
			once = true
			for i := range out {
				out[i] = connector.Outcome{Err: &connector.Error{Kind: connector.Ambiguous, Message: "connection reset"}}
			}
		}
		return out
	}})
	w.must(t, err)
	if !once {
		t.Fatal("no reference was written")
	}
	empty := 0
	for _, e := range w.entries(t) {
		if e.Change.Source.ID == "" {
			if empty == 0 {
				t.Logf("%+v", e.Change)
			}
			empty++
		}
	}
	if empty > 0 {
		t.Errorf("%d entries of the log are about nobody; counts %+v", empty, run.Counts)
	}
}

func TestRejectedRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200, settings: func(s *provisioning.Settings) { s.RemovalLimit = 2 }})
	w.cycle(t)
	var gone []directory.User
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if w.inUse(user.UserPrincipalName) && len(gone) < 4 {
			w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			gone = append(gone, user)
		}
	}
	w.cycle(t)
	_, err := w.store.RejectRemovals(t.Context(), w.job.ID, nil)
	w.must(t, err)
	run := w.cycle(t)
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	links, err := w.store.CountLinks(t.Context(), w.job.ID)
	w.must(t, err)
	t.Logf("after the rejection: %+v, status %v, links %+v", run.Counts, job.Status.Code, links)
	w.session(t, func(s engine.Session) {
		e, err := w.runner.Engine.Explain(t.Context(), engine.Run{JobID: w.job.ID, Connector: s.Connector, Mapping: s.Mapping}, gone[0].ID)
		w.must(t, err)
		t.Logf("why: %s", e.Change)
	})
	run, err = w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	job, err = w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	t.Logf("full: %+v %v", run.Counts, job.Status.Quarantine.Message)
}

func TestGuardCountsRemovalsThatTheMappingNeverMakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200, settings: func(s *provisioning.Settings) { s.RemovalLimit = 2 }})
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	_, object, err := schema.UserMapping()
	w.must(t, err)
	object.FlowTypes = mapping.FlowAdd
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	w.cycle(t)
	removed := 0
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if w.inUse(user.UserPrincipalName) && removed < 4 {
			w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			removed++
		}
	}
	run := w.cycle(t)
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	if job.Status.Code == provisioning.Quarantined {
		t.Errorf("the job is quarantined for removals that its mapping does not make: %+v %s", run.Counts, job.Status.Quarantine.Message)
	}
}

func TestOnDemandBesideACycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 900})
	u := w.join(t, "urgent", "")
	w.grant(t, "urgent")
	done := false
	_, err := w.try(t.Context(), t, engine.Run{Report: func(plan.Change) {
		if done {
			return
		}
		done = true
		_, err := w.try(t.Context(), t, engine.Run{Users: []string{u.ID}})
		w.must(t, err)
	}})
	if err != nil {
		t.Errorf("provisioning one person on demand stopped the cycle: %v", err)
	}
}

func TestRoleImportBesideACycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 900})
	done := false
	_, err := w.try(t.Context(), t, engine.Run{Report: func(plan.Change) {
		if done {
			return
		}
		done = true
		w.session(t, func(s engine.Session) { _, _, err := w.runner.ImportRoles(t.Context(), s); w.must(t, err) })
	}})
	if err != nil {
		t.Errorf("importing roles stopped the cycle: %v", err)
	}
}

func TestDeletedAfterSoftDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	deletes := func(d connector.Descriptor) connector.Descriptor { d.Capabilities.Deletes = true; return d }
	deleted := 0
	how := twisted{describe: deletes, apply: func(cs []plan.Change, do func() []connector.Outcome) []connector.Outcome {
		if cs[0].Action == plan.Delete {
			deleted += len(cs)
			out := make([]connector.Outcome, len(cs))
			for i := range cs {
				out[i].TargetID = cs[i].Target.ID
			}
			return out
		}
		return do()
	}}
	run := func(full bool) {
		_, err := w.twist(t, engine.Run{Full: full}, how)
		w.must(t, err)
	}
	run(false)
	u := w.user(t, anyone)
	w.must(t, w.store.RemoveUser(t.Context(), u.ID))
	run(false)
	w.must(t, w.store.PurgeUser(t.Context(), u.ID))
	run(false)
	run(true)
	if deleted != 1 {
		t.Errorf("%d accounts were deleted after soft deletion and removal for good, want 1", deleted)
	}
}

func TestWritesOfAnOvertakenCycleAreInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 900})
	overtaken := false
	_, err := w.try(t.Context(), t, engine.Run{Report: func(plan.Change) {
		if !overtaken {
			overtaken = true
			_, err := w.store.Engine().Begin(t.Context(), w.job.ID)
			w.must(t, err)
		}
	}})
	if !errors.Is(err, engine.ErrFenced) {
		t.Fatalf("error %v, want ErrFenced", err)
	}
	w.cycle(t)
	created := map[string]bool{}
	for _, e := range w.entries(t) {
		if e.Change.Action == plan.Create && e.Change.Status == plan.Success {
			created[strings.ToLower(e.Change.Target.Name)] = true
		}
	}
	missing := 0
	for name := range w.active() {
		if !created[strings.ToLower(name)] {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d accounts were created by Usher and no entry of the log says so", missing, len(w.active()))
	}
}

func TestFailingDisablesDoNotHoldLaterOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	w.cycle(t)
	var gone []directory.User
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if w.inUse(user.UserPrincipalName) && len(gone) < 5 {
			gone = append(gone, user)
		}
	}
	refuse := twisted{apply: func(cs []plan.Change, do func() []connector.Outcome) []connector.Outcome {
		out := make([]connector.Outcome, len(cs))
		for i := range out {
			out[i].Err = &connector.Error{Kind: connector.Invalid, Message: "owner of a queue"}
		}
		return out
	}}
	for _, u := range gone[:3] {
		w.must(t, w.store.RemoveUser(t.Context(), u.ID))
	}
	_, err := w.twist(t, engine.Run{}, refuse)
	w.must(t, err)
	w.must(t, w.store.RemoveUser(t.Context(), gone[3].ID))
	run := w.cycle(t)
	if run.Counts.Disabled != 4 {
		t.Errorf("one new leaver, and three whose removal failed: %+v", run.Counts)
	}
}

func TestStrangeNamesDoNotStopTheCycle(t *testing.T) {
	t.Parallel()
	for name, upn := range map[string]string{
		"long": strings.Repeat("a", 100_000) + "@x.example", "quote": "o'brien\\\"@x.example", "newline": "a\nb@x.example", "emoji": "👩‍👩‍👧@x.example",
		"control": "a\x01b@x.example", "percent": "100%_@x.example", "turkish": "İIıi@x.example", "space": " lead@x.example ", "rtl": "\u202eabc@x.example",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60})
			w.must(t, w.store.PutUser(t.Context(), directory.User{
				ID: "s", UserPrincipalName: upn, DisplayName: "s", AccountEnabled: true,
				Attributes: attr.New("User", "s", map[string]attr.Value{"mail": attr.Text("s@x.example"), "surname": attr.Text("s")}),
			}))
			w.grant(t, "s")
			run, err := w.try(t.Context(), t, engine.Run{})
			if err != nil {
				text := err.Error()
				t.Fatalf("the cycle stopped: %.300s", text)
			}
			again, err := w.try(t.Context(), t, engine.Run{Full: true})
			if err != nil {
				t.Fatalf("the 2nd cycle stopped: %.300s", err.Error())
			}
			for _, e := range w.entries(t) {
				if e.Change.Source.ID == "s" {
					t.Logf("%.200s", e.Change.Reason.Text)
				}
			}
			t.Logf("created %d failed %d; again writes %d", run.Counts.Created, run.Counts.Failed, again.Counts.Writes)
		})
	}
}

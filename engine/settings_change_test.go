package engine_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// 20: two people match one existing account from two batches under way.
func TestTwoPeopleMatchOneAccountInTwoBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 700, latency: 40 * time.Millisecond})
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	_, object, err := schema.UserMapping()
	w.must(t, err)
	for i, row := range object.AttributeMappings {
		if row.TargetAttributeName == "Username" {
			node, err := expr.Parse("[mail]")
			w.must(t, err)
			source := expr.ToSource(node)
			object.AttributeMappings[i].Source = &source
		}
	}
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	put := func(id string) {
		w.must(t, w.store.PutUser(t.Context(), directory.User{
			ID: id, UserPrincipalName: id + "@x.example", DisplayName: id, AccountEnabled: true,
			Attributes: attr.New("User", id, map[string]attr.Value{"mail": attr.Text("shared@x.example"), "surname": attr.Text("s")}),
		}))
		_, err := w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: id, Role: "Standard User"})
		w.must(t, err)
	}
	put("0first")
	// make the account, then forget the connection by using a second world state: purge.
	_, err = w.try(t.Context(), t, engine.Run{Users: []string{"0first"}})
	w.must(t, err)
	ports := w.store.Engine()
	job, err := ports.Begin(t.Context(), w.job.ID)
	w.must(t, err)
	w.must(t, ports.Commit(t.Context(), engine.Cycle{ID: "x", JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}, engine.Commit{Connections: []engine.Connection{{SourceID: "0first"}}}))
	put("zsecond")
	u, err := w.store.User(t.Context(), "0first")
	w.must(t, err)
	u.Attributes = u.Attributes.With("surname", attr.Text("changed"))
	w.must(t, w.store.PutUser(t.Context(), u))
	run, err := w.try(t.Context(), t, engine.Run{})
	if err != nil {
		t.Errorf("the cycle stopped: %v", err)
	}
	t.Logf("%+v", run.Counts)
}

// 21: the flag SkipOutOfScopeDeletions is taken back.

// 22: one person asked for twice.
func TestOnDemandTwiceTheSamePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.join(t, "twice", "")
	w.grant(t, "twice")
	run, err := w.try(t.Context(), t, engine.Run{Users: []string{"twice", "twice"}})
	w.must(t, err)
	if run.Counts.Failed != 0 {
		t.Errorf("%+v", run.Counts)
	}
}

// 23: a role of two is disabled.
func TestARoleThatTheTargetHasNoLonger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.join(t, "p", "")
	w.grant(t, "p")
	roles, err := w.store.Roles(t.Context(), w.app.ID)
	w.must(t, err)
	for _, r := range roles {
		t.Log(r.DisplayName, r.Enabled)
	}
	ports := w.store.Engine()
	job, err := ports.Begin(t.Context(), w.job.ID)
	w.must(t, err)
	c := engine.Cycle{ID: "x", JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}
	_, err = ports.ImportRoles(t.Context(), c, []connector.Role{{ID: "r1", Name: "A Former Profile"}})
	w.must(t, err)
	_, err = w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: "p", Role: "A Former Profile"})
	w.must(t, err)
	for _, ch := range []int{1, 2} {
		changes := w.changes(t)
		for n, c := range changes {
			if n == "p@contoso.example" {
				t.Log(ch, c)
			}
		}
	}
	if !w.inUse("p@contoso.example") {
		t.Error("the person has a good role besides one that the target has no longer, and gets no account")
	}
}

// 24: group stops being a security group.
func TestGroupThatIsNoSecurityGroupAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200})
	w.cycle(t)
	before := len(w.active())
	g, err := w.store.Group(t.Context(), "Partners")
	w.must(t, err)
	g.SecurityEnabled = false
	w.must(t, w.store.PutGroup(t.Context(), g))
	run := w.cycle(t)
	t.Logf("%d -> %d, collected %d", before, len(w.active()), run.Counts.Collected)
	if run.Counts.Disabled == 0 {
		t.Error("its members keep what they had through it")
	}
}

// 25: change of status while a cycle runs.
func TestStartedWhileACycleRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 100})
	done := false
	_, err := w.try(t.Context(), t, engine.Run{Report: func(plan.Change) {
		if done {
			return
		}
		done = true
		w.must(t, w.store.UpdateJob(t.Context(), w.job.ID, func(j provisioning.Job) (provisioning.Job, error) {
			j.Schedule.State = provisioning.ScheduleActive
			j.Status.Code = provisioning.Active
			return j, nil
		}))
	}})
	w.must(t, err)
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	if job.Status.Code != provisioning.Active {
		t.Errorf("schedule %s, status %s", job.Schedule.State, job.Status.Code)
	}
}

// 26: quarantined job: on demand run, then status
func TestOnDemandDoesNotUndoARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	u := w.user(t, anyone)
	done := false
	_, err := w.try(t.Context(), t, engine.Run{Users: []string{u.ID}, Report: func(plan.Change) {
		if done {
			return
		}
		done = true
		w.must(t, w.store.UpdateJob(t.Context(), w.job.ID, func(j provisioning.Job) (provisioning.Job, error) {
			j.Status.Quarantine = provisioning.Quarantine{Reason: provisioning.QuarantinedOnDemand}
			j.Status.Code = provisioning.Quarantined
			return j, nil
		}))
	}})
	w.must(t, err)
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	if job.Status.Code != provisioning.Quarantined {
		t.Errorf("the quarantine on demand is lost: %s", job.Status.Code)
	}
}

// 27: an unauthorized read in a batch; created accounts of it recorded?

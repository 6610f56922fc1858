package engine

import (
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

// item is one person on the way through a batch.
type item struct {
	subject   Subject
	verdict   scope.Verdict
	source    attr.Object     // what mappings and filters see
	desired   mapping.Desired // references are resolved
	fault     error           // why desired could not be computed
	waiting   []plan.Waiting
	change    plan.Change
	outcome   connector.Outcome
	left      bool          // an earlier cycle may have made or enabled the account without a record
	link      bool          // not a person but a reference that is written after both ends exist
	claimed   string        // id of the found account, reserved until the batch is recorded
	takesOver string        // somebody who is gone and whose connection goes to this person
	planned   *PlanItem     // the item of the plan that is carried out; nil in a cycle
	linked    []PlanItem    // the references of the plan that the person's account is to have
	result    ItemState     // what became of it, when that is known before the write
	note      string        // why
	retracted []Acceptance  // the target does not lead for these attributes any more
	recovered []plan.Change // what an earlier cycle wrote and could not record
	inactive  bool          // the mapping disables the account in use of somebody who is in scope
	decided   bool          // over without looking at the target, or stopped by a fault
	vanished  string        // id of the account that was not found any more; the person is matched again
	leave     plan.Leave
	keptUntil time.Time // the grace period of somebody with an account ends then; zero when none runs
}

// judge makes an item: who the person is and whether they are in scope.
func (c *cycle) judge(subject Subject) *item {
	i := &item{subject: subject}
	target, left := c.attempts.targets[subject.User.ID]
	i.left = left && target.enables()
	i.source = gone(subject.User.ID)
	if !subject.Gone {
		i.source = mapping.Source(mapping.Person{User: subject.User, Grants: subject.Grants})
	}
	i.verdict = scope.Judge(
		scope.Person{Gone: subject.Gone, User: subject.User, Grants: subject.Grants, Attributes: i.source},
		scope.Rules{Everyone: c.job.Settings.SyncAll, RequireRole: c.target.RequiresRole, Filter: c.asked.Mapping.Filter},
	)
	if !i.verdict.In && !subject.Gone {
		i.source = i.source.With("IsSoftDeleted", attr.Bool(true))
	}
	c.regardAccepted(i)
	c.judgeLeaver(i)
	c.judgeMapping(i)
	return i
}

// gone is all that mappings see of someone who was removed for good.
func gone(id string) attr.Object {
	return attr.New("User", id, map[string]attr.Value{"IsSoftDeleted": attr.Bool(true), "accountEnabled": attr.Bool(false), "objectId": attr.Text(id)})
}

// removal reports whether the person has an account that is to be taken away.
func (c *cycle) removal(i *item) bool {
	connection := i.subject.Connection
	_, attempted := c.attempted(i)
	switch {
	case i.verdict.In:
		return i.inactive && i.subject.Removal.State != RemovalRejected
	case i.verdict.Kept, connection.IsZero() && !attempted:
		return false
	case i.leave.Action == plan.Skip, !i.keptUntil.IsZero(), i.subject.Removal.State == RemovalRejected:
		return false
	}
	return c.loses(i)
}

// disables reports whether the mapping disables accounts at all.
func (c *cycle) disables() bool {
	rule := c.asked.Mapping.Rule(c.target.ActiveAttribute)
	return c.rules.Flows.Has(mapping.FlowUpdate) && rule != nil && rule.Changes()
}

// evaluate computes what the mapping wants; of someone who is out of scope nothing
// but the active flag.
func (c *cycle) evaluate(i *item) {
	if !i.verdict.In {
		i.desired, i.fault = c.asked.Mapping.Only(c.target.ActiveAttribute, i.source, c.at())
		if key, attempted := c.attempted(i); attempted && i.subject.Connection.IsZero() {
			i.desired.Keys = []mapping.Key{key}
		}
		return
	}
	desired, err := c.asked.Mapping.Desired(i.source, c.at())
	if err != nil {
		i.fault = err
		return
	}
	user, manager := i.subject.User, i.subject.Manager
	i.desired, i.waiting = plan.Resolve(desired, func(sourceID string) string {
		if sourceID == user.ManagerID {
			return manager.TargetID
		}
		return ""
	})
	i.accept()
	i.spare(c.target.ActiveAttribute)
}

// spare leaves the account in use of somebody who is in scope, for whom the mapping
// disables it and an administrator rejected that.
func (i *item) spare(activeAttribute string) {
	if !i.inactive || i.subject.Removal.State != RemovalRejected {
		return
	}
	flows := slices.Clone(i.desired.Flows)
	for n, flow := range flows {
		flows[n].Ignored = flow.Ignored || flow.Rule.Target == activeAttribute
	}
	i.desired.Flows = flows
}

// needsTarget reports whether the decision depends on what the target holds, of a
// person whose mapping is evaluated.
func (c *cycle) needsTarget(i *item) bool {
	if !i.verdict.In {
		return c.removal(i)
	}
	return i.fault == nil && !i.desired.IgnoreObject && (!i.subject.Connection.IsZero() || len(i.desired.Keys) > 0)
}

// connected reports whether the person has an account that Usher manages, as far as
// it is known to be there.
func (i *item) connected() bool { return !i.subject.Connection.IsZero() && i.vanished == "" }

// facts gathers what a decision is made of.
func (i *item) facts(found []attr.Object, key mapping.Key, claimedBy string, targetType string) plan.Facts {
	name := i.subject.User.UserPrincipalName
	if name == "" {
		name = i.subject.Connection.TargetName
	}
	facts := plan.Facts{
		Source:  plan.Identity{Type: "User", ID: i.subject.User.ID, Name: name},
		Verdict: i.verdict, Desired: i.desired, Fault: i.fault, Pending: i.subject.Connection.Pending,
		Rejected: i.subject.Removal.State == RemovalRejected, KeptUntil: i.keptUntil,
		Found: found, FoundBy: key, ClaimedBy: claimedBy,
	}
	connection := i.subject.Connection
	if connection.IsZero() && !i.verdict.In && len(found) == 1 && claimedBy == "" {
		// Made by an earlier cycle that could not record it.
		facts.Connected = plan.Identity{Type: targetType, ID: found[0].ID}
	}
	if i.connected() && (i.verdict.In || i.left || connection.Enabled || i.subject.Gone || i.leave.Action == plan.Delete) {
		facts.Connected = plan.Identity{Type: targetType, ID: connection.TargetID, Name: connection.TargetName}
	}
	return facts
}

// escrowed returns the escrow after one more failure. A removal is tried at least
// once an hour: until it succeeds somebody has access who should not.
func (c *cycle) escrowed(i *item, now time.Time) Escrow {
	escrow := i.subject.Escrow
	if found := i.subject.Removal.Since; escrow.IsZero() || escrow.First.Before(found) {
		escrow = Escrow{First: now} // what failed before the removal was found was something else
	}
	escrow.SourceID = i.subject.User.ID
	escrow.Attempts++
	escrow.Code, escrow.Message = i.change.Reason.Code, i.change.Reason.Text
	wait := retryDelay(escrow.Attempts)
	if c.removal(i) {
		wait = min(wait, time.Hour)
	}
	escrow.Next = now.Add(wait)
	return escrow
}

// retryDelay is how long a failed change waits at least: the first retry is due
// with the next cycle, then the waits double from one hour to a day.
func retryDelay(attempts int) time.Duration {
	const longest = 24 * time.Hour
	if attempts <= 1 {
		return 0
	}
	if attempts > 6 {
		return longest
	}
	return min(longest, time.Hour<<(attempts-2))
}

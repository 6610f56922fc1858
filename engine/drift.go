package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// CodeDrift is the code of a difference that came about in the target.
const CodeDrift = "TargetDrift"

// ErrNoSteadyState is returned where it cannot be told yet what was changed in the
// target: no cycle has looked at everyone with the mapping as it is now.
var ErrNoSteadyState = errors.New("no cycle has looked at everyone yet with the mapping and the settings as they are now")

// Acceptance says that the target leads for one attribute of one account, until the
// directory wants another value than the one that was wanted when it was accepted.
type Acceptance struct {
	SourceID  string
	Attribute string
	Wanted    attr.Value // what the mapping gave then
	Held      attr.Value // what the account held then; told when it is looked for, and not kept
	At        time.Time
	By        string
}

// DriftCheck is the record of the latest check of a job's accounts for drift.
type DriftCheck struct {
	At       time.Time `json:"at"`
	Full     bool      `json:"full,omitzero"`     // every account, not only those that the target says were changed
	Looked   int       `json:"looked"`            // accounts that were looked at
	Found    int       `json:"found"`             // of them, differ
	Repaired int       `json:"repaired,omitzero"` // of those, were set right
	PlanID   string    `json:"planId,omitzero"`   // lists what was found; empty when nothing was
	Error    string    `json:"error,omitzero"`    // why the check, or the repair, did not come to its end
}

// DriftScope says which accounts are looked at. The zero value is all of them.
type DriftScope struct {
	Since time.Time // only accounts that the target says were changed since
	Users []string  // only these people's, by id
}

// Drift looks for accounts that are not any more as Usher left them, although nothing
// changed in the directory, and makes a plan that sets them right. An account drifted
// when a cycle would write to it now, and its person has not changed since the latest
// cycle: neither in the directory, nor by a failure or a held removal that still
// waits. An account that Usher left disabled and that is in use again drifted, too, and
// so did one that is not there any more.
//
// What is found goes to the log. Without any, no plan is kept and its id is empty.
func (e *Engine) Drift(ctx context.Context, run Run, scope DriftScope, schema string) (Plan, error) {
	run.DryRun, run.Users = true, nil
	p, err := e.draft(ctx, run, Plan{Kind: DriftPlan, Schema: schema}, func(c *cycle, ctx context.Context) error {
		if err := c.findDrift(ctx, scope, c.drifted); err != nil {
			return err
		}
		return c.guardDraft(ctx)
	})
	if err != nil {
		return p, err
	}
	found, err := e.logDrift(ctx, p)
	if err == nil && found == 0 {
		p.ID = ""
		err = e.Plans.DiscardPlan(ctx, p.Key)
	}
	return p, err
}

// Acceptable returns what has to be kept so that the target leads for an attribute of
// the accounts in which it drifted, in the order of source id.
func (e *Engine) Acceptable(ctx context.Context, run Run, scope DriftScope, attribute string) ([]Acceptance, error) {
	run.DryRun, run.Users = true, nil
	var found []Acceptance
	var hidden int
	p, err := e.draft(ctx, run, Plan{Kind: DriftPlan}, func(c *cycle, ctx context.Context) error {
		return c.findDrift(ctx, scope, func(i *item) bool {
			if !c.drifted(i) {
				return false
			}
			acceptance, redacted := i.acceptable(attribute)
			c.draft.mu.Lock()
			defer c.draft.mu.Unlock()
			switch {
			case redacted:
				hidden++
			case acceptance.SourceID != "":
				acceptance.At, acceptance.By = c.began, run.InitiatedBy
				found = append(found, acceptance)
			}
			return false
		})
	})
	if err == nil {
		err = e.Plans.DiscardPlan(ctx, p.Key)
	}
	if err == nil && hidden > 0 {
		err = fmt.Errorf("%s is redacted or cannot be read, so its value is not kept and cannot be accepted", attribute)
	}
	slices.SortFunc(found, func(a, b Acceptance) int { return strings.Compare(a.SourceID, b.SourceID) })
	return found, err
}

// acceptable returns the acceptance of an attribute in which the account drifted.
func (i *item) acceptable(attribute string) (acceptance Acceptance, redacted bool) {
	if !i.verdict.In {
		return Acceptance{}, false // a leaver's account is not the target's to decide on
	}
	for _, field := range i.change.Fields {
		if !strings.EqualFold(field.Name, attribute) {
			continue
		}
		for _, flow := range i.desired.Flows {
			if flow.Rule.Target == field.Name {
				hidden := field.Redacted || flow.Rule.Mutability == mapping.WriteOnly
				return Acceptance{SourceID: i.subject.User.ID, Attribute: field.Name, Wanted: flow.Value, Held: field.Old}, hidden
			}
		}
	}
	return Acceptance{}, false
}

// findDrift decides about the accounts of the scope.
func (c *cycle) findDrift(ctx context.Context, scope DriftScope, suits func(*item) bool) error {
	if !c.job.Status.InitialDone {
		return ErrNoSteadyState
	}
	c.kind = provisioning.FromPlan
	if err := c.recall(ctx); err != nil {
		return err
	}
	until, err := c.Directory.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the position of the change feed: %w", err)
	}
	c.until = until
	changed, err := c.changedMeanwhile(ctx)
	if err != nil {
		return err
	}
	c.draft.suits = suits
	c.progress.phase("accounts")
	d := c.newDispatcher(ctx)
	return d.close(c.feedAccounts(ctx, scope, func(items []*item) error {
		for _, i := range items {
			if !c.settled(i, changed[i.subject.User.ID]) {
				continue
			}
			c.progress.collected(1)
			if err := d.add(i, !i.verdict.In); err != nil {
				return err
			}
		}
		return nil
	}))
}

// changedMeanwhile returns the people whom the directory changed since the latest
// cycle: the next one takes care of them.
func (c *cycle) changedMeanwhile(ctx context.Context) (map[string]bool, error) {
	changed := make(map[string]bool)
	collection := Collection{JobID: c.job.ID, Kind: provisioning.Incremental, Since: c.job.Watermark, Until: c.until, Limit: pageSize}
	for {
		ids, err := c.Directory.Collect(ctx, collection)
		if err != nil {
			return nil, fmt.Errorf("collect people: %w", err)
		}
		for _, id := range ids {
			changed[id] = true
		}
		if len(ids) < collection.Limit {
			return changed, nil
		}
		collection.After = ids[len(ids)-1]
	}
}

// feedAccounts hands on the people whose accounts are in the scope.
func (c *cycle) feedAccounts(ctx context.Context, scope DriftScope, take func([]*item) error) error {
	switch {
	case len(scope.Users) > 0:
		items, err := c.readPage(ctx, unique(scope.Users))
		if err != nil {
			return err
		}
		return take(items)
	case !scope.Since.IsZero():
		return c.feedModified(ctx, scope.Since, take)
	}
	return c.pages(ctx, Collection{JobID: c.job.ID, Kind: provisioning.Initial, Until: c.until, Limit: pageSize}, take)
}

// feedModified hands on those whose account the target says was changed since a
// moment. Accounts that Usher does not manage are left out.
func (c *cycle) feedModified(ctx context.Context, since time.Time, take func([]*item) error) error {
	page := make([]string, 0, pageSize)
	flush := func() error {
		claims, err := c.Ledger.Claimed(ctx, c.job.ID, page)
		if err != nil {
			return fmt.Errorf("look up who the changed accounts belong to: %w", err)
		}
		ids := make([]string, 0, len(claims))
		for _, person := range claims {
			ids = append(ids, person)
		}
		slices.Sort(ids)
		page = page[:0]
		items, err := c.readPage(ctx, ids)
		if err != nil || len(items) == 0 {
			return err
		}
		return take(items)
	}
	query := connector.Query{Type: c.target.ObjectType, All: true, Since: since, Select: []string{c.target.NameAttribute}}
	for account, err := range c.asked.Connector.Read(ctx, query) {
		if err != nil {
			return fmt.Errorf("read the accounts that were changed: %w", err)
		}
		if page = append(page, account.ID); len(page) == pageSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// settled reports whether the person's account is one of which Usher knows how it
// should be, with nothing under way that the next cycle takes care of. An account that
// Usher left disabled is looked at as if it were in use, so that one that is in use
// again is found: no cycle would.
func (c *cycle) settled(i *item, changed bool) bool {
	s := i.subject
	if s.Connection.IsZero() || !s.Removal.IsZero() || i.left {
		return false
	}
	if i.verdict.In {
		return !changed && s.Escrow.IsZero()
	}
	if s.Connection.Enabled || i.verdict.Kept || i.verdict.Undecided != "" {
		return false
	}
	c.regardAsInUse(i)
	return i.leave.Action == plan.Disable && c.removal(i)
}

func (c *cycle) regardAsInUse(i *item) {
	if i.verdict.In || i.subject.Connection.IsZero() || i.subject.Connection.Enabled {
		return
	}
	i.subject.Connection.Enabled = true
	i.keptUntil = time.Time{} // a grace period was before the account was disabled
}

// regardAccepted takes the account of somebody who left for one that is in use, where
// the target led for the active flag until then: nobody knows what became of it.
func (c *cycle) regardAccepted(i *item) {
	accepted := slices.ContainsFunc(i.subject.Accepted, func(a Acceptance) bool { return a.Attribute == c.target.ActiveAttribute })
	if !i.verdict.In && accepted && !i.subject.Connection.IsZero() {
		i.subject.Connection.Enabled = true
	}
}

// drifted reports whether the account is not as it should be, and says so in the
// change.
func (c *cycle) drifted(i *item) bool {
	switch {
	case i.change.Status == plan.Planned && i.change.Action.Writes():
		i.change.Reason = plan.Reason{
			Code: CodeDrift, Text: "changed in " + c.asked.Mapping.TargetSystem + ", and nothing changed in the directory",
			Advice: "Repair it, or accept the attribute.",
		}
		if i.change.Action == plan.Disable && !i.verdict.In {
			i.change.Reason.Text = "in use again in " + c.asked.Mapping.TargetSystem + ", although: " + i.verdict.Text()
		}
		return true
	case i.change.Status == plan.Failure:
		return i.change.Reason.Code == plan.CodeInvalidAnchor
	}
	return false
}

// logDrift puts what was found into the log and returns how much it is.
func (e *Engine) logDrift(ctx context.Context, p Plan) (int, error) {
	found := 0
	cycle := Cycle{ID: p.Key, JobID: p.JobID, ApplicationID: p.ApplicationID}
	err := e.eachItem(ctx, p.Key, ItemQuery{}, func(items []PlanItem) error {
		found += len(items)
		entries := make([]journal.Entry, len(items))
		for n, item := range items {
			change := item.Change.Identified(newID())
			if change.Status == plan.Planned {
				change.Action, change.Status = plan.None, plan.Warning
			}
			entries[n] = journal.Entry{At: p.At, JobID: p.JobID, ApplicationID: p.ApplicationID, CycleID: p.Key, InitiatedBy: p.By, PlanID: p.ID, Change: change}
		}
		return e.Attempts.Log(ctx, cycle, entries)
	})
	if err != nil {
		return found, fmt.Errorf("log what was changed in the target: %w", err)
	}
	return found, nil
}

// accept leaves the attributes alone for which the target leads. An acceptance ends
// when the mapping gives another value than when it was accepted.
func (i *item) accept() {
	if len(i.subject.Accepted) == 0 {
		return
	}
	flows := slices.Clone(i.desired.Flows)
	for n, flow := range flows {
		index := slices.IndexFunc(i.subject.Accepted, func(a Acceptance) bool { return a.Attribute == flow.Rule.Target })
		if index < 0 || flow.Ignored {
			continue
		}
		if alike(i.subject.Accepted[index].Wanted, flow.Value, true) {
			flows[n].Ignored, flows[n].Clear = true, false
			continue
		}
		i.retracted = append(i.retracted, i.subject.Accepted[index])
	}
	i.desired.Flows = flows
}

// over returns the acceptances that have ended: all of them for somebody who left the
// scope, because the directory wanted something else meanwhile.
func (c *cycle) over(i *item) []Acceptance {
	if !i.verdict.In && !i.verdict.Kept && i.keptUntil.IsZero() && i.change.Status != plan.Staged && i.result != ItemRefused {
		return i.subject.Accepted
	}
	return i.retracted
}

// clockSkew is how far the clock of a target may be behind this one's.
const clockSkew = 5 * time.Minute

// Since is the moment from which on the next check has to look at what changed; zero,
// for everything, when there was none or it did not come to its end.
func (d DriftCheck) Since() time.Time {
	if d.At.IsZero() || d.Error != "" {
		return time.Time{}
	}
	return d.At.Add(-clockSkew)
}

// Found returns how many accounts a plan of drift lists.
func (p Plan) Found() int {
	return p.Counts.Created + p.Counts.Updated + p.Counts.Enabled + p.Removals() + p.Counts.Failed
}

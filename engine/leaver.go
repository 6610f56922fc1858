package engine

import (
	"time"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// judgeLeaver finds out what is to become of the account of somebody who is out of
// scope, and until when it is kept.
func (c *cycle) judgeLeaver(i *item) {
	if i.verdict.In || i.verdict.Undecided != "" {
		return
	}
	i.leave = plan.LeaveOf(i.verdict, c.rules)
	i.keptUntil = c.keptUntil(i)
}

// keptUntil returns when the grace period ends of somebody who has an account to
// lose. It is counted from when the person was first found to have left, whatever
// the reason was then; so a second reason does not begin it anew, and other
// settings count for who is waiting, too. A removal that was found before is due:
// it is not put off any more. Neither is one of an account of which it is not known
// whether it was made or enabled, because nobody would remember it.
func (c *cycle) keptUntil(i *item) time.Time {
	if i.verdict.Kept || i.leave.Action == plan.Skip || i.leave.Grace == 0 || !i.subject.Removal.IsZero() || i.left ||
		i.subject.Connection.IsZero() || !c.loses(i) {
		return time.Time{}
	}
	due := c.leftSince(i).Add(i.leave.Grace)
	if !due.After(c.began) {
		return time.Time{}
	}
	return due
}

func (c *cycle) leftSince(i *item) time.Time {
	if i.subject.Leaver.IsZero() {
		return c.began
	}
	return i.subject.Leaver.Since
}

// loses reports whether the person, who is out of scope, has something to lose that
// the mapping allows to take away: an account that is in use, or any account that is
// to be deleted.
func (c *cycle) loses(i *item) bool {
	_, attempted := c.attempted(i)
	if i.leave.Action == plan.Delete {
		return c.rules.Flows.Has(mapping.FlowDelete)
	}
	return c.disables() && (i.subject.Connection.Enabled || attempted)
}

// leaver puts down whose grace period runs, and takes off who came back or lost the
// account. Whose removal failed or is held stays on: the period is over for good.
func (c *cycle) leaver(i *item, commit *Commit) {
	switch {
	case !i.keptUntil.IsZero():
		commit.Leavers = append(commit.Leavers, Leaver{
			SourceID: i.subject.User.ID, Since: c.leftSince(i), Due: i.keptUntil, Reason: i.verdict.Text(),
		})
	case i.subject.Leaver.IsZero():
	case i.verdict.In, i.change.Status == plan.Success, i.change.Status == plan.Skipped:
		commit.Stayed = append(commit.Stayed, i.subject.User.ID)
	}
}

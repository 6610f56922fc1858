package configuration

import (
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// risks tells what a change of settings means for accounts where that is more than it
// looks: who loses an account, who keeps one, and what the removal guard lets go. It has
// to be confirmed.
func risks(s state, assigned int, before, after provisioning.Settings) []string {
	enabled := s.app.Links.Enabled
	var found []string
	risk := func(is bool, text string) {
		if is {
			found = append(found, text)
		}
	}
	risk(before.SyncAll && !after.SyncAll && enabled > 0, narrowed(enabled, assigned))
	risk(before.NestedGroups && !after.NestedGroups && enabled > 0, "Members of groups inside an assigned group are no longer assigned: whoever has no other assignment loses the account. "+
		page.Plural(enabled, "account is", "accounts are")+" in use.")
	was, is := held(before, enabled), held(after, enabled)
	switch {
	case before.RemovalLimit+before.RemovalPercent > 0 && after.RemovalLimit+after.RemovalPercent == 0:
		risk(true, "The removal guard is turned off: a mistake could take all "+page.Plural(enabled, "account", "accounts")+" in use away in one cycle.")
	case is > was && is > enabled:
		risk(true, "The removal guard would hold no number of removals any more: until now it holds "+page.Plural(was, "removal", "removals")+" or more in one cycle.")
	case is > was:
		risk(true, "The removal guard lets more removals go: it holds them from "+page.Number(is)+" on in one cycle, until now from "+page.Number(was)+" on.")
	}
	for _, trigger := range provisioning.Triggers() {
		from, to := before.Leaving.Action(trigger), after.Leaving.Action(trigger)
		title := triggerTitles()[trigger]
		risk(from != to && to == provisioning.LeaveDelete, title+": accounts are deleted where the application can, which cannot be undone.")
		risk(from != to && to == provisioning.LeaveNothing, title+": people keep the account and the access, and nobody takes it away.")
	}
	risk(!before.SkipOutOfScopeDeletions && after.SkipOutOfScopeDeletions, "Whoever leaves the scope keeps the account and the access, until they are removed from the directory for good.")
	return found
}

// narrowed tells of the change from everybody to those who are assigned.
func narrowed(enabled, assigned int) string {
	text := "Whoever is not assigned loses the account: " + page.Plural(enabled, "account is", "accounts are") + " in use, and " + page.Plural(assigned, "person is", "people are") + " assigned"
	if least := enabled - assigned; least > 0 {
		return text + ", so that at least " + page.Plural(least, "account is", "accounts are") + " taken away."
	}
	return text + "."
}

// held is from how many removals on the guard of settings holds them.
func held(s provisioning.Settings, enabled int) int {
	return leastHeld(plan.Guard{Limit: s.RemovalLimit, Percent: s.RemovalPercent}, enabled)
}

// markOf names the state of the settings that a form was made of.
func markOf(job provisioning.Job) string {
	return administration.Mark([]any{job.Settings, job.Schedule.Interval})
}

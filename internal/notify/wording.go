package notify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// Subject says in one line what happened.
func Subject(notice provisioning.Notice) string {
	app := oneLine(notice.Application)
	switch notice.Event {
	case provisioning.DeliveryTest:
		return "A test of the notices of Usher"
	case provisioning.QuarantineBegan:
		return fmt.Sprintf("Provisioning of %s is in quarantine: %s", app, notice.Quarantine.Reason)
	case provisioning.QuarantineChanged:
		return fmt.Sprintf("Provisioning of %s is still in quarantine, now because of %s", app, notice.Quarantine.Reason)
	case provisioning.QuarantineGivenUp:
		return "Provisioning of " + app + " was turned off"
	case provisioning.QuarantineLifted:
		return "Provisioning of " + app + " is out of quarantine"
	case provisioning.RemovalsStaged:
		return fmt.Sprintf("%s: %s for you to allow or reject", app, removals(notice.Held))
	case provisioning.DriftFound:
		return fmt.Sprintf("%s: %s changed there, not in the directory", app, accounts(notice.Drift.Found))
	case provisioning.DailyDigest:
		return "Provisioning of " + app + " in the last day"
	}
	return string(notice.Event) + ": " + app
}

// Text is the body of a mail.
func Text(notice provisioning.Notice) string {
	var b strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&b, format+"\n", arguments...) }
	line("%s.", Subject(notice))
	line("")
	quarantine := notice.Quarantine
	switch notice.Event {
	case provisioning.DeliveryTest:
		line("An administrator asked for it. Notices of quarantines and held removals come this way.")
		line("")
		line("Sent at %s", moment(notice.At))
		return b.String()
	case provisioning.QuarantineBegan, provisioning.QuarantineChanged:
		if notice.Before != "" {
			line("Until now the reason was %s.", notice.Before)
		}
		line("%s", quarantine.Message)
		line("Since:        %s", moment(quarantine.Began))
		if !quarantine.NextAttempt.IsZero() {
			line("Next attempt: %s", moment(quarantine.NextAttempt))
		}
		line("")
		line("See the details:  usher status %q", notice.Application)
	case provisioning.QuarantineGivenUp:
		line("It was in quarantine for four weeks, since %s, because of %s:", moment(quarantine.SeriesBegan), quarantine.Reason)
		line("%s", quarantine.Message)
		line("Nobody gets an account there any more, and nobody loses one. What failed is forgotten.")
		line("")
		line("When it is mended:  usher app start %q", notice.Application)
	case provisioning.QuarantineLifted:
		line("The quarantine because of %s, since %s, is over. Cycles follow the schedule again.", quarantine.Reason, moment(quarantine.Began))
	case provisioning.RemovalsStaged:
		line("So many accounts would be disabled or deleted that nothing is done until you decide.")
		line("If a source delivered too few people, repair it: who comes back is taken off the list.")
		line("")
		line("List them:    usher removals list %q", notice.Application)
		line("Allow them:   usher removals allow %q", notice.Application)
		line("Reject them:  usher removals reject %q", notice.Application)
	case provisioning.DriftFound:
		drift(line, notice)
	case provisioning.DailyDigest:
		digest(line, notice)
	}
	line("")
	line("Job %s, %s", notice.JobID, moment(notice.At))
	return b.String()
}

func drift(line func(string, ...any), notice provisioning.Notice) {
	found := notice.Drift
	line("Found:          %s", moment(found.At))
	if found.Repaired > 0 {
		line("Set right:      %d", found.Repaired)
	}
	name := found.PlanID[:min(len(found.PlanID), 12)]
	line("See them:       usher plan show %s", name)
	if found.Repaired < found.Found {
		line("Set them right: usher apply %s", name)
		line("Let them be:    usher drift %q --accept ATTRIBUTE", notice.Application)
	}
}

func accounts(count int) string {
	if count == 1 {
		return "1 account was"
	}
	return fmt.Sprintf("%d accounts were", count)
}

func digest(line func(string, ...any), notice provisioning.Notice) {
	line("From %s to %s:", moment(notice.Digest.Since), moment(notice.Digest.Until))
	if len(notice.Digest.Counts) == 0 {
		line("  nothing was changed")
	}
	for _, what := range slices.Sorted(maps.Keys(notice.Digest.Counts)) {
		line("  %-20s %6d", what, notice.Digest.Counts[what])
	}
	if notice.Digest.Late > 0 {
		line("New values that nobody has confirmed for days, such as e-mail addresses: %d", notice.Digest.Late)
		line("  usher logs %q --status warning", notice.Application)
	}
	line("Waiting for another attempt: %d", notice.Digest.Retry)
	if notice.Digest.References > 0 {
		line("References, such as managers, that wait for one: %d", notice.Digest.References)
	}
	if notice.Digest.Leaving > 0 {
		line("People who left and keep their account for a grace period: %d", notice.Digest.Leaving)
		line("  usher app leavers %q", notice.Application)
	}
	line("Removals for you to decide on: %d", notice.Held)
	if notice.Quarantine.Reason != "" {
		line("In quarantine since %s: %s", moment(notice.Quarantine.Began), notice.Quarantine.Message)
	}
}

func removals(count int) string {
	if count == 1 {
		return "1 removal waits"
	}
	return fmt.Sprintf("%d removals wait", count)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// oneLine keeps a name that holds line breaks from writing headers of its own.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// attention is something that needs a person now.
type attention struct {
	Colour string // "danger", "warning" or "info"
	Title  string
	Text   string
	Link   page.Link // where it is dealt with
}

// attentions returns what of an application needs a person now, the gravest first.
func attentions(app page.Application) []attention {
	var found []attention
	add := func(colour, title, text, link, at string) {
		found = append(found, attention{colour, title, text, page.Link{Text: link, Path: app.Path(at)}})
	}
	status := app.Job.Status
	quarantine := status.Quarantine
	switch {
	case quarantine.GivenUp:
		add("danger", "Provisioning was turned off", "It was in quarantine for four weeks. Nobody gets an account there any more, and nobody loses one. "+page.Sentence(quarantine.Message), "See what to do", "")
	case quarantine.Reason != "" && quarantine.Keeps():
		add("danger", "In quarantine", page.Sentence(cmp.Or(quarantine.Message, string(quarantine.Reason))), "See what to do", "")
	case status.EscrowsPruned:
		add("danger", "So much failed that it was stopped", "The first cycle had more failures than are kept. Mend what they have in common, and start it again.", "See the overview", "")
	case status.LastRun.State == provisioning.Failed && app.On():
		add("danger", "The last cycle failed", page.Sentence(status.LastRun.Error), "See the overview", "")
	}
	if app.Links.Staged > 0 {
		add("warning", page.Plural(app.Links.Staged, "removal is held", "removals are held"), "Too many accounts would be taken away in one cycle. They stay until somebody decides.", "Allow or reject them", "removals")
	}
	if app.Links.Escrows > 0 {
		add("warning", page.Plural(app.Links.Escrows, "change failed", "changes failed"), "Each is tried again by itself; many need something to be mended first.", "See the causes", "failures")
	}
	if app.Links.Unconfirmed > 0 {
		add("info", page.Plural(app.Links.Unconfirmed, "new value waits", "new values wait"), "Such as an e-mail address that its owner has to confirm in the application.", "See the accounts", "accounts")
	}
	if status.Code == provisioning.NotConfigured {
		add("info", "Not set up yet", "Usher has nothing to sign in with.", "Enter admin credentials", "provisioning")
	}
	return found
}

// waiting tells that provisioning was turned off, and how many changes of the directory
// wait.
func waiting(app page.Application, behind int64) attention {
	title := "Provisioning is off"
	switch behind {
	case 0:
	case 1:
		title += "; 1 change waits"
	default:
		title += "; " + page.Number(behind) + " changes wait"
	}
	return attention{"warning", title, "Nobody gets an account there, and nobody who leaves loses one.", page.Link{Text: "See what to do", Path: app.Path("")}}
}

// quarantineAdvice says what to do about a quarantine, and where.
func quarantineAdvice(app page.Application) (text string, link page.Link) {
	switch app.Job.Status.Quarantine.Reason {
	case provisioning.TooManyDeletes:
		return "If a source delivered too few people, repair it: who comes back is taken off the list. Otherwise allow the removals, or reject them.", page.Link{Text: "Staged removals", Path: app.Path("removals")}
	case provisioning.EncounteredBaseEscrowThreshold, provisioning.EncounteredTotalEscrowThreshold, provisioning.EncounteredEscrowProportionThreshold:
		return "Look for what the failures have in common and mend it: a missing permission, a full licence, a mapping. Then retry them, or restart provisioning.", page.Link{Text: "Failures by cause", Path: app.Path("failures")}
	case provisioning.QuarantinedOnDemand:
		return "Somebody asked for the quarantine. Restart provisioning to end it.", page.Link{Text: "Restart provisioning", Path: app.Path("restart")}
	case provisioning.EncounteredQuarantineException, provisioning.IngestionInterrupted, provisioning.UnknownQuarantineReason:
	}
	return "Test the connection, and renew the credentials if it does not work. A save of working credentials starts the next attempt at once.", page.Link{Text: "Provisioning settings", Path: app.Path("provisioning")}
}

// interval says how often cycles run.
func interval(job provisioning.Job) string {
	if job.Schedule.Interval <= 0 {
		return ""
	}
	return fmt.Sprintf("every %s, and within seconds of a change in the directory", page.Duration(job.Schedule.Interval))
}

// sortReasons puts the most frequent reasons first.
func sortReasons(reasons []cycleReason) {
	slices.SortFunc(reasons, func(a, b cycleReason) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Code, b.Code)) })
}

// quarantineTitle says why a job is in quarantine.
func quarantineTitle(reason provisioning.QuarantineReason) string {
	switch reason {
	case provisioning.TooManyDeletes:
		return "too many accounts would be taken away"
	case provisioning.EncounteredBaseEscrowThreshold, provisioning.EncounteredTotalEscrowThreshold, provisioning.EncounteredEscrowProportionThreshold:
		return "too many changes failed"
	case provisioning.QuarantinedOnDemand:
		return "somebody asked for it"
	case provisioning.IngestionInterrupted:
		return "reading broke off"
	case provisioning.EncounteredQuarantineException, provisioning.UnknownQuarantineReason:
	}
	return "the application cannot be provisioned"
}

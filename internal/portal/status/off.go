package status

import (
	"context"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// off is that somebody turned provisioning off; the zero value is that nobody did.
type off struct {
	Is      bool
	At      time.Time // zero when it is not known
	By      string
	Because string // empty when no reason was given
	Undone  bool   // it was done because a preview was applied that takes a cycle back
	Preview string // where to see what goes on when it is started
	Start   string
}

// off looks up who turned provisioning off.
func (a *Area) off(ctx context.Context, app page.Application) (off, error) {
	if !pausedByHand(app) {
		return off{}, nil
	}
	paused, found, err := a.Administration.Paused(ctx, app.Application)
	if err != nil || !found {
		paused = journal.Audit{}
	}
	return newOff(app, paused), err
}

// pausedByHand reports whether provisioning was on and somebody turned it off: a
// quarantine that did so is told of itself.
func pausedByHand(app page.Application) bool {
	status := app.Job.Status
	return app.Job.Schedule.State == provisioning.SchedulePaused && app.Configured() && !status.Quarantine.GivenUp && !status.EscrowsPruned
}

// newOff makes it of the record of the audit log, the zero record when there is none.
func newOff(app page.Application, paused journal.Audit) off {
	shown := off{Is: true, At: paused.At, By: paused.Actor, Because: paused.Detail, Preview: app.Path("preview"), Start: app.Path("start")}
	if paused.Detail == administration.PausedForUndo {
		shown.Because, shown.Undone = "a preview was applied that takes back what a cycle wrote", true
	}
	return shown
}

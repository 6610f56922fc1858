package administration

import (
	"context"
	"errors"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Configure changes what is set up of a job, in one transaction with a record in the
// audit log. The function returns the detail of the record, and must not use the store.
// Whoever wants the job looked at now calls it through one of the other acts, or wakes
// it.
func (a Acts) Configure(ctx context.Context, app Application, activity string, change func(store.Configuration) (store.Configuration, string, error)) error {
	return a.Store.Configure(ctx, app.Job.ID, func(c store.Configuration) (store.Configuration, error) {
		after, detail, err := change(c)
		after.Audits = append(after.Audits, a.Record(activity, app.DisplayName, detail))
		return after, err
	})
}

// Starting says how provisioning is turned on.
type Starting struct {
	// KeepQuarantine leaves a quarantine on that did not turn the job off. Without it the
	// quarantine is lifted, as Microsoft Graph does.
	KeepQuarantine bool
	// Unconfigured turns a job on that has nothing to sign in with yet: it begins when
	// credentials are saved. Without it that is refused.
	Unconfigured bool
}

// Start turns provisioning on.
func (a Acts) Start(ctx context.Context, app Application, how Starting) error {
	return a.turn(ctx, app, ActivityStart, "", func(job provisioning.Job) (provisioning.Job, error) {
		if job.Status.Code == provisioning.NotConfigured && !how.Unconfigured {
			return job, notConfigured(app)
		}
		if !how.KeepQuarantine {
			job = job.Released()
		}
		return job.Started(), nil
	})
}

// Pause turns provisioning off; it resumes where it left off. A cycle that runs stops
// at the end of a batch.
func (a Acts) Pause(ctx context.Context, app Application, reason string) error {
	return a.turn(ctx, app, ActivityPause, reason, func(job provisioning.Job) (provisioning.Job, error) { return job.Stopped(), nil })
}

func (a Acts) turn(ctx context.Context, app Application, activity, detail string, to func(provisioning.Job) (provisioning.Job, error)) error {
	err := a.Configure(ctx, app, activity, func(c store.Configuration) (store.Configuration, string, error) {
		var err error
		c.Job, err = to(c.Job)
		return c, detail, err
	})
	if err != nil {
		return err
	}
	a.wake(ctx, app.ID)
	return nil
}

// RestartChoice is something that a restart can forget, in words.
type RestartChoice struct {
	Scope provisioning.RestartScope
	Name  string // as provisioning.ParseRestartScope reads it
	Text  string // what it means, one or two sentences
}

// RestartChoices returns what a restart can forget.
func RestartChoices() []RestartChoice {
	return []RestartChoice{
		{provisioning.RestartEscrows, "Escrows", "Failures are forgotten: what failed is not tried again by itself, only when the person changes or the next full cycle comes to them."},
		{provisioning.RestartWatermark, "Watermark", "What was looked at already is forgotten: the next cycle is an initial one and looks at everyone in scope."},
		{provisioning.RestartQuarantineState, "QuarantineState", "The quarantine is lifted: the next cycle runs at its usual time."},
		{
			provisioning.RestartConnectorDataStore, "ConnectorDataStore",
			"Which account belongs to whom is forgotten: accounts are matched anew. It is refused while accounts are still to be taken away, because an account that is not connected is never taken away.",
		},
		{provisioning.RestartForceDeletes, "ForceDeletes", "Removals that the removal guard holds go ahead with the next cycle: the accounts are taken away."},
	}
}

// Restart makes a job forget what the scope names. No account is touched by it. Text is
// the scope as it was given, for the audit log. Connections are not forgotten while
// accounts are still to be taken away; that is a Refusal.
func (a Acts) Restart(ctx context.Context, app Application, scope provisioning.RestartScope, text string) error {
	err := a.Store.Restart(ctx, app.Job.ID, scope, a.Record(ActivityRestart, app.DisplayName, text))
	if errors.Is(err, store.ErrConflict) {
		return &Refusal{
			Code: RemovalsPending, Message: err.Error(), Err: err,
			Advice: "Decide on the staged removals, let a cycle run, and restart then.",
		}
	}
	if err != nil {
		return err
	}
	a.wake(ctx, app.ID)
	return nil
}

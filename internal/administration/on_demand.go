package administration

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// MostOnDemand is how many people can be provisioned at once while somebody waits.
const MostOnDemand = 100

// Performance is what provisioning people on demand did.
type Performance struct {
	Began, Ended time.Time
	Run          provisioning.Run
	Changes      []plan.Change // one for each person, with the steps that were taken, in the order in which they were over
}

// OnDemand says who is provisioned.
type OnDemand struct {
	Users   []string // ids, MostOnDemand at most
	Preview bool     // decide and write nothing, neither in the target nor in Usher
}

// Provision provisions people now. That somebody could not be is told by the change. It
// runs beside a cycle: who calls it for more than a preview does so between cycles.
func (a Acts) Provision(ctx context.Context, app Application, asked OnDemand) (Performance, error) {
	switch {
	case len(asked.Users) == 0:
		return Performance{}, refuse(Invalid, "users", "there is nobody to provision").advising("Select somebody.")
	case len(asked.Users) > MostOnDemand:
		return Performance{}, refuse(TooMany, "users", "at most %d people can be provisioned at once, not %d", MostOnDemand, len(asked.Users))
	}
	done := Performance{Began: time.Now().UTC()}
	err := a.Session(ctx, app.Application, func(session engine.Session) (err error) {
		done.Run, err = a.Runner.Run(ctx, session, engine.Run{
			Users: asked.Users, DryRun: asked.Preview, InitiatedBy: a.actor,
			Report: func(change plan.Change) { done.Changes = append(done.Changes, change) },
		})
		if err != nil {
			return fmt.Errorf("provision on demand: %w", err)
		}
		return nil
	})
	done.Ended = time.Now().UTC()
	if err != nil || asked.Preview {
		return done, err
	}
	return done, a.Audit(ctx, ActivityOnDemand, app.DisplayName, "users "+strings.Join(asked.Users, ", "))
}

// ProvisionBetweenCycles is Provision while no cycle of the application runs: either of
// the two would otherwise end what the other does. See BetweenCycles. A preview does
// not wait.
func (a Acts) ProvisionBetweenCycles(ctx context.Context, app Application, asked OnDemand) (done Performance, err error) {
	if asked.Preview {
		return a.Provision(ctx, app, asked)
	}
	err = a.BetweenCycles(ctx, app.Job.ID, func() (err error) {
		done, err = a.Provision(ctx, app, asked)
		return err
	})
	return done, err
}

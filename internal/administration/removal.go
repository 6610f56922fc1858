package administration

import (
	"context"
	"iter"

	"github.com/usher-id/usher/engine"
)

// Removals yields the removals of an application that are held, allowed or rejected, in
// the order of the people's ids, after the id given.
func (s *Service) Removals(ctx context.Context, app Application, after string) iter.Seq2[engine.Removal, error] {
	states := []engine.RemovalState{engine.RemovalStaged, engine.RemovalAllowed, engine.RemovalRejected}
	return func(yield func(engine.Removal, error) bool) {
		after := after
		for {
			removals, err := s.Runner.Engine.Removals.List(ctx, app.Job.ID, states, after, peoplePage)
			if err != nil {
				yield(engine.Removal{}, err)
				return
			}
			for _, removal := range removals {
				if !yield(removal, nil) {
					return
				}
			}
			if len(removals) < peoplePage {
				return
			}
			after = removals[len(removals)-1].SourceID
		}
	}
}

// Decision is what is decided about a removal that the guard holds.
type Decision string

// The decisions.
const (
	Allow      Decision = "allow"      // it goes ahead with the next cycle
	Reject     Decision = "reject"     // the account is left alone until the person was in scope again
	Reconsider Decision = "reconsider" // a rejected one: the next cycle looks at it anew
)

// DecideRemovals decides about removals of people by their ids, of all of them when none
// is given, and returns how many there were.
func (a Acts) DecideRemovals(ctx context.Context, app Application, decision Decision, users []string) (int, error) {
	decide := a.Store.AllowRemovals
	switch decision {
	case Allow:
	case Reject:
		decide = a.Store.RejectRemovals
	case Reconsider:
		decide = a.Store.ReconsiderRemovals
	default:
		return 0, refuse(Invalid, "decision", "%q is neither allow, reject nor reconsider", decision)
	}
	count, err := decide(ctx, app.Job.ID, users)
	if err != nil {
		return 0, err
	}
	if err := a.Audit(ctx, "Removals: "+string(decision), app.DisplayName, counted(count, "removal", "removals")); err != nil {
		return count, err
	}
	a.wake(ctx, app.ID)
	return count, nil
}

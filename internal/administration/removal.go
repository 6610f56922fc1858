package administration

import (
	"context"
	"iter"
	"slices"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
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

// decidable are the states of the removals that a decision can be made about, those that
// it is made about when nobody is named first. What was allowed can be rejected as long
// as no cycle took the account away.
func (d Decision) decidable(named bool) []engine.RemovalState {
	switch {
	case d == Reconsider:
		return []engine.RemovalState{engine.RemovalRejected}
	case d == Reject && named:
		return []engine.RemovalState{engine.RemovalStaged, engine.RemovalAllowed}
	}
	return []engine.RemovalState{engine.RemovalStaged}
}

// Decidable returns the ids of the people whose removals a decision would be about, in
// their order: of those named, or of all when none is. Whoever shows them before, decides
// by these ids, so that nothing is decided about removals that are held meanwhile.
func (s *Service) Decidable(ctx context.Context, app Application, decision Decision, users []string) ([]string, error) {
	if err := decision.check(); err != nil {
		return nil, err
	}
	named := make(map[string]bool, len(users))
	for _, id := range users {
		named[id] = true
	}
	states := decision.decidable(len(users) > 0)
	var ids []string
	for removal, err := range s.Removals(ctx, app, "") {
		if err != nil {
			return nil, err
		}
		if slices.Contains(states, removal.State) && (len(users) == 0 || named[removal.SourceID]) {
			ids = append(ids, removal.SourceID)
		}
	}
	return ids, nil
}

func (d Decision) check() error {
	switch d {
	case Allow, Reject, Reconsider:
		return nil
	}
	return refuse(Invalid, "decision", "%q is neither allow, reject nor reconsider", string(d))
}

// DecideRemovals decides about removals of people by their ids, of all of them when none
// is given, and returns how many there were.
func (a Acts) DecideRemovals(ctx context.Context, app Application, decision Decision, users []string) (int, error) {
	if err := decision.check(); err != nil {
		return 0, err
	}
	decide := a.Store.AllowRemovals
	switch decision {
	case Allow:
	case Reject:
		decide = a.Store.RejectRemovals
	case Reconsider:
		decide = a.Store.ReconsiderRemovals
	}
	about, err := a.Decidable(ctx, app, decision, users)
	if err != nil {
		return 0, err
	}
	who, err := a.named(ctx, app, about)
	if err != nil {
		return 0, err
	}
	count, err := decide(ctx, app.Job.ID, users, func(count int) journal.Audit {
		return a.Record("Removals: "+string(decision), app.DisplayName, counted(count, "removal", "removals")+": "+who)
	})
	if err != nil {
		return 0, err
	}
	a.wake(ctx, app.ID)
	return count, nil
}

package administration

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
)

// Looking says where changes made in the target are looked for.
type Looking struct {
	Users   []string // ids of the people whose accounts are meant; none: all
	Recent  bool     // only accounts that the target says were changed since the latest look
	Observe func(engine.Progress)
}

// Drifted is what a look for changes made in the target found.
type Drifted struct {
	engine.DriftCheck

	Plan engine.Plan // lists what was found and sets it right; without an id when nothing was
}

func (s *Service) driftScope(ctx context.Context, app Application, where Looking) (engine.DriftScope, error) {
	scope := engine.DriftScope{Users: where.Users}
	if !where.Recent {
		return scope, nil
	}
	if len(where.Users) > 0 {
		return scope, refuse(Invalid, "recent", "either some people's accounts are looked at or those that were changed lately")
	}
	check, err := s.Store.DriftCheck(ctx, app.Job.ID)
	scope.Since = check.Since()
	return scope, err
}

// FindDrift looks for accounts that were changed in the target, and keeps a plan that
// sets them right. Before a cycle was complete it cannot be told: that is a Refusal with
// the code NoSteadyState.
func (a Acts) FindDrift(ctx context.Context, app Application, where Looking) (found Drifted, err error) {
	scope, err := a.driftScope(ctx, app, where)
	if err != nil {
		return found, err
	}
	err = a.Session(ctx, app.Application, func(session engine.Session) (err error) {
		found.Plan, err = a.Runner.Drift(ctx, session, engine.Run{InitiatedBy: a.actor, Observe: where.Observe}, scope)
		return err
	})
	if err != nil {
		return found, driftRefused(err, app)
	}
	p := found.Plan
	found.DriftCheck = engine.DriftCheck{
		At: p.At, Full: scope.Since.IsZero() && len(scope.Users) == 0, Looked: p.Counts.Collected, Found: p.Found(), PlanID: p.ID,
	}
	record := a.Record(ActivityDrift, app.DisplayName, fmt.Sprintf("%s, %d changed", counted(found.Looked, "account", "accounts"), found.Found))
	if len(scope.Users) > 0 {
		return found, a.Audit(ctx, record.Activity, record.Subject, record.Detail)
	}
	return found, a.Store.PutDriftCheck(ctx, app.Job.ID, found.DriftCheck, record)
}

func driftRefused(err error, app Application) error {
	if errors.Is(err, engine.ErrNoSteadyState) {
		return &Refusal{
			Code: NoSteadyState, Err: err, Advice: "Let a cycle come to its end first.",
			Message: fmt.Sprintf("%s, so it cannot be told yet what was changed in %s", err.Error(), app.DisplayName),
		}
	}
	return err
}

// Acceptable looks for the accounts in which an attribute was changed in the target, of
// some people by their ids, or of all, and returns what AcceptDrift would accept, in the
// order of people's ids: nothing when nothing was changed. It writes nothing.
func (a Acts) Acceptable(ctx context.Context, app Application, attribute string, where Looking) (found []engine.Acceptance, err error) {
	scope, err := a.driftScope(ctx, app, where)
	if err != nil {
		return nil, err
	}
	err = a.Session(ctx, app.Application, func(session engine.Session) (err error) {
		targets := session.Mapping.Targets()
		at := slices.IndexFunc(targets, func(name string) bool { return strings.EqualFold(name, attribute) })
		if at < 0 {
			return refuse(NotMapped, "attribute", "%s is not mapped, so Usher does not write it anyway", attribute)
		}
		found, err = a.Runner.Acceptable(ctx, session, engine.Run{InitiatedBy: a.actor, Observe: where.Observe}, scope, targets[at])
		return driftRefused(err, app)
	})
	return found, err
}

// Accept lets the target lead for what Acceptable found.
func (a Acts) Accept(ctx context.Context, app Application, found []engine.Acceptance) error {
	if len(found) == 0 {
		return nil
	}
	who, err := a.named(ctx, app, acceptedFor(found))
	if err != nil {
		return err
	}
	return a.Store.Accept(ctx, app.Job.ID, found, a.Record(ActivityAccept, app.DisplayName, found[0].Attribute+", "+counted(len(found), "account", "accounts")+": "+who))
}

// AcceptDrift lets the target lead for an attribute of the accounts in which it was
// changed there, until the directory has another value for it: of some people by their
// ids, or of all. It returns what was accepted, nothing when nothing was changed.
func (a Acts) AcceptDrift(ctx context.Context, app Application, attribute string, where Looking) ([]engine.Acceptance, error) {
	found, err := a.Acceptable(ctx, app, attribute, where)
	if err != nil {
		return nil, err
	}
	return found, a.Accept(ctx, app, found)
}

// Retractable returns the acceptances of an attribute that RetractDrift would end, in the
// order of people's ids: of some people by their ids, or of all when none is given.
func (s *Service) Retractable(ctx context.Context, app Application, attribute string, users []string) ([]engine.Acceptance, error) {
	named := make(map[string]bool, len(users))
	for _, id := range users {
		named[id] = true
	}
	var found []engine.Acceptance
	for each, err := range s.Acceptances(ctx, app) {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(each.Attribute, attribute) && (len(users) == 0 || named[each.SourceID]) {
			found = append(found, each)
		}
	}
	return found, nil
}

// RetractDrift lets the directory lead again for an attribute, of some people by their
// ids, or of all, and returns how many accounts that is about.
func (a Acts) RetractDrift(ctx context.Context, app Application, attribute string, users []string) (int, error) {
	if attribute == "" {
		return 0, refuse(Invalid, "attribute", "the attribute is missing")
	}
	found, err := a.Retractable(ctx, app, attribute, users)
	if err != nil {
		return 0, err
	}
	who, err := a.named(ctx, app, acceptedFor(found))
	if err != nil {
		return 0, err
	}
	count, err := a.Store.Retract(ctx, app.Job.ID, attribute, users, func(count int) journal.Audit {
		return a.Record(ActivityRetract, app.DisplayName, attribute+", "+counted(count, "account", "accounts")+": "+who)
	})
	if err != nil {
		return 0, err
	}
	a.wake(ctx, app.ID)
	return count, nil
}

// Acceptances yields the attributes for which the target leads, in the order of people
// and attributes.
func (s *Service) Acceptances(ctx context.Context, app Application) iter.Seq2[engine.Acceptance, error] {
	return s.Store.Acceptances(ctx, app.Job.ID)
}

// DriftCheck returns what the latest look at all accounts found, zero when nobody has
// looked yet.
func (s *Service) DriftCheck(ctx context.Context, app Application) (engine.DriftCheck, error) {
	return s.Store.DriftCheck(ctx, app.Job.ID)
}

// acceptedFor returns the ids of the people of acceptances.
func acceptedFor(acceptances []engine.Acceptance) []string {
	ids := make([]string, len(acceptances))
	for i, each := range acceptances {
		ids[i] = each.SourceID
	}
	return ids
}

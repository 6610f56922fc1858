package administration

import (
	"context"
	"slices"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
)

// logged is how many entries of the log an explanation has.
const logged = 5

// Why says how a person comes to have an application or not. What the mapping redacts
// is not in it.
type Why struct {
	engine.Explanation

	User  directory.User
	Fault error           // why the target could not be looked at; then Change and Matches are not known
	Log   []journal.Entry // the last entries about the person, the newest first
}

// Why finds out what a cycle would do for a person now, and why. It reads the target
// and writes nothing.
func (s *Service) Why(ctx context.Context, app Application, user directory.User) (Why, error) {
	why := Why{User: user}
	err := s.Session(ctx, app.Application, func(session engine.Session) error {
		run := engine.Run{JobID: session.Job.ID, Connector: session.Connector, Mapping: session.Mapping}
		explanation, failure := s.Runner.Engine.Explain(ctx, run, user.ID)
		if explanation.Subject.User.ID == "" {
			return failure
		}
		explanation.Traces = unseenTraces(explanation.Traces)
		explanation.Matches = unseenMatches(explanation.Matches)
		why.Explanation, why.Fault = explanation, failure
		return nil
	})
	if err != nil {
		return why, err
	}
	for entry, err := range s.Store.Entries(ctx, journal.Query{JobID: app.Job.ID, SourceID: user.ID, Limit: logged}) {
		if err != nil {
			return why, err
		}
		why.Log = append(why.Log, entry)
	}
	return why, nil
}

// unseenTraces takes out the values of redacted mappings, and what they are computed
// from.
func unseenTraces(traces []mapping.Traced) []mapping.Traced {
	shown := slices.Clone(traces)
	for n, trace := range shown {
		if trace.Redacted {
			shown[n].Inputs = nil
			shown[n].Value = unseen(trace.Value)
			shown[n].Default = unseen(trace.Default)
		}
	}
	return shown
}

func unseenMatches(matches []engine.Matched) []engine.Matched {
	shown := slices.Clone(matches)
	for n, matched := range shown {
		if matched.Redacted {
			shown[n].Value = unseen(matched.Value)
		}
	}
	return shown
}

func unseen(value attr.Value) attr.Value {
	if value.IsNull() {
		return value
	}
	return attr.Text("[Redact]")
}

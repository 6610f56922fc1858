package administration

import (
	"context"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/scope"
)

// ScopeCount is how many people are in scope by the filters that are saved, and would
// be by others.
type ScopeCount struct {
	Looked   int // people who are assigned or have an account
	Complete bool
	Before   int // in scope by the saved filters
	After    int // in scope by the others

	Entering, Leaving int // people who would change sides
	Entrants, Leavers []directory.User
	Undecided         int    // people of whom a filter cannot tell
	Why               string // it cannot tell, of one of them
}

// Out returns how many of those looked at would be out of scope.
func (c *ScopeCount) Out() int { return c.Looked - c.After }

// scopeExamples is how many people of each side are told.
const scopeExamples = 8

// CountScope counts who is in scope by the saved filters and by others, nil for none,
// among the people who are assigned or have an account, in the order of their ids, until
// the duration is over. Filters with faults are a Refusal.
func (s *Service) CountScope(ctx context.Context, app Application, saved, other *scope.Filter, duration time.Duration) (ScopeCount, error) {
	var count ScopeCount
	before, err := compiledFilter(saved)
	if err != nil {
		before = scope.CompiledFilter{} // what is saved cannot be used: nobody is kept out by it
	}
	after, err := compiledFilter(other)
	if err != nil {
		return count, err
	}
	counting, stop := context.WithTimeout(ctx, duration)
	defer stop()
	for judged, err := range s.Runner.Judge(counting, app.ID, "", before, after) {
		if counting.Err() != nil && ctx.Err() == nil {
			return count, nil // what was counted until now
		}
		if err != nil {
			return count, err
		}
		count.add(judged.Subject.User, judged.Verdicts[0], judged.Verdicts[1])
	}
	count.Complete = true
	return count, nil
}

func compiledFilter(filter *scope.Filter) (scope.CompiledFilter, error) {
	if filter == nil {
		return scope.CompiledFilter{}, nil
	}
	faults := filter.Faults()
	if len(faults) == 0 {
		return scope.Compile(*filter)
	}
	refusal := &Refusal{Code: SchemaFaults, Message: "the scoping filters cannot be used"}
	for _, fault := range faults {
		refusal.Faults = append(refusal.Faults, Fault{Field: fault.Path, Message: fault.String()})
	}
	return scope.CompiledFilter{}, refusal
}

func (c *ScopeCount) add(user directory.User, before, after scope.Verdict) {
	c.Looked++
	if before.In {
		c.Before++
	}
	if after.In {
		c.After++
	}
	switch {
	case after.Undecided != "":
		c.Undecided++
		if c.Why == "" {
			c.Why = after.Undecided
		}
	case after.In && !before.In:
		if c.Entering++; len(c.Entrants) < scopeExamples {
			c.Entrants = append(c.Entrants, user)
		}
	case before.In && !after.In:
		if c.Leaving++; len(c.Leavers) < scopeExamples {
			c.Leavers = append(c.Leavers, user)
		}
	}
}

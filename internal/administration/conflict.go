package administration

import (
	"context"
	"iter"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// Conflict is somebody who gets different roles of an application through several
// assignments. Where the target takes one role of a person, the others do nothing.
type Conflict struct {
	User   directory.User
	Grants []directory.Grant // all of them, in person and through groups
	Wins   directory.Grant   // the one whose role counts
}

// ConflictOf tells whether somebody's grants give different roles, and which one wins
// by the rules that a cycle uses; see [mapping.PreferredRole].
func ConflictOf(user directory.User, grants []directory.Grant, ranking []string) (Conflict, bool) {
	roleID, different := mapping.PreferredRole(grants, ranking)
	if different < 2 {
		return Conflict{}, false
	}
	conflict := Conflict{User: user, Grants: grants}
	for _, grant := range grants {
		if grant.Role.ID != roleID {
			continue
		}
		if conflict.Wins.AssignmentID == "" || grant.Direct() {
			conflict.Wins = grant
		}
	}
	return conflict, true
}

// peoplePage is how many people are read at a time.
const peoplePage = 500

// Conflicts yields the people whose assignments to an application give them different
// roles, in the order of their ids, after the id given.
func (s *Service) Conflicts(ctx context.Context, app Application, after string) iter.Seq2[Conflict, error] {
	return func(yield func(Conflict, error) bool) {
		for {
			found, err := s.FindConflicts(ctx, app, after, peoplePage)
			if err != nil {
				yield(Conflict{}, err)
				return
			}
			for _, conflict := range found.Conflicts {
				if !yield(conflict, nil) {
					return
				}
			}
			if after = found.Next; after == "" {
				return
			}
		}
	}
}

// FoundConflicts is a part of the people whose assignments give them different roles.
type FoundConflicts struct {
	Conflicts []Conflict
	Looked    int    // people that this part looked at
	Next      string // where the next part begins, empty after the last one
}

const (
	// mostLooked is about how many people are looked at for one part of a list of conflicts.
	mostLooked = 20_000
	// conflictsPage is about how many of them are looked at at a time.
	conflictsPage = 2500
)

// FindConflicts is Conflicts in parts of at most limit conflicts, each of which takes a
// bounded time: one may hold fewer, even none, and have a part after it.
func (s *Service) FindConflicts(ctx context.Context, app Application, after string, limit int) (FoundConflicts, error) {
	var found FoundConflicts
	ranking, err := s.ranking(ctx, app)
	if err != nil {
		return found, err
	}
	var clashing []string // ids
	found.Next = after
	for len(clashing) < limit && found.Looked < mostLooked {
		standings, next, err := s.Store.AssignedStandings(ctx, app.Job.ID, found.Next, conflictsPage)
		if err != nil {
			return found, err
		}
		looked, ids := 0, []string(nil)
		for _, people := range standings {
			looked += people.People
			if _, different := mapping.PreferredRole(people.Grants, ranking); different > 1 {
				ids = append(ids, people.IDs...)
			}
		}
		slices.Sort(ids)
		if room := limit - len(clashing); len(ids) > room {
			ids = ids[:room]
			next, looked = ids[room-1], upTo(standings, ids[room-1])
		}
		clashing, found.Looked, found.Next = append(clashing, ids...), found.Looked+looked, next
		if next == "" {
			break
		}
	}
	subjects, err := s.Runner.Engine.Directory.Subjects(ctx, app.Job.ID, clashing)
	for _, subject := range subjects {
		if conflict, clashes := ConflictOf(subject.User, subject.Grants, ranking); clashes {
			found.Conflicts = append(found.Conflicts, conflict)
		}
	}
	return found, err
}

// upTo counts people whose ids do not come after an id.
func upTo(standings []store.Standing, id string) int {
	count := 0
	for _, people := range standings {
		place, found := slices.BinarySearch(people.IDs, id)
		if count += place; found {
			count++
		}
	}
	return count
}

// ranking is which role counts most, as the schema has it.
func (s *Service) ranking(ctx context.Context, app Application) ([]string, error) {
	schema, err := s.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return nil, err
	}
	_, object, err := schema.UserMapping()
	if err != nil {
		return nil, nil //nolint:nilerr // a schema without a mapping of users ranks nothing
	}
	return object.RoleRanking, nil
}

package administration

import (
	"context"
	"fmt"
	"iter"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
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
// roles, in the order of their ids, after the id given. It looks at everyone who is
// assigned, a page at a time.
func (s *Service) Conflicts(ctx context.Context, app Application, after string) iter.Seq2[Conflict, error] {
	return func(yield func(Conflict, error) bool) {
		ranking, err := s.ranking(ctx, app)
		if err != nil {
			yield(Conflict{}, err)
			return
		}
		for subject, err := range s.people(ctx, app, after) {
			if err != nil {
				yield(Conflict{}, err)
				return
			}
			if conflict, found := ConflictOf(subject.User, subject.Grants, ranking); found && !yield(conflict, nil) {
				return
			}
		}
	}
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

// people yields whom a full cycle of a job looks at: who is assigned or has an account,
// or everybody where all users are synchronized.
func (s *Service) people(ctx context.Context, app Application, after string) iter.Seq2[engine.Subject, error] {
	return func(yield func(engine.Subject, error) bool) {
		for ids, err := range s.Runner.Everyone(ctx, app.Job, after, peoplePage) {
			var subjects []engine.Subject
			if err == nil {
				subjects, err = s.Runner.Engine.Directory.Subjects(ctx, app.Job.ID, ids)
			}
			if err != nil {
				yield(engine.Subject{}, fmt.Errorf("look at the people of %s: %w", app.DisplayName, err))
				return
			}
			for _, subject := range subjects {
				if !yield(subject, nil) {
					return
				}
			}
		}
	}
}

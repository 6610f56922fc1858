package administration

import (
	"context"
	"errors"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// User returns the user with this id or user principal name, also a deleted one.
// Nobody is a Refusal with the code UnknownPrincipal.
func (s *Service) User(ctx context.Context, name string) (directory.User, error) {
	user, err := s.Store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		refusal := refuse(UnknownPrincipal, "user", "there is no user with the id or user principal name %q in the directory", name)
		refusal.Err = err
		return user, refusal
	}
	return user, err
}

// FindPeople returns the first users whose names or addresses begin with the words of a
// text, and whether there are more; nobody without a text.
func (s *Service) FindPeople(ctx context.Context, text string, most int) (people []directory.User, more bool, err error) {
	if text == "" {
		return nil, false, nil
	}
	found, err := s.Store.FindUsers(ctx, store.UserSearch{Text: text}, store.Page{Limit: most})
	return found.Items, found.Next != "", err
}

// Person finds a user, also one who was removed from the directory for good and still
// has an account of the application: by the id alone, which is all that is known.
func (s *Service) Person(ctx context.Context, app Application, name string) (directory.User, error) {
	user, err := s.User(ctx, name)
	if err == nil {
		return user, nil
	}
	connection, failure := s.Store.Connection(ctx, app.Job.ID, name)
	if failure != nil || connection.IsZero() {
		return user, errors.Join(err, failure)
	}
	return directory.User{ID: name, UserPrincipalName: connection.TargetName, DisplayName: "removed from the directory for good"}, nil
}

// Former returns the id of a user, also of one who is not in the directory any more
// and whom a connection, a failed change or the log of the application names by the id.
func (s *Service) Former(ctx context.Context, app Application, name string) (string, error) {
	user, unknown := s.User(ctx, name)
	if unknown == nil || !errors.Is(unknown, store.ErrNotFound) {
		return user.ID, unknown
	}
	connection, err := s.Store.Connection(ctx, app.Job.ID, name)
	if err != nil {
		return "", err
	}
	escrow, err := s.Store.Escrow(ctx, app.Job.ID, name)
	if err != nil {
		return "", err
	}
	if !connection.IsZero() || !escrow.IsZero() {
		return name, nil
	}
	for _, err := range s.Store.Entries(ctx, journal.Query{SourceID: name, Limit: 1}) {
		return name, err
	}
	return "", unknown
}

// FormerAll is Former for several people.
func (s *Service) FormerAll(ctx context.Context, app Application, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		id, err := s.Former(ctx, app, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Names remembers the user principal names of people, for lists in which the same ones
// come again. It is not safe for concurrent use.
type Names struct {
	service *Service
	known   map[string]string
}

// Names returns a memory of names for one list.
func (s *Service) Names() Names { return Names{s, map[string]string{}} }

// Of returns the user principal name of a person, empty for one who is not in the
// directory any more.
func (n Names) Of(ctx context.Context, id string) (string, error) {
	name, known := n.known[id]
	if !known {
		user, err := n.service.Store.User(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		name = user.UserPrincipalName
		n.known[id] = name
	}
	return name, nil
}

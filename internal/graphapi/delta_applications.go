package graphapi

import (
	"context"
	"errors"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) followedApplications() followed {
	f := followed{resource: a.applications(), objectKind: directory.ApplicationObject, relations: a.ownersAlone}
	f.find = func(ctx context.Context, id string) (found, error) {
		r, err := a.Store.Registration(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			_, err := a.Store.DeletedApplication(ctx, id)
			if errors.Is(err, store.ErrNotFound) {
				return found{id: id}, nil
			}
			return found{id: id, deleted: true}, err
		}
		if err != nil {
			return found{}, err
		}
		e, err := a.registrationEntity(ctx, r)
		return found{id: id, e: e}, err
	}
	f.list = a.listFound(f.find, func(r directory.Registration) string { return r.ObjectID })
	return f
}

func (a *api) followedPrincipals() followed {
	f := followed{resource: a.principals(), objectKind: directory.PrincipalObject, relations: a.ownersAlone}
	f.find = func(ctx context.Context, id string) (found, error) {
		r, err := a.Store.Registration(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && !r.Principal {
			return found{id: id}, nil
		}
		if err != nil {
			return found{}, err
		}
		e, err := a.principalEntity(ctx, r)
		return found{id: id, e: e}, err
	}
	f.list = a.listFound(f.find, func(r directory.Registration) string { return r.ID })
	return f
}

// listFound lists applications by one of their ids.
func (a *api) listFound(find func(ctx context.Context, id string) (found, error), id func(r directory.Registration) string) func(ctx context.Context, after string, limit int) ([]found, error) {
	return func(ctx context.Context, after string, limit int) ([]found, error) {
		all, err := a.Store.Registrations(ctx)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, one := range all {
			if id(one) > after {
				ids = append(ids, id(one))
			}
		}
		slices.Sort(ids)
		var objects []found
		for _, one := range ids[:min(len(ids), limit)] {
			object, err := find(ctx, one)
			if err != nil {
				return nil, err
			}
			objects = append(objects, object)
		}
		return objects, nil
	}
}

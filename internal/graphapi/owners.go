package graphapi

import (
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// ownerRoutes are those of the owners of groups, applications and service principals.
func (a *api) ownerRoutes() []route {
	var routes []route
	for set, owned := range map[string]func(ctx context.Context, r *request) (id, name string, err error){
		"groups/{group}": a.ownedGroup, "applications/{application}": a.ownedApplication, "servicePrincipals/{principal}": a.ownedPrincipal,
	} {
		routes = append(routes,
			get(set+"/owners", a.listOwners(owned)),
			get(set+"/owners/microsoft.graph.user", a.listOwners(owned)),
			post(set+"/owners/$ref", store.RoleAdministrator, a.addOwner(owned)),
			remove(set+"/owners/{owner}/$ref", a.removeOwner(owned)),
		)
	}
	return a.byUniqueName(routes)
}

type ownedObject func(ctx context.Context, r *request) (id, name string, err error)

func (a *api) ownedGroup(ctx context.Context, r *request) (id, name string, err error) {
	group, err := a.group(ctx, a.Store, r)
	return group.ID, group.DisplayName, err
}

func (a *api) ownedApplication(ctx context.Context, r *request) (id, name string, err error) {
	found, err := findApplication(ctx, a.Store, r.key("application"))
	return found.ObjectID, found.DisplayName, err
}

func (a *api) ownedPrincipal(ctx context.Context, r *request) (id, name string, err error) {
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	return found.ID, found.DisplayName, err
}

// owners returns the owners of an object that are there.
func (a *api) owners(ctx context.Context, objectID string) ([]entity, error) {
	owners, err := a.Store.Owners(ctx, objectID)
	if err != nil {
		return nil, err
	}
	items := []entity{}
	for _, owner := range owners {
		if owner.Type == "ServicePrincipal" {
			e, err := a.owningPrincipal(ctx, owner.ID)
			if isAbsent(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			items = append(items, e)
			continue
		}
		e, there, err := a.object(ctx, "User", owner.ID)
		if err != nil {
			return nil, err
		}
		if there {
			items = append(items, e)
		}
	}
	return items, nil
}

// owningPrincipal returns a service principal or a client of the API.
func (a *api) owningPrincipal(ctx context.Context, id string) (entity, error) {
	found, err := findPrincipal(ctx, a.Store, segment{text: id})
	if err == nil {
		return a.principalEntity(ctx, found)
	}
	if !isAbsent(err) {
		return nil, err
	}
	client, err := a.findClient(ctx, id)
	return a.clientEntity(client), err
}

func (a *api) expandOwners(ctx context.Context, e entity, x expansion) (any, error) {
	items, err := a.owners(ctx, e.id())
	return a.projectObjects(items[:min(len(items), maxExpanded)], x), err
}

func (a *api) listOwners(owned ownedObject) handler {
	return func(ctx context.Context, r *request) (response, error) {
		id, _, err := owned(ctx, r)
		if err != nil {
			return response{}, err
		}
		items, err := a.owners(ctx, id)
		if err != nil {
			return response{}, err
		}
		return r.answerPage(ctx, collection{resource: a.objects(), after: listed(items...)})
	}
}

// ownerOf returns who owns by an id: a user, a service principal or a client of the API.
func (a *api) ownerOf(ctx context.Context, e store.Editor, id string) (directory.Owner, error) {
	user, err := findUser(ctx, e, id)
	if err == nil || !isAbsent(err) {
		return directory.Owner{ID: user.ID, Type: "User"}, err
	}
	found, err := findPrincipal(ctx, e, segment{text: id})
	if err == nil || !isAbsent(err) {
		return directory.Owner{ID: found.ID, Type: "ServicePrincipal"}, err
	}
	client, err := a.findClient(ctx, id)
	return directory.Owner{ID: client.ObjectID, Type: "ServicePrincipal"}, err
}

// addOwners adds owners, all of them or none.
func (a *api) addOwners(ctx context.Context, e store.Editor, objectID string, ids []string) error {
	for _, id := range ids {
		owner, err := a.ownerOf(ctx, e, id)
		if err != nil {
			return err
		}
		added, err := e.AddOwner(ctx, objectID, owner)
		if err != nil {
			return err
		}
		if !added {
			return alreadyReferenced("owners")
		}
	}
	return nil
}

func (a *api) addOwner(owned ownedObject) handler {
	return func(ctx context.Context, r *request) (response, error) {
		id, err := r.referenceOf()
		if err != nil {
			return response{}, err
		}
		object, name, err := owned(ctx, r)
		if err != nil {
			return response{}, err
		}
		err = r.edit(ctx, "Add owner", func(e store.Editor) (string, string, error) {
			return name, id, a.addOwners(ctx, e, object, []string{id})
		})
		return noContent(), err
	}
}

func (a *api) removeOwner(owned ownedObject) handler {
	return func(ctx context.Context, r *request) (response, error) {
		object, name, err := owned(ctx, r)
		if err != nil {
			return response{}, err
		}
		id, err := r.text("owner")
		if err != nil {
			return response{}, err
		}
		err = r.edit(ctx, "Remove owner", func(e store.Editor) (string, string, error) {
			for _, owner := range slices.Compact([]string{id, strings.ToLower(id)}) {
				removed, err := e.RemoveOwner(ctx, object, owner)
				if err != nil || removed {
					return name, id, err
				}
			}
			return "", "", notReferenced("owners")
		})
		return noContent(), err
	}
}

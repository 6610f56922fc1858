package graphapi

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) objectRoutes() []route {
	return []route{
		post("directoryObjects/getByIds", store.RoleReader, a.getObjectsByID),
		get("directoryObjects/{object}", a.getObject),
		get("directory/deletedItems/microsoft.graph.user", a.listDeletedUsers),
		get("directory/deletedItems/microsoft.graph.group", a.listDeletedGroups),
		get("directory/deletedItems/microsoft.graph.application", a.listDeletedApplications),
		get("directory/deletedItems/{object}", a.getDeleted),
		post("directory/deletedItems/{object}/restore", store.RoleAdministrator, a.restoreDeleted),
		remove("directory/deletedItems/{object}", a.purgeDeleted),
	}
}

// objects is how directory objects of several kinds are sent: each as its own kind,
// with its type.
func (a *api) objects() resource {
	k := newKind("directoryObject")
	k.open = func(string) bool { return true }
	k.advanced = true
	return resource{set: "directoryObjects", kind: k, kindOf: kindOfObject}
}

// kindOfObject returns the kind of a directory object by its type.
func kindOfObject(e entity) kind {
	switch e["@odata.type"] {
	case "#microsoft.graph.group":
		return groupKind()
	case "#microsoft.graph.application":
		return applicationKind()
	case "#microsoft.graph.servicePrincipal":
		return principalKind()
	}
	return userKind()
}

// directoryObject returns the object of an id, of whatever kind.
func (a *api) directoryObject(ctx context.Context, id string) (entity, error) {
	user, err := findUser(ctx, a.Store, id)
	if err == nil && strings.EqualFold(user.ID, id) {
		return userEntity(user, nil), nil
	}
	if _, absent := errors.AsType[*Error](err); err != nil && !absent {
		return nil, err
	}
	group, err := findGroup(ctx, a.Store, id)
	if err == nil {
		return groupEntity(group), nil
	}
	if _, absent := errors.AsType[*Error](err); !absent {
		return nil, err
	}
	found, err := either(id, func(id string) (directory.Registration, error) { return a.Store.Registration(ctx, id) })
	switch {
	case isAbsent(err):
		client, err := a.findClient(ctx, id)
		return a.clientEntity(client), err
	case err != nil:
		return nil, err
	case strings.EqualFold(found.ObjectID, id):
		return a.registrationEntity(ctx, found)
	case found.Principal && strings.EqualFold(found.ID, id):
		return a.principalEntity(ctx, found)
	}
	return nil, notFound(id)
}

func (a *api) getObject(ctx context.Context, r *request) (response, error) {
	id, err := r.text("object")
	if err != nil {
		return response{}, err
	}
	e, err := a.directoryObject(ctx, id)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.objects(), e)
}

// maxIDs is how many ids Microsoft Graph takes at once.
const maxIDs = 1000

// getObjectsByID answers with those objects of a list of ids that are there.
func (a *api) getObjectsByID(ctx context.Context, r *request) (response, error) {
	var body struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	if len(body.IDs) == 0 || len(body.IDs) > maxIDs {
		return response{}, badRequest("'ids' must have from 1 to %d ids.", maxIDs)
	}
	values := []entity{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(body.IDs))) {
		e, err := a.directoryObject(ctx, id)
		if _, absent := errors.AsType[*Error](err); absent {
			continue
		}
		if err != nil {
			return response{}, err
		}
		k := kindOfObject(e)
		wanted := len(body.Types) == 0 || slices.ContainsFunc(body.Types, func(name string) bool {
			return strings.EqualFold(name, k.name) || strings.EqualFold(name, "directoryObject")
		})
		if wanted {
			values = append(values, k.project(e, k.selection(r.query.selected)))
		}
	}
	return ok(entity{"@odata.context": r.context("directoryObjects"), "value": values}), nil
}

func (a *api) listDeletedUsers(ctx context.Context, r *request) (response, error) {
	after := func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			for user, err := range a.Store.Users(ctx, position) {
				if (err != nil || user.Deleted()) && !yield(userEntity(user, nil), err) {
					return
				}
			}
		}
	}
	return r.answerPage(ctx, collection{resource: a.users(), after: after})
}

func (a *api) listDeletedGroups(ctx context.Context, r *request) (response, error) {
	after := func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			for group, err := range a.Store.GroupsByID(ctx, position) {
				if (err != nil || group.Deleted()) && !yield(groupEntity(group), err) {
					return
				}
			}
		}
	}
	return r.answerPage(ctx, collection{resource: a.groups(), after: after})
}

// deletedApplication makes a deleted application what is sent.
func (a *api) deletedApplication(d store.DeletedApplication) entity {
	e := a.applicationObject(d.Registration, d.Roles)
	e["deletedDateTime"] = moment(d.DeletedAt)
	return e
}

func (a *api) listDeletedApplications(ctx context.Context, r *request) (response, error) {
	deleted, err := a.Store.DeletedApplications(ctx)
	if err != nil {
		return response{}, err
	}
	items := make([]entity, len(deleted))
	for i, d := range deleted {
		items[i] = a.deletedApplication(d)
	}
	return r.answerPage(ctx, collection{resource: a.applications(), after: listed(items...)})
}

// bin is what looks up deleted objects: the store and an editor.
type bin interface {
	finder
	DeletedApplication(ctx context.Context, objectID string) (store.DeletedApplication, error)
}

// deletedObject returns the deleted user, group or application of the path.
func (a *api) deletedObject(ctx context.Context, f bin, r *request) (entity, error) {
	id, err := r.text("object")
	if err != nil {
		return nil, err
	}
	application, err := f.DeletedApplication(ctx, id)
	if err == nil {
		return a.deletedApplication(application), nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	user, err := either(id, func(id string) (directory.User, error) { return f.User(ctx, id) })
	if err == nil && strings.EqualFold(user.ID, id) {
		if !user.Deleted() {
			return nil, notFound(id)
		}
		return userEntity(user, nil), nil
	}
	if _, absent := errors.AsType[*Error](err); err != nil && !absent {
		return nil, err
	}
	group, err := either(id, func(id string) (directory.Group, error) { return f.Group(ctx, id) })
	if err == nil && (!strings.EqualFold(group.ID, id) || !group.Deleted()) || errors.Is(err, store.ErrConflict) {
		err = notFound(id)
	}
	return groupEntity(group), err
}

func (a *api) getDeleted(ctx context.Context, r *request) (response, error) {
	e, err := a.deletedObject(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.objects(), e)
}

func (a *api) restoreDeleted(ctx context.Context, r *request) (response, error) {
	var restored entity
	err := r.edit(ctx, administration.ActivityRestore, func(e store.Editor) (string, string, error) {
		deleted, err := a.deletedObject(ctx, e, r)
		if err != nil {
			return "", "", err
		}
		restored = deleted
		restored["deletedDateTime"] = nil
		name, _ := deleted["displayName"].(string)
		if deleted["@odata.type"] == "#microsoft.graph.application" {
			_, err = e.RestoreApplication(ctx, deleted.id())
			return name, "", nameTaken(err)
		}
		if deleted["@odata.type"] == "#microsoft.graph.user" {
			err = e.RestoreUser(ctx, deleted.id())
			if errors.Is(err, store.ErrConflict) {
				err = taken("userPrincipalName")
			}
			return name, "", err
		}
		group, err := e.Group(ctx, deleted.id())
		if err != nil {
			return "", "", err
		}
		group.DeletedAt = directory.Group{}.DeletedAt
		return name, "", e.PutGroup(ctx, group)
	})
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.objects(), restored)
}

func (a *api) purgeDeleted(ctx context.Context, r *request) (response, error) {
	err := r.edit(ctx, "Hard delete directory object", func(e store.Editor) (string, string, error) {
		deleted, err := a.deletedObject(ctx, e, r)
		if err != nil {
			return "", "", err
		}
		name, _ := deleted["displayName"].(string)
		switch deleted["@odata.type"] {
		case "#microsoft.graph.user":
			return name, deleted.id(), e.PurgeUser(ctx, deleted.id())
		case "#microsoft.graph.application":
			return name, deleted.id(), e.PurgeApplication(ctx, deleted.id())
		}
		return name, deleted.id(), e.PurgeGroup(ctx, deleted.id())
	})
	return noContent(), err
}

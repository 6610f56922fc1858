package graphapi

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) assignmentRoutes() []route {
	routes := []route{
		get("servicePrincipals/{principal}/appRoleAssignedTo", a.listAssignedTo),
		get("servicePrincipals/{principal}/appRoleAssignedTo/$count", a.countAssignedTo),
		post("servicePrincipals/{principal}/appRoleAssignedTo", store.RoleAdministrator, a.assignTo),
		get("servicePrincipals/{principal}/appRoleAssignedTo/{assignment}", a.getAssignedTo),
		remove("servicePrincipals/{principal}/appRoleAssignedTo/{assignment}", a.unassignFrom),
		get("servicePrincipals/{principal}/appRoleAssignments", a.listGroupsOfPrincipal),
	}
	for set, who := range map[string]assignee{"users/{user}": a.assignedUser, "groups/{group}": a.assignedGroup} {
		routes = append(routes,
			get(set+"/appRoleAssignments", a.listAssignments(who)),
			post(set+"/appRoleAssignments", store.RoleAdministrator, a.assign(who)),
			get(set+"/appRoleAssignments/{assignment}", a.getAssignment(who)),
			remove(set+"/appRoleAssignments/{assignment}", a.unassign(who)),
		)
	}
	return routes
}

func (a *api) assignments() resource {
	return resource{set: "appRoleAssignments", kind: newKind("appRoleAssignment",
		"appRoleId", "createdDateTime", "deletedDateTime", "principalDisplayName", "principalId", "principalType", "resourceDisplayName", "resourceId")}
}

// assignmentEntity makes an assignment what is sent, with the names of both ends.
func (a *api) assignmentEntity(ctx context.Context, x directory.Assignment, resource string) (entity, error) {
	e := entity{
		"id": x.ID, "appRoleId": x.AppRoleID, "createdDateTime": moment(x.CreatedAt), "deletedDateTime": nil, "principalId": x.PrincipalID,
		"principalType": x.PrincipalType, "principalDisplayName": nil, "resourceId": x.ApplicationID, "resourceDisplayName": resource,
	}
	object, there, err := a.object(ctx, x.PrincipalType, x.PrincipalID)
	if there {
		e["principalDisplayName"] = object["displayName"]
	}
	return e, err
}

func (a *api) assignedCollection(found directory.Registration) collection {
	c := collection{resource: a.assignments()}
	c.after = func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			for x, err := range a.Store.AssignmentsAfter(ctx, found.ID, position) {
				if err != nil {
					yield(nil, err)
					return
				}
				if e, err := a.assignmentEntity(ctx, x, found.DisplayName); !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
	return c
}

func (a *api) listAssignedTo(ctx context.Context, r *request) (response, error) {
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, a.assignedCollection(found))
}

func (a *api) countAssignedTo(ctx context.Context, r *request) (response, error) {
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, a.assignedCollection(found))
}

func (a *api) expandAssignedTo(ctx context.Context, e entity, _ expansion) (any, error) {
	found, err := findPrincipal(ctx, a.Store, segment{text: e.id()})
	if err != nil {
		return nil, err
	}
	items := []entity{}
	for x, err := range a.assignedCollection(found).after(ctx, "") {
		if err != nil {
			return nil, err
		}
		if items = append(items, x); len(items) == maxExpanded {
			break
		}
	}
	return items, nil
}

// newAssignment is the body of a request for an assignment.
type newAssignment struct {
	PrincipalID string  `json:"principalId"`
	ResourceID  string  `json:"resourceId"`
	AppRoleID   *string `json:"appRoleId"`
}

// add adds an assignment after everything about it was checked.
func (a *api) addAssignment(ctx context.Context, r *request, body newAssignment) (response, error) {
	switch {
	case body.PrincipalID == "":
		return response{}, badRequest("A value is required for property 'principalId' of resource 'AppRoleAssignment'.")
	case body.ResourceID == "":
		return response{}, badRequest("A value is required for property 'resourceId' of resource 'AppRoleAssignment'.")
	case body.AppRoleID == nil:
		return response{}, badRequest("A value is required for property 'appRoleId' of resource 'AppRoleAssignment'.")
	}
	role, err := uuid.Parse(*body.AppRoleID)
	if err != nil {
		return response{}, badValue("appRoleId", "AppRoleAssignment", "It is a GUID.")
	}
	var (
		added    directory.Assignment
		resource directory.Registration
	)
	err = r.edit(ctx, "Add app role assignment", func(e store.Editor) (string, string, error) {
		resource, err = findPrincipal(ctx, e, segment{text: body.ResourceID})
		if err != nil {
			return "", "", err
		}
		if err := checkRole(ctx, e, resource, role.String()); err != nil {
			return "", "", err
		}
		who, err := memberType(ctx, e, body.PrincipalID)
		if err != nil {
			return "", "", err
		}
		assignment, isNew, err := e.AddAssignment(ctx, directory.AssignmentRequest{
			Application: resource.ID, PrincipalType: who.Type, Principal: who.Member, Role: role.String(),
		})
		if err == nil && !isNew {
			err = badRequest("Permission being assigned already exists on the object.")
		}
		added = assignment
		return resource.DisplayName, who.Type + " " + who.Member + ", role " + role.String(), err
	})
	if err != nil {
		return response{}, err
	}
	e, err := a.assignmentEntity(ctx, added, resource.DisplayName)
	if err != nil {
		return response{}, err
	}
	e["@odata.context"] = r.context("appRoleAssignments/$entity")
	return created(e, r.base+strings.TrimRight(r.path, "/")+"/"+added.ID), nil
}

// checkRole checks that an application has a role, and that it is enabled.
func checkRole(ctx context.Context, e store.Editor, resource directory.Registration, id string) error {
	if id == directory.DefaultAccess {
		return nil
	}
	roles, err := e.Roles(ctx, resource.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(roles, func(role directory.AppRole) bool { return role.ID == id })
	switch {
	case at < 0:
		return badRequest("Permission being assigned was not found on application '%s'.", resource.AppID)
	case !roles[at].Enabled:
		return badRequest("Permission being assigned is disabled on application '%s'.", resource.AppID)
	}
	return nil
}

func (a *api) assignTo(ctx context.Context, r *request) (response, error) {
	var body newAssignment
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	if err != nil {
		return response{}, err
	}
	if body.ResourceID == "" {
		body.ResourceID = found.ID
	}
	if !strings.EqualFold(body.ResourceID, found.ID) {
		return response{}, badRequest("'resourceId' must be the id of the service principal of the path, %s.", found.ID)
	}
	return a.addAssignment(ctx, r, body)
}

// assignmentOfPath returns the assignment of the path if it belongs to the object of
// the path.
func (a *api) assignmentOfPath(ctx context.Context, r *request, belongs func(x directory.Assignment) bool) (directory.Assignment, error) {
	id, err := r.text("assignment")
	if err != nil {
		return directory.Assignment{}, err
	}
	x, err := either(id, func(id string) (directory.Assignment, error) { return a.Store.Assignment(ctx, id) })
	if err == nil && !belongs(x) {
		err = notFound(id)
	}
	return x, err
}

func (a *api) answerAssignment(ctx context.Context, r *request, x directory.Assignment) (response, error) {
	resource, err := a.Store.Registration(ctx, x.ApplicationID)
	if err != nil {
		return response{}, err
	}
	e, err := a.assignmentEntity(ctx, x, resource.DisplayName)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.assignments(), e)
}

func (a *api) getAssignedTo(ctx context.Context, r *request) (response, error) {
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	if err != nil {
		return response{}, err
	}
	x, err := a.assignmentOfPath(ctx, r, func(x directory.Assignment) bool { return x.ApplicationID == found.ID })
	if err != nil {
		return response{}, err
	}
	return a.answerAssignment(ctx, r, x)
}

func (a *api) removeAssignment(ctx context.Context, r *request, x directory.Assignment) (response, error) {
	err := r.edit(ctx, "Remove app role assignment", func(e store.Editor) (string, string, error) {
		resource, err := e.Registration(ctx, x.ApplicationID)
		if err != nil {
			return "", "", err
		}
		return resource.DisplayName, x.PrincipalType + " " + x.PrincipalID + ", role " + x.AppRoleID, e.RemoveAssignment(ctx, x.ID)
	})
	return noContent(), err
}

func (a *api) unassignFrom(ctx context.Context, r *request) (response, error) {
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	if err != nil {
		return response{}, err
	}
	x, err := a.assignmentOfPath(ctx, r, func(x directory.Assignment) bool { return x.ApplicationID == found.ID })
	if err != nil {
		return response{}, err
	}
	return a.removeAssignment(ctx, r, x)
}

// assignee returns the id of the user or group of the path.
type assignee func(ctx context.Context, r *request) (string, error)

func (a *api) assignedUser(ctx context.Context, r *request) (string, error) {
	user, err := a.user(ctx, a.Store, r)
	return user.ID, err
}

func (a *api) assignedGroup(ctx context.Context, r *request) (string, error) {
	group, err := a.group(ctx, a.Store, r)
	return group.ID, err
}

func (a *api) listAssignments(who assignee) handler {
	return func(ctx context.Context, r *request) (response, error) {
		id, err := who(ctx, r)
		if err != nil {
			return response{}, err
		}
		found, err := a.Store.AssignmentsOf(ctx, id)
		if err != nil {
			return response{}, err
		}
		items := make([]entity, 0, len(found))
		for _, x := range found {
			resource, err := a.Store.Registration(ctx, x.ApplicationID)
			if errors.Is(err, store.ErrNotFound) {
				continue // it was removed in between
			}
			if err != nil {
				return response{}, err
			}
			e, err := a.assignmentEntity(ctx, x, resource.DisplayName)
			if err != nil {
				return response{}, err
			}
			items = append(items, e)
		}
		return r.answerPage(ctx, collection{resource: a.assignments(), after: listed(items...)})
	}
}

func (a *api) assign(who assignee) handler {
	return func(ctx context.Context, r *request) (response, error) {
		var body newAssignment
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
		id, err := who(ctx, r)
		if err != nil {
			return response{}, err
		}
		if body.PrincipalID == "" {
			body.PrincipalID = id
		}
		if !strings.EqualFold(body.PrincipalID, id) {
			return response{}, badRequest("'principalId' must be the id of the object of the path, %s.", id)
		}
		return a.addAssignment(ctx, r, body)
	}
}

func (a *api) getAssignment(who assignee) handler {
	return func(ctx context.Context, r *request) (response, error) {
		id, err := who(ctx, r)
		if err != nil {
			return response{}, err
		}
		x, err := a.assignmentOfPath(ctx, r, func(x directory.Assignment) bool { return x.PrincipalID == id })
		if err != nil {
			return response{}, err
		}
		return a.answerAssignment(ctx, r, x)
	}
}

func (a *api) unassign(who assignee) handler {
	return func(ctx context.Context, r *request) (response, error) {
		id, err := who(ctx, r)
		if err != nil {
			return response{}, err
		}
		x, err := a.assignmentOfPath(ctx, r, func(x directory.Assignment) bool { return x.PrincipalID == id })
		if err != nil {
			return response{}, err
		}
		return a.removeAssignment(ctx, r, x)
	}
}

package graphapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) groupRoutes() []route {
	return []route{
		get("groups", a.listGroups),
		get("groups/$count", a.countGroups),
		post("groups", store.RoleAdministrator, a.createGroup),
		get("groups/{group}", a.getGroup),
		patch("groups/{group}", a.updateGroup),
		remove("groups/{group}", a.deleteGroup),
		get("groups/{group}/members", a.listMembers),
		get("groups/{group}/members/$count", a.countMembers),
		get("groups/{group}/members/microsoft.graph.user", a.listUserMembers),
		get("groups/{group}/members/microsoft.graph.group", a.listGroupMembers),
		get("groups/{group}/members/{member}", a.getMember),
		post("groups/{group}/members/$ref", store.RoleAdministrator, a.addMember),
		remove("groups/{group}/members/{member}/$ref", a.removeMember),
		get("groups/{group}/memberOf", a.listGroupsOfGroup),
		get("groups/{group}/memberOf/microsoft.graph.group", a.listGroupsOfGroup),
		get("groups/{group}/transitiveMembers", a.listMembersBelow),
		get("groups/{group}/transitiveMembers/$count", a.countMembersBelow),
		get("groups/{group}/transitiveMembers/microsoft.graph.user", a.listUsersBelow),
		get("groups/{group}/transitiveMembers/microsoft.graph.group", a.listGroupsBelow),
		get("groups/{group}/transitiveMemberOf", a.listGroupsAboveGroup),
		get("groups/{group}/transitiveMemberOf/microsoft.graph.group", a.listGroupsAboveGroup),
	}
}

// groupProperties are the properties that the directory keeps of a group beside those
// that it reasons about.
func groupProperties() []directory.Property {
	return []directory.Property{
		{Name: "classification", Kind: attr.String},
		{Name: "description", Kind: attr.String},
		{Name: "groupTypes", Kind: attr.String, Multivalued: true},
		{Name: "isAssignableToRole", Kind: attr.Boolean},
		{Name: "mail", Kind: attr.String},
		{Name: "mailEnabled", Kind: attr.Boolean},
		{Name: "mailNickname", Kind: attr.String},
		{Name: "membershipRule", Kind: attr.String},
		{Name: "membershipRuleProcessingState", Kind: attr.String},
		{Name: "onPremisesSyncEnabled", Kind: attr.Boolean},
		{Name: "preferredDataLocation", Kind: attr.String},
		{Name: "preferredLanguage", Kind: attr.String},
		{Name: "theme", Kind: attr.String},
		{Name: "uniqueName", Kind: attr.String},
		{Name: "visibility", Kind: attr.String},
	}
}

var groupKind = sync.OnceValue(func() kind { //nolint:gochecknoglobals // a table
	names := []string{"displayName", "securityEnabled", "createdDateTime", "deletedDateTime", "proxyAddresses"}
	for _, property := range groupProperties() {
		names = append(names, property.Name)
	}
	k := newKind("group", names...)
	k.advanced = true
	return k
})

func (a *api) groups() resource {
	return resource{set: "groups", kind: groupKind(), expand: map[string]expander{
		"members": a.expandMembers, "owners": a.expandOwners, "memberof": a.expandMemberOf,
	}}
}

// groupEntity makes a group what is sent.
func groupEntity(g directory.Group) entity {
	e := entity{
		"@odata.type": "#microsoft.graph.group", "id": g.ID, "displayName": g.DisplayName, "securityEnabled": g.SecurityEnabled,
		"createdDateTime": moment(g.CreatedAt), "deletedDateTime": moment(g.DeletedAt), "proxyAddresses": []any{},
	}
	for _, property := range groupProperties() {
		value := g.Attributes.Get(property.Name)
		switch {
		case value.IsNull() && property.Multivalued:
			e[property.Name] = []any{}
		case value.IsNull() && property.Name == "mailEnabled":
			e[property.Name] = false
		default:
			e[property.Name] = valueOf(value)
		}
	}
	return e
}

func (a *api) groupCollection(r *request) collection {
	c := collection{resource: a.groups(), count: a.Store.CountGroups}
	c.after = func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			if r.query.filter != nil && position == "" {
				if wanted, demanded := r.query.filter.equality("id"); demanded {
					group, err := findGroup(ctx, a.Store, wanted)
					if _, absent := errors.AsType[*Error](err); !absent {
						yield(groupEntity(group), err)
					}
					return
				}
			}
			for group, err := range a.Store.GroupsByID(ctx, position) {
				if err == nil && group.Deleted() {
					continue
				}
				if !yield(groupEntity(group), err) {
					return
				}
			}
		}
	}
	return c
}

func (a *api) listGroups(ctx context.Context, r *request) (response, error) {
	return r.answerPage(ctx, a.groupCollection(r))
}

func (a *api) countGroups(ctx context.Context, r *request) (response, error) {
	return r.answerCount(ctx, a.groupCollection(r))
}

// group returns the group of the path.
func (a *api) group(ctx context.Context, f finder, r *request) (directory.Group, error) {
	key := r.key("group")
	switch key.alternate {
	case "":
		return findGroup(ctx, f, key.text)
	case "uniquename":
	default:
		_, err := r.text("group")
		return directory.Group{}, err
	}
	for group, err := range a.Store.GroupsByID(ctx, "") {
		if err != nil {
			return group, err
		}
		if !group.Deleted() && strings.EqualFold(group.Attributes.Get("uniqueName").String(), key.text) {
			return findGroup(ctx, f, group.ID)
		}
	}
	return directory.Group{}, notFound(key.text)
}

func (a *api) getGroup(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.groups(), groupEntity(group))
}

func (a *api) createGroup(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	for _, name := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
		if raw, there := f[strings.ToLower(name)]; !there || string(raw) == "null" {
			return response{}, badRequest("A value is required for property '%s' of resource 'Group'.", name)
		}
	}
	group, err := applyGroup(directory.Group{ID: newID()}, f)
	if err != nil {
		return response{}, err
	}
	members, err := bound(f, "members")
	if err != nil {
		return response{}, err
	}
	owners, err := bound(f, "owners")
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Add group", func(e store.Editor) (string, string, error) {
		if err := checkUniqueName(ctx, e, group); err != nil {
			return "", "", err
		}
		if err := e.PutGroup(ctx, group); err != nil {
			return "", "", err
		}
		if err := addMembers(ctx, e, group.ID, members); err != nil {
			return "", "", err
		}
		if err := a.addOwners(ctx, e, group.ID, owners); err != nil {
			return "", "", err
		}
		group, err = e.Group(ctx, group.ID) // with the moment of its creation
		return group.DisplayName, "", err
	})
	if err != nil {
		return response{}, err
	}
	answer, err := r.answerEntity(ctx, a.groups(), groupEntity(group))
	answer.status = http.StatusCreated
	answer.header = http.Header{"Location": {r.link("/groups/" + group.ID)}}
	return answer, err
}

// checkUniqueName checks that no other group has the unique name.
func checkUniqueName(ctx context.Context, e store.Editor, group directory.Group) error {
	name := group.Attributes.Get("uniqueName").String()
	if name == "" {
		return nil
	}
	named, err := e.GroupsCalled(ctx, name)
	if err == nil && slices.ContainsFunc(named, func(other directory.Group) bool { return other.ID != group.ID }) {
		err = taken("uniqueName")
	}
	return err
}

// applyGroup returns the group with what a body says. Members that are not known are
// ignored.
func applyGroup(g directory.Group, f fields) (directory.Group, error) {
	g.Attributes = g.Attributes.WithRef(attr.Ref{Type: "Group", ID: g.ID})
	if name, there, err := member[string](f, "displayName"); err != nil {
		return g, badValue("displayName", "Group", "")
	} else if there {
		g.DisplayName = name
	}
	if enabled, there, err := member[*bool](f, "securityEnabled"); err != nil || there && enabled == nil {
		return g, badValue("securityEnabled", "Group", "")
	} else if there {
		g.SecurityEnabled = *enabled
	}
	for _, property := range groupProperties() {
		raw, there := f[strings.ToLower(property.Name)]
		if !there {
			continue
		}
		value, ok := parseValue(raw, property.Kind, property.Multivalued)
		switch {
		case !ok:
			return g, badValue(property.Name, "Group", "")
		case value.IsNull():
			g.Attributes = g.Attributes.Without(property.Name)
		default:
			g.Attributes = g.Attributes.With(property.Name, value)
		}
	}
	if g.DisplayName == "" || len(g.DisplayName) > 256 || !printableText(g.DisplayName) {
		return g, badValue("displayName", "Group", "It must have from 1 to 256 characters.")
	}
	return g, nil
}

func (a *api) updateGroup(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	members, err := bound(f, "members")
	if err != nil {
		return response{}, err
	}
	before, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Update group", func(e store.Editor) (string, string, error) {
		group, err := findGroup(ctx, e, before.ID)
		if err != nil {
			return "", "", err
		}
		changed, err := applyGroup(group, f)
		if err != nil {
			return "", "", err
		}
		if err := checkUniqueName(ctx, e, changed); err != nil {
			return "", "", err
		}
		if err := e.PutGroup(ctx, changed); err != nil {
			return "", "", err
		}
		return group.DisplayName, "properties " + strings.Join(sortedNames(f), ", "), addMembers(ctx, e, group.ID, members)
	})
	return noContent(), err
}

func (a *api) deleteGroup(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Delete group", func(e store.Editor) (string, string, error) {
		return group.DisplayName, "", e.RemoveGroup(ctx, group.ID)
	})
	return noContent(), err
}

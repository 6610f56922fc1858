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
		"createdDateTime": nil, "deletedDateTime": moment(g.DeletedAt), "proxyAddresses": []any{},
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
	if err := a.checkUniqueName(ctx, group); err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Add group", func(e store.Editor) (string, string, error) {
		if err := e.PutGroup(ctx, group); err != nil {
			return "", "", err
		}
		if err := addMembers(ctx, e, group.ID, members); err != nil {
			return "", "", err
		}
		return group.DisplayName, "", a.addOwners(ctx, e, group.ID, owners)
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
func (a *api) checkUniqueName(ctx context.Context, group directory.Group) error {
	name := group.Attributes.Get("uniqueName").String()
	if name == "" {
		return nil
	}
	for other, err := range a.Store.GroupsByID(ctx, "") {
		if err != nil {
			return err
		}
		if other.ID != group.ID && !other.Deleted() && strings.EqualFold(other.Attributes.Get("uniqueName").String(), name) {
			return taken("uniqueName")
		}
	}
	return nil
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
	after, err := applyGroup(before, f)
	if err != nil {
		return response{}, err
	}
	if err := a.checkUniqueName(ctx, after); err != nil {
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

// memberType finds out whether an id is that of a user or of a group.
func memberType(ctx context.Context, f finder, id string) (directory.Member, error) {
	user, err := findUser(ctx, f, id)
	if err == nil {
		return directory.Member{Member: user.ID, Type: "User"}, nil
	}
	if _, absent := errors.AsType[*Error](err); !absent {
		return directory.Member{}, err
	}
	group, err := findGroup(ctx, f, id)
	return directory.Member{Member: group.ID, Type: "Group"}, err
}

// addMembers adds members, all of them or none.
func addMembers(ctx context.Context, e store.Editor, groupID string, ids []string) error {
	for _, id := range ids {
		m, err := memberType(ctx, e, id)
		if err != nil {
			return err
		}
		m.Group = groupID
		if m.Member == groupID {
			return badRequest("A group cannot be a member of itself.")
		}
		added, err := e.AddMember(ctx, m)
		if err != nil {
			return err
		}
		if !added {
			return alreadyReferenced("members")
		}
	}
	return nil
}

// alreadyReferenced is a 400 in the words that clients compare.
func alreadyReferenced(property string) error {
	return badRequest("One or more added object references already exist for the following modified properties: '%s'.", property)
}

// notReferenced is a 404 in the words that clients compare.
func notReferenced(property string) error {
	return &Error{
		Status: http.StatusNotFound, Code: codeNotFound,
		Message: "One or more removed object references do not exist for the following modified properties: '" + property + "'.",
	}
}

func (a *api) addMember(ctx context.Context, r *request) (response, error) {
	id, err := r.referenceOf()
	if err != nil {
		return response{}, err
	}
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Add member to group", func(e store.Editor) (string, string, error) {
		return group.DisplayName, id, addMembers(ctx, e, group.ID, []string{id})
	})
	return noContent(), err
}

func (a *api) removeMember(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	id, err := r.text("member")
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Remove member from group", func(e store.Editor) (string, string, error) {
		for _, member := range slices.Compact([]string{id, strings.ToLower(id)}) {
			removed, err := e.RemoveMember(ctx, directory.Member{Group: group.ID, Member: member})
			if err != nil || removed {
				return group.DisplayName, id, err
			}
		}
		return "", "", notReferenced("members")
	})
	return noContent(), err
}

// object returns a user or group as a directory object, and whether it is there and
// not deleted.
func (a *api) object(ctx context.Context, objectType, id string) (entity, bool, error) {
	var (
		e   entity
		err error
	)
	if objectType == "Group" {
		var group directory.Group
		group, err = findGroup(ctx, a.Store, id)
		e = groupEntity(group)
	} else {
		var user directory.User
		user, err = findUser(ctx, a.Store, id)
		e = userEntity(user, nil)
	}
	if _, absent := errors.AsType[*Error](err); absent {
		return nil, false, nil
	}
	return e, err == nil, err
}

// memberCollection yields the direct members of a group, those of one type if it is
// not empty.
func (a *api) memberCollection(r *request, groupID, only string) collection {
	c := collection{resource: a.objects()}
	c.after = func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			for member, err := range a.members(ctx, r, groupID, position) {
				if err != nil {
					yield(nil, err)
					return
				}
				if only != "" && member.Type != only {
					continue
				}
				e, there, err := a.object(ctx, member.Type, member.Member)
				if (there || err != nil) && !yield(e, err) {
					return
				}
			}
		}
	}
	return c
}

// members yields memberships; only the one that the filter demands, if it does.
func (a *api) members(ctx context.Context, r *request, groupID, position string) iter.Seq2[directory.Member, error] {
	if r.query.filter != nil {
		if wanted, demanded := r.query.filter.equality("id"); demanded {
			return func(yield func(directory.Member, error) bool) {
				groups, err := a.Store.MemberOf(ctx, strings.ToLower(wanted))
				if err != nil {
					yield(directory.Member{}, err)
					return
				}
				if slices.ContainsFunc(groups, func(g directory.Group) bool { return g.ID == groupID }) {
					m, err := memberType(ctx, a.Store, wanted)
					yield(m, err)
				}
			}
		}
	}
	return a.Store.MembersAfter(ctx, groupID, position)
}

func (a *api) answerMembers(ctx context.Context, r *request, only string, k kind) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	c := a.memberCollection(r, group.ID, only)
	if only != "" {
		c.kind = k
	}
	return r.answerPage(ctx, c)
}

func (a *api) listMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, "", kind{})
}

func (a *api) listUserMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, "User", userKind())
}

func (a *api) listGroupMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, "Group", groupKind())
}

func (a *api) countMembers(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, a.memberCollection(r, group.ID, ""))
}

func (a *api) getMember(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	id, err := r.text("member")
	if err != nil {
		return response{}, err
	}
	m, err := memberType(ctx, a.Store, id)
	if err != nil {
		return response{}, err
	}
	groups, err := a.Store.MemberOf(ctx, m.Member)
	if err != nil {
		return response{}, err
	}
	e, there, err := a.object(ctx, m.Type, m.Member)
	if err == nil && (!there || !slices.ContainsFunc(groups, func(g directory.Group) bool { return g.ID == group.ID })) {
		err = notFound(id)
	}
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.objects(), e)
}

// answerGroupsOf answers with the groups that somebody is a direct member of.
func (a *api) answerGroupsOf(ctx context.Context, r *request, id string) (response, error) {
	items, err := a.groupsOf(ctx, id)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, collection{resource: a.objects(), after: listed(items...)})
}

func (a *api) groupsOf(ctx context.Context, id string) ([]entity, error) {
	groups, err := a.Store.MemberOf(ctx, id)
	items := make([]entity, 0, len(groups))
	for _, group := range groups {
		items = append(items, groupEntity(group))
	}
	return items, err
}

func (a *api) listGroupsOfGroup(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return a.answerGroupsOf(ctx, r, group.ID)
}

// maxExpanded is how many related objects an expansion shows, as Microsoft Graph has
// it; more are read with a request of their own.
const maxExpanded = 20

func (a *api) expandMembers(ctx context.Context, e entity, x expansion) (any, error) {
	items := []entity{}
	for member, err := range a.Store.MembersAfter(ctx, e.id(), "") {
		if err != nil {
			return nil, err
		}
		object, there, err := a.object(ctx, member.Type, member.Member)
		if err != nil {
			return nil, err
		}
		if there {
			items = append(items, object)
		}
		if len(items) == maxExpanded {
			break
		}
	}
	return a.projectObjects(items, x), nil
}

func (a *api) expandMemberOf(ctx context.Context, e entity, x expansion) (any, error) {
	items, err := a.groupsOf(ctx, e.id())
	return a.projectObjects(items, x), err
}

// projectObjects makes directory objects what is sent of them.
func (a *api) projectObjects(items []entity, x expansion) []entity {
	projected := make([]entity, 0, len(items))
	for _, item := range items {
		k := kindOfObject(item)
		projected = append(projected, k.project(item, k.selection(x.selected)))
	}
	return projected
}

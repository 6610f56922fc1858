package graphapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

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

// memberSequence yields memberships by the id of the member, after an id.
type memberSequence func(ctx context.Context, position string) iter.Seq2[directory.Member, error]

// direct yields the direct members of a group; below those of groups inside it, too.
func (a *api) direct(r *request, groupID string) memberSequence {
	return func(ctx context.Context, position string) iter.Seq2[directory.Member, error] {
		return a.members(ctx, r, groupID, position)
	}
}

func (a *api) below(_ *request, groupID string) memberSequence {
	return func(ctx context.Context, position string) iter.Seq2[directory.Member, error] {
		return a.Store.MembersBelow(ctx, groupID, position)
	}
}

// memberCollection yields the members of a group, those of one type if it is not
// empty.
func (a *api) memberCollection(members memberSequence, only string) collection {
	c := collection{resource: a.objects()}
	c.after = func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			for member, err := range members(ctx, position) {
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

// answerMembers answers with members of the group of the path, those of one type if it
// is not empty.
func (a *api) answerMembers(ctx context.Context, r *request, of func(r *request, groupID string) memberSequence, only string, k kind) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	c := a.memberCollection(of(r, group.ID), only)
	if only != "" {
		c.kind = k
	}
	return r.answerPage(ctx, c)
}

func (a *api) listMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, a.direct, "", kind{})
}

func (a *api) listUserMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, a.direct, "User", userKind())
}

func (a *api) listGroupMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, a.direct, "Group", groupKind())
}

func (a *api) listMembersBelow(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, a.below, "", kind{})
}

func (a *api) listUsersBelow(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, a.below, "User", userKind())
}

func (a *api) listGroupsBelow(ctx context.Context, r *request) (response, error) {
	return a.answerMembers(ctx, r, a.below, "Group", groupKind())
}

func (a *api) countMembers(ctx context.Context, r *request) (response, error) {
	return a.answerMemberCount(ctx, r, a.direct)
}

func (a *api) countMembersBelow(ctx context.Context, r *request) (response, error) {
	return a.answerMemberCount(ctx, r, a.below)
}

func (a *api) answerMemberCount(ctx context.Context, r *request, of func(r *request, groupID string) memberSequence) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, a.memberCollection(of(r, group.ID), ""))
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

func (a *api) listGroupsAboveGroup(ctx context.Context, r *request) (response, error) {
	group, err := a.group(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return a.answerGroupsAbove(ctx, r, group.ID)
}

func (a *api) listGroupsAboveUser(ctx context.Context, r *request) (response, error) {
	user, err := a.user(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return a.answerGroupsAbove(ctx, r, user.ID)
}

// answerGroupsAbove answers with the groups that somebody is a member of, by way of
// others too.
func (a *api) answerGroupsAbove(ctx context.Context, r *request, id string) (response, error) {
	groups, err := a.Store.GroupsAbove(ctx, id)
	if err != nil {
		return response{}, err
	}
	items := make([]entity, 0, len(groups))
	for _, group := range groups {
		items = append(items, groupEntity(group))
	}
	return r.answerPage(ctx, collection{resource: a.objects(), after: listed(items...)})
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

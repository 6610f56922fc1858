package graphapi

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) deltaRoutes() []route {
	return []route{
		get("users/delta", a.delta(a.followedUsers())),
		get("groups/delta", a.delta(a.followedGroups())),
		get("applications/delta", a.delta(a.followedApplications())),
		get("servicePrincipals/delta", a.delta(a.followedPrincipals())),
	}
}

const (
	// deltaLifetime is how long a delta token is good for, as Microsoft Graph has it for
	// directory objects.
	deltaLifetime = 7 * 24 * time.Hour

	deltaPage    = 200  // objects of a page, unless odata.maxpagesize says otherwise
	deltaMembers = 1000 // memberships of a page
	maxDeltaIDs  = 50   // objects that a filter may name
)

// deltaState is what the tokens of a delta query hold. A round begins at one position
// of the change feed and ends at another one, which was the newest when it began, and
// at which the next round begins. What changes while a round is under way is in both.
type deltaState struct {
	Full        bool             `json:"f,omitzero"` // everything instead of what changed
	Since       directory.Cursor `json:"s,omitzero"`
	Until       directory.Cursor `json:"u"`
	After       string           `json:"a,omitzero"` // the object that the page before ended with
	MemberAfter string           `json:"m,omitzero"` // of whose members these are sent already
	Selected    []string         `json:"p,omitzero"` // nil without $select
	IDs         []string         `json:"i,omitzero"` // all without a filter
	Read        int64            `json:"r,omitzero"` // when Until was the newest position, microseconds since 1970
	SinceRead   int64            `json:"b,omitzero"` // the same of Since; 0 in tokens from before this was kept
	Issued      int64            `json:"t"`          // microseconds since 1970
}

// followed is a kind of object that clients follow.
type followed struct {
	resource

	objectKind directory.ObjectKind
	// list returns objects in the order of their ids, after an id.
	list func(ctx context.Context, after string, limit int) ([]found, error)
	// full returns a page of a round that begins with everything, and where the next one
	// begins; nil: it is made of list.
	full func(ctx context.Context, state deltaState, size int) (encoded, *deltaState, error)
	// minimal says that the history tells which properties of an object changed.
	minimal bool
	// find returns one object.
	find func(ctx context.Context, id string) (found, error)
	// relations adds what is related to the object, from a position in it, and returns the
	// position to go on from; empty when that is all.
	relations func(ctx context.Context, e entity, item entity, state deltaState, from string) (next string, err error)
}

// found is an object that is followed: without an entity when it is gone, deleted when
// it may come back.
type found struct {
	id      string
	e       entity
	deleted bool
	only    map[string]bool // the properties that are sent; nil: all that are selected
}

// delta answers a delta query: one page of a round.
func (a *api) delta(f followed) handler {
	return func(ctx context.Context, r *request) (response, error) {
		state, err := a.deltaState(ctx, r, f)
		if err != nil {
			return response{}, err
		}
		body := entity{"@odata.context": r.context(f.set + "/$delta"), "value": []entity{}}
		if strings.EqualFold(r.query.deltaToken, "latest") {
			return ok(body), a.deltaLink(r, f, body, state)
		}
		var next *deltaState
		if state.Full && state.IDs == nil && f.full != nil {
			body["value"], next, err = f.full(ctx, state, r.pageSize())
		} else {
			body["value"], next, err = a.deltaItems(ctx, r, f, state)
		}
		if err != nil {
			return response{}, err
		}
		answer := ok(body)
		if a.isMinimal(r, f, state) {
			answer.header = http.Header{"Preference-Applied": {"return=minimal"}}
		}
		if next == nil {
			return answer, a.deltaLink(r, f, body, state)
		}
		token, err := a.tokens.seal(deltaBinding(f), next)
		body["@odata.nextLink"] = r.base + r.path + "?%24skiptoken=" + token
		return answer, err
	}
}

func deltaBinding(f followed) string { return "delta\n" + f.set }

// deltaLink adds the link to the next round.
func (a *api) deltaLink(r *request, f followed, body entity, state deltaState) error {
	token, err := a.tokens.seal(deltaBinding(f), deltaState{
		Since: state.Until, SinceRead: state.Read, Selected: state.Selected, IDs: state.IDs, Issued: time.Now().UnixMicro(),
	})
	body["@odata.deltaLink"] = r.base + r.path + "?%24deltatoken=" + token
	return err
}

// deltaState returns where a request is in its round.
func (a *api) deltaState(ctx context.Context, r *request, f followed) (deltaState, error) {
	read := time.Now()
	removed, head, err := a.Store.DirectoryFeed(ctx)
	if err != nil {
		return deltaState{}, err
	}
	token := r.query.skipToken
	next := r.query.deltaToken != "" && !strings.EqualFold(r.query.deltaToken, "latest")
	if next {
		token = r.query.deltaToken
	}
	if token == "" {
		return newRound(r, head, read)
	}
	var state deltaState
	if err := a.tokens.open(token, deltaBinding(f), &state); err != nil {
		return state, badRequest("Badly formed token: it is not one of this service, or it belongs to another query.")
	}
	// A database that was put back knows less than the token does; one whose feed was
	// shortened does not know any more what changed.
	if time.Since(time.UnixMicro(state.Issued)) > deltaLifetime || max(state.Since, state.Until) > head || !state.Full && state.Since < removed {
		return state, &Error{
			Status: http.StatusGone, Code: codeStateNotFound, Location: r.base + r.path,
			Message: "The sync state was not found: the token is too old. Begin again at the address in the header Location.",
		}
	}
	if next {
		state.Until, state.Read = head, read.UnixMicro()
	}
	return state, nil
}

// newRound begins with everything.
func newRound(r *request, head directory.Cursor, read time.Time) (deltaState, error) {
	q := r.query
	for option, given := range map[string]bool{
		"$top": q.top > 0, "$orderby": len(q.orderBy) > 0, "$expand": len(q.expand) > 0, "$search": q.search != nil, "$count": q.count,
	} {
		if given {
			return deltaState{}, unsupportedQuery("The query option '%s' is not supported by delta queries.", option)
		}
	}
	state := deltaState{Full: true, Until: head, Read: read.UnixMicro(), Selected: q.selected, Issued: time.Now().UnixMicro()}
	if q.filter == nil {
		return state, nil
	}
	ids, ok := idsOf(*q.filter)
	if !ok || len(ids) > maxDeltaIDs {
		return deltaState{}, unsupportedQuery("The filter of a delta query is id eq '...', at most %d of them joined by or.", maxDeltaIDs)
	}
	state.IDs = ids
	return state, nil
}

// idsOf returns the ids of a filter that names nothing but ids.
func idsOf(f filter) ([]string, bool) {
	switch f.op {
	case opOr:
		var ids []string
		for _, below := range f.below {
			more, ok := idsOf(below)
			if !ok {
				return nil, false
			}
			ids = append(ids, more...)
		}
		return ids, true
	case opEqual, opIn:
		if len(f.path) != 1 || !strings.EqualFold(f.path[0], "id") {
			return nil, false
		}
		var ids []string
		for _, l := range f.literals {
			id, isText := l.value.(string)
			if !isText {
				return nil, false
			}
			ids = append(ids, id)
		}
		return ids, true
	default:
		return nil, false
	}
}

// deltaItems returns a page of a round, and where the next one begins; nil at the end.
func (a *api) deltaItems(ctx context.Context, r *request, f followed, state deltaState) ([]entity, *deltaState, error) {
	items := []entity{}
	if state.MemberAfter != "" {
		object, err := f.find(ctx, state.After)
		if err != nil {
			return nil, nil, err
		}
		objects, err := a.lessened(ctx, r, f, state, []found{object})
		if err != nil {
			return nil, nil, err
		}
		next, err := a.appendDelta(ctx, f, state, objects[0], state.MemberAfter, &items)
		if err != nil || next != nil {
			return items, next, err
		}
	}
	size := r.pageSize()
	objects, err := a.deltaObjects(ctx, f, state, size)
	if err != nil {
		return nil, nil, err
	}
	if objects, err = a.lessened(ctx, r, f, state, objects); err != nil {
		return nil, nil, err
	}
	for _, object := range objects {
		next, err := a.appendDelta(ctx, f, state, object, "", &items)
		if err != nil || next != nil {
			return items, next, err
		}
	}
	if len(objects) < size {
		return items, nil, nil
	}
	state.After, state.MemberAfter = objects[len(objects)-1].id, ""
	return items, &state, nil
}

func (a *api) deltaObjects(ctx context.Context, f followed, state deltaState, size int) ([]found, error) {
	if state.Full {
		return f.list(ctx, state.After, size)
	}
	ids, err := a.Store.Changed(ctx, f.objectKind, state.Since, state.Until, state.After, size)
	if err != nil {
		return nil, err
	}
	objects := make([]found, 0, len(ids))
	for _, id := range ids {
		object, err := f.find(ctx, id)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// appendDelta appends what is sent of one object. When not all that is related to it
// fits, it returns where the next page begins.
func (a *api) appendDelta(ctx context.Context, f followed, state deltaState, object found, from string, items *[]entity) (*deltaState, error) {
	id, e, deleted := object.id, object.e, object.deleted
	if state.IDs != nil && !slices.ContainsFunc(state.IDs, func(wanted string) bool { return strings.EqualFold(wanted, id) }) {
		return nil, nil //nolint:nilnil // nothing is sent, and that is all
	}
	switch {
	case deleted && state.Full, e == nil && state.Full:
		return nil, nil //nolint:nilnil // who begins anew hears only of what is there
	case deleted:
		*items = append(*items, entity{"id": id, "@removed": map[string]string{"reason": "changed"}})
		return nil, nil //nolint:nilnil // nothing is related to it
	case e == nil:
		*items = append(*items, entity{"id": id, "@removed": map[string]string{"reason": "deleted"}})
		return nil, nil //nolint:nilnil // nothing is related to it
	}
	item := f.kind.project(e, f.kind.selection(state.Selected))
	delete(item, "@odata.type")
	if object.only != nil {
		if !object.only["manager"] {
			delete(e, "manager")
		}
		maps.DeleteFunc(item, func(name string, _ any) bool { return name != "id" && !object.only[name] })
	}
	if state.Full {
		omitEmpty(item)
	}
	next, err := "", error(nil)
	if f.relations != nil {
		next, err = f.relations(ctx, e, item, state, from)
	}
	if err != nil {
		return nil, err
	}
	*items = append(*items, item)
	if next == "" {
		return nil, nil //nolint:nilnil // all of it is sent
	}
	state.After, state.MemberAfter = id, next
	return &state, nil
}

// omitEmpty leaves out what was never set.
func omitEmpty(item entity) {
	for name, value := range item {
		if value == nil {
			delete(item, name)
		}
	}
}

// pageSize returns how many objects the header Prefer: odata.maxpagesize asks for.
func (r *request) pageSize() int {
	if size, err := strconv.Atoi(r.preference("odata.maxpagesize")); err == nil && size > 0 {
		return min(size, 999)
	}
	return deltaPage
}

// preference returns what the header Prefer has for a name.
func (r *request) preference(wanted string) string {
	for _, value := range r.http.Header.Values("Prefer") {
		for part := range strings.SplitSeq(value, ",") {
			name, value, _ := strings.Cut(part, "=")
			if strings.EqualFold(strings.TrimSpace(name), wanted) {
				return strings.TrimSpace(value)
			}
		}
	}
	return ""
}

// isMinimal reports whether of changed objects only the changed properties are sent.
func (a *api) isMinimal(r *request, f followed, state deltaState) bool {
	return f.minimal && !state.Full && state.SinceRead > 0 && strings.EqualFold(r.preference("return"), "minimal")
}

// longestWrite is longer than any write to the directory takes. Its history has the
// moments of what it did, the change feed has it from its end on, so what may be new to a
// client can be so much older than the client's position. That some of it is not new does
// no harm: values are always those of now.
const longestWrite = 24 * time.Hour

// lessened says of objects which properties are sent where only those are asked for
// that changed.
func (a *api) lessened(ctx context.Context, r *request, f followed, state deltaState, objects []found) ([]found, error) {
	if !a.isMinimal(r, f, state) {
		return objects, nil
	}
	ids := make([]string, len(objects))
	for i, object := range objects {
		ids[i] = object.id
	}
	changed, err := a.Store.ChangedProperties(ctx, f.objectKind, ids, time.UnixMicro(state.SinceRead).Add(-longestWrite))
	if err != nil {
		return nil, err
	}
	lessened := make([]found, 0, len(objects))
	for _, object := range objects {
		if names, certain := changed[object.id]; certain {
			object.only = sentFor(names)
		}
		lessened = append(lessened, object)
	}
	return lessened, nil
}

// sentFor returns the properties that are sent for those of the directory.
func sentFor(names []string) map[string]bool {
	only := make(map[string]bool)
	for _, name := range names {
		only[name] = true
		for _, nested := range []string{extensionAttributes, organizationData} {
			if slices.Contains(membersOfNested(nested), name) {
				only[nested] = true
			}
		}
	}
	return only
}

// selects reports whether a relationship is followed: it was selected, or it is by
// itself when nothing was.
func (s deltaState) selects(name string, unasked bool) bool {
	if s.Selected == nil {
		return unasked
	}
	return slices.ContainsFunc(s.Selected, func(selected string) bool { return strings.EqualFold(selected, name) })
}

func (a *api) followedUsers() followed {
	object := func(user directory.User) found {
		e := userEntity(user, nil)
		e["manager"] = user.ManagerID
		return found{id: user.ID, e: e, deleted: user.Deleted()}
	}
	return followed{
		resource: a.users(), objectKind: directory.UserObject, minimal: true,
		list: func(ctx context.Context, after string, limit int) ([]found, error) {
			return firstFound(a.Store.Users(ctx, after), limit, object)
		},
		full: a.outlinedDelta,
		find: func(ctx context.Context, id string) (found, error) {
			user, err := a.Store.User(ctx, id)
			if errors.Is(err, store.ErrNotFound) || err == nil && user.ID != id {
				return found{id: id}, nil
			}
			return object(user), err
		},
		relations: func(_ context.Context, e, item entity, state deltaState, _ string) (string, error) {
			delete(item, "manager")
			if manager, told := e["manager"].(string); !state.selects("manager", false) || !told {
				return "", nil
			} else if manager != "" {
				item["manager@delta"] = managerDelta(manager)
			} else if !state.Full {
				item["manager"] = nil
			}
			return "", nil
		},
	}
}

// firstFound returns the first objects of a sequence.
func firstFound[T any](sequence iter.Seq2[T, error], limit int, object func(T) found) ([]found, error) {
	var objects []found
	for one, err := range sequence {
		if err != nil {
			return nil, err
		}
		if objects = append(objects, object(one)); len(objects) == limit {
			break
		}
	}
	return objects, nil
}

func (a *api) followedGroups() followed {
	object := func(group directory.Group) found {
		return found{id: group.ID, e: groupEntity(group), deleted: group.Deleted()}
	}
	return followed{
		resource: a.groups(), objectKind: directory.GroupObject, minimal: true,
		list: func(ctx context.Context, after string, limit int) ([]found, error) {
			return firstFound(a.Store.GroupsByID(ctx, after), limit, object)
		},
		find: func(ctx context.Context, id string) (found, error) {
			group, err := a.Store.Group(ctx, id)
			if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || err == nil && group.ID != id {
				return found{id: id}, nil
			}
			return object(group), err
		},
		relations: func(ctx context.Context, e, item entity, state deltaState, from string) (string, error) {
			if from == "" { // a page that goes on with members had the owners before
				if err := a.ownerDelta(ctx, e, item, state); err != nil {
					return "", err
				}
			}
			return a.memberDelta(ctx, e, item, state, from)
		},
	}
}

// ownerDelta adds the owners of an object where they are selected: in a full round all
// of them, else those who became or ceased to be one.
func (a *api) ownerDelta(ctx context.Context, e, item entity, state deltaState) error {
	if !state.selects("owners", false) {
		return nil
	}
	now, err := a.Store.Owners(ctx, e.id())
	if err != nil {
		return err
	}
	types := make(map[string]string, len(now))
	ids := make([]string, len(now))
	for i, owner := range now {
		types[owner.ID], ids[i] = owner.Type, owner.ID
	}
	if !state.Full {
		if ids, err = a.Store.ChangedOwners(ctx, e.id(), state.Since, state.Until); err != nil {
			return err
		}
	}
	var owners []entity
	for _, id := range ids {
		if owned, is := types[id]; is {
			owners = append(owners, entity{"@odata.type": "#microsoft.graph." + strings.ToLower(owned[:1]) + owned[1:], "id": id})
			continue
		}
		owners = append(owners, entity{"id": id, "@removed": map[string]string{"reason": "deleted"}})
	}
	if len(owners) > 0 {
		item["owners@delta"] = owners
	}
	return nil
}

// ownersAlone follows owners, of objects with no other relation to follow.
func (a *api) ownersAlone(ctx context.Context, e, item entity, state deltaState, _ string) (string, error) {
	return "", a.ownerDelta(ctx, e, item, state)
}

// memberDelta adds the members of a group: in a full round all of them, else those who
// joined or left.
func (a *api) memberDelta(ctx context.Context, e, item entity, state deltaState, from string) (string, error) {
	if !state.selects("members", true) {
		return "", nil
	}
	var (
		members []entity
		next    string
		err     error
	)
	if state.Full {
		members, next, err = a.allMembers(ctx, e.id(), from)
	} else {
		members, next, err = a.changedMembers(ctx, e.id(), from, state)
	}
	if len(members) > 0 {
		item["members@delta"] = members
	}
	return next, err
}

func (a *api) allMembers(ctx context.Context, groupID, from string) (members []entity, next string, err error) {
	for m, err := range a.Store.MembersAfter(ctx, groupID, from) {
		if err != nil {
			return nil, "", err
		}
		if len(members) == deltaMembers {
			return members, members[deltaMembers-1].id(), nil
		}
		members = append(members, entity{"@odata.type": "#microsoft.graph." + strings.ToLower(m.Type), "id": m.Member})
	}
	return members, "", nil
}

func (a *api) changedMembers(ctx context.Context, groupID, from string, state deltaState) (members []entity, next string, err error) {
	changes, err := a.Store.ChangedMembers(ctx, groupID, state.Since, state.Until)
	if err != nil {
		return nil, "", err
	}
	for _, m := range changes {
		if m.Member <= from {
			continue
		}
		if len(members) == deltaMembers {
			return members, members[deltaMembers-1].id(), nil
		}
		groups, err := a.Store.MemberOf(ctx, m.Member)
		if err != nil {
			return nil, "", err
		}
		member := entity{"@odata.type": "#microsoft.graph." + strings.ToLower(m.Type), "id": m.Member}
		if !slices.ContainsFunc(groups, func(g directory.Group) bool { return g.ID == groupID }) {
			member["@removed"] = map[string]string{"reason": "deleted"}
		}
		members = append(members, member)
	}
	return members, "", nil
}

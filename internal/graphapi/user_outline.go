package graphapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// encoded is a value that is JSON already.
type encoded []byte

// outline says what is sent of a user, in the order of the names. Long lists of users
// are written by it, straight from the directory: making entities of the users first,
// and of these what is sent, takes several times as long. Both give the same.
type outline []outlined

// outlined is one member of an outline.
type outlined struct {
	name   string
	append func(b []byte, u directory.User) []byte
}

// outlineUser returns the outline of users of whom this is selected; nil stands for
// what is sent without being asked.
func outlineUser(selected selection) outline {
	k := userKind()
	names := slices.Collect(maps.Keys(selected))
	if selected == nil {
		for _, p := range k.properties {
			if !p.asked {
				names = append(names, p.name)
			}
		}
	}
	o := outline{{"id", func(b []byte, u directory.User) []byte { return attr.Text(u.ID).AppendJSON(b) }}}
	for _, name := range names {
		if name != "id" {
			o = append(o, outlined{name, appenderOf(name)})
		}
	}
	return o.sorted()
}

func (o outline) sorted() outline {
	slices.SortFunc(o, func(a, b outlined) int { return cmp.Compare(a.name, b.name) })
	return o
}

// appenderOf returns what appends a property; see userEntity.
func appenderOf(name string) func(b []byte, u directory.User) []byte {
	switch name {
	case "userPrincipalName":
		return func(b []byte, u directory.User) []byte { return attr.Text(u.UserPrincipalName).AppendJSON(b) }
	case "accountEnabled":
		return func(b []byte, u directory.User) []byte { return attr.Bool(u.AccountEnabled).AppendJSON(b) }
	case "displayName":
		return func(b []byte, u directory.User) []byte {
			if u.DisplayName == "" {
				return append(b, "null"...)
			}
			return attr.Text(u.DisplayName).AppendJSON(b)
		}
	case "deletedDateTime":
		return func(b []byte, u directory.User) []byte { return appendPlain(b, moment(u.DeletedAt)) }
	case extensionAttributes, organizationData:
		return func(b []byte, u directory.User) []byte { return appendPlain(b, nestedEntity(u, name)) }
	}
	property, known := userProperties()[strings.ToLower(name)]
	if !known && !directory.IsExtensionName(name) {
		return func(b []byte, _ directory.User) []byte { return append(b, "null"...) }
	}
	return func(b []byte, u directory.User) []byte {
		value := u.Attributes.Get(name)
		switch {
		case value.IsNull() && property.Multivalued:
			return append(b, "[]"...)
		case value.Kind() == attr.Null, value.Kind() == attr.String, value.Kind() == attr.Boolean, value.Kind() == attr.Integer:
			return value.AppendJSON(b)
		}
		return appendPlain(b, valueOf(value))
	}
}

// appendPlain appends what valueOf makes, which can always be written.
func appendPlain(b []byte, value any) []byte {
	b, _ = appendValue(b, value)
	return b
}

// appendUser appends what is sent of a user; what is null only if it is wanted.
func (o outline) appendUser(b []byte, u directory.User, nulls bool) []byte {
	b = append(b, '{')
	first := true
	for _, member := range o {
		start := len(b)
		if !first {
			b = append(b, ',')
		}
		b = append(attr.Text(member.name).AppendJSON(b), ':')
		value := len(b)
		if b = member.append(b, u); !nulls && string(b[value:]) == "null" || len(b) == value {
			b = b[:start]
			continue
		}
		first = false
	}
	return append(b, '}')
}

// longList is from how many items on a list waits for its turn.
const longList = 100

// inTurn makes a list. Long ones wait until one of those before them is made, and whoever
// asked first is answered first: together they would take no less time, and keep those
// waiting who ask for one object. Two are made at once for each processor, so that a
// cycle that runs meanwhile does not get most of it.
func (a *api) inTurn(ctx context.Context, size int, list func() error) error {
	if size > longList {
		select {
		case a.lists <- struct{}{}:
			defer func() { <-a.lists }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return list()
}

// outlinedUsers answers a list of users that is all of them in the order of their ids.
func (a *api) outlinedUsers(ctx context.Context, r *request) (response, error) {
	re := a.users()
	return r.answerPages(re, func(from pageState) (page, any, error) {
		var result page
		if r.query.count && r.query.skipToken == "" {
			total, err := a.Store.CountUsers(ctx)
			if err != nil {
				return result, nil, err
			}
			result.total = total
		}
		size := cmp.Or(r.query.top, re.top, defaultTop)
		list := userList{outline: outlineUser(re.kind.selection(r.query.selected)), nulls: true, size: size}
		err := a.inTurn(ctx, size, func() error {
			for user, err := range a.Store.Users(ctx, from.After) {
				if err != nil {
					return err
				}
				if list.count == size && !user.Deleted() {
					result.next = &pageState{After: list.last}
					break
				}
				list.add(user)
			}
			return nil
		})
		return result, list.value(), err
	})
}

// outlinedDelta returns a page of the users of a full round.
func (a *api) outlinedDelta(ctx context.Context, state deltaState, size int) (encoded, *deltaState, error) {
	list := userList{outline: outlineUser(userKind().selection(state.Selected)), size: size}
	if state.selects("manager", false) {
		list.outline = append(list.outline, outlined{"manager@delta", appendManagerDelta}).sorted()
	}
	seen := 0
	err := a.inTurn(ctx, size, func() error {
		for user, err := range a.Store.Users(ctx, state.After) {
			if err != nil {
				return err
			}
			list.add(user)
			state.After = user.ID
			if seen++; seen == size {
				break
			}
		}
		return nil
	})
	if err != nil || seen < size {
		return list.value(), nil, err
	}
	return list.value(), &state, nil
}

// userList is a list of users that is being written.
type userList struct {
	outline outline
	nulls   bool // what is null is sent, too
	size    int  // how many users there will be, probably
	json    []byte
	count   int
	last    string // id of the last user
}

// add writes a user who is not deleted.
func (l *userList) add(u directory.User) {
	if u.Deleted() {
		return
	}
	l.json = append(l.json, ',')
	l.json = l.outline.appendUser(l.json, u, l.nulls)
	l.last = u.ID
	if l.count++; l.count == 1 {
		l.json = slices.Grow(l.json, l.size*(len(l.json)+16)) // others may have longer names
	}
}

// value ends the list.
func (l *userList) value() encoded {
	if l.count == 0 {
		return encoded("[]")
	}
	l.json[0] = '[' // in place of the first comma
	return append(l.json, ']')
}

// appendManagerDelta appends whom a user reports to, nothing for nobody.
func appendManagerDelta(b []byte, u directory.User) []byte {
	if u.ManagerID == "" {
		return b
	}
	return appendPlain(b, managerDelta(u.ManagerID))
}

func managerDelta(id string) []entity {
	return []entity{{"@odata.type": "#microsoft.graph.user", "id": id}}
}

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

// userBytes is about how much JSON a user takes.
const userBytes = 350

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
		o := outlineUser(re.kind.selection(r.query.selected))
		b := append(make([]byte, 0, size*userBytes), '[')
		count, last := 0, ""
		for user, err := range a.Store.Users(ctx, from.After) {
			switch {
			case err != nil:
				return result, nil, err
			case user.Deleted():
				continue
			case count == size:
				result.next = &pageState{After: last}
			}
			if result.next != nil {
				break
			}
			if count > 0 {
				b = append(b, ',')
			}
			b, last = o.appendUser(b, user, true), user.ID
			count++
		}
		return result, encoded(append(b, ']')), nil
	})
}

// outlinedDelta returns a page of the users of a full round.
func (a *api) outlinedDelta(ctx context.Context, state deltaState, size int) (encoded, *deltaState, error) {
	o := outlineUser(userKind().selection(state.Selected))
	if state.selects("manager", false) {
		o = append(o, outlined{"manager@delta", appendManagerDelta}).sorted()
	}
	b := append(make([]byte, 0, size*userBytes), '[')
	count := 0
	for user, err := range a.Store.Users(ctx, state.After) {
		if err != nil {
			return nil, nil, err
		}
		count++
		state.After = user.ID
		if !user.Deleted() {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = o.appendUser(b, user, false)
		}
		if count == size {
			break
		}
	}
	if b = append(b, ']'); count < size {
		return b, nil, nil
	}
	return b, &state, nil
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

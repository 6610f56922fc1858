package graphapi

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
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
	key    string // the name as JSON, between a comma and a colon
	needs  needed
	absent string // what is sent of an attribute that a user does not have
	append func(b []byte, u directory.User) []byte
}

// needed is what a member of an outline is made of.
type needed int

const (
	needsUser       needed = iota // the user without attributes
	needsAttribute                // the attribute of the same name, which is sent as it is kept unless it is an object
	needsAttributes               // the user with attributes
)

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
	o := outline{}.with("id", func(b []byte, u directory.User) []byte { return attr.Text(u.ID).AppendJSON(b) })
	for _, name := range names {
		if name != "id" {
			o = append(o, memberOf(name))
		}
	}
	return o.sorted()
}

// with adds a member that is made of the user without attributes.
func (o outline) with(name string, appended func(b []byte, u directory.User) []byte) outline {
	return append(o, outlined{name: name, key: keyOf(name), append: appended}).sorted()
}

func keyOf(name string) string { return "," + string(attr.Text(name).AppendJSON(nil)) + ":" }

func (o outline) sorted() outline {
	slices.SortFunc(o, func(a, b outlined) int { return cmp.Compare(a.name, b.name) })
	return o
}

// memberOf returns the member for a property.
func memberOf(name string) outlined {
	m := outlined{name: name, key: keyOf(name), append: appenderOf(name), absent: "null"}
	property, known := userProperties()[strings.ToLower(name)]
	switch {
	case name == "userPrincipalName", name == "accountEnabled", name == "displayName", name == "createdDateTime", name == "deletedDateTime":
	case name == extensionAttributes, name == organizationData:
		m.needs = needsAttributes
	case known || directory.IsExtensionName(name):
		m.needs = needsAttribute
		if property.Multivalued {
			m.absent = "[]"
		}
	}
	return m
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
	case "createdDateTime":
		return func(b []byte, u directory.User) []byte { return appendPlain(b, moment(u.CreatedAt)) }
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
	start := len(b)
	for _, member := range o {
		before := len(b)
		b = append(b, member.key...)
		value := len(b)
		if b = member.append(b, u); !nulls && string(b[value:]) == "null" || len(b) == value {
			b = b[:before]
		}
	}
	return closed(b, start)
}

// closed ends an object whose first member begins at start with a comma.
func closed(b []byte, start int) []byte {
	if len(b) == start {
		return append(b, "{}"...)
	}
	b[start] = '{'
	return append(b, '}')
}

// appendText is appendUser for a user whose attributes nobody has read.
func (o outline) appendText(b []byte, t store.UserText, nulls bool) ([]byte, error) {
	if quickly, ok := o.appendUnread(b, t, nulls); ok {
		return quickly, nil
	}
	user, err := t.Read()
	if err != nil {
		return nil, err
	}
	return o.appendUser(b, user, nulls), nil
}

// appendUnread copies attributes to where they are sent. It reports false for what has
// to be read. Both the members and the attributes are in the order of their names.
func (o outline) appendUnread(b []byte, t store.UserText, nulls bool) ([]byte, bool) {
	start := len(b)
	attributes, ok := openAttributes(t.Attributes)
	for i := range o {
		member := &o[i]
		before := len(b)
		b = append(b, member.key...)
		value := len(b)
		switch member.needs {
		case needsUser:
			b = member.append(b, t.User)
		case needsAttributes:
			return nil, false
		case needsAttribute:
			for ok && attributes.name != "" && attributes.name < member.name {
				ok = attributes.next()
			}
			if !ok {
				return nil, false
			}
			if attributes.name == member.name {
				b = append(b, attributes.value...)
			} else {
				b = append(b, member.absent...)
			}
		}
		if !nulls && string(b[value:]) == "null" || len(b) == value {
			b = b[:before]
		}
	}
	return closed(b, start), ok
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
			// One more is read to know whether there is a next page.
			return a.eachUser(ctx, from.After, size+1, func(user store.UserText) (bool, error) {
				if list.count == size && !user.User.Deleted() {
					result.next = &pageState{After: list.last}
					return false, nil
				}
				return true, list.add(user)
			})
		})
		return result, list.value(), err
	})
}

// eachUser gives visit users after an id until it wants no more; so many are read at a
// time.
func (a *api) eachUser(ctx context.Context, after string, size int, visit func(user store.UserText) (more bool, err error)) error {
	for {
		count, more := 0, true
		var failed error
		err := a.Store.UserTexts(ctx, after, size, func(user store.UserText) bool {
			after = user.User.ID
			count++
			more, failed = visit(user)
			return more && failed == nil
		})
		if err = errors.Join(err, failed); err != nil || !more || count < size {
			return err
		}
	}
}

// outlinedDelta returns a page of the users of a full round.
func (a *api) outlinedDelta(ctx context.Context, state deltaState, size int) (encoded, *deltaState, error) {
	list := userList{outline: outlineUser(userKind().selection(state.Selected)), size: size}
	if state.selects("manager", false) {
		list.outline = list.outline.with("manager@delta", appendManagerDelta)
	}
	seen := 0
	err := a.inTurn(ctx, size, func() error {
		return a.eachUser(ctx, state.After, size, func(user store.UserText) (bool, error) {
			state.After = user.User.ID
			seen++
			return seen < size, list.add(user)
		})
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
func (l *userList) add(user store.UserText) error {
	if user.User.Deleted() {
		return nil
	}
	b, err := l.outline.appendText(append(l.json, ','), user, l.nulls)
	if err != nil {
		return err
	}
	l.json, l.last = b, user.User.ID
	if l.count++; l.count == 1 {
		l.json = slices.Grow(l.json, l.size*(len(l.json)+16)) // others may have longer names
	}
	return nil
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

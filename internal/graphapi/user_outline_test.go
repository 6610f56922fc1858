package graphapi

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

const extensionName = "extension_9d98a1b2c3d4e5f60718293a4b5c6d7e_Nickname"

// anyUser draws a user with some of the properties that there are.
func anyUser() *rapid.Generator[directory.User] {
	return rapid.Custom(func(t *rapid.T) directory.User {
		attributes := map[string]attr.Value{}
		for _, p := range directory.UserProperties() {
			text := rapid.String().Draw(t, "text")
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				attributes[p.Name] = attr.Text(text)
				if p.Multivalued {
					attributes[p.Name] = attr.Texts(text, "b")
				}
			case 1:
				attributes[p.Name] = attr.Bool(true)
			case 2:
				attributes[p.Name] = attr.RefTo(attr.Ref{Type: "User", ID: text})
			}
		}
		if rapid.Bool().Draw(t, "extension") {
			attributes[extensionName] = rapid.SampledFrom([]attr.Value{attr.Int(7), attr.Moment(time.Unix(1, 0)), attr.Text("x")}).Draw(t, "value")
		}
		u := directory.User{
			ID: rapid.String().Draw(t, "id"), UserPrincipalName: rapid.String().Draw(t, "name"), DisplayName: rapid.SampledFrom([]string{"", "Ana \"A\""}).Draw(t, "display"),
			AccountEnabled: rapid.Bool().Draw(t, "enabled"), ManagerID: rapid.SampledFrom([]string{"", "m"}).Draw(t, "manager"),
		}
		if rapid.Bool().Draw(t, "deleted") {
			u.DeletedAt = time.Unix(1_800_000_000, 0)
		}
		u.Attributes = attr.New("User", u.ID, attributes)
		return u
	})
}

// anySelection draws what a client selects; nil for nothing.
func anySelection() *rapid.Generator[[]string] {
	names := []string{
		"unknown", "*", "passwordProfile", "createdDateTime", "deletedDateTime", "manager", extensionAttributes, organizationData, extensionName,
		"EXTENSION_9d98a1b2c3d4e5f60718293a4b5c6d7e_other", "DISPLAYNAME",
	}
	for _, p := range directory.UserProperties() {
		names = append(names, p.Name)
	}
	return rapid.OneOf(rapid.Just[[]string](nil), rapid.SliceOfN(rapid.SampledFrom(names), 0, 10))
}

// An outline writes what the entity of the user becomes.
func TestOutlinesWriteWhatEntitiesBecome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		user, selected := anyUser().Draw(t, "user"), userKind().selection(anySelection().Draw(t, "selected"))
		item := userKind().project(userEntity(user, nil), selected)
		delete(item, "@odata.type")
		for _, nulls := range []bool{true, false} {
			if !nulls {
				omitEmpty(item)
			}
			want, err := item.appendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := outlineUser(selected).appendUser(nil, user, nulls); string(got) != string(want) {
				t.Errorf("an outline writes\n%s, want\n%s", got, want)
			}
			got, err := outlineUser(selected).appendText(nil, asText(user), nulls)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("an outline writes of what nobody read\n%s, want\n%s", got, want)
			}
		}
	})
}

// asText returns the user as the directory keeps it.
func asText(u directory.User) store.UserText {
	attributes := attr.Object{}
	for name, value := range u.Attributes.All() {
		if !value.IsNull() {
			attributes = attributes.With(name, value)
		}
	}
	text := string(attributes.AppendJSON(nil))
	u.Attributes = attr.Object{}
	return store.UserText{User: u, Attributes: strings.TrimSuffix(strings.TrimPrefix(text, `{"attributes":`), "}")}
}

// What is sent of users most of the time is copied; the rest is read, and what cannot be
// read is an error.
func TestAttributesAreCopiedWhereThatIsEnough(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		attributes string
		want       string // empty: nothing is copied
	}{
		{`{}`, `{"businessPhones":[],"id":"a","mail":null}`},
		{`{"mail":"a\\\"}"}`, `{"businessPhones":[],"id":"a","mail":"a\\\"}"}`},
		{`{"age":-1,"businessPhones":["1","]",[true,2]],"city":"Graz","mail":false,"state":"x"}`, `{"businessPhones":["1","]",[true,2]],"id":"a","mail":false}`},
		{`{"mail":{"@time":"2026-01-31T10:00:00Z"}}`, ``},
		{`{"businessPhones":[{"@time":"2026-01-31T10:00:00Z"}]}`, ``},
		{`{"mail":null}`, ``},
		{`{"m\u0061il":"a"}`, ``},
		{`{"mail":"a`, ``},
		{`{"mail":["a"`, ``},
		{`{"mail":1`, ``},
		{`{"mail"}`, ``},
		{`[]`, ``},
		{``, ``},
	} {
		o := outlineUser(selection{"mail": true, "businessPhones": true})
		got, ok := o.appendUnread(nil, store.UserText{User: directory.User{ID: "a"}, Attributes: test.attributes}, true)
		if ok != (test.want != "") || string(got) != test.want && ok {
			t.Errorf("%s: copied %v %s, want %s", test.attributes, ok, got, test.want)
		}
	}
	if _, err := outlineUser(nil).appendText(nil, store.UserText{Attributes: `{"mail":`}, true); err == nil {
		t.Error("broken attributes are no error")
	}
}

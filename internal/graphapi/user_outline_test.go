package graphapi

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
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
		}
	})
}

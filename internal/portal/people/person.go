package people

import (
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// person is a user as lists show it.
type person struct {
	ID         string
	Path       string
	Name       string
	SignIn     string // user principal name
	JobTitle   string
	Department string
	State      page.State
	Deleted    time.Time
}

func newPerson(user directory.User) person {
	return person{
		ID: user.ID, Path: userPath(user.ID), Name: nameOf(user.DisplayName, user.UserPrincipalName, user.ID), SignIn: user.UserPrincipalName,
		JobTitle: user.Get("jobTitle").String(), Department: user.Get("department").String(), State: stateOf(user.AccountEnabled, user.Deleted()),
		Deleted: user.DeletedAt,
	}
}

// nameOf is what somebody is called: the first name that there is.
func nameOf(names ...string) string {
	for _, name := range names {
		if strings.TrimSpace(name) != "" {
			return name
		}
	}
	return ""
}

func stateOf(enabled, deleted bool) page.State {
	switch {
	case deleted:
		return page.State{Text: "Deleted", Colour: "red"}
	case enabled:
		return page.State{Text: "Enabled", Colour: "green"}
	}
	return page.State{Text: "Disabled", Colour: "secondary"}
}

func persons(users []directory.User) []person {
	rows := make([]person, len(users))
	for i, user := range users {
		rows[i] = newPerson(user)
	}
	return rows
}

// principal is a user or a group as lists show it.
type principal struct {
	ID     string
	Path   string
	Type   string // "User" or "Group"
	Name   string
	Detail string // user principal name
	State  page.State
}

func newPrincipal(found store.FoundPrincipal) principal {
	p := principal{
		ID: found.ID, Path: userPath(found.ID), Type: found.Type, Name: nameOf(found.DisplayName, found.Name, found.ID), Detail: found.Name,
		State: stateOf(found.Enabled, found.Deleted),
	}
	if found.Type == "Group" {
		p.Path, p.State = groupPath(found.ID), groupState(found.Enabled, found.Deleted)
	}
	return p
}

// groupRow is a group as lists show it.
type groupRow struct {
	ID          string
	Path        string
	Name        string
	Description string
	State       page.State
	Members     string
}

func newGroupRow(group directory.Group) groupRow {
	return groupRow{
		ID: group.ID, Path: groupPath(group.ID), Name: nameOf(group.DisplayName, group.ID), Description: group.Attributes.Get("description").String(),
		State: groupState(group.SecurityEnabled, group.Deleted()),
	}
}

func groupRows(found []store.FoundGroup) []groupRow {
	rows := make([]groupRow, len(found))
	for i, each := range found {
		rows[i] = newGroupRow(each.Group)
		rows[i].Members = countText(each.Members)
	}
	return rows
}

func groupState(security, deleted bool) page.State {
	switch {
	case deleted:
		return page.State{Text: "Deleted", Colour: "red"}
	case security:
		return page.State{Text: "Security", Colour: "blue"}
	}
	return page.State{Text: "Not for security", Colour: "secondary"}
}

// countText writes a count for people.
func countText(count store.Count) string {
	if count.More {
		return "more than " + page.Number(count.Number)
	}
	return page.Number(count.Number)
}

// peopleText says how many people a count is.
func peopleText(count store.Count) string {
	if count.Number == 1 && !count.More {
		return "1 person"
	}
	return countText(count) + " people"
}

package people

import (
	"context"
	"errors"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
)

// historyData is what was known of a user before.
type historyData struct {
	Path    string
	User    string // path of the page about the user, empty when they were removed for good
	Asked   string // the moment that is looked at, as the field has it
	Fault   string // what is wrong with it
	Then    *then  // nil: no moment is looked at
	Changes []changeRow
	Pager   page.Pager
	Empty   page.Empty
}

// then is a user as of a moment.
type then struct {
	At       time.Time
	Nothing  string // why nothing is shown, a sentence
	Name     string
	State    page.State
	Sections []section
	Differs  []change.Property // between then and now
	Same     bool              // nothing differs
	Gone     bool              // the user is not in the directory any more
}

// changeRow is something that happened to a user.
type changeRow struct {
	Title      string
	Icon       string
	At         time.Time
	Actor      string
	Properties []change.Property
	More       int // properties that are not shown
	AsOf       string
}

// mostProperties is how many properties of one change the history shows.
const mostProperties = 30

func historyHead(p person) page.Head {
	head := below(usersPath, "History", p.Path, p.Name)
	head.Lead = "What happened to " + p.Name + " in the directory, and what was known at any moment. It is kept as long as the provisioning logs."
	return head
}

func (a *Area) showHistory(ctx context.Context, r *page.Request) (page.Answer, error) {
	user, exists, err := a.now(ctx, r.Path("user"))
	if err != nil {
		return page.Answer{}, err
	}
	found, err := a.Administration.Store.FindUserChanges(ctx, user.ID, part(r))
	if err != nil {
		return begin(r, err)
	}
	if !exists && len(found.Items) == 0 && r.Value("cursor") == "" {
		return page.Answer{}, noUser(user.ID)
	}
	data := newHistoryData(user, exists, found.Items)
	data.Pager = pager(r, found, shownText(len(found.Items), "change", "changes"))
	data, err = a.withMoment(ctx, data, user, r.Value("at"))
	return a.history.Show(historyHead(newPerson(user)), data), err
}

// now returns a user as they are; one who was removed for good is known by the id alone.
func (a *Area) now(ctx context.Context, name string) (user directory.User, exists bool, err error) {
	user, err = a.Administration.Store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return directory.User{ID: name, Attributes: attr.New("User", name, nil)}, false, nil
	}
	return user, err == nil, err
}

func newHistoryData(user directory.User, exists bool, found []directory.UserChange) historyData {
	data := historyData{Path: userPath(user.ID) + "/history", Empty: page.Empty{
		Icon: "history", Title: "Nothing has happened yet", Text: "No change of this user is kept. What a source or an administrator changes from now on stands here.",
	}}
	if exists {
		data.User = userPath(user.ID)
	}
	for _, each := range found {
		data.Changes = append(data.Changes, newChangeRow(data.Path, each))
	}
	return data
}

func newChangeRow(path string, each directory.UserChange) changeRow {
	row := changeRow{Title: string(each.Kind), Icon: "pencil", At: each.At, Actor: each.Actor, AsOf: path + "?at=" + each.At.UTC().Format(time.RFC3339Nano) + "#then"}
	switch each.Kind {
	case directory.UserCreated:
		row.Title, row.Icon = "Created", "user-plus"
	case directory.UserUpdated:
		row.Title = "Changed"
	case directory.UserRemoved:
		row.Title, row.Icon = "Deleted; it can be restored", "user-minus"
	case directory.UserRestored:
		row.Title, row.Icon = "Restored", "user-check"
	case directory.UserPurged:
		row.Title, row.Icon = "Removed for good", "trash"
	}
	row.Properties = differences(each.Properties[:min(mostProperties, len(each.Properties))])
	row.More = len(each.Properties) - len(row.Properties)
	return row
}

// differences returns properties with old and new value.
func differences(changes []directory.PropertyChange) []change.Property {
	list := make([]change.Property, len(changes))
	for i, each := range changes {
		list[i] = change.PropertyOf(plan.Field{Name: titleOf(each.Name), Old: each.Old, New: each.New})
	}
	return list
}

// fieldTime is how a field for a moment has it.
const fieldTime = "2006-01-02T15:04:05"

// readMoment reads a moment, UTC unless it says otherwise.
func readMoment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, fieldTime, "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// withMoment adds the user as of the moment that is asked for.
func (a *Area) withMoment(ctx context.Context, data historyData, user directory.User, asked string) (historyData, error) {
	if asked == "" {
		return data, nil
	}
	at, ok := readMoment(asked)
	if !ok {
		data.Asked, data.Fault = asked, "This is not a moment such as 2026-01-31T14:00."
		return data, nil
	}
	data.Asked = at.Add(time.Second - time.Nanosecond).Truncate(time.Second).Format(fieldTime) // no earlier than asked
	was, err := a.Administration.Store.UserAsOf(ctx, user.ID, at)
	switch {
	case errors.Is(err, store.ErrNotFound):
		data.Then = &then{At: at, Nothing: "The directory had no such user then."}
	case errors.Is(err, store.ErrGone):
		data.Then = &then{At: at, Nothing: "The history does not reach back that far. It begins when Usher came to keep it, and is kept as long as the provisioning logs."}
	case err != nil:
		return data, err
	default:
		shown := newThen(was, user, at, data.User != "")
		data.Then = &shown
	}
	return data, nil
}

func newThen(was, user directory.User, at time.Time, exists bool) then {
	p := newPerson(was)
	shown := then{At: at, Name: p.Name, State: p.State, Sections: userSections(was, ""), Gone: !exists}
	if exists {
		shown.Differs = differences(directory.CompareUsers(was, user))
		shown.Same = len(shown.Differs) == 0 && was.Deleted() == user.Deleted()
	}
	return shown
}

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

// historyData is what was known of a user or group before.
type historyData struct {
	Path    string
	Today   page.Link // to the page about them, empty when they were removed for good
	Asked   string    // the moment that is looked at, as the field has it
	Fault   string    // what is wrong with it
	Then    *then     // nil: no moment is looked at
	Changes []changeRow
	Pager   page.Pager
	Empty   page.Empty
}

// then is a user or group as of a moment.
type then struct {
	At       time.Time
	Nothing  string // why nothing is shown, a sentence
	What     string // "user" or "group"
	Name     string
	State    page.State
	Sections []section
	Differs  []change.Property // between then and now
	Same     bool              // nothing differs
	Gone     bool              // it is not in the directory any more
	Links    linksThen
}

// changeRow is something that happened to a user or group.
type changeRow struct {
	Title      string
	About      page.Link // whom or what it is about besides, if anything
	As         string    // the role of an assignment
	Since      time.Time // of what ended
	Icon       string
	At         time.Time
	Actor      string
	Properties []change.Property
	More       int // properties that are not shown
	AsOf       string
}

// mostProperties is how many properties of one change the history shows.
const mostProperties = 30

// subject is whose history is shown, as they are today.
type subject struct {
	kind   directory.ObjectKind
	id     string
	name   string
	exists bool // if not, they were removed for good, and are known by the id alone
	user   directory.User
	group  directory.Group
}

func newUserSubject(user directory.User, exists bool) subject {
	return subject{kind: directory.UserObject, id: user.ID, name: newPerson(user).Name, exists: exists, user: user}
}

func newGroupSubject(group directory.Group, exists bool) subject {
	return subject{kind: directory.GroupObject, id: group.ID, name: nameOf(group.DisplayName, group.ID), exists: exists, group: group}
}

func (s subject) isGroup() bool { return s.kind == directory.GroupObject }

// what is "user" or "group".
func (s subject) what() string { return string(s.kind) }

func (s subject) path() string {
	if s.isGroup() {
		return groupPath(s.id)
	}
	return userPath(s.id)
}

func historyHead(of subject) page.Head {
	section := usersPath
	if of.isGroup() {
		section = groupsPath
	}
	head := below(section, "History", of.path(), of.name)
	head.Lead = "What happened to " + of.name + " in the directory, with groups and with assignments, and what was known at any moment. It is kept as long as the provisioning logs."
	return head
}

func (a *Area) showHistory(ctx context.Context, r *page.Request) (page.Answer, error) {
	id := r.Path("user")
	user, err := a.Administration.Store.User(ctx, id)
	exists := err == nil
	if errors.Is(err, store.ErrNotFound) {
		user, err = directory.User{ID: id, Attributes: attr.New("User", id, nil)}, nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.showHistoryOf(ctx, r, newUserSubject(user, exists))
}

func (a *Area) showHistoryOfGroup(ctx context.Context, r *page.Request) (page.Answer, error) {
	group, err := a.knownGroup(ctx, r)
	exists := err == nil
	if errors.Is(err, store.ErrNotFound) {
		id := r.Path("group")
		group, err = directory.Group{ID: id, Attributes: attr.New("Group", id, nil)}, nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.showHistoryOf(ctx, r, newGroupSubject(group, exists))
}

func (a *Area) showHistoryOf(ctx context.Context, r *page.Request, of subject) (page.Answer, error) {
	found, err := a.Administration.Store.FindEvents(ctx, of.kind, of.id, part(r))
	if err != nil {
		return begin(r, err)
	}
	if !of.exists && len(found.Items) == 0 && r.Value("cursor") == "" {
		if of.isGroup() {
			return page.Answer{}, noGroup(of.id)
		}
		return page.Answer{}, noUser(of.id)
	}
	applications, err := a.applications(ctx, assignedIn(found.Items))
	if err != nil {
		return page.Answer{}, err
	}
	data := newHistoryData(of, found.Items, applications)
	data.Pager = pager(r, found, shownText(len(found.Items), "change", "changes"))
	data, err = a.withMoment(ctx, r, data, of)
	return a.history.Show(historyHead(of), data), err
}

func assignedIn(events []directory.Event) []string {
	var ids []string
	for _, each := range events {
		ids = append(ids, each.Assignment.ApplicationID)
	}
	return ids
}

// applications returns those of some applications that are there, by id.
func (a *Area) applications(ctx context.Context, ids []string) (map[string]bool, error) {
	there := make(map[string]bool)
	for _, id := range ids {
		if _, known := there[id]; known || id == "" {
			continue
		}
		_, err := a.Administration.Store.Application(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		there[id] = err == nil
	}
	return there, nil
}

// applicationLink leads to an application that is still there.
func applicationLink(tenure directory.RoleTenure, there map[string]bool) page.Link {
	link := page.Link{Text: nameOf(tenure.ApplicationName, tenure.ApplicationID)}
	if there[tenure.ApplicationID] {
		link.Path = "/applications/" + tenure.ApplicationID
	}
	return link
}

func roleName(tenure directory.RoleTenure) string {
	if tenure.AppRoleID == directory.DefaultAccess {
		return "Default Access"
	}
	return nameOf(tenure.RoleName, tenure.AppRoleID)
}

func groupLink(m directory.Membership) page.Link {
	return page.Link{Text: nameOf(m.GroupName, m.GroupID), Path: groupPath(m.GroupID)}
}

func memberLink(m directory.Membership) page.Link {
	link := page.Link{Text: nameOf(m.MemberName, m.MemberID), Path: userPath(m.MemberID)}
	if m.MemberType == "Group" {
		link.Path = groupPath(m.MemberID)
	}
	return link
}

func newHistoryData(of subject, found []directory.Event, applications map[string]bool) historyData {
	data := historyData{Path: of.path() + "/history", Empty: page.Empty{
		Icon: "history", Title: "Nothing has happened yet", Text: "No change of this " + of.what() + " is kept. What a source or an administrator changes from now on stands here.",
	}}
	if of.exists {
		data.Today = page.Link{Text: "The " + of.what() + " today", Path: of.path()}
	}
	for _, each := range found {
		data.Changes = append(data.Changes, newChangeRow(of, each, applications))
	}
	return data
}

func newChangeRow(of subject, each directory.Event, applications map[string]bool) changeRow {
	row := changeRow{
		Title: string(each.Kind), Icon: "pencil", At: each.At, Actor: actorText(each.Actor),
		AsOf: of.path() + "/history?at=" + each.At.UTC().Format(time.RFC3339Nano) + "#then",
	}
	switch each.Kind {
	case directory.ObjectCreated:
		row.Title, row.Icon = "Created", "plus"
	case directory.ObjectUpdated:
		row.Title = "Changed"
	case directory.ObjectRemoved:
		row.Title, row.Icon = "Deleted; it can be restored", "trash"
	case directory.ObjectRestored:
		row.Title, row.Icon = "Restored", "arrow-back-up"
	case directory.ObjectPurged:
		row.Title, row.Icon = "Removed for good", "trash"
	case directory.MemberJoined, directory.MemberLeft:
		row = row.withMembership(each, each.Membership.GroupID == of.id && of.isGroup())
	case directory.RoleGiven:
		row.Title, row.Icon = "Assigned to", "apps"
		row.About, row.As = applicationLink(each.Assignment, applications), roleName(each.Assignment)
	case directory.RoleTaken:
		row.Title, row.Icon, row.Since = "No longer assigned to", "ban", each.Assignment.Since
		row.About, row.As = applicationLink(each.Assignment, applications), roleName(each.Assignment)
	}
	row.Properties = differences(each.Properties[:min(mostProperties, len(each.Properties))])
	row.More = len(each.Properties) - len(row.Properties)
	return row
}

// withMembership says which membership began or ended, seen from the group or from the
// member.
func (row changeRow) withMembership(each directory.Event, fromGroup bool) changeRow {
	row.Title, row.Icon, row.About = "Became a member of", "users-group", groupLink(each.Membership)
	if fromGroup {
		row.Title, row.Icon, row.About = "New member", "user-plus", memberLink(each.Membership)
	}
	if each.Kind == directory.MemberLeft {
		row.Title, row.Icon, row.Since = "No longer a member of", "unlink", each.Membership.Since
		if fromGroup {
			row.Title, row.Icon = "No longer a member", "user-minus"
		}
	}
	return row
}

// actorText says who did something.
func actorText(actor string) string {
	if actor == directory.ByImport {
		return "an import"
	}
	return actor
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

// withMoment adds what was known as of the moment that is asked for.
func (a *Area) withMoment(ctx context.Context, r *page.Request, data historyData, of subject) (historyData, error) {
	asked := r.Value("at")
	if asked == "" {
		return data, nil
	}
	at, ok := readMoment(asked)
	if !ok {
		data.Asked, data.Fault = asked, "This is not a moment such as 2026-01-31T14:00."
		return data, nil
	}
	data.Asked = at.Add(time.Second - time.Nanosecond).Truncate(time.Second).Format(fieldTime) // no earlier than asked
	shown, err := a.objectThen(ctx, of, at)
	switch {
	case errors.Is(err, store.ErrNotFound):
		data.Then = &then{At: at, Nothing: "The directory had no such " + of.what() + " then."}
		return data, nil
	case errors.Is(err, store.ErrGone):
		data.Then = &then{At: at, Nothing: "The history does not reach back that far. It begins when Usher came to keep it, and is kept as long as the provisioning logs."}
		return data, nil
	case err != nil:
		return data, err
	}
	shown.Links, err = a.linksThen(ctx, r, of, at)
	data.Then = &shown
	return data, err
}

func (a *Area) objectThen(ctx context.Context, of subject, at time.Time) (then, error) {
	if of.isGroup() {
		was, err := a.Administration.Store.GroupAsOf(ctx, of.id, at)
		return newGroupThen(was, of, at), err
	}
	was, err := a.Administration.Store.UserAsOf(ctx, of.id, at)
	return newThen(was, of, at), err
}

func newThen(was directory.User, of subject, at time.Time) then {
	p := newPerson(was)
	shown := then{At: at, What: of.what(), Name: p.Name, State: p.State, Sections: userSections(was, ""), Gone: !of.exists}
	if of.exists {
		shown.Differs = differences(directory.CompareUsers(was, of.user))
		shown.Same = len(shown.Differs) == 0 && was.Deleted() == of.user.Deleted()
	}
	return shown
}

func newGroupThen(was directory.Group, of subject, at time.Time) then {
	row := newGroupRow(was)
	shown := then{At: at, What: of.what(), Name: row.Name, State: row.State, Gone: !of.exists}
	if about := properties(was.Attributes, func(string) bool { return false }); len(about) > 0 {
		shown.Sections = []section{{Title: "Properties", Properties: about}}
	}
	if of.exists {
		shown.Differs = differences(directory.CompareGroups(was, of.group))
		shown.Same = len(shown.Differs) == 0 && was.Deleted() == of.group.Deleted()
	}
	return shown
}

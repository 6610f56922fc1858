package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
)

// historyModel changes the directory at random and takes a picture of it after every
// change. In the end the history has to show each picture again.
func historyModel(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	opened := open(t)
	number := 0
	rapid.Check(t, func(r *rapid.T) {
		number++
		m := &chronicle{t: t, store: opened, run: strconv.Itoa(number)}
		for i := range modelApplications {
			app, job := application(m.app(i))
			m.must(r, opened.AddApplication(t.Context(), app, job, mapping.Schema{}))
			m.must(r, opened.Edit(t.Context(), "add a role", func(e store.Editor) error {
				return e.PutRole(t.Context(), directory.AppRole{ID: m.role(i), ApplicationID: app.ID, DisplayName: "Role", Enabled: true})
			}))
		}
		m.look(r)
		r.Repeat(map[string]func(*rapid.T){
			"put user": m.putUser, "remove user": m.removeUser, "put group": m.putGroup, "remove group": m.removeGroup, "purge": m.purge,
			"add member": m.addMember, "end member": m.endMember, "assign": m.assign, "unassign": m.unassign,
			"import": m.importSome, "application": m.deleteApplication, "role": m.removeRole, "edit": m.edit, "": func(*rapid.T) {},
		})
		m.compare(r)
	})
}

// chronicle is pictures of a directory. Ids have the number of the run, so that all runs
// can use one store.
type chronicle struct {
	t       *testing.T
	store   store.Store
	run     string
	moments []time.Time
	states  []picture
}

// picture is the directory at a moment, as it answers at that moment.
type picture struct {
	Users       map[string]directory.User
	Groups      map[string]directory.Group
	Moments     []string // of creation and deletion, which make no difference otherwise
	Members     []string
	Assignments []string
}

// How many users and groups there are at most.
const chronicled = 3

func (m *chronicle) app(i int) string   { return fmt.Sprintf("App %s.%d", m.run, i) }
func (m *chronicle) role(i int) string  { return fmt.Sprintf("role-%s-%d", m.run, i) }
func (m *chronicle) user(i int) string  { return fmt.Sprintf("u%s-%d", m.run, i) }
func (m *chronicle) group(i int) string { return fmt.Sprintf("g%s-%d", m.run, i) }

func (m *chronicle) anyUser(r *rapid.T) string {
	return m.user(rapid.IntRange(0, chronicled-1).Draw(r, "user"))
}

func (m *chronicle) anyGroup(r *rapid.T) string {
	return m.group(rapid.IntRange(0, chronicled-1).Draw(r, "group"))
}

func (m *chronicle) anybody(r *rapid.T) (kind, id string) {
	if rapid.Bool().Draw(r, "is a user") {
		return "User", m.anyUser(r)
	}
	return "Group", m.anyGroup(r)
}

func (m *chronicle) ids(of func(i int) string) []string {
	ids := make([]string, chronicled)
	for i := range ids {
		ids[i] = of(i)
	}
	return ids
}

func (m *chronicle) must(r *rapid.T, err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// did lets pass what cannot be done, as with somebody who is not there, and looks.
func (m *chronicle) did(r *rapid.T, err error) {
	r.Helper()
	if !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrConflict) {
		m.must(r, err)
	}
	m.look(r)
}

func (m *chronicle) putUser(r *rapid.T) {
	u := user(m.anyUser(r), "city", rapid.SampledFrom([]string{"", "Graz", "Linz"}).Draw(r, "city"))
	u.AccountEnabled = rapid.Bool().Draw(r, "enabled")
	if rapid.Bool().Draw(r, "is managed") {
		u.ManagerID = m.anyUser(r)
	}
	m.did(r, m.store.PutUser(m.t.Context(), u))
}

func (m *chronicle) removeUser(r *rapid.T) {
	if rapid.Bool().Draw(r, "back") {
		m.did(r, m.store.RestoreUser(m.t.Context(), m.anyUser(r)))
		return
	}
	m.did(r, m.store.RemoveUser(m.t.Context(), m.anyUser(r)))
}

func (m *chronicle) anyState(r *rapid.T) directory.Group {
	g := group(m.anyGroup(r))
	g.SecurityEnabled = rapid.Bool().Draw(r, "security")
	if mail := rapid.SampledFrom([]string{"", "a@x", "b@x"}).Draw(r, "mail"); mail != "" {
		g.Attributes = g.Attributes.With("mail", attr.Text(mail))
	}
	if rapid.IntRange(0, 3).Draw(r, "deleted") == 0 {
		g.DeletedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return g
}

func (m *chronicle) putGroup(r *rapid.T) { m.did(r, m.store.PutGroup(m.t.Context(), m.anyState(r))) }

func (m *chronicle) removeGroup(r *rapid.T) {
	m.did(r, m.store.RemoveGroup(m.t.Context(), m.anyGroup(r)))
}

func (m *chronicle) purge(r *rapid.T) {
	kind, id := m.anybody(r)
	m.did(r, m.store.Edit(m.t.Context(), "purge", func(e store.Editor) error {
		if kind == "User" {
			return e.PurgeUser(m.t.Context(), id)
		}
		return e.PurgeGroup(m.t.Context(), id)
	}))
}

func (m *chronicle) anyMember(r *rapid.T) directory.Member {
	kind, id := m.anybody(r)
	return directory.Member{Group: m.anyGroup(r), Member: id, Type: kind}
}

func (m *chronicle) addMember(r *rapid.T) {
	m.did(r, m.store.PutMember(m.t.Context(), m.anyMember(r)))
}

func (m *chronicle) endMember(r *rapid.T) {
	m.did(r, m.store.RemoveMember(m.t.Context(), m.anyMember(r)))
}

func (m *chronicle) anyAssignment(r *rapid.T) directory.AssignmentRequest {
	kind, id := m.anybody(r)
	i := rapid.IntRange(0, modelApplications-1).Draw(r, "application")
	request := directory.AssignmentRequest{Application: m.app(i), PrincipalType: kind, Principal: id}
	if rapid.Bool().Draw(r, "has a role") {
		request.Role = m.role(i)
	}
	return request
}

func (m *chronicle) assign(r *rapid.T) {
	_, err := m.store.Assign(m.t.Context(), m.anyAssignment(r))
	m.did(r, err)
}

func (m *chronicle) unassign(r *rapid.T) {
	_, err := m.store.Unassign(m.t.Context(), m.anyAssignment(r))
	m.did(r, err)
}

// importSome imports a few users, groups and memberships, and may remove what it
// does not name.
func (m *chronicle) importSome(r *rapid.T) {
	contents := []directory.Content{user(m.anyUser(r), "city", "Wien"), m.anyState(r), user(m.anyUser(r), "city", "Rom")}
	for range rapid.IntRange(0, 3).Draw(r, "members") {
		contents = append(contents, m.anyMember(r))
	}
	all := deltas(contents...)
	if rapid.Bool().Draw(r, "removes") {
		gone := m.anyMember(r)
		all = func(yield func(directory.Delta, error) bool) {
			yield(directory.Delta{Operation: directory.Remove, Content: gone}, nil)
		}
	}
	_, err := m.store.Import(m.t.Context(), all, rapid.Bool().Draw(r, "replaces"))
	m.did(r, err)
}

// deleteApplication deletes an application and may restore it.
func (m *chronicle) deleteApplication(r *rapid.T) {
	i := rapid.IntRange(0, modelApplications-1).Draw(r, "application")
	app, _ := application(m.app(i))
	m.did(r, m.store.Edit(m.t.Context(), "delete", func(e store.Editor) error { return e.DeleteApplication(m.t.Context(), app.ID) }))
	m.must(r, m.store.Edit(m.t.Context(), "restore", func(e store.Editor) error {
		_, err := e.RestoreApplication(m.t.Context(), app.ObjectID)
		return err
	}))
	m.look(r)
}

// removeRole removes a role and makes it anew.
func (m *chronicle) removeRole(r *rapid.T) {
	i := rapid.IntRange(0, modelApplications-1).Draw(r, "application")
	app, _ := application(m.app(i))
	m.must(r, m.store.Edit(m.t.Context(), "renew a role", func(e store.Editor) error {
		if err := e.RemoveRole(m.t.Context(), app.ID, m.role(i)); err != nil {
			return err
		}
		return e.PutRole(m.t.Context(), directory.AppRole{ID: m.role(i), ApplicationID: app.ID, DisplayName: "Role", Enabled: true})
	}))
	m.look(r)
}

// edit makes several changes in one transaction, whose actor is told at its end.
func (m *chronicle) edit(r *rapid.T) {
	member, request, ends := m.anyMember(r), m.anyAssignment(r), rapid.Bool().Draw(r, "ends")
	m.did(r, m.store.Edit(m.t.Context(), "edit", func(e store.Editor) error {
		if _, err := e.AddMember(m.t.Context(), member); err != nil {
			return err
		}
		if ends {
			if _, err := e.RemoveMember(m.t.Context(), member); err != nil {
				return err
			}
		}
		assignment, _, err := e.AddAssignment(m.t.Context(), request)
		if err == nil && ends {
			err = e.RemoveAssignment(m.t.Context(), assignment.ID)
		}
		if err != nil {
			return err
		}
		return e.Audit(m.t.Context(), journal.Audit{Actor: "ana", Activity: "Edit"})
	}))
}

// look takes a picture. What happens next happens later.
func (m *chronicle) look(r *rapid.T) {
	now := picture{Users: map[string]directory.User{}, Groups: map[string]directory.Group{}}
	for _, id := range m.ids(m.user) {
		found, err := m.store.User(m.t.Context(), id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		m.must(r, err)
		now.Users[id] = found
		now.Moments = append(now.Moments, momentsText(id, found.CreatedAt, found.DeletedAt))
	}
	for _, id := range m.ids(m.group) {
		found, err := m.store.Group(m.t.Context(), id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		m.must(r, err)
		now.Groups[id] = found
		now.Moments = append(now.Moments, momentsText(id, found.CreatedAt, found.DeletedAt))
		for member, err := range m.store.Members(m.t.Context(), id) {
			m.must(r, err)
			now.Members = append(now.Members, member.Group+" "+member.Type+" "+member.Member)
		}
	}
	for _, id := range append(m.ids(m.user), m.ids(m.group)...) {
		assignments, err := m.store.AssignmentsOf(m.t.Context(), id)
		m.must(r, err)
		for _, a := range assignments {
			now.Assignments = append(now.Assignments, assignmentText(a))
		}
	}
	slices.Sort(now.Members)
	slices.Sort(now.Assignments)
	moment := time.Now()
	for time.Now().UnixMicro() == moment.UnixMicro() {
		time.Sleep(time.Microsecond)
	}
	m.moments, m.states = append(m.moments, moment), append(m.states, now)
}

func momentsText(id string, created, deleted time.Time) string {
	return id + " " + created.Format(time.RFC3339Nano) + " " + deleted.Format(time.RFC3339Nano)
}

func assignmentText(a directory.Assignment) string {
	return a.PrincipalType + " " + a.PrincipalID + " " + a.ApplicationID + " " + a.AppRoleID + " " + a.CreatedAt.Format(time.RFC3339Nano)
}

// compare asks for some of the moments.
func (m *chronicle) compare(r *rapid.T) {
	events := m.events(r)
	for range min(6, len(m.moments)) {
		i := rapid.IntRange(0, len(m.moments)-1).Draw(r, "moment")
		if diff := cmp.Diff(m.states[i], m.asOf(r, m.moments[i])); diff != "" {
			r.Fatalf("as of picture %d of %d (-then +history):\n%s", i, len(m.moments), diff)
		}
		if diff := cmp.Diff(m.states[i].Members, replayed(events, m.moments[i])); diff != "" {
			r.Fatalf("members by the events until picture %d of %d (-then +events):\n%s", i, len(m.moments), diff)
		}
	}
}

func (m *chronicle) asOf(r *rapid.T, at time.Time) picture {
	then := picture{Users: map[string]directory.User{}, Groups: map[string]directory.Group{}}
	for _, id := range m.ids(m.user) {
		if found, err := m.store.UserAsOf(m.t.Context(), id, at); !errors.Is(err, store.ErrNotFound) {
			m.must(r, err)
			then.Users[id] = found
			then.Moments = append(then.Moments, momentsText(id, found.CreatedAt, found.DeletedAt))
		}
	}
	for _, id := range m.ids(m.group) {
		if found, err := m.store.GroupAsOf(m.t.Context(), id, at); !errors.Is(err, store.ErrNotFound) {
			m.must(r, err)
			then.Groups[id] = found
			then.Moments = append(then.Moments, momentsText(id, found.CreatedAt, found.DeletedAt))
		}
		then.Members = append(then.Members, m.membersAsOf(r, id, at)...)
	}
	everybody := append(m.ids(m.user), m.ids(m.group)...)
	memberships, err := m.store.MembershipsAsOf(m.t.Context(), everybody, at)
	m.must(r, err)
	slices.Sort(then.Members)
	if diff := cmp.Diff(then.Members, membershipTexts(memberships), sorted()); diff != "" {
		r.Fatalf("the same memberships from both ends (-groups +members):\n%s", diff)
	}
	assignments, err := m.store.AssignmentsAsOf(m.t.Context(), everybody, at)
	m.must(r, err)
	for _, a := range assignments {
		then.Assignments = append(then.Assignments, assignmentText(a.Assignment))
	}
	slices.Sort(then.Assignments)
	return then
}

func (m *chronicle) membersAsOf(r *rapid.T, groupID string, at time.Time) []string {
	var texts []string
	for page := (store.Page{Limit: 1}); ; {
		part, err := m.store.MembersAsOf(m.t.Context(), groupID, at, page)
		m.must(r, err)
		texts = append(texts, membershipTexts(part.Items)...)
		if page.Cursor = part.Next; page.Cursor == "" {
			return texts
		}
	}
}

func membershipText(m directory.Membership) string {
	return m.GroupID + " " + m.MemberType + " " + m.MemberID
}

func membershipTexts(memberships []directory.Membership) []string {
	var texts []string
	for _, m := range memberships {
		texts = append(texts, membershipText(m))
	}
	return texts
}

func sorted() cmp.Option {
	return cmp.Transformer("sorted", func(texts []string) []string { return slices.Sorted(slices.Values(texts)) })
}

// events returns what happened to all groups, the newest first.
func (m *chronicle) events(r *rapid.T) []directory.Event {
	var all []directory.Event
	for _, id := range m.ids(m.group) {
		for page := (store.Page{Limit: 3}); ; {
			part, err := m.store.FindEvents(m.t.Context(), directory.GroupObject, id, page)
			m.must(r, err)
			for _, e := range part.Items {
				if e.Membership.GroupID == id {
					all = append(all, e)
				}
			}
			if page.Cursor = part.Next; page.Cursor == "" {
				break
			}
		}
	}
	return all
}

// replayed returns the memberships that there were at a moment by the events.
func replayed(events []directory.Event, at time.Time) []string {
	members := map[string]bool{}
	for _, e := range slices.Backward(events) {
		if e.At.After(at) {
			continue
		}
		if e.Kind == directory.MemberJoined {
			members[membershipText(e.Membership)] = true
		} else {
			delete(members, membershipText(e.Membership))
		}
	}
	if len(members) == 0 {
		return nil
	}
	return keys(members)
}

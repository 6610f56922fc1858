package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// model runs random operations on the directory against a simple one in memory. The
// oracle does not follow the feed: it compares what a cycle would have seen of each
// user at the last position with what it would see now.
func model(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	opened := open(t)
	number := 0
	rapid.Check(t, func(r *rapid.T) {
		number++
		m := newModel(t, r, opened, strconv.Itoa(number))
		r.Repeat(map[string]func(*rapid.T){
			"put user":     m.putUser,
			"remove user":  m.removeUser,
			"purge user":   m.purgeUser,
			"put group":    m.putGroup,
			"remove group": m.removeGroup,
			"add member":   m.addMember,
			"end member":   m.endMember,
			"assign":       m.assign,
			"unassign":     m.unassign,
			"connect":      m.connect,
			"collect":      m.collect,
			"":             m.countAssigned,
		})
		m.collect(r)
		m.collectInitial(r)
	})
}

// modelApplications are the applications of a model; the first one's cycles are
// checked, the second one is there to be confused with.
const modelApplications = 2

// modelDirectory is a directory in memory. Ids have the number of the run, so that
// all runs can use one store.
type modelDirectory struct {
	t     *testing.T
	store store.Store
	run   string

	users       map[string]directory.User
	groups      map[string]bool    // id -> it grants something: a security group, not deleted
	members     map[[2]string]bool // group, user
	assigned    map[[3]string]bool // application, type, principal
	connections map[string]bool    // user -> enabled
	position    directory.Cursor   // of the last collection
	seen        map[string]string  // what a cycle saw of each user then
	involved    map[string]bool    // who has to do with any change since then
}

func newModel(t *testing.T, r *rapid.T, opened store.Store, run string) *modelDirectory {
	t.Helper()
	m := &modelDirectory{
		t: t, store: opened, run: run, users: map[string]directory.User{}, groups: map[string]bool{}, members: map[[2]string]bool{},
		assigned: map[[3]string]bool{}, connections: map[string]bool{}, seen: map[string]string{}, involved: map[string]bool{},
	}
	for i := range modelApplications {
		app, job := application(m.applicationName(i))
		m.must(r, opened.AddApplication(t.Context(), app, job, mapping.Schema{}))
	}
	head, err := opened.Engine().Head(t.Context())
	m.must(r, err)
	m.position = head
	return m
}

func (m *modelDirectory) must(r *rapid.T, err error) {
	if err != nil {
		r.Fatal(err)
	}
}

func (m *modelDirectory) applicationName(number int) string {
	return "run-" + m.run + "-" + strconv.Itoa(number)
}

func (m *modelDirectory) drawUser(r *rapid.T) string {
	return "u" + m.run + "-" + strconv.Itoa(rapid.IntRange(1, 5).Draw(r, "user"))
}

func (m *modelDirectory) drawGroup(r *rapid.T) string {
	return "g" + m.run + "-" + strconv.Itoa(rapid.IntRange(1, 3).Draw(r, "group"))
}

func (m *modelDirectory) involve(userID string) { m.involved[userID] = true }

func (m *modelDirectory) involveMembers(groupID string) {
	for member := range m.members {
		if member[0] == groupID {
			m.involve(member[1])
		}
	}
}

// countAssigned compares, after every operation, how many people are assigned.
func (m *modelDirectory) countAssigned(r *rapid.T) {
	for i := range modelApplications {
		name, want := m.applicationName(i), 0
		for id, user := range m.users {
			through := slices.ContainsFunc(slices.Collect(maps.Keys(m.members)), func(member [2]string) bool {
				return member[1] == id && m.groups[member[0]] && m.assigned[[3]string{name, "Group", member[0]}]
			})
			if !user.Deleted() && (through || m.assigned[[3]string{name, "User", id}]) {
				want++
			}
		}
		app, err := m.store.Application(m.t.Context(), name)
		m.must(r, err)
		got, err := m.store.CountAssigned(m.t.Context(), app.ID)
		m.must(r, err)
		if got != want {
			r.Fatalf("%d people are assigned to %s, want %d", got, name, want)
		}
	}
}

func (m *modelDirectory) putUser(r *rapid.T) {
	u := user(m.drawUser(r), "city", rapid.SampledFrom([]string{"Graz", "Linz"}).Draw(r, "city"))
	m.must(r, m.store.PutUser(m.t.Context(), u))
	m.users[u.ID] = u
	m.involve(u.ID)
}

func (m *modelDirectory) removeUser(r *rapid.T) {
	id := m.drawUser(r)
	if _, ok := m.users[id]; !ok {
		return
	}
	m.must(r, m.store.RemoveUser(m.t.Context(), id))
	removed, err := m.store.User(m.t.Context(), id)
	m.must(r, err)
	m.users[id] = removed
	m.involve(id)
}

func (m *modelDirectory) purgeUser(r *rapid.T) {
	id := m.drawUser(r)
	if _, ok := m.users[id]; !ok {
		return
	}
	m.must(r, m.store.PurgeUser(m.t.Context(), id))
	delete(m.users, id)
	maps.DeleteFunc(m.members, func(member [2]string, _ bool) bool { return member[1] == id })
	maps.DeleteFunc(m.assigned, func(assignment [3]string, _ bool) bool { return assignment[1] == "User" && assignment[2] == id })
	m.involve(id)
}

func (m *modelDirectory) putGroup(r *rapid.T) {
	g := group(m.drawGroup(r))
	if rapid.IntRange(0, 3).Draw(r, "kind") == 0 {
		if _, ok := m.groups[g.ID]; !ok {
			return // it could not be assigned
		}
		g.SecurityEnabled = false
	}
	m.must(r, m.store.PutGroup(m.t.Context(), g))
	m.groups[g.ID] = g.SecurityEnabled
	m.involveMembers(g.ID)
}

func (m *modelDirectory) removeGroup(r *rapid.T) {
	id := m.drawGroup(r)
	if _, ok := m.groups[id]; !ok {
		return
	}
	m.must(r, m.store.RemoveGroup(m.t.Context(), id))
	m.groups[id] = false
	m.involveMembers(id)
}

// drawMember draws a group and a user that exist.
func (m *modelDirectory) drawMember(r *rapid.T) (member [2]string, ok bool) {
	member = [2]string{m.drawGroup(r), m.drawUser(r)}
	_, groupExists := m.groups[member[0]]
	_, userExists := m.users[member[1]]
	return member, groupExists && userExists
}

func (m *modelDirectory) addMember(r *rapid.T) {
	member, ok := m.drawMember(r)
	if !ok {
		return
	}
	m.must(r, m.store.PutMember(m.t.Context(), directory.Member{Group: member[0], Member: member[1]}))
	m.members[member] = true
	m.involve(member[1])
}

func (m *modelDirectory) endMember(r *rapid.T) {
	member, ok := m.drawMember(r)
	if !ok {
		return
	}
	m.must(r, m.store.RemoveMember(m.t.Context(), directory.Member{Group: member[0], Member: member[1]}))
	delete(m.members, member)
	m.involve(member[1])
}

// drawAssignment draws an assignment of a user or a group that exists.
func (m *modelDirectory) drawAssignment(r *rapid.T) (assignment [3]string, ok bool) {
	name := m.applicationName(rapid.IntRange(0, modelApplications-1).Draw(r, "application"))
	if rapid.Bool().Draw(r, "to a group") {
		id := m.drawGroup(r)
		return [3]string{name, "Group", id}, m.groups[id]
	}
	id := m.drawUser(r)
	_, ok = m.users[id]
	return [3]string{name, "User", id}, ok
}

func (m *modelDirectory) involvePrincipal(assignment [3]string) {
	if assignment[1] == "Group" {
		m.involveMembers(assignment[2])
	} else {
		m.involve(assignment[2])
	}
}

func (m *modelDirectory) assign(r *rapid.T) {
	assignment, ok := m.drawAssignment(r)
	if !ok {
		return
	}
	_, err := m.store.Assign(m.t.Context(), requestOf(assignment))
	m.must(r, err)
	m.assigned[assignment] = true
	m.involvePrincipal(assignment)
}

func (m *modelDirectory) unassign(r *rapid.T) {
	assignment, ok := m.drawAssignment(r)
	if !ok {
		return
	}
	_, err := m.store.Unassign(m.t.Context(), requestOf(assignment))
	m.must(r, err)
	delete(m.assigned, assignment)
	m.involvePrincipal(assignment)
}

func requestOf(assignment [3]string) directory.AssignmentRequest {
	return directory.AssignmentRequest{Application: assignment[0], PrincipalType: assignment[1], Principal: assignment[2]}
}

func (m *modelDirectory) connect(r *rapid.T) {
	id, enabled := m.drawUser(r), rapid.Bool().Draw(r, "enabled")
	_, job := application(m.applicationName(0))
	begun, err := m.store.Engine().Begin(m.t.Context(), job.ID)
	m.must(r, err)
	m.must(r, m.store.Engine().Commit(m.t.Context(), engine.Cycle{JobID: job.ID, Fence: begun.Fence},
		engine.Commit{Connections: []engine.Connection{connection(id, enabled)}}))
	m.connections[id] = enabled
}

// access returns what a cycle of the first application sees of each user: the user
// and the ways in which the user has the application.
func (m *modelDirectory) access() map[string]string {
	name := m.applicationName(0)
	seen := map[string]string{}
	for id, u := range m.users {
		var grants []string
		if m.assigned[[3]string{name, "User", id}] {
			grants = append(grants, "")
		}
		for groupID, alive := range m.groups {
			if alive && m.members[[2]string{groupID, id}] && m.assigned[[3]string{name, "Group", groupID}] {
				grants = append(grants, groupID)
			}
		}
		slices.Sort(grants)
		seen[id] = describe(u, grants)
	}
	return seen
}

func describe(u directory.User, grants []string) string {
	return fmt.Sprintf("%s %s deleted=%t grants=[%s]", u.UserPrincipalName, u.Attributes, u.Deleted(), strings.Join(grants, ","))
}

// collect checks who an incremental cycle collects: everyone for whom something is
// different, and nobody who has to do with no change.
func (m *modelDirectory) collect(r *rapid.T) {
	cycles := m.store.Engine()
	head, err := cycles.Head(m.t.Context())
	m.must(r, err)
	_, job := application(m.applicationName(0))
	collection := incremental(m.position, head)
	collection.JobID, collection.Limit = job.ID, rapid.IntRange(1, 4).Draw(r, "limit")
	got := m.pages(r, collection)

	access := m.access()
	for id := range sets(m.seen, access) {
		if m.seen[id] != access[id] && !slices.Contains(got, id) {
			r.Fatalf("%s was %q and is %q, and is not collected", id, m.seen[id], access[id])
		}
	}
	for _, id := range got {
		if !m.involved[id] {
			r.Fatalf("%s is collected without reason", id)
		}
	}
	collection.Connected = true
	var want []string
	for _, id := range got {
		_, known := m.users[id]
		if enabled, connected := m.connections[id]; enabled || connected && !known {
			want = append(want, id)
		}
	}
	if leavers := m.pages(r, collection); !slices.Equal(leavers, want) {
		r.Fatalf("possible leavers are %q, want %q", leavers, want)
	}
	m.checkSubjects(r, job.ID, access)
	m.position, m.seen, m.involved = head, access, map[string]bool{}
}

// sets returns the keys of both maps.
func sets(a, b map[string]string) map[string]string {
	union := maps.Clone(a)
	maps.Copy(union, b)
	return union
}

func (m *modelDirectory) pages(r *rapid.T, collection engine.Collection) []string {
	var ids []string
	for {
		page, err := m.store.Engine().Collect(m.t.Context(), collection)
		m.must(r, err)
		ids = append(ids, page...)
		if len(page) < collection.Limit {
			break
		}
		collection.After = page[len(page)-1]
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		r.Fatalf("collected in the order %q", ids)
	}
	return ids
}

// checkSubjects compares subjects with what the model knows.
func (m *modelDirectory) checkSubjects(r *rapid.T, job string, access map[string]string) {
	ids := keys(sets(access, map[string]string{"nobody": ""}))
	subjects, err := m.store.Engine().Subjects(m.t.Context(), job, ids)
	m.must(r, err)
	for i, subject := range subjects {
		var grants []string
		for _, grant := range subject.Grants {
			grants = append(grants, grant.GroupID)
		}
		slices.Sort(grants)
		got := describe(subject.User, grants)
		if want, exists := access[ids[i]]; exists == subject.Gone || exists && got != want {
			r.Fatalf("subject %s is %q (gone: %t), want %q", ids[i], got, subject.Gone, want)
		}
	}
}

// collectInitial checks who an initial cycle collects.
func (m *modelDirectory) collectInitial(r *rapid.T) {
	_, job := application(m.applicationName(0))
	want := map[string]bool{}
	for id := range m.connections {
		want[id] = true
	}
	for assignment := range m.assigned {
		switch {
		case assignment[0] != m.applicationName(0):
		case assignment[1] == "User":
			want[assignment[2]] = true
		case m.groups[assignment[2]]:
			for member := range m.members {
				if member[0] == assignment[2] {
					want[member[1]] = true
				}
			}
		}
	}
	collection := engine.Collection{JobID: job.ID, Kind: provisioning.Initial, Limit: 2}
	if got := m.pages(r, collection); !slices.Equal(got, keys(want)) {
		r.Fatalf("an initial cycle collects %q, want %q", got, keys(want))
	}
}

package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// Standings compares, in small random directories, the standings of people with what is
// found out about each of them alone. It is part of Run, and for stores that find it out
// in several ways.
func Standings(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	opened := open(t)
	number := 0
	rapid.Check(t, func(r *rapid.T) {
		number++
		w := newStandingWorld(t, r, opened, strconv.Itoa(number))
		for range rapid.IntRange(1, 3).Draw(r, "queries") {
			w.compareCrowds(r)
		}
		w.compareAssigned(r)
		w.compareCollected(r)
	})
}

// standingWorld is a small directory with an application.
type standingWorld struct {
	t      *testing.T
	store  store.Store
	job    string
	nested bool

	users, groups []string        // ids, of those too that were deleted
	gone          map[string]bool // users and groups that are deleted
	inside        map[[2]string]bool
}

func newStandingWorld(t *testing.T, r *rapid.T, opened store.Store, run string) *standingWorld {
	t.Helper()
	w := &standingWorld{t: t, store: opened, gone: map[string]bool{}, inside: map[[2]string]bool{}, nested: rapid.Bool().Draw(r, "nested")}
	app, job := application("standing-" + run)
	job.Settings.NestedGroups = w.nested
	w.job = job.ID
	w.must(r, opened.AddApplication(t.Context(), app, job, mapping.Schema{}))
	cycle := w.begin(r)
	roles := []connector.Role{{ID: "1", Name: "One"}, {ID: "2", Name: "Two"}, {ID: "3", Name: "Old"}}
	_, err := opened.Engine().ImportRoles(t.Context(), cycle, roles)
	w.must(r, err)
	w.fillGroups(r, run)
	for n := range rapid.IntRange(0, 6).Draw(r, "assignments") {
		request := directory.AssignmentRequest{Application: app.ID, Role: rapid.SampledFrom([]string{"One", "Two", "Old", directory.DefaultAccess}).Draw(r, "role")}
		request.PrincipalType, request.Principal = "Group", rapid.SampledFrom(w.groups).Draw(r, "group")
		if n%3 == 0 {
			request.PrincipalType, request.Principal = "User", rapid.SampledFrom(w.users).Draw(r, "user")
		}
		_, err := opened.Assign(t.Context(), request)
		w.must(r, err)
	}
	w.change(r, cycle, roles)
	return w
}

// fillGroups makes users and groups, some of which are inside others. An id may hold
// what separates ids elsewhere.
func (w *standingWorld) fillGroups(r *rapid.T, run string) {
	for n := range rapid.IntRange(1, 7).Draw(r, "users") {
		id := "u" + run + []string{"-", ","}[n/6] + strconv.Itoa(n)
		w.must(r, w.store.PutUser(w.t.Context(), user(id)))
		w.users = append(w.users, id)
	}
	for n := range rapid.IntRange(1, 4).Draw(r, "groups") {
		id := "g" + run + "-" + strconv.Itoa(n)
		w.must(r, w.store.PutGroup(w.t.Context(), group(id)))
		w.groups = append(w.groups, id)
	}
	for range rapid.IntRange(0, 14).Draw(r, "members") {
		member := directory.Member{Group: rapid.SampledFrom(w.groups).Draw(r, "group"), Member: rapid.SampledFrom(w.users).Draw(r, "member"), Type: "User"}
		if rapid.IntRange(0, 3).Draw(r, "inside") == 0 {
			member.Member, member.Type = rapid.SampledFrom(w.groups).Draw(r, "member"), "Group"
		}
		w.must(r, w.store.PutMember(w.t.Context(), member))
		w.inside[[2]string{member.Group, member.Member}] = true
	}
}

// change makes accounts, and changes what makes somebody count less.
func (w *standingWorld) change(r *rapid.T, cycle engine.Cycle, roles []connector.Role) {
	var connections []engine.Connection
	for _, id := range w.users {
		if state := rapid.IntRange(0, 3).Draw(r, "account"); state > 0 {
			connections = append(connections, connection(id, state > 1))
		}
	}
	w.must(r, w.store.Engine().Commit(w.t.Context(), cycle, engine.Commit{Connections: connections}))
	if rapid.Bool().Draw(r, "a role is no longer there") {
		_, err := w.store.Engine().ImportRoles(w.t.Context(), cycle, roles[:2])
		w.must(r, err)
	}
	for _, id := range w.users {
		if rapid.IntRange(0, 5).Draw(r, "deleted") == 0 {
			w.must(r, w.store.RemoveUser(w.t.Context(), id))
			w.gone[id] = true
		}
	}
	for _, id := range w.groups {
		switch rapid.IntRange(0, 7).Draw(r, "what becomes of the group") {
		case 0:
			w.must(r, w.store.RemoveGroup(w.t.Context(), id))
			w.gone[id] = true
		case 1:
			changed := group(id)
			changed.SecurityEnabled = false
			w.must(r, w.store.PutGroup(w.t.Context(), changed))
		}
	}
}

func (w *standingWorld) must(r *rapid.T, err error) {
	if err != nil {
		r.Fatal(err)
	}
}

func (w *standingWorld) begin(r *rapid.T) engine.Cycle {
	job, err := w.store.Engine().Begin(w.t.Context(), w.job)
	w.must(r, err)
	return engine.Cycle{ID: "cycle-" + w.job, JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}
}

// in reports whether a user is in a group, or in one inside it where they count.
func (w *standingWorld) in(group, user string, seen ...string) bool {
	if w.gone[group] || slices.Contains(seen, group) {
		return false
	}
	if w.inside[[2]string{group, user}] {
		return true
	}
	return w.nested && slices.ContainsFunc(w.groups, func(inner string) bool {
		return w.inside[[2]string{group, inner}] && w.in(inner, user, append(seen, group)...)
	})
}

// drawCrowds draws groups and users, of whom some may not be there.
func (w *standingWorld) drawCrowds(r *rapid.T) []store.Crowd {
	crowds := make([]store.Crowd, rapid.IntRange(0, 3).Draw(r, "crowds"))
	for i := range crowds {
		if rapid.IntRange(0, 2).Draw(r, "a group") > 0 {
			crowds[i].Group = rapid.SampledFrom(append(w.groups, "nothing")).Draw(r, "crowd")
		}
		crowds[i].Users = rapid.SliceOfN(rapid.SampledFrom(append(w.users, "nobody")), 0, 3).Draw(r, "people")
	}
	return crowds
}

// alone describes the standing of each living user, as it is found out about them alone.
func (w *standingWorld) alone(r *rapid.T, crowds []store.Crowd, accounts func(store.Standing) bool) map[string]store.Standing {
	found := map[string]store.Standing{}
	subjects, err := w.store.Engine().Subjects(w.t.Context(), w.job, w.users)
	w.must(r, err)
	for _, subject := range subjects {
		id := subject.User.ID
		if w.gone[id] {
			continue
		}
		var standing store.Standing
		for i, crowd := range crowds {
			if slices.Contains(crowd.Users, id) || crowd.Group != "" && w.in(crowd.Group, id) {
				standing.Crowds = append(standing.Crowds, i)
			}
		}
		for _, grant := range subject.Grants {
			grant.Path = nil
			if grant.Direct() {
				grant.AssignmentID = ""
			}
			standing.Grants = append(standing.Grants, grant)
		}
		standing.Account = accounts != nil && accounts(standing) && subject.Connection.Enabled
		found[id] = standing
	}
	return found
}

// standingText is a standing without the people.
func standingText(s store.Standing) string {
	var grants []string
	for _, g := range s.Grants {
		grants = append(grants, fmt.Sprintf("%+v", g))
	}
	slices.Sort(grants)
	return fmt.Sprint(s.Crowds, s.Account, grants)
}

// compare checks standings, whose people are all named, against those of each alone.
func (w *standingWorld) compare(r *rapid.T, got []store.Standing, want map[string]store.Standing) {
	texts := map[string]bool{}
	count := 0
	for _, standing := range got {
		text := standingText(standing)
		if texts[text] {
			r.Fatalf("the standing %s is there twice", text)
		}
		texts[text] = true
		if digest := sha256.Sum256([]byte(strings.Join(standing.IDs, "\x00") + "\x00")); standing.People != len(standing.IDs) || !slices.IsSorted(standing.IDs) || standing.Digest != hex.EncodeToString(digest[:]) {
			r.Fatalf("%d people are %q with the digest %s", standing.People, standing.IDs, standing.Digest)
		}
		for _, id := range standing.IDs {
			if alone, found := want[id]; !found || standingText(alone) != text {
				r.Fatalf("%s stands like %s, alone like %s", id, text, standingText(alone))
			}
			count++
		}
	}
	if count != len(want) {
		r.Fatalf("%d people were found, want %d", count, len(want))
	}
}

func (w *standingWorld) compareCrowds(r *rapid.T) {
	query := store.StandingQuery{JobID: w.job, Crowds: w.drawCrowds(r)}
	if most := rapid.IntRange(-1, 3).Draw(r, "of whom accounts are looked up"); most >= 0 {
		query.Accounts = func(s store.Standing) bool { return len(s.Grants) <= most }
	}
	want := w.alone(r, query.Crowds, query.Accounts)
	for id, standing := range want {
		if len(standing.Crowds) == 0 {
			delete(want, id)
		}
	}
	got, err := w.store.Standings(w.t.Context(), query)
	w.must(r, err)
	w.compare(r, got.Standings, want)
	links, err := w.store.CountLinks(w.t.Context(), w.job)
	w.must(r, err)
	wanted := query.Accounts != nil && slices.ContainsFunc(got.Standings, query.Accounts)
	if wanted && got.InUse != links.Enabled {
		r.Fatalf("%d accounts are in use, want %d", got.InUse, links.Enabled)
	}
}

// compareAssigned goes through all who are assigned in parts.
func (w *standingWorld) compareAssigned(r *rapid.T) {
	want := w.alone(r, nil, nil)
	for id, standing := range want {
		if len(standing.Grants) == 0 {
			delete(want, id)
		}
	}
	about := rapid.IntRange(1, 9).Draw(r, "about")
	for after := ""; ; {
		got, next, err := w.store.AssignedStandings(w.t.Context(), w.job, after, about)
		w.must(r, err)
		part := map[string]store.Standing{}
		for id, standing := range want {
			if id > after && (next == "" || id <= next) {
				part[id] = standing
			}
		}
		w.compare(r, got, part)
		if next == "" {
			return
		}
		if next <= after {
			r.Fatalf("after %q comes %q", after, next)
		}
		after = next
	}
}

// compareCollected collects whom an initial cycle looks at in parts: who is assigned or
// has an account, deleted or not.
func (w *standingWorld) compareCollected(r *rapid.T) {
	var want, got []string
	subjects, err := w.store.Engine().Subjects(w.t.Context(), w.job, w.users)
	w.must(r, err)
	for _, subject := range subjects {
		if len(subject.Grants) > 0 || !subject.Connection.IsZero() {
			want = append(want, subject.User.ID)
		}
	}
	collection := engine.Collection{JobID: w.job, Kind: provisioning.Initial, Limit: rapid.IntRange(1, 4).Draw(r, "limit")}
	for more := true; more; {
		part, err := w.store.Engine().Collect(w.t.Context(), collection)
		w.must(r, err)
		got = append(got, part...)
		if more = len(part) == collection.Limit; more {
			collection.After = part[len(part)-1]
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.Fatalf("collected %q, want %q", got, want)
	}
}

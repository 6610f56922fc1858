package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// To look up each of many people costs ten times as much as to read all ids that a
// group has in their order, many in one row, and to go through the lists side by side.

const (
	// manyStanding is from how many people on the lists are gone through; fewer are looked
	// up.
	manyStanding = 1000
	// manyAccounts is from how many people on all accounts are gone through for theirs.
	manyAccounts = 8000
)

// standings is what is being found out about people.
type standings struct {
	session

	jobID         string
	applicationID string
	nested        bool // groups inside groups count

	grants []directory.Grant // through groups, and then in person, one for each role
	marks  map[string][]mark // of members of groups
	people []string          // ids, in order
	class  []int             // of each of the people
	known  []class           // the first one is that of people of whom nothing is known
	noted  [][]mark          // what is known of the people on each list
	inUse  int               // accounts of the job
}

// list is the ids of some people, in order, with what is known of all of them.
type list struct {
	marks []mark
	ids   []string
	last  string // where it was cut off, empty when it is whole
}

// mark is something that is known of somebody: a crowd, a grant, or an account.
type mark struct {
	kind  markKind
	place int
}

type markKind int

const (
	crowdMark markKind = iota
	grantMark
	accountMark
)

// class is people of whom the same is known: what is known of another class, and that
// they are on one more list.
type class struct{ before, list int }

// Standings tells through what people are assigned; see store.Standings.
func (s *Store) Standings(ctx context.Context, query store.StandingQuery) (store.FoundStandings, error) {
	var found store.FoundStandings
	err := s.database.read(ctx, "find out through what people are assigned", func(session session) error {
		p, err := openStandings(ctx, session, query.JobID)
		if err != nil {
			return err
		}
		if err := p.gather(ctx, query.Crowds); err != nil {
			return err
		}
		look := p.goThrough
		if len(p.people) < s.manyStanding {
			look = p.lookUp
		}
		if err := look(ctx); err != nil {
			return err
		}
		if err := p.lookForAccounts(ctx, query.Accounts, s.manyAccounts); err != nil {
			return err
		}
		found = store.FoundStandings{Standings: p.finish(store.MostStandingIDs), InUse: p.inUse}
		return nil
	})
	return found, err
}

func openStandings(ctx context.Context, s session, jobID string) (standings, error) {
	job, err := s.jobByID(ctx, jobID)
	if err != nil {
		return standings{}, err
	}
	p := standings{session: s, jobID: jobID, applicationID: job.ApplicationID, nested: job.Settings.NestedGroups}
	return p, p.open(ctx)
}

// open reads what is assigned to the application.
func (p *standings) open(ctx context.Context) error {
	p.marks = map[string][]mark{}
	roles := map[string]directory.AppRole{directory.DefaultAccess: defaultAccess(p.applicationID)}
	found, err := p.roles(ctx, `select `+roleColumns+` from app_roles where application_id = $1`, p.applicationID)
	if err != nil {
		return err
	}
	for _, role := range found {
		roles[role.ID] = role
	}
	named := func(id string) directory.AppRole {
		if role, found := roles[id]; found {
			return role
		}
		return directory.AppRole{ID: id, ApplicationID: p.applicationID}
	}
	if err := p.each(ctx, func(rows *sql.Rows) error {
		var g directory.Grant
		err := rows.Scan(&g.AssignmentID, &g.Role.ID, &g.GroupID, &g.GroupName)
		g.Role = named(g.Role.ID)
		p.grants = append(p.grants, g)
		return err
	}, `select a.id, a.app_role_id, g.id, g.display_name from assignments a cross join groups g
		where a.application_id = $1 and a.principal_type = 'Group' and a.principal_id > '' and g.id = a.principal_id and g.deleted_at = 0 and g.security_enabled`,
		p.applicationID); err != nil {
		return err
	}
	for place, grant := range p.grants {
		if err := p.markGroup(ctx, grant.GroupID, mark{grantMark, place}); err != nil {
			return err
		}
	}
	return p.openRoles(ctx, named)
}

// openRoles finds the roles that somebody is assigned in in person: one look into the
// index for each.
func (p *standings) openRoles(ctx context.Context, named func(id string) directory.AppRole) error {
	for after := ""; ; {
		found, err := p.one(ctx, []any{&after}, `select app_role_id from assignments where application_id = $1 and app_role_id > $2 order by app_role_id limit 1`,
			p.applicationID, after)
		if err != nil || !found {
			return err
		}
		p.grants = append(p.grants, directory.Grant{Role: named(after)})
	}
}

// markGroup notes what is known of the members of a group, and of those of the groups
// inside it where they count.
func (p *standings) markGroup(ctx context.Context, id string, m mark) error {
	text := `select id from groups where id = $1 and deleted_at = 0`
	if p.nested {
		text = insideGroup + ` select group_id from inside`
	}
	groups, err := p.texts(ctx, text, id)
	for _, group := range groups {
		p.marks[group] = append(p.marks[group], m)
	}
	return err
}

// gather finds the people of the crowds.
func (p *standings) gather(ctx context.Context, crowds []store.Crowd) error {
	var lists []list
	for place, crowd := range crowds {
		if crowd.Group != "" {
			if err := p.markGroup(ctx, clean(crowd.Group), mark{crowdMark, place}); err != nil {
				return err
			}
		}
		living, err := p.living(ctx, crowd.Users)
		if err != nil {
			return err
		}
		lists = append(lists, list{marks: []mark{{crowdMark, place}}, ids: living})
	}
	for group, marks := range p.marks {
		if !ofCrowd(marks) {
			continue
		}
		members, err := p.members(ctx, group, "", 0)
		if err != nil {
			return err
		}
		lists = append(lists, members)
	}
	return p.begin(ctx, lists)
}

// ofCrowd reports whether people are in a crowd by what is known of them.
func ofCrowd(marks []mark) bool {
	return slices.ContainsFunc(marks, func(m mark) bool { return m.kind == crowdMark })
}

// begin begins with the people of some lists, and what is known of them by that.
func (p *standings) begin(ctx context.Context, lists []list) error {
	var err error
	if p.people, err = p.undeleted(ctx, onLists(lists)); err != nil {
		return err
	}
	p.class, p.known = make([]int, len(p.people)), make([]class, 1)
	for _, each := range lists {
		p.note(each)
	}
	return nil
}

// onLists returns the ids on lists, each once, in order.
func onLists(lists []list) []string {
	var ids []string
	for _, each := range slices.SortedFunc(slices.Values(lists), func(a, b list) int { return cmp.Compare(len(a.ids), len(b.ids)) }) {
		ids = merge(ids, each.ids)
	}
	return ids
}

// undeleted returns those of some ids in order that are not of deleted users.
func (p *standings) undeleted(ctx context.Context, ids []string) ([]string, error) {
	deleted, err := p.ids(ctx, 0, idQuery{"id", `from users where deleted_at > 0 and id > $1`}, "")
	return without(ids, deleted), err
}

// living returns those of some ids, in order, that users have who are not deleted.
func (p *standings) living(ctx context.Context, ids []string) ([]string, error) {
	var living []string
	for part := range slices.Chunk(ids, pageSize) {
		found, err := p.texts(ctx, `select id from users where id in list($1) and deleted_at = 0`, part)
		if err != nil {
			return nil, err
		}
		living = append(living, found...)
	}
	slices.Sort(living)
	return slices.Compact(living), nil
}

// members returns the list of the users in a group after an id, at most so many if that
// is not 0.
func (p *standings) members(ctx context.Context, group, after string, most int) (list, error) {
	found, err := p.list(ctx, p.marks[group], idQuery{"member_id", `from members where group_id = $2 and member_id > $1`}, after, most, group)
	if err != nil || len(found.ids) == 0 {
		return found, err
	}
	groups, err := p.texts(ctx, `select member_id from members where group_id = $1 and member_type = 'Group' and member_id > '' order by member_id`, group)
	found.ids = without(found.ids, groups)
	return found, err
}

// assigned returns the list of the users who have a grant in person, as members does.
func (p *standings) assigned(ctx context.Context, grant int, after string, most int) (list, error) {
	q := idQuery{"principal_id", `from assignments where application_id = $2 and app_role_id = $3 and principal_type = 'User' and principal_id > $1`}
	return p.list(ctx, []mark{{grantMark, grant}}, q, after, most, p.applicationID, p.grants[grant].Role.ID)
}

func (p *standings) list(ctx context.Context, marks []mark, q idQuery, after string, most int, arguments ...any) (list, error) {
	ids, err := p.ids(ctx, most, q, after, arguments...)
	found := list{marks: marks, ids: ids}
	if len(ids) > 0 && len(ids) == most {
		found.last = ids[most-1]
	}
	return found, err
}

// goThrough goes through all lists that the people may be on.
func (p *standings) goThrough(ctx context.Context) error {
	for group, marks := range p.marks {
		if ofCrowd(marks) {
			continue // they were found through it
		}
		members, err := p.members(ctx, group, "", 0)
		if err != nil {
			return err
		}
		p.note(members)
	}
	for place, grant := range p.grants {
		if !grant.Direct() {
			continue
		}
		assigned, err := p.assigned(ctx, place, "", 0)
		if err != nil {
			return err
		}
		p.note(assigned)
	}
	return nil
}

// lookUp looks up each of the people, who are few.
func (p *standings) lookUp(ctx context.Context) error {
	members := map[string][]string{} // by group
	if err := p.pairs(ctx, func(user, group string) { members[group] = append(members[group], user) },
		`select member_id, group_id from members where member_id in list($1) and member_type = 'User' order by member_id, group_id`, p.people); err != nil {
		return err
	}
	for group, users := range members {
		if marks := p.marks[group]; len(marks) > 0 && !ofCrowd(marks) {
			p.note(list{marks: marks, ids: users})
		}
	}
	assigned := map[string][]string{} // by role
	if err := p.pairs(ctx, func(user, role string) { assigned[role] = append(assigned[role], user) },
		`select principal_id, app_role_id from assignments where application_id = $1 and principal_type = 'User' and principal_id in list($2)
			order by principal_id, app_role_id`, p.applicationID, p.people); err != nil {
		return err
	}
	for place, grant := range p.grants {
		if grant.Direct() {
			p.note(list{marks: []mark{{grantMark, place}}, ids: assigned[grant.Role.ID]})
		}
	}
	return nil
}

// lookForAccounts looks for accounts in use of the people whose standing is wanted.
func (p *standings) lookForAccounts(ctx context.Context, wanted func(store.Standing) bool, many int) error {
	if wanted == nil {
		return nil
	}
	looked, wants := make([]bool, len(p.known)), make([]bool, len(p.known)) // by class
	var ids []string
	for i, id := range p.people {
		c := p.class[i]
		if !looked[c] {
			looked[c], wants[c] = true, wanted(p.standing(p.marksOf(c)))
		}
		if wants[c] {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	links, err := p.countLinks(ctx, p.jobID)
	if err != nil {
		return err
	}
	p.inUse = links.Enabled
	accounts, err := p.accounts(ctx, ids, len(ids) >= many)
	p.note(list{marks: []mark{{kind: accountMark}}, ids: accounts})
	return err
}

// accounts returns those of some ids in order whose accounts are in use.
func (p *standings) accounts(ctx context.Context, ids []string, many bool) ([]string, error) {
	q, arguments := idQuery{"source_id", `from connections where job_id = $2 and source_id > $1`}, []any{p.jobID}
	if !many {
		q.from, arguments = `from connections where job_id = $2 and source_id in list($3) and source_id || '' > $1`, append(arguments, ids)
	}
	connected, err := p.ids(ctx, 0, q, "", arguments...)
	if err != nil {
		return nil, err
	}
	disabled, err := p.ids(ctx, 0, idQuery{"source_id", `from connections where job_id = $2 and source_id > $1 and not enabled`}, "", p.jobID)
	others := without(ids, without(connected, disabled))
	return without(ids, others), err
}

// note notes that the people of a list are on it.
func (p *standings) note(on list) {
	number, at := len(p.noted), 0
	p.noted = append(p.noted, on.marks)
	next := make([]int, len(p.known)) // the class of those of each class who are on the list, if there are any
	for _, id := range on.ids {
		at = seek(p.people, at, id)
		if at == len(p.people) {
			return
		}
		if p.people[at] != id {
			continue
		}
		before := p.class[at]
		if next[before] == 0 {
			next[before] = len(p.known)
			p.known = append(p.known, class{before, number})
		}
		p.class[at] = next[before]
	}
}

// finish puts together whom the same is known of, and names so many of each, or all
// when that is 0.
func (p *standings) finish(most int) []store.Standing {
	var found []store.Standing
	var digests []digest
	of := make([]int, len(p.known)) // place of the standing of a class, and 1
	same := map[string]int{}
	for i, id := range p.people {
		c := p.class[i]
		if of[c] == 0 {
			marks := p.marksOf(c)
			name := fmt.Sprint(marks)
			if same[name] == 0 {
				found, digests = append(found, p.standing(marks)), append(digests, digest{sum: sha256.New()})
				same[name] = len(found)
			}
			of[c] = same[name]
		}
		place := of[c] - 1
		standing := &found[place]
		standing.People++
		if most == 0 || len(standing.IDs) < most {
			standing.IDs = append(standing.IDs, id)
		}
		digests[place].add(id)
	}
	for i := range found {
		found[i].Digest = digests[i].text()
	}
	return found
}

// digest is the SHA-256 of ids, each of which ends with a zero byte.
type digest struct {
	sum   hash.Hash
	lines []byte // what was not added yet
}

func (d *digest) add(id string) {
	d.lines = append(append(d.lines, id...), 0)
	if len(d.lines) > 2000 {
		d.flush()
	}
}

func (d *digest) flush() {
	_, _ = d.sum.Write(d.lines) // a hash takes everything
	d.lines = d.lines[:0]
}

func (d *digest) text() string {
	d.flush()
	return hex.EncodeToString(d.sum.Sum(nil))
}

// marksOf returns what is known of a class, in order.
func (p *standings) marksOf(c int) []mark {
	var marks []mark
	for ; c > 0; c = p.known[c].before {
		marks = append(marks, p.noted[p.known[c].list]...)
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.place, b.place)) })
	return slices.Compact(marks)
}

func (p *standings) standing(marks []mark) store.Standing {
	var s store.Standing
	for _, m := range marks {
		switch m.kind {
		case crowdMark:
			s.Crowds = append(s.Crowds, m.place)
		case grantMark:
			s.Grants = append(s.Grants, p.grants[m.place])
		case accountMark:
			s.Account = true
		}
	}
	slices.SortStableFunc(s.Grants, func(a, b directory.Grant) int {
		return cmp.Or(strings.Compare(a.GroupName, b.GroupName), strings.Compare(a.GroupID, b.GroupID), strings.Compare(a.AssignmentID, b.AssignmentID))
	})
	return s
}

// AssignedStandings tells through what a part of those who are assigned are; see
// store.Standings.
func (s *Store) AssignedStandings(ctx context.Context, jobID, after string, about int) (found []store.Standing, next string, err error) {
	err = s.database.read(ctx, "find out through what people are assigned", func(session session) error {
		p, err := openStandings(ctx, session, jobID)
		if err != nil {
			return err
		}
		next, err = p.part(ctx, clean(after), about)
		if err == nil {
			found = p.finish(0)
		}
		return err
	})
	return found, next, err
}

// part begins with people who are assigned, up to where the first list was cut off of
// which so many are read.
func (p *standings) part(ctx context.Context, after string, about int) (next string, err error) {
	lists, err := p.assignedLists(ctx, after, about)
	if err != nil {
		return "", err
	}
	lists, next = cutOff(lists)
	return next, p.begin(ctx, lists)
}

// cutOff cuts lists of one beginning where the first of them was cut off, and returns up
// to where they are whole, empty when none was cut off.
func cutOff(lists []list) (cut []list, last string) {
	for _, each := range lists {
		if each.last != "" && (last == "" || each.last < last) {
			last = each.last
		}
	}
	if last == "" {
		return lists, ""
	}
	for i, each := range lists {
		end, found := slices.BinarySearch(each.ids, last)
		if found {
			end++
		}
		lists[i].ids = each.ids[:end]
	}
	return lists, last
}

// assignedLists are the lists of who is assigned, after an id, each of at most so many if
// that is not 0.
func (p *standings) assignedLists(ctx context.Context, after string, most int) ([]list, error) {
	var lists []list
	for group := range p.marks {
		members, err := p.members(ctx, group, after, most)
		if err != nil {
			return nil, err
		}
		lists = append(lists, members)
	}
	for place, grant := range p.grants {
		if !grant.Direct() {
			continue
		}
		assigned, err := p.assigned(ctx, place, after, most)
		if err != nil {
			return nil, err
		}
		lists = append(lists, assigned)
	}
	return lists, nil
}

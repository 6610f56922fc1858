package administration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Reassignment is a change of who is assigned to an application that is not made yet.
type Reassignment struct {
	Add    []NewAssignment // principals and roles by their ids
	Remove []string        // ids of assignments
}

// Foresight is what a reassignment means for people, as far as assignments go: the
// scoping filters and the mapping are for a preview.
type Foresight struct {
	People    int // whom it is about
	Gaining   int // had no access until now
	Losing    int // have none any more
	Accounts  int // of those who lose access, who has an account in use
	Changing  int // get another role than now
	Conflicts int // are given different roles, of which one counts

	// LosingAccounts and Conflicted are the first of them, by id, at most mostExamples.
	LosingAccounts []directory.User
	Conflicted     []Conflict

	// Everybody stands for all whom it is about and for what they are assigned through: it
	// is another text when it is about others, or when something else is assigned to them.
	Everybody string

	Leave provisioning.Leave // what becomes of the accounts of those who lose access
	Held  string             // why the removal guard would hold that many removals, empty when it would not
}

// mostExamples is how many people are named.
const mostExamples = store.MostStandingIDs

// Foresee tells what a reassignment means, before it is made. It asks nobody but the
// directory. An assignment that is not there is store.ErrNotFound; users, groups and
// roles that are not there mean nothing for anybody.
func (s *Service) Foresee(ctx context.Context, app Application, change Reassignment) (Foresight, error) {
	f := foreseen{Service: s, app: app, crowds: map[string][]int{}}
	var err error
	if f.ranking, err = s.ranking(ctx, app); err != nil {
		return Foresight{}, err
	}
	if template, err := s.Template(app); err == nil {
		f.needsRole = template.Descriptor.Capabilities.RequiresRole
	}
	if err := f.gather(ctx, change); err != nil {
		return Foresight{}, err
	}
	query := store.StandingQuery{JobID: app.Job.ID, Accounts: f.takes}
	for _, part := range f.parts {
		query.Crowds = append(query.Crowds, part.crowd)
	}
	found, err := s.Store.Standings(ctx, query)
	if err != nil {
		return Foresight{}, err
	}
	for _, standing := range found.Standings {
		f.judge(standing)
	}
	f.result.Everybody = Mark(f.everybody)
	if err := f.name(ctx); err != nil {
		return Foresight{}, err
	}
	f.result.Leave = app.Job.Settings.Leave([]provisioning.Trigger{provisioning.Unassigned})
	if f.result.Accounts > 0 && f.result.Leave.Action != provisioning.LeaveNothing {
		guard := plan.Guard{Limit: app.Job.Settings.RemovalLimit, Percent: app.Job.Settings.RemovalPercent}
		f.result.Held = guard.Judge(f.result.Accounts, found.InUse)
	}
	return f.result, nil
}

// foreseen is a reassignment that is being looked at.
type foreseen struct {
	*Service

	app       Application
	ranking   []string
	needsRole bool
	parts     []reassigned
	everybody []string
	losing    []string         // ids of the first who lose an account
	clashing  []string         // and of those who are given different roles
	crowds    map[string][]int // places of the parts that are about the latter
	result    Foresight
}

// reassigned is what a number of people get, or lose.
type reassigned struct {
	crowd   store.Crowd
	grant   directory.Grant
	removed bool
}

// takes reports whether the part takes a grant away.
func (r reassigned) takes(grant directory.Grant) bool {
	switch {
	case !r.removed:
		return false
	case r.grant.Direct():
		return grant.Direct() && grant.Role.ID == r.grant.Role.ID
	}
	return grant.AssignmentID == r.grant.AssignmentID
}

// gather finds whom the change is about.
func (f *foreseen) gather(ctx context.Context, change Reassignment) error {
	ended, err := f.assignments(ctx, f.app, change.Remove)
	if err != nil {
		return err
	}
	for _, assignment := range ended {
		grant := directory.Grant{AssignmentID: assignment.ID, Role: directory.AppRole{ID: assignment.AppRoleID}}
		if assignment.PrincipalType == "Group" {
			grant.GroupID = assignment.PrincipalID
		}
		f.add(reassigned{grant: grant, removed: true}, assignment.PrincipalID)
	}
	roles, err := f.Store.Roles(ctx, f.app.ID)
	if err != nil {
		return err
	}
	for _, wanted := range change.Add {
		grant := directory.Grant{Role: directory.AppRole{ID: directory.DefaultAccess, ApplicationID: f.app.ID, Enabled: true}}
		if at := slices.IndexFunc(roles, func(r directory.AppRole) bool { return r.ID == wanted.Role }); at >= 0 {
			grant.Role = roles[at]
		} else if !isDefault(wanted.Role) {
			continue
		}
		if wanted.PrincipalType == "Group" {
			group, err := f.Store.Group(ctx, wanted.Principal)
			if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || err == nil && !group.SecurityEnabled {
				continue
			}
			if err != nil {
				return err
			}
			grant.GroupID, grant.GroupName = group.ID, group.DisplayName
		}
		f.add(reassigned{grant: grant}, wanted.Principal)
	}
	return nil
}

// add adds a part for a group, or a user to the part of all who get, or lose, the same
// in person.
func (f *foreseen) add(part reassigned, principal string) {
	if !part.grant.Direct() {
		part.crowd.Group = part.grant.GroupID
		f.parts = append(f.parts, part)
		return
	}
	same := slices.IndexFunc(f.parts, func(other reassigned) bool {
		return other.removed == part.removed && other.grant.Direct() && other.grant.Role.ID == part.grant.Role.ID
	})
	if same < 0 {
		same = len(f.parts)
		f.parts = append(f.parts, part)
	}
	f.parts[same].crowd.Users = append(f.parts[same].crowd.Users, principal)
}

// takes reports whether people lose access.
func (f *foreseen) takes(people store.Standing) bool {
	return f.access(people.Grants) && !f.access(f.changed(people.Grants, people.Crowds))
}

// judge compares what people have with what they will have.
func (f *foreseen) judge(people store.Standing) {
	f.everybody = append(f.everybody, fmt.Sprint(people.Crowds, people.Account, people.Digest, through(people.Grants)))
	f.result.People += people.People
	after := f.changed(people.Grants, people.Crowds)
	had, has := f.access(people.Grants), f.access(after)
	roleBefore, _ := mapping.PreferredRole(people.Grants, f.ranking)
	roleAfter, different := mapping.PreferredRole(after, f.ranking)
	switch {
	case !had && has:
		f.result.Gaining += people.People
	case had && !has:
		f.result.Losing += people.People
		if people.Account {
			f.result.Accounts += people.People
			f.losing = firstOf(f.losing, people.IDs)
		}
	case had && roleBefore != roleAfter:
		f.result.Changing += people.People
	}
	if different < 2 {
		return
	}
	f.result.Conflicts += people.People
	f.clashing = firstOf(f.clashing, people.IDs)
	for _, id := range people.IDs {
		f.crowds[id] = people.Crowds
	}
}

// through names assignments.
func through(grants []directory.Grant) []string {
	names := make([]string, len(grants))
	for i, grant := range grants {
		names[i] = grant.AssignmentID + " " + grant.Role.ID
	}
	return names
}

// firstOf returns the first ids of two lists, in order.
func firstOf(a, b []string) []string {
	all := slices.Sorted(slices.Values(slices.Concat(a, b)))
	return all[:min(mostExamples, len(all))]
}

// changed returns the grants that people will have, of whom some parts are about.
func (f *foreseen) changed(grants []directory.Grant, crowds []int) []directory.Grant {
	after := slices.Clone(grants)
	for _, place := range crowds {
		after = slices.DeleteFunc(after, f.parts[place].takes)
	}
	for _, place := range crowds {
		if part := f.parts[place]; !part.removed {
			after = append(after, part.grant)
		}
	}
	return after
}

// access reports whether grants are enough for an account.
func (f *foreseen) access(grants []directory.Grant) bool {
	if f.app.Job.Settings.SyncAll {
		return true
	}
	return slices.ContainsFunc(grants, func(g directory.Grant) bool { return !f.needsRole || g.Role.ID != directory.DefaultAccess })
}

// name reads the people who are named.
func (f *foreseen) name(ctx context.Context) error {
	subjects, err := f.Runner.Engine.Directory.Subjects(ctx, f.app.Job.ID, slices.Concat(f.losing, f.clashing))
	if err != nil {
		return err
	}
	for i, subject := range subjects {
		if i < len(f.losing) {
			f.result.LosingAccounts = append(f.result.LosingAccounts, subject.User)
			continue
		}
		after := f.changed(subject.Grants, f.crowds[subject.User.ID])
		if conflict, found := ConflictOf(subject.User, after, f.ranking); found {
			f.result.Conflicted = append(f.result.Conflicted, conflict)
		}
	}
	return nil
}

// AssignMany makes several assignments, all or none of them, and returns how many of
// them are new. Principals and roles are given by their ids. Nothing happens in the
// target until the next cycle.
func (a Acts) AssignMany(ctx context.Context, app Application, wanted []NewAssignment) (added int, err error) {
	for _, each := range wanted {
		if isDefault(each.Role) && !each.DefaultAccess {
			if err := a.DefaultAccessRefused(app); err != nil {
				return 0, err
			}
		}
		if err := a.knows(ctx, each); err != nil {
			return 0, err
		}
	}
	names, err := a.parties(ctx, app, wanted...)
	if err != nil {
		return 0, err
	}
	role := ""
	err = a.Store.Edit(ctx, "assign", func(e store.Editor) error {
		added = 0
		for _, each := range wanted {
			role = each.Role
			_, isNew, err := e.AddAssignment(ctx, each.request(app))
			if err != nil {
				return err
			}
			if !isNew {
				continue
			}
			added++
			if err := e.Audit(ctx, a.Record(ActivityAssign, app.DisplayName, names.detail(each))); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		err = unknownRole(app, role, err)
	}
	return added, err
}

package administration

import (
	"context"
	"errors"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
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
	People    int  // whom it is about
	More      bool // it is about more, and only these were looked at
	Gaining   int  // had no access until now
	Losing    int  // have none any more
	Accounts  int  // of those who lose access, who has an account in use
	Changing  int  // get another role than now
	Conflicts int  // are given different roles, of which one counts

	// LosingAccounts and Conflicted are the first of them, at most mostExamples.
	LosingAccounts []directory.User
	Conflicted     []Conflict

	Leave provisioning.Leave // what becomes of the accounts of those who lose access
	Held  string             // why the removal guard would hold that many removals, empty when it would not
}

const (
	// mostForeseen is how many people a reassignment is looked at for.
	mostForeseen = 10_000
	// mostExamples is how many people are named.
	mostExamples = 20
)

// Foresee tells what a reassignment means, before it is made. It asks nobody but the
// directory. An assignment that is not there is store.ErrNotFound; users, groups and
// roles that are not there mean nothing for anybody.
func (s *Service) Foresee(ctx context.Context, app Application, change Reassignment) (Foresight, error) {
	f := foreseen{Service: s, app: app, grants: make(map[string][]directory.Grant)}
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
	for people := range slices.Chunk(f.people, peoplePage) {
		subjects, err := s.Runner.Engine.Directory.Subjects(ctx, app.Job.ID, people)
		if err != nil {
			return Foresight{}, err
		}
		for _, subject := range subjects {
			f.judge(subject)
		}
	}
	f.result.Leave = app.Job.Settings.Leave([]provisioning.Trigger{provisioning.Unassigned})
	if f.result.Accounts == 0 || f.result.Leave.Action == provisioning.LeaveNothing {
		return f.result, nil
	}
	links, err := s.Store.CountLinks(ctx, app.Job.ID)
	guard := plan.Guard{Limit: app.Job.Settings.RemovalLimit, Percent: app.Job.Settings.RemovalPercent}
	f.result.Held = guard.Judge(f.result.Accounts, links.Enabled)
	return f.result, err
}

// foreseen is a reassignment that is being looked at.
type foreseen struct {
	*Service

	app       Application
	ranking   []string
	needsRole bool
	removed   []string                     // ids of assignments
	grants    map[string][]directory.Grant // that people get, by their id; everybody whom the change is about is in it
	people    []string                     // the same, in the order in which they were found
	result    Foresight
}

// gather finds whom the change is about.
func (f *foreseen) gather(ctx context.Context, change Reassignment) error {
	ended, err := f.assignments(ctx, f.app, change.Remove)
	if err != nil {
		return err
	}
	for _, assignment := range ended {
		f.removed = append(f.removed, assignment.ID)
		if err := f.each(ctx, assignment.PrincipalType, assignment.PrincipalID, nil); err != nil {
			return err
		}
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
			if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			grant.GroupID, grant.GroupName = group.ID, group.DisplayName
		}
		if err := f.each(ctx, wanted.PrincipalType, wanted.Principal, &grant); err != nil {
			return err
		}
	}
	return nil
}

// each notes a user, or the members of a group, with the grant that they get, if any.
func (f *foreseen) each(ctx context.Context, kind, id string, grant *directory.Grant) error {
	if kind != "Group" {
		f.note(id, grant)
		return nil
	}
	groups := []string{id}
	for at := 0; at < len(groups); at++ {
		for member, err := range f.Store.Members(ctx, groups[at]) {
			switch {
			case err != nil:
				return err
			case member.Type == "User":
				f.note(member.Member, grant)
			case f.app.Job.Settings.NestedGroups && !slices.Contains(groups, member.Member):
				groups = append(groups, member.Member)
			}
			if f.result.More {
				return nil
			}
		}
	}
	return nil
}

func (f *foreseen) note(userID string, grant *directory.Grant) {
	given, known := f.grants[userID]
	if !known {
		if len(f.people) == mostForeseen {
			f.result.More = true
			return
		}
		f.people = append(f.people, userID)
	}
	if grant != nil {
		given = append(given, *grant)
	}
	f.grants[userID] = given
}

// judge compares what somebody has with what they will have.
func (f *foreseen) judge(subject engine.Subject) {
	if subject.Gone || subject.User.Deleted() {
		return
	}
	f.result.People++
	after := slices.DeleteFunc(slices.Clone(subject.Grants), func(g directory.Grant) bool { return slices.Contains(f.removed, g.AssignmentID) })
	after = append(after, f.grants[subject.User.ID]...)
	had, has := f.access(subject.Grants), f.access(after)
	roleBefore, _ := mapping.PreferredRole(subject.Grants, f.ranking)
	roleAfter, _ := mapping.PreferredRole(after, f.ranking)
	switch {
	case !had && has:
		f.result.Gaining++
	case had && !has:
		f.result.Losing++
		if !subject.Connection.IsZero() && subject.Connection.Enabled {
			f.result.Accounts++
			if len(f.result.LosingAccounts) < mostExamples {
				f.result.LosingAccounts = append(f.result.LosingAccounts, subject.User)
			}
		}
	case had && roleBefore != roleAfter:
		f.result.Changing++
	}
	if conflict, found := ConflictOf(subject.User, after, f.ranking); found {
		f.result.Conflicts++
		if len(f.result.Conflicted) < mostExamples {
			f.result.Conflicted = append(f.result.Conflicted, conflict)
		}
	}
}

// access reports whether grants are enough for an account.
func (f *foreseen) access(grants []directory.Grant) bool {
	if f.app.Job.Settings.SyncAll {
		return true
	}
	return slices.ContainsFunc(grants, func(g directory.Grant) bool { return !f.needsRole || g.Role.ID != directory.DefaultAccess })
}

// FoundConflicts is a part of the people whose assignments give them different roles.
type FoundConflicts struct {
	Conflicts []Conflict
	Looked    int    // people that this part looked at
	Next      string // where the next part begins, empty after the last one
}

// mostLooked is how many people are looked at for one part of a list of conflicts.
const mostLooked = 2500

// FindConflicts is Conflicts in parts of at most limit conflicts, each of which takes a
// bounded time: one may hold fewer, even none, and have a part after it.
func (s *Service) FindConflicts(ctx context.Context, app Application, after string, limit int) (FoundConflicts, error) {
	var found FoundConflicts
	ranking, err := s.ranking(ctx, app)
	if err != nil {
		return found, err
	}
	for subject, err := range s.people(ctx, app, after) {
		if err != nil {
			return found, err
		}
		if len(found.Conflicts) == limit || found.Looked == mostLooked {
			found.Next = after
			break
		}
		found.Looked++
		after = subject.User.ID
		if conflict, clashes := ConflictOf(subject.User, subject.Grants, ranking); clashes {
			found.Conflicts = append(found.Conflicts, conflict)
		}
	}
	return found, nil
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
			if err := e.Audit(ctx, a.Record(ActivityAssign, app.DisplayName, each.PrincipalType+" "+each.Principal+asRole(each.Role))); err != nil {
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

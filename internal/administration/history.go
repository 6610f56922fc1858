package administration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// LinksThen is what a user or group had to do with groups and applications at a moment.
type LinksThen struct {
	Memberships []directory.Membership // direct ones
	Access      []AccessThen
}

// AccessThen is an assignment that somebody had at a moment.
type AccessThen struct {
	directory.RoleTenure
	Through []directory.Membership // from the user or group up to the group that was assigned; none: in person
}

// LinksAsOf returns what a user or group had to do with groups and applications at a
// moment, by id. Whether a group inside another one counts for an application is decided
// by the application's setting of today. What was before the history begins is
// store.ErrGone.
func (s *Service) LinksAsOf(ctx context.Context, id string, moment time.Time) (LinksThen, error) {
	memberships, err := s.Store.MembershipsAsOf(ctx, []string{id}, moment)
	if err != nil {
		return LinksThen{}, err
	}
	then := LinksThen{Memberships: memberships}
	ways, err := s.waysAsOf(ctx, id, memberships, moment)
	if err != nil {
		return then, err
	}
	principals := []string{id}
	for group := range ways.below {
		principals = append(principals, group)
	}
	tenures, err := s.Store.AssignmentsAsOf(ctx, principals, moment)
	if err != nil {
		return then, err
	}
	for _, tenure := range tenures {
		access := AccessThen{RoleTenure: tenure}
		counts := true
		if tenure.PrincipalID != id {
			if access.Through, counts, err = ways.counted(ctx, tenure); err != nil {
				return then, err
			}
		}
		if counts {
			then.Access = append(then.Access, access)
		}
	}
	return then, nil
}

// waysThen are the ways from a user or group up through groups at a moment.
type waysThen struct {
	service *Service
	id      string
	moment  time.Time
	below   map[string][]directory.Membership // by group: those that lead up to it
	groups  map[string]directory.Group        // those that were looked at; without id: was not there
}

// waysAsOf climbs from direct memberships up to the last groups, also through groups
// that were deleted.
func (s *Service) waysAsOf(ctx context.Context, id string, direct []directory.Membership, moment time.Time) (waysThen, error) {
	ways := waysThen{s, id, moment, map[string][]directory.Membership{}, map[string]directory.Group{}}
	for level := direct; len(level) > 0; {
		var found []string
		for _, m := range level {
			if len(ways.below[m.GroupID]) == 0 && m.GroupID != id {
				found = append(found, m.GroupID)
			}
			ways.below[m.GroupID] = append(ways.below[m.GroupID], m)
		}
		var err error
		if level, err = s.Store.MembershipsAsOf(ctx, found, moment); err != nil {
			return ways, err
		}
	}
	return ways, nil
}

// group returns a group as it was, and whether it was there and not deleted.
func (w waysThen) group(ctx context.Context, id string) (directory.Group, bool, error) {
	group, known := w.groups[id]
	if !known {
		var err error
		if group, err = w.service.Store.GroupAsOf(ctx, id, w.moment); err != nil && !errors.Is(err, store.ErrNotFound) {
			return group, false, err
		}
		w.groups[id] = group
	}
	return group, group.ID != "" && !group.Deleted(), nil
}

// shortest returns the shortest way up to a group on which each group was there, the
// group included; none: there was no such way.
func (w waysThen) shortest(ctx context.Context, group string) ([]directory.Membership, error) {
	up := map[string]directory.Membership{group: {}} // by group: what leads on from it
	for level := []string{group}; len(level) > 0; {
		var next []string
		for _, at := range level {
			_, there, err := w.group(ctx, at)
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
			for _, m := range w.below[at] {
				if m.MemberID == w.id {
					way := []directory.Membership{m}
					for at != group {
						way = append(way, up[at])
						at = up[at].GroupID
					}
					return way, nil
				}
				if _, known := up[m.MemberID]; !known {
					up[m.MemberID] = m
					next = append(next, m.MemberID)
				}
			}
		}
		level = next
	}
	return nil, nil
}

// counted returns the way on which the assignment of a group gave something, and whether
// there is one: the assigned group was a security group, and groups inside it count
// where there are any.
func (w waysThen) counted(ctx context.Context, tenure directory.RoleTenure) ([]directory.Membership, bool, error) {
	assigned, there, err := w.group(ctx, tenure.PrincipalID)
	if err != nil || !there || !assigned.SecurityEnabled {
		return nil, false, err
	}
	way, err := w.shortest(ctx, tenure.PrincipalID)
	if err != nil || len(way) < 2 {
		return way, len(way) > 0, err
	}
	job, err := w.service.Store.Job(ctx, tenure.ApplicationID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read whether groups inside groups count: %w", err)
	}
	return way, job.Settings.NestedGroups, nil
}

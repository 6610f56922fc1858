package administration

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	paths, err := s.pathsAsOf(ctx, memberships, moment)
	if err != nil {
		return then, err
	}
	principals := []string{id}
	for group := range paths {
		principals = append(principals, group)
	}
	tenures, err := s.Store.AssignmentsAsOf(ctx, principals, moment)
	if err != nil {
		return then, err
	}
	for _, tenure := range tenures {
		access := AccessThen{RoleTenure: tenure, Through: paths[tenure.PrincipalID]}
		counts, err := s.counted(ctx, access, moment)
		if err != nil {
			return then, err
		}
		if counts {
			then.Access = append(then.Access, access)
		}
	}
	return then, nil
}

// pathsAsOf returns the memberships that led to each group at a moment, the shortest
// way.
func (s *Service) pathsAsOf(ctx context.Context, direct []directory.Membership, moment time.Time) (map[string][]directory.Membership, error) {
	paths := make(map[string][]directory.Membership)
	for level := direct; len(level) > 0; {
		var found []string
		for _, m := range level {
			if _, known := paths[m.GroupID]; known {
				continue
			}
			path := paths[m.MemberID]
			paths[m.GroupID] = append(slices.Clip(path), m)
			found = append(found, m.GroupID)
		}
		var err error
		if level, err = s.Store.MembershipsAsOf(ctx, found, moment); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// counted reports whether an assignment gave something: each group on the way was there,
// the assigned one was a security group, and groups inside it count where there are any.
func (s *Service) counted(ctx context.Context, access AccessThen, moment time.Time) (bool, error) {
	for i, m := range access.Through {
		group, err := s.Store.GroupAsOf(ctx, m.GroupID, moment)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return false, nil
		case err != nil:
			return false, err
		case group.Deleted(), i == len(access.Through)-1 && !group.SecurityEnabled:
			return false, nil
		}
	}
	if len(access.Through) < 2 {
		return true, nil
	}
	job, err := s.Store.Job(ctx, access.ApplicationID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whether groups inside groups count: %w", err)
	}
	return job.Settings.NestedGroups, nil
}

package administration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// Access is what somebody has to do with one application.
type Access struct {
	store.UserAccess

	Job     provisioning.Job
	Verdict scope.Verdict // whether they are in scope
	Fault   error         // why that cannot be told, such as scoping filters with faults
}

// AccessOf returns every application that a user is assigned to, has an account in, or
// is in scope of because all users are, in the order of their names. It asks no target.
func (s *Service) AccessOf(ctx context.Context, userID string) ([]Access, error) {
	known, err := s.Store.AccessOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	found := make([]Access, 0, len(known))
	for _, access := range known {
		job, err := s.Store.Job(ctx, access.Application.ID)
		if err != nil {
			return nil, err
		}
		found = append(found, Access{UserAccess: access, Job: job})
	}
	for application, err := range s.Store.Applications(ctx) {
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(found, func(a Access) bool { return a.Application.ID == application.ID }) {
			continue
		}
		access, all, err := s.sharedAccess(ctx, application, userID)
		if err != nil {
			return nil, err
		}
		if all {
			found = append(found, access)
		}
	}
	slices.SortStableFunc(found, func(a, b Access) int {
		return strings.Compare(strings.ToLower(a.Application.DisplayName), strings.ToLower(b.Application.DisplayName))
	})
	for i := range found {
		found[i].Verdict, found[i].Fault = s.verdict(ctx, found[i])
	}
	return found, nil
}

// sharedAccess returns what somebody has to do with an application that all users are in
// scope of; false: it is not one.
func (s *Service) sharedAccess(ctx context.Context, application directory.Application, userID string) (Access, bool, error) {
	job, err := s.Store.Job(ctx, application.ID)
	if err != nil || !job.Settings.SyncAll {
		return Access{}, false, err
	}
	subjects, err := s.Runner.Engine.Directory.Subjects(ctx, job.ID, []string{userID})
	if err != nil || len(subjects) == 0 {
		return Access{}, false, err
	}
	return Access{UserAccess: store.UserAccess{Application: application, JobID: job.ID, Subject: subjects[0]}, Job: job}, true, nil
}

// verdict judges by the rules and scoping filters that are saved.
func (s *Service) verdict(ctx context.Context, access Access) (scope.Verdict, error) {
	schema, err := s.Store.Schema(ctx, access.JobID)
	if err != nil {
		return scope.Verdict{}, err
	}
	_, object, err := schema.UserMapping()
	if err != nil {
		return scope.Verdict{}, fmt.Errorf("judge who is in scope: %w", err)
	}
	filter, err := compiledFilter(object.Scope)
	if err != nil {
		return scope.Verdict{}, err
	}
	return s.Runner.JudgeOne(access.Job, access.Subject, filter)
}

package graphapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// onDemandRate is how often people of one job may be provisioned on demand: 5 requests
// in 10 seconds (Microsoft Graph, synchronizationJob: provisionOnDemand).
func onDemandRate() ratelimit.Rate { return ratelimit.Rate{PerSecond: 0.5, Burst: 5} }

// mostOnDemand is how many members of a group can be provisioned at once.
const mostOnDemand = 5

// provisionOnDemand provisions the people that are named now. That a person could not
// be provisioned is told in the answer.
func (a *api) provisionOnDemand(ctx context.Context, r *request) (response, error) {
	var body graph.OnDemandRequest
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, job, _, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	schema, err := a.Store.Schema(ctx, job.ID)
	if err != nil {
		return response{}, err
	}
	users, err := a.onDemandUsers(ctx, body, schema)
	if err != nil {
		return response{}, err
	}
	if wait := a.onDemand.Take(job.ID, time.Now()); wait > 0 {
		return response{}, &Error{
			Status: http.StatusTooManyRequests, Code: codeTooManyRequests, RetryAfter: wait,
			Message: "At most 5 requests to provision on demand are answered in 10 seconds. Come again after the time in the header Retry-After.",
		}
	}
	var done administration.Performance
	err = a.betweenCycles(ctx, job.ID, func() (err error) {
		done, err = r.acts().Provision(ctx, administration.Application{Application: app, Job: job}, administration.OnDemand{Users: users})
		return err
	})
	if err != nil {
		return response{}, targetError(err)
	}
	performance := graph.Performance{Began: done.Began, Ended: done.Ended, Changes: done.Changes}
	result, err := graph.NewOnDemandResult(performance, a.around(ctx, app))
	result.Context = r.context("microsoft.graph.stringKeyStringValuePair")
	return ok(result), err
}

// onDemandPatience is how long a request to provision on demand waits for a cycle to
// end. Clients that are told that it runs come again by themselves.
const onDemandPatience = 20 * time.Second

// betweenCycles does work while no cycle of the job runs: either of the two would
// otherwise end what the other does.
func (a *api) betweenCycles(ctx context.Context, jobID string, work func() error) error {
	if a.Exclusively == nil {
		return work()
	}
	running := conflict("A cycle of this job is running. Come again when it is over.")
	return administration.Patiently(ctx, onDemandPatience, running, func(ctx context.Context, work func() error) error {
		return a.Exclusively(ctx, jobID, work)
	}, work)
}

// onDemandUsers returns the ids of the people that a request names.
func (a *api) onDemandUsers(ctx context.Context, body graph.OnDemandRequest, schema mapping.Schema) ([]string, error) {
	var users []string
	for _, parameters := range body.Parameters {
		if !slices.ContainsFunc(schema.SynchronizationRules, func(rule mapping.Rule) bool { return rule.ID == parameters.RuleID }) {
			return nil, badRequest("Invalid value specified for property 'ruleId': the schema of the job has no synchronization rule '%s'.", parameters.RuleID)
		}
		for _, subject := range parameters.Subjects {
			ids, err := a.subjectUsers(ctx, subject)
			if err != nil {
				return nil, err
			}
			users = append(users, ids...)
		}
	}
	switch {
	case len(users) == 0:
		return nil, badRequest("There is nobody to provision: parameters names rules with subjects.")
	case len(users) > mostOnDemand:
		return nil, badRequest("At most %d people can be provisioned at once, not %d.", mostOnDemand, len(users))
	}
	return users, nil
}

// subjectUsers returns the people behind a subject. A group stands for those of its
// members that its links name.
func (a *api) subjectUsers(ctx context.Context, subject graph.OnDemandSubject) ([]string, error) {
	switch strings.ToLower(subject.ObjectTypeName) {
	case "user", "":
		user, err := a.Store.User(ctx, subject.ObjectID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !strings.EqualFold(user.ID, subject.ObjectID) {
			return nil, notFound(subject.ObjectID)
		}
		return []string{user.ID}, err
	case "group":
		return a.groupSubjects(ctx, subject)
	}
	return nil, badRequest("Invalid value specified for property 'objectTypeName': it is User or Group, not '%s'.", subject.ObjectTypeName)
}

func (a *api) groupSubjects(ctx context.Context, subject graph.OnDemandSubject) ([]string, error) {
	group, err := a.Store.Group(ctx, subject.ObjectID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !strings.EqualFold(group.ID, subject.ObjectID) {
		return nil, notFound(subject.ObjectID)
	}
	if err != nil {
		return nil, err
	}
	if subject.Links == nil || len(subject.Links.Members) == 0 {
		return nil, badRequest("Name the members of the group '%s' that are to be provisioned in 'links'.", subject.ObjectID)
	}
	members := map[string]bool{}
	for member, err := range a.Store.Members(ctx, group.ID) {
		if err != nil {
			return nil, err
		}
		members[strings.ToLower(member.Member)] = member.Type == "User"
	}
	var ids []string
	for _, link := range subject.Links.Members {
		if !members[strings.ToLower(link.ObjectID)] {
			return nil, badRequest("'%s' is not a user who is a direct member of the group '%s'.", link.ObjectID, subject.ObjectID)
		}
		ids = append(ids, link.ObjectID)
	}
	return ids, nil
}

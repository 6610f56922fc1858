package graphapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
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
	var performance graph.Performance
	err = a.betweenCycles(ctx, job.ID, func() (err error) {
		performance, err = a.perform(ctx, r, job, users)
		return err
	})
	if err != nil {
		return response{}, targetError(err)
	}
	if err := r.audit(ctx, activityOnDemand, app.DisplayName, "users "+strings.Join(users, ", ")); err != nil {
		return response{}, err
	}
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
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	running := conflict("A cycle of this job is running. Come again when it is over.")
	patience := time.AfterFunc(onDemandPatience, func() { giveUp(running) })
	defer patience.Stop()
	return a.Exclusively(waiting, jobID, func() error {
		if !patience.Stop() {
			return running
		}
		return work()
	})
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

// perform provisions people and returns what was done.
func (a *api) perform(ctx context.Context, r *request, job provisioning.Job, users []string) (graph.Performance, error) {
	session, err := a.Runner.Open(ctx, job.ApplicationID)
	if err != nil {
		return graph.Performance{}, err
	}
	performance := graph.Performance{Began: time.Now().UTC()}
	_, err = a.Runner.Run(ctx, session, engine.Run{
		Users: users, InitiatedBy: actor(r.caller),
		Report: func(change plan.Change) { performance.Changes = append(performance.Changes, change) },
	})
	performance.Ended = time.Now().UTC()
	if err = errors.Join(err, session.Connector.Close()); err != nil {
		return performance, fmt.Errorf("provision on demand: %w", err)
	}
	return performance, nil
}

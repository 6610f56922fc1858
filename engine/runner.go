package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// Jobs is what is read of a job to run it.
type Jobs interface {
	Job(ctx context.Context, applicationID string) (provisioning.Job, error)
	Credentials(ctx context.Context, jobID string) (provisioning.Credentials, error)
	Schema(ctx context.Context, jobID string) (mapping.Schema, error)
}

// Runner opens jobs: it finds the template in the gallery, compiles the schema
// and opens the connector with the job's credentials.
type Runner struct {
	Engine      *Engine
	Jobs        Jobs
	Gallery     connector.Gallery
	Environment connector.Environment // for every connector; Credentials and Mapped are filled in
	Progress    ProgressNotes         // nil: nobody else is told how far cycles have come
}

// Session is an open job. Whoever opened it closes the Connector.
type Session struct {
	Job       provisioning.Job
	Template  connector.Template
	Mapping   *mapping.Mapping
	Connector connector.Connector
	Schema    string // hash of the synchronization schema
}

// Open opens the job of an application. It does no I/O to the target. Missing
// credentials and a schema that does not compile are errors.
func (r *Runner) Open(ctx context.Context, applicationID string) (Session, error) {
	session, err := r.prepare(ctx, applicationID)
	if err != nil {
		return Session{}, err
	}
	environment := r.Environment
	environment.Mapped = session.Mapping.Targets()
	environment.Credentials, err = r.Jobs.Credentials(ctx, session.Job.ID)
	if err != nil {
		return Session{}, fmt.Errorf("open job %s: %w", session.Job.ID, err)
	}
	session.Connector, err = session.Template.Open(environment)
	if err != nil {
		return Session{}, unopened("InvalidCredentials", fmt.Errorf("open connector %s: %w", session.Template.Descriptor.Name, err))
	}
	return session, nil
}

// prepare is Open without the connector.
func (r *Runner) prepare(ctx context.Context, applicationID string) (Session, error) {
	job, err := r.Jobs.Job(ctx, applicationID)
	if err != nil {
		return Session{}, fmt.Errorf("open job: %w", err)
	}
	template, err := r.Gallery.Find(job.TemplateID)
	if err != nil {
		return Session{}, unopened("UnknownTemplate", fmt.Errorf("open job %s: %w", job.ID, err))
	}
	schema, err := r.Jobs.Schema(ctx, job.ID)
	if err != nil {
		return Session{}, fmt.Errorf("open job %s: %w", job.ID, err)
	}
	compiled, err := mapping.Compile(schema)
	if err != nil {
		return Session{}, unopened("InvalidSchema", fmt.Errorf("the synchronization schema of job %s has faults: %w", job.ID, err))
	}
	hash, err := SchemaHash(schema)
	if err != nil {
		return Session{}, fmt.Errorf("open job %s: %w", job.ID, err)
	}
	compiled.DefaultDomain = job.Settings.DefaultDomain
	return Session{Job: job, Template: template, Mapping: compiled, Schema: hash}, nil
}

// Source returns what the mappings and filters of an application see of one person.
// It needs no credentials and does no target I/O.
func (r *Runner) Source(ctx context.Context, applicationID, userID string) (attr.Object, error) {
	session, err := r.prepare(ctx, applicationID)
	if err != nil {
		return attr.Object{}, err
	}
	c := &cycle{
		Engine: r.Engine, asked: Run{Mapping: session.Mapping}, job: session.Job,
		target: session.Template.Descriptor.Capabilities, began: time.Now().UTC(),
	}
	c.rules = c.planRules()
	i, err := c.person(ctx, userID)
	if err != nil {
		return attr.Object{}, err
	}
	return i.source, nil
}

// unopened says that a job cannot be opened until somebody mends it.
func unopened(code string, err error) error {
	if target, ok := errors.AsType[*connector.Error](err); ok && target.Code != "" {
		code = target.Code
	}
	return &quarantineError{reason: provisioning.EncounteredQuarantineException, code: code, message: err.Error(), cause: err}
}

// Refuse records that a job could not be opened, as a cycle that failed, and puts it
// into quarantine if that is for an administrator to mend: a schema with faults,
// settings that are missing, a template that there is none of. Any other error, such
// as one of the database, is not recorded, and the zero Run comes back.
func (r *Runner) Refuse(ctx context.Context, jobID string, failure error) (provisioning.Run, error) {
	if _, found := errors.AsType[*quarantineError](failure); !found {
		return provisioning.Run{}, nil
	}
	job, err := r.Engine.Ledger.Begin(ctx, jobID)
	if err != nil {
		return provisioning.Run{}, fmt.Errorf("record that job %s could not be opened: %w", jobID, err)
	}
	now := time.Now().UTC()
	run := provisioning.Run{CycleID: newID(), Kind: kindOf(Run{}, job), State: provisioning.Failed, Began: now, Ended: now, Error: failure.Error()}
	job.Status.LastRun = run
	cycle := Cycle{ID: run.CycleID, JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}
	if err := r.Engine.Ledger.Finish(ctx, cycle, failed(job, failure, now), newRecord(cycle, run, failure)); err != nil {
		return run, fmt.Errorf("record that job %s could not be opened: %w", jobID, err)
	}
	return run, nil
}

// Run runs one cycle of the session. The request's JobID, Connector and Mapping
// are filled in.
func (r *Runner) Run(ctx context.Context, session Session, request Run) (provisioning.Run, error) {
	request, end := r.noting(ctx, session.Job, session.request(request))
	defer end()
	return r.Engine.Cycle(ctx, request)
}

// ImportRoles makes the application's roles those of the target, outside a cycle,
// and returns the target's roles with what changed.
func (r *Runner) ImportRoles(ctx context.Context, session Session) ([]connector.Role, []journal.Audit, error) {
	var roles []connector.Role
	for role, err := range session.Connector.Roles(ctx) {
		if err != nil {
			return nil, nil, fmt.Errorf("read the roles of the target: %w", err)
		}
		roles = append(roles, role)
	}
	if err := distinct(roles); err != nil {
		return nil, nil, err
	}
	job, err := r.Engine.Ledger.Look(ctx, session.Job.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("import roles: %w", err)
	}
	cycle := Cycle{JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}
	audits, err := r.Engine.Ledger.ImportRoles(ctx, cycle, roles)
	if err != nil {
		return nil, nil, fmt.Errorf("import roles: %w", err)
	}
	return roles, audits, nil
}

// Plan makes a plan of a whole cycle of the session; see [Engine.Plan].
func (r *Runner) Plan(ctx context.Context, session Session, request Run) (Plan, error) {
	return r.Engine.Plan(ctx, session.request(request), session.Schema)
}

// Apply carries a plan out; see [Engine.Apply].
func (r *Runner) Apply(ctx context.Context, session Session, request Run, p Plan, allowRemovals bool) (provisioning.Run, error) {
	if err := r.unchanged(ctx, session, p); err != nil {
		return provisioning.Run{}, err
	}
	return r.Engine.Apply(ctx, session.request(request), p, session.Schema, allowRemovals)
}

// unchanged refuses a plan when the schema was changed since the session was opened,
// which may have waited for another cycle.
func (r *Runner) unchanged(ctx context.Context, session Session, p Plan) error {
	if p.Kind == UndoPlan {
		return nil
	}
	schema, err := r.Jobs.Schema(ctx, session.Job.ID)
	if err != nil {
		return fmt.Errorf("look whether the synchronization schema was changed: %w", err)
	}
	hash, err := SchemaHash(schema)
	if err == nil && hash != session.Schema {
		err = ErrPlanSchema
	}
	return err
}

// Appliable returns why a plan would not be applied at all, nil when it would; see
// [Engine.Apply].
func (r *Runner) Appliable(ctx context.Context, session Session, p Plan, allowRemovals bool) error {
	if err := r.unchanged(ctx, session, p); err != nil {
		return err
	}
	return r.Engine.appliable(ctx, p, session.Schema, allowRemovals)
}

// request fills in what a run takes from the session.
func (s Session) request(request Run) Run {
	request.JobID, request.Connector, request.Mapping = s.Job.ID, s.Connector, s.Mapping
	return request
}

// Undo makes a plan that takes back what a cycle wrote; see [Engine.Undo].
func (r *Runner) Undo(ctx context.Context, session Session, request Run, cycleID string, entries iter.Seq2[journal.Entry, error]) (Plan, error) {
	return r.Engine.Undo(ctx, session.request(request), cycleID, entries, session.Schema)
}

// Drift looks for changes made in the target; see [Engine.Drift].
func (r *Runner) Drift(ctx context.Context, session Session, request Run, scope DriftScope) (Plan, error) {
	return r.Engine.Drift(ctx, session.request(request), scope, session.Schema)
}

// Acceptable tells what is to be kept so that the target leads for an attribute; see
// [Engine.Acceptable].
func (r *Runner) Acceptable(ctx context.Context, session Session, request Run, scope DriftScope, attribute string) ([]Acceptance, error) {
	return r.Engine.Acceptable(ctx, session.request(request), scope, attribute)
}

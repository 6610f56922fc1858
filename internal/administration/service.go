package administration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Store is what administration needs of the database.
type Store interface {
	store.Directory
	store.Provisioning
	store.Journal
	store.Lists
	store.Graph
	underWay
}

// underWay is what is kept of acts that take more than one request.
type underWay interface {
	store.Progress
	store.UnderWay
}

// Service answers an administrator's questions. It keeps no state of its own: what it
// tells is in the database or in the target. It is safe for concurrent use.
type Service struct {
	Store Store

	// Runner opens jobs. Its gallery is what can be added, its engine what plans and
	// cycles are made with.
	Runner    *engine.Runner
	Catalogue journal.Catalogue // explains the codes of the log

	// Wake has a job looked at now that was started or changed; nil: it is found within
	// seconds.
	Wake func(ctx context.Context, applicationID string)

	Log *slog.Logger // nil: nothing is logged
}

// Acts is what somebody does. It answers questions, too.
type Acts struct {
	*Service

	actor string
}

// By returns the acts of an actor, named as the logs shall have it.
func (s *Service) By(actor string) Acts { return Acts{s, actor} }

// Actor returns under whose name the acts are.
func (a Acts) Actor() string { return a.actor }

// Record makes a record of the audit log, of now.
func (a Acts) Record(activity, subject, detail string) journal.Audit {
	return journal.Audit{At: time.Now().UTC(), Activity: activity, Actor: a.actor, Subject: subject, Detail: detail}
}

// Audit writes an act to the audit log.
func (a Acts) Audit(ctx context.Context, activity, subject, detail string) error {
	if err := a.Store.Audit(ctx, a.Record(activity, subject, detail)); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

func (s *Service) wake(ctx context.Context, applicationID string) {
	if s.Wake != nil {
		s.Wake(ctx, applicationID)
	}
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// counted writes a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Application is an application with its job.
type Application struct {
	directory.Application

	Job provisioning.Job
}

// Application finds an application by one of its ids or its name. One that there is
// none of, and one without a job, is store.ErrNotFound.
func (s *Service) Application(ctx context.Context, name string) (Application, error) {
	found, err := s.Store.Application(ctx, name)
	if err != nil {
		return Application{Application: found}, err
	}
	job, err := s.Store.Job(ctx, found.ID)
	return Application{found, job}, err
}

// Template returns what an application was made from.
func (s *Service) Template(app Application) (connector.Template, error) {
	return s.Runner.Gallery.Find(app.TemplateID)
}

// OpenError says that the job of an application cannot be opened: its settings are
// missing or cannot be read, or its schema has faults.
type OpenError struct {
	Application directory.Application
	Err         error
}

// Error returns the cause.
func (e *OpenError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// Session opens the job of an application for the time of work. That it cannot be
// opened is an *OpenError.
func (s *Service) Session(ctx context.Context, app directory.Application, work func(engine.Session) error) error {
	session, err := s.Runner.Open(ctx, app.ID)
	if err != nil {
		return &OpenError{app, err}
	}
	return errors.Join(work(session), session.Connector.Close())
}

// The activities of the audit log; those that concern provisioning are Microsoft
// Entra's.
const (
	ActivityAddApplication    = "Add application"
	ActivityRemoveApplication = "Remove application"
	ActivityConfigure         = "Update provisioning setting or credentials"
	ActivityMapping           = "Update attribute mappings or scope"
	ActivityStart             = "Enable/start provisioning configuration"
	ActivityPause             = "Disable/pause provisioning configuration"
	ActivityRestart           = "Enable/restart provisioning configuration"
	ActivityAssign            = "Add app role assignment"
	ActivityUnassign          = "Remove app role assignment"
	ActivityOnDemand          = "Provision on demand"
	ActivityMakePlan          = "Make plan"
	ActivityApplyPlan         = "Apply plan"
	ActivityRemovePlan        = "Remove plan"
	ActivityRetry             = "Retry failed provisioning"
	ActivityDisconnect        = "Delete object connection"
	ActivityDrift             = "Look for changes made in the application"
	ActivityAccept            = "Accept attribute changed in the application"
	ActivityRetract           = "Retract accepted attribute"
)

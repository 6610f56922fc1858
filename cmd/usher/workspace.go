package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/secret"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// workspace is an open database with what runs on it.
type workspace struct {
	store     store.Store
	runner    *engine.Runner
	gallery   connector.Gallery
	catalogue journal.Catalogue
	service   *administration.Service
}

// acts is what whoever types commands does.
func (w *workspace) acts() administration.Acts { return w.service.By(actor()) }

// gallery is every application that can be added.
func gallery() connector.Gallery {
	return connector.Gallery{salesforce.Template(salesforce.Options{}), salesforce.SandboxTemplate(salesforce.Options{})}
}

func catalogue() journal.Catalogue {
	var own []journal.Explanation
	for _, explanation := range salesforce.Explanations() {
		own = append(own, journal.Explanation{Code: explanation.Code, Text: explanation.Explanation, Advice: explanation.Advice})
	}
	return journal.NewCatalogue(own...)
}

// absence says what opening does about an embedded database that is not there.
type absence bool

const (
	mustExist absence = false // it is an error: more likely --data is mistyped
	mayBeMade absence = true  // it is made
)

// open opens the database that the flags name.
func (o *options) open(command *cobra.Command, missing absence) (*workspace, error) {
	log := o.logger(command.ErrOrStderr())
	config := sqlstore.Config{URL: o.database, Logger: log}
	keys := secret.Config{Environment: os.Getenv("USHER_KEY")}
	if o.database == "" {
		config.Path = filepath.Join(o.data, "usher.db")
		if err := o.prepare(config.Path, missing); err != nil {
			return nil, err
		}
	}
	keys.File = environment("USHER_KEY_FILE", filepath.Join(o.data, "usher.key"))
	key, err := openKey(keys)
	if err != nil {
		return nil, err
	}
	config.Sealer = key
	opened, err := sqlstore.Open(command.Context(), config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return newWorkspace(opened, log), nil
}

// prepare makes the folder of the embedded database, or makes sure that the
// database is there.
func (o *options) prepare(path string, missing absence) error {
	if missing == mayBeMade {
		if err := os.MkdirAll(o.data, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s; \"usher directory import\" or \"usher app add\" makes one there", o.data)
	}
	return nil
}

func newWorkspace(opened store.Store, log *slog.Logger) *workspace {
	w := &workspace{store: opened, gallery: gallery(), catalogue: catalogue()}
	ports := opened.Engine()
	w.runner = &engine.Runner{
		Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: log},
		Jobs:   opened, Gallery: w.gallery, Progress: opened,
	}
	w.service = &administration.Service{Store: opened, Runner: w.runner, Catalogue: w.catalogue, Log: log}
	return w
}

// with opens the workspace for the time of one command, which needs a database that
// exists.
func (o *options) with(command *cobra.Command, work func(ctx context.Context, w *workspace) error) error {
	return o.within(command, mustExist, work)
}

// withNew is with for the commands that an administrator begins with: they make the
// database.
func (o *options) withNew(command *cobra.Command, work func(ctx context.Context, w *workspace) error) error {
	return o.within(command, mayBeMade, work)
}

func (o *options) within(command *cobra.Command, missing absence, work func(ctx context.Context, w *workspace) error) (err error) {
	w, err := o.open(command, missing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.store.Close()) }()
	return work(command.Context(), w)
}

// withSession opens the workspace and the job of an application.
func (o *options) withSession(command *cobra.Command, application string, work func(ctx context.Context, w *workspace, app directory.Application, s engine.Session) error) error {
	return o.with(command, func(ctx context.Context, w *workspace) error {
		return w.session(ctx, application, func(app directory.Application, session engine.Session) error {
			return work(ctx, w, app, session)
		})
	})
}

// session opens the job of an application for the time of work.
func (w *workspace) session(ctx context.Context, application string, work func(directory.Application, engine.Session) error) error {
	app, err := w.application(ctx, application)
	if err != nil {
		return err
	}
	return unopened(w.service.Session(ctx, app, func(session engine.Session) error { return work(app, session) }))
}

// unopened tells what to do when a job cannot be opened because settings are missing.
func unopened(err error) error {
	refused, ok := errors.AsType[*administration.OpenError](err)
	if !ok {
		return err
	}
	app := refused.Application
	if target, ok := errors.AsType[*connector.Error](refused.Err); ok {
		return fmt.Errorf("%s cannot be signed in to yet: %s; \"usher app set-credentials %s\" saves what is missing", app.DisplayName, target.Message, quoted(app.DisplayName))
	}
	return refused.Err
}

func (w *workspace) application(ctx context.Context, name string) (directory.Application, error) {
	app, err := w.store.Application(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return app, fmt.Errorf("there is no application %q; \"usher app list\" shows what there is, \"usher app add salesforce\" adds one", name)
	}
	return app, err
}

// refused returns the refusal with this code that an error is, nil when it is none.
func refused(err error, code administration.Code) *administration.Refusal {
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok && refusal.Code == code {
		return refusal
	}
	return nil
}

// provisioned finds an application with its job.
func (w *workspace) provisioned(ctx context.Context, name string) (administration.Application, error) {
	app, job, err := w.job(ctx, name)
	return administration.Application{Application: app, Job: job}, err
}

func (w *workspace) job(ctx context.Context, application string) (directory.Application, provisioning.Job, error) {
	app, err := w.application(ctx, application)
	if err != nil {
		return app, provisioning.Job{}, err
	}
	job, err := w.store.Job(ctx, app.ID)
	return app, job, err
}

func (w *workspace) user(ctx context.Context, name string) (directory.User, error) {
	user, err := w.store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return user, fmt.Errorf("there is no user with the id or user principal name %q in the directory; \"usher directory users\" shows who there is", name)
	}
	return user, err
}

func (w *workspace) group(ctx context.Context, name string) (directory.Group, error) {
	group, err := w.store.Group(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return group, fmt.Errorf("there is no group with the id or name %q in the directory; \"usher directory groups\" shows what there is", name)
	}
	return group, err
}

// audit writes an administrator's act to the audit log.
func (w *workspace) audit(ctx context.Context, activity, subject, detail string) error {
	return w.acts().Audit(ctx, activity, subject, detail)
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/internal/metrics"
	"github.com/usher-id/usher/internal/notify"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/provisioning"
)

// serveFlags say how the service runs.
type serveFlags struct {
	listen            listenFlags
	apiRate           float64
	logFormat         string
	cycles            int
	logDays           int
	poll              time.Duration
	server            notify.MailServer
	security          string
	passwordFile      string
	webhookSecretFile string
}

func newServeCommand(o *options) *cobra.Command {
	var flags serveFlags
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run provisioning by itself",
		Long: `Serve runs the cycles of every application whose provisioning is turned on: on
its schedule, within about a second of a change in the directory, and when a retry
is due. It notifies people of quarantines and held removals. It ends at SIGTERM or
SIGINT, at the end of the batches under way and after 10 seconds at the latest.

It serves the API (usher api-client create lets a program use it), /healthz, /readyz
and /metrics. With --tls-cert and --tls-key it encrypts; plain HTTP is for this
machine alone unless --insecure-http is given. Several may run on one PostgreSQL
database (--database); each of them needs the same key (USHER_KEY or USHER_KEY_FILE).

While nobody can sign in to the portal it prints a link that makes the first
administrator; usher administrator lets others in, and the way back in. What is set
in the portal, such as the mail server, holds without a restart; what flags and
variables say goes before it.

Secrets, and where they may come from:
  password of the mail server   --smtp-password-file FILE, USHER_SMTP_PASSWORD
  secret that signs webhooks    --webhook-secret-file FILE, USHER_WEBHOOK_SECRET`,
		Example: "  usher serve\n  usher serve --listen 127.0.0.1:8443 --tls self-signed\n" +
			"  usher serve --listen :443 --tls-cert /etc/usher/cert.pem --tls-key /etc/usher/key.pem --log-format json\n" +
			"  USHER_SMTP_PASSWORD=... usher serve --smtp-address smtp.contoso.com:587 --smtp-from usher@contoso.com --smtp-username usher",
		Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error { return o.serve(command, flags) },
	}
	flags.register(command.Flags())
	return command
}

// register declares the flags.
func (f *serveFlags) register(flags *pflag.FlagSet) {
	f.listen.register(flags)
	flags.Float64Var(&f.apiRate, "api-rate", 500, "requests a second that each client of the API may make, twice as many in a burst; 0 is no limit")
	flags.StringVar(&f.logFormat, "log-format", "text", "form of the log on the error output: text or json")
	flags.IntVar(&f.cycles, "cycles", 8, "how many applications are provisioned at the same time")
	flags.IntVar(&f.logDays, "log-days", 30, "how many days entries of the provisioning log are kept; 0: for ever")
	flags.DurationVar(&f.poll, "poll", 500*time.Millisecond, "how often the directory is looked at for changes")
	flags.StringVar(&f.server.Address, "smtp-address", os.Getenv("USHER_SMTP_ADDRESS"), "host:port of the mail server (also USHER_SMTP_ADDRESS)")
	flags.StringVar(&f.server.From, "smtp-from", os.Getenv("USHER_SMTP_FROM"), "address that mail comes from (also USHER_SMTP_FROM)")
	flags.StringVar(&f.server.Username, "smtp-username", os.Getenv("USHER_SMTP_USERNAME"), "name to sign in to the mail server with (also USHER_SMTP_USERNAME)")
	flags.StringVar(&f.security, "smtp-security", environment("USHER_SMTP_SECURITY", string(notify.StartTLS)), "starttls, tls or none (also USHER_SMTP_SECURITY)")
	flags.StringVar(&f.passwordFile, "smtp-password-file", "", "file that holds the password of the mail server")
	flags.StringVar(&f.webhookSecretFile, "webhook-secret-file", "", "file that holds the secret that signs webhooks")
}

func (o *options) serve(command *cobra.Command, flags serveFlags) error {
	log, err := o.serviceLog(command.ErrOrStderr(), flags.logFormat)
	if err != nil {
		return err
	}
	if err := flags.check(); err != nil {
		return &exitError{exitUsage, err}
	}
	if err := flags.checkNotices(); err != nil {
		return &exitError{exitUsage, err}
	}
	return o.withNew(command, func(ctx context.Context, w *workspace) (err error) {
		served, err := o.openService(ctx, w, flags, command.Flags(), log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, served.jobs.Close()) }()
		listener, err := flags.listen.open(ctx, o.data, log)
		if err != nil {
			return err
		}
		if err := served.offerSetup(ctx, command.OutOrStdout(), served.address(listener, flags.listen.encrypted())); err != nil {
			return errors.Join(err, listener.Close())
		}
		return served.run(ctx, listener, log)
	})
}

// openService puts the parts of the service together, on a workspace. Given are the
// flags as they were typed. Whoever opens it closes its jobs.
func (o *options) openService(ctx context.Context, w *workspace, flags serveFlags, given *pflag.FlagSet, log *slog.Logger) (*service, error) {
	w.runner.Engine.Log = log
	served := &service{workspace: w}
	var err error
	if served.nodeID, err = newNodeID(); err != nil {
		return nil, err
	}
	if served.settings, err = flags.openSettings(ctx, w, given, log); err != nil {
		return nil, err
	}
	served.notifier = &currentNotifier{settings: served.settings}
	if served.people, err = newPeople(w, served.settings, log); err != nil {
		return nil, err
	}
	flags.listen.origin.Current = func() string { return served.settings.Effective().PublicURL }
	served.metrics = metrics.New(served, version(), log)
	served.jobs, err = jobs.New(ctx, jobs.Config{
		Runner: w.runner, Store: w.store, Journal: w.store, Drift: w.store, Queue: o.queue(), Notifier: served.notifier, Observer: served.metrics, Log: log,
		Cycles: flags.cycles, Poll: flags.poll, Pruner: w.store, LogKept: func() time.Duration { return served.settings.Effective().LogKept() },
	})
	if err != nil {
		return nil, err
	}
	served.administration = &administration.Service{
		Store: w.store, Runner: served.jobs.Runner, Catalogue: w.catalogue, Wake: served.jobs.Wake, Log: log,
	}
	served.operations = administration.NewOperations(served.administration)
	served.api, err = newAPI(ctx, w, served.jobs, flags.listen.origin, flags.apiRate, log)
	if err == nil {
		served.portal, err = served.newPortal(flags.listen.origin, log)
	}
	if err != nil {
		return nil, errors.Join(err, served.jobs.Close())
	}
	return served, nil
}

// queue is where the tasks are: in the PostgreSQL database, or in a file beside the
// embedded one.
func (o *options) queue() jobs.Queue {
	if o.database != "" {
		return jobs.Queue{URL: o.database}
	}
	return jobs.Queue{Path: filepath.Join(o.data, "usher-queue.db")}
}

// serviceLog always writes; with --verbose also what is of use to find faults alone.
func (o *options) serviceLog(errs io.Writer, format string) (*slog.Logger, error) {
	settings := &slog.HandlerOptions{Level: slog.LevelInfo}
	if o.verbose {
		settings.Level = slog.LevelDebug
	}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(errs, settings)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(errs, settings)), nil
	}
	return nil, &exitError{exitUsage, fmt.Errorf("--log-format is text or json, not %q", format)}
}

// check refuses flags that cannot be meant.
func (f *serveFlags) check() error {
	if err := f.listen.check(); err != nil {
		return err
	}
	if f.apiRate < 0 {
		return errors.New("--api-rate is not negative")
	}
	if f.logDays < 0 || f.logDays > 36500 {
		return errors.New("--log-days is from 1 to 36500, or 0 to keep everything")
	}
	if f.cycles < 1 {
		return errors.New("--cycles is at least 1")
	}
	if f.poll < 10*time.Millisecond {
		return errors.New("--poll is at least 10ms")
	}
	return nil
}

// checkNotices refuses a mail server and a secret that notices cannot be delivered with.
func (f *serveFlags) checkNotices() error {
	config, err := f.notifyConfig()
	if err != nil {
		return err
	}
	_, err = notify.New(config)
	return err
}

// notifyConfig says how flags and the environment want notices to be delivered.
func (f *serveFlags) notifyConfig() (notify.Config, error) {
	config := notify.Config{Server: f.server}
	config.Server.Security = notify.Security(f.security)
	var err error
	if config.Server.Password, err = secretFrom(f.passwordFile, "USHER_SMTP_PASSWORD"); err != nil {
		return config, err
	}
	config.WebhookSecret, err = secretFrom(f.webhookSecretFile, "USHER_WEBHOOK_SECRET")
	return config, err
}

// secretFrom reads a secret from a file, or where none is named from a variable of
// the environment.
func secretFrom(file, variable string) (provisioning.Secret, error) {
	if file == "" {
		return provisioning.NewSecret(os.Getenv(variable)), nil
	}
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return provisioning.Secret{}, fmt.Errorf("read a secret: %w", err)
	}
	return provisioning.NewSecret(strings.TrimRight(string(content), "\r\n")), nil
}

// service is a running usher serve.
type service struct {
	workspace      *workspace
	administration *administration.Service
	operations     *administration.Operations
	jobs           *jobs.Service
	metrics        *metrics.Metrics
	settings       *settings.Live
	notifier       *currentNotifier
	nodeID         string
	people         *auth.People
	api            http.Handler
	portal         http.Handler
}

// run runs jobs and serves the endpoints until the context ends or one of them fails.
func (s *service) run(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	server := &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.InfoContext(ctx, "usher serves", "address", listener.Addr().String(), "version", version())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error { return s.settings.Run(ctx) })
	group.Go(func() error { return s.announce(ctx, log) })
	group.Go(func() error {
		// The endpoints answer until the last cycle and the last operation have stopped.
		running, ctx := errgroup.WithContext(ctx)
		running.Go(func() error { return s.operations.Run(ctx) })
		running.Go(func() error { return s.jobs.Run(ctx) })
		err := running.Wait()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if shutdown := server.Shutdown(stop); shutdown != nil {
			err = errors.Join(err, server.Close())
		}
		return err
	})
	err := group.Wait()
	log.InfoContext(ctx, "usher has stopped")
	return err
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metrics.Handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isService(r.URL.Path):
			mux.ServeHTTP(w, r)
		case isAPI(r.URL.Path):
			s.api.ServeHTTP(w, r)
		default:
			s.portal.ServeHTTP(w, r)
		}
	})
}

// ready tells whether jobs are run: the databases answer and the service does not
// stop.
func (s *service) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.jobs.Ready(ctx); err != nil {
		s.workspace.runner.Engine.Log.WarnContext(ctx, "not ready", "error", err.Error())
		answer(w, http.StatusServiceUnavailable, "not ready; the log says why")
		return
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // whoever asked is gone
}

// Queue implements metrics.State.
func (s *service) Queue(ctx context.Context) (int, time.Time, error) {
	waiting, err := s.jobs.Waiting(ctx)
	return waiting.Tasks, waiting.Oldest, err
}

// Jobs implements metrics.State.
func (s *service) Jobs(ctx context.Context) ([]metrics.Job, error) {
	w := s.workspace
	head, err := w.store.Engine().Head(ctx)
	if err != nil {
		return nil, err
	}
	var found []metrics.Job
	for app, err := range w.store.Applications(ctx) {
		if err != nil {
			return found, err
		}
		job, err := w.store.Job(ctx, app.ID)
		if err != nil {
			return found, err
		}
		links, err := w.store.CountLinks(ctx, job.ID)
		if err != nil {
			return found, err
		}
		drift, err := w.store.DriftCheck(ctx, job.ID)
		if err != nil {
			return found, err
		}
		progress, err := w.store.Progress(ctx, job.ID)
		if err != nil {
			return found, err
		}
		now := time.Now().UTC()
		if !progress.Running(job.Status, now) {
			progress = provisioning.Progress{}
		}
		found = append(found, metrics.Job{
			Job: job, Application: cmp.Or(app.DisplayName, app.ID), Connections: links.Connections, Enabled: links.Enabled,
			Escrows: links.Escrows, References: links.Waiting, Staged: links.Staged, Drifted: drift.Found - drift.Repaired, Behind: int64(head - job.Watermark),
			Progress: progress, NextRun: jobs.NextRun(job, now),
		})
	}
	return found, nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// The channels of notices.
const (
	mailChannel    = "mail"
	webhookChannel = "webhook"
)

// noticeTask delivers one notice to one recipient, or to the job's webhook, whose
// address is looked up when it is used because it may hold a secret.
type noticeTask struct {
	ID        string              `json:"id"        river:"unique"`
	Channel   string              `json:"channel"   river:"unique"`
	Recipient string              `json:"recipient" river:"unique"`
	Notice    provisioning.Notice `json:"notice"`
}

// Kind names the tasks of this kind in the queue.
func (noticeTask) Kind() string { return "notice" }

// InsertOpts makes a task unique, also after it is done, and has it tried for about
// eleven hours.
func (noticeTask) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: noticeQueue, MaxAttempts: 12, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// application finds an application by its id.
func (s *Service) application(ctx context.Context, id string) (directory.Application, error) {
	for app, err := range s.Store.Applications(ctx) {
		if err != nil {
			return app, err
		}
		if app.ID == id {
			return app, nil
		}
	}
	return directory.Application{}, fmt.Errorf("the application %s was removed", id)
}

// tell brings the people who are notified about a job up to date. The deliveries are
// queued before it is written down that people know: a crash in between queues them
// again, and the queue recognizes them.
func (s *Service) tell(ctx context.Context, app directory.Application) error {
	if s.Notifier == nil {
		return nil
	}
	job, err := s.Store.Job(ctx, app.ID)
	if err != nil || job.Settings.Notify.IsZero() {
		return err
	}
	known, err := s.Store.Told(ctx, job.ID)
	if err != nil {
		return err
	}
	removals, err := s.Runner.Engine.Removals.Count(ctx, job.ID)
	if err != nil {
		return err
	}
	standing := provisioning.Standing{Job: job, Application: app.DisplayName, Held: removals.Staged, Now: time.Now().UTC()}
	if s.Drift != nil {
		check, err := s.Drift.DriftCheck(ctx, job.ID)
		if err != nil {
			return err
		}
		standing.Drift = provisioning.DriftFinds{At: check.At, Found: check.Found, Repaired: check.Repaired, PlanID: check.PlanID}
	}
	notices, next := known.Next(standing, s.Gap)
	if digest, due := next.Digest(standing); due {
		next.DigestedAt = standing.Now
		if !digest.Digest.Since.IsZero() {
			if digest.Digest, err = s.digest(ctx, job, digest.Digest); err != nil {
				return err
			}
			notices = append(notices, digest)
		}
	}
	if next.Same(known) {
		return nil
	}
	for _, notice := range notices {
		if err := s.queueNotice(ctx, job.Settings.Notify, notice); err != nil {
			return err
		}
	}
	_, err = s.Store.Tell(ctx, job.ID, next)
	return err
}

func (s *Service) queueNotice(ctx context.Context, to provisioning.Notify, notice provisioning.Notice) error {
	var tasks []noticeTask
	for _, recipient := range to.Recipients {
		tasks = append(tasks, noticeTask{ID: notice.ID, Channel: mailChannel, Recipient: recipient, Notice: notice})
	}
	if to.Webhook != "" {
		tasks = append(tasks, noticeTask{ID: notice.ID, Channel: webhookChannel, Notice: notice})
	}
	for _, task := range tasks {
		if _, err := s.queue.Insert(ctx, task, nil); err != nil {
			return fmt.Errorf("queue a notice: %w", err)
		}
	}
	return nil
}

// digest fills in what happened in the digest's span of time.
func (s *Service) digest(ctx context.Context, job provisioning.Job, digest provisioning.Digest) (provisioning.Digest, error) {
	digest.Counts = map[string]int{}
	for entry, err := range s.Journal.Entries(ctx, journal.Query{JobID: job.ID, Since: digest.Since, Until: digest.Until, OldestFirst: true}) {
		if err != nil {
			return digest, err
		}
		digest.Counts[string(entry.Change.Action)+" "+string(entry.Change.Status)]++
		if entry.Change.Status == plan.Warning && entry.Change.Reason.Code == plan.CodeUnconfirmed {
			digest.Late++
		}
	}
	waiting, err := s.Store.CountDue(ctx, job.ID, time.Time{}, digest.Until.AddDate(100, 0, 0))
	digest.Retry, digest.References, digest.Leaving = waiting.Escrows, waiting.References, waiting.Leavers
	return digest, err
}

type noticeWorker struct {
	river.WorkerDefaults[noticeTask]

	service *Service
}

// Work implements river.Worker. After an error the queue tries again, at growing
// intervals.
func (w *noticeWorker) Work(ctx context.Context, task *river.Job[noticeTask]) error {
	s, notice := w.service, task.Args.Notice
	if s.Notifier == nil {
		return river.JobCancel(errors.New("this node delivers no notices"))
	}
	job, err := s.Store.Job(ctx, notice.ApplicationID)
	if err != nil {
		return err
	}
	to := job.Settings.Notify
	switch {
	case task.Args.Channel == mailChannel && slices.Contains(to.Recipients, task.Args.Recipient):
		err = s.Notifier.Mail(ctx, task.Args.Recipient, notice)
	case task.Args.Channel == webhookChannel && to.Webhook != "":
		err = s.Notifier.Post(ctx, to.Webhook, notice)
	default:
		return nil // nobody wants it any more
	}
	s.Observer.Delivered(notice.Event, task.Args.Channel, err)
	log := s.Log.With("job_id", job.ID, "event", string(notice.Event), "channel", task.Args.Channel, "attempt", task.Attempt)
	switch {
	case err == nil:
		log.InfoContext(ctx, "notice delivered")
		return nil
	case errors.Is(err, provisioning.ErrUndeliverable):
		log.ErrorContext(ctx, "notice cannot be delivered", "error", err.Error())
		return river.JobCancel(err)
	}
	log.WarnContext(ctx, "notice not delivered yet", "error", err.Error())
	return err
}

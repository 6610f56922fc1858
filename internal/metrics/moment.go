package metrics

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usher-id/usher/provisioning"
)

// askTimeout is how long the state may take to be read; what is missing by then is
// left out.
const askTimeout = 8 * time.Second

// moment gives the figures that describe a state rather than count events.
type moment struct {
	state State
	log   *slog.Logger

	info, connections, enabled, escrows, references, staged, drifted *prometheus.Desc
	quarantined, active, behind, lastSuccess, lastRun                *prometheus.Desc
	running, done, expected, next                                    *prometheus.Desc
	tasks, age                                                       *prometheus.Desc
}

func newMoment(state State, log *slog.Logger) *moment {
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &moment{
		state: state, log: log,
		info:        of("usher_job_info", "Always 1; the labels tell which application a job is of.", "job", "application", "template"),
		connections: of("usher_connections", "Accounts that are connected.", "job"),
		enabled:     of("usher_connections_enabled", "Accounts that are connected and enabled.", "job"),
		escrows:     of("usher_escrows", "Failed changes that wait for another attempt.", "job"),
		references:  of("usher_waiting_references", "References that wait until the account they point to exists.", "job"),
		staged:      of("usher_staged_removals", "Removals that wait for an administrator.", "job"),
		drifted:     of("usher_drifted_accounts", "Accounts that the latest check found changed in the application, and that were left so.", "job"),
		quarantined: of("usher_quarantined", "1 while the job is in quarantine, with the reason.", "job", "reason"),
		active:      of("usher_job_active", "1 when provisioning is on, 0 when it is paused or not set up.", "job"),
		behind:      of("usher_changes_behind", "Changes of the directory since the job's watermark, also those that do not concern it.", "job"),
		lastSuccess: of("usher_last_success_timestamp_seconds", "When the last cycle that looked at everything ended.", "job"),
		lastRun:     of("usher_last_cycle_timestamp_seconds", "When the last cycle ended, whatever its outcome.", "job"),
		running:     of("usher_cycle_running", "1 while a cycle of the job runs, on whatever node, with its kind.", "job", "kind"),
		done:        of("usher_cycle_objects", "Objects that the running cycle is through with.", "job"),
		expected:    of("usher_cycle_objects_expected", "Objects that the running cycle will come to, as far as is known.", "job"),
		next:        of("usher_next_cycle_timestamp_seconds", "When the next cycle is due at the latest.", "job"),
		tasks:       of("usher_queue_tasks", "Tasks that wait to be worked, counted up to 1000."),
		age:         of("usher_queue_age_seconds", "How long the oldest of them waits; 0 when none does."),
	}
}

// Describe implements prometheus.Collector.
func (m *moment) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{
		m.info, m.connections, m.enabled, m.escrows, m.references, m.staged, m.drifted, m.quarantined, m.active, m.behind, m.lastSuccess, m.lastRun, m.running, m.done, m.expected, m.next, m.tasks, m.age,
	} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector. A state that cannot be read is logged and
// its figures are missing; the others are there.
func (m *moment) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	m.collectQueue(ctx, metrics)
	jobs, err := m.state.Jobs(ctx)
	if err != nil {
		m.log.WarnContext(ctx, "read the state of the jobs for metrics", "error", err.Error())
	}
	for _, job := range jobs {
		m.collectJob(metrics, job)
	}
}

func (m *moment) collectQueue(ctx context.Context, metrics chan<- prometheus.Metric) {
	tasks, oldest, err := m.state.Queue(ctx)
	if err != nil {
		m.log.WarnContext(ctx, "read the state of the queue for metrics", "error", err.Error())
		return
	}
	age := 0.0
	if !oldest.IsZero() {
		age = max(0, time.Since(oldest).Seconds())
	}
	metrics <- prometheus.MustNewConstMetric(m.tasks, prometheus.GaugeValue, float64(tasks))
	metrics <- prometheus.MustNewConstMetric(m.age, prometheus.GaugeValue, age)
}

func (m *moment) collectJob(metrics chan<- prometheus.Metric, job Job) {
	id, status := job.Job.ID, job.Job.Status
	gauge := func(description *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, append([]string{id}, labels...)...)
	}
	gauge(m.info, 1, job.Application, job.Job.TemplateID)
	gauge(m.connections, float64(job.Connections))
	gauge(m.enabled, float64(job.Enabled))
	gauge(m.escrows, float64(job.Escrows))
	gauge(m.references, float64(job.References))
	gauge(m.staged, float64(job.Staged))
	gauge(m.drifted, float64(job.Drifted))
	gauge(m.behind, float64(job.Behind))
	gauge(m.active, active(job))
	if progress := job.Progress; progress.CycleID != "" {
		gauge(m.running, 1, string(progress.Kind))
		gauge(m.done, float64(progress.Done()))
		gauge(m.expected, float64(progress.Expected))
	}
	if !job.NextRun.IsZero() {
		gauge(m.next, float64(job.NextRun.Unix()))
	}
	if status.Quarantine.Reason != "" {
		gauge(m.quarantined, 1, string(status.Quarantine.Reason))
	}
	if ended := status.LastSuccess.Ended; !ended.IsZero() {
		gauge(m.lastSuccess, float64(ended.Unix()))
	}
	if ended := status.LastRun.Ended; !ended.IsZero() {
		gauge(m.lastRun, float64(ended.Unix()))
	}
}

func active(job Job) float64 {
	if job.Job.Schedule.State == provisioning.ScheduleActive && job.Job.Status.Code != provisioning.NotConfigured {
		return 1
	}
	return 0
}

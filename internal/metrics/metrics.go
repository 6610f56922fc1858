package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/usher-id/usher/provisioning"
)

// Job is the state of a job when it is asked for.
type Job struct {
	Job         provisioning.Job
	Application string                // display name
	Connections int                   // accounts that are connected
	Enabled     int                   // accounts that are connected and enabled
	Escrows     int                   // failed changes that wait for another attempt
	References  int                   // references that wait until the account they point to exists
	Staged      int                   // removals that wait for an administrator
	Drifted     int                   // accounts that the latest check found changed in the target, and left so
	Progress    provisioning.Progress // of the cycle that runs; zero when none does
	NextRun     time.Time             // zero when none is due
	Behind      int64                 // changes of the directory since the job's watermark
}

// State is what the figures of the moment come from.
type State interface {
	// Jobs returns all jobs.
	Jobs(ctx context.Context) ([]Job, error)
	// Queue returns how many tasks wait to be worked, and since when the oldest one
	// does, the zero time when none waits.
	Queue(ctx context.Context) (tasks int, oldest time.Time, err error)
}

// Metrics holds the figures. Its methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	cycles        *prometheus.CounterVec
	durations     *prometheus.HistogramVec
	objects       *prometheus.CounterVec
	calls         *prometheus.CounterVec
	notifications *prometheus.CounterVec
}

// New makes figures that begin at zero. Version is that of the program.
func New(state State, version string, log *slog.Logger) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		cycles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_cycles_total", Help: "Cycles that ended on this node, by kind and outcome.",
		}, []string{"job", "kind", "state"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "usher_cycle_duration_seconds", Help: "How long cycles took.",
			Buckets: []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400},
		}, []string{"job", "kind"}),
		objects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_objects_total", Help: "Objects that cycles on this node dealt with, by what became of them.",
		}, []string{"job", "action"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_api_calls_total", Help: "Requests that cycles on this node made to the application.",
		}, []string{"job"}),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_notifications_total", Help: "Attempts to deliver a notice, by outcome.",
		}, []string{"event", "channel", "outcome"}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "usher_build_info", Help: "Always 1; the label is the program's version.", ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.cycles, m.durations, m.objects, m.calls, m.notifications, build, newMoment(state, log),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// CycleEnded counts a cycle.
func (m *Metrics) CycleEnded(job provisioning.Job, run provisioning.Run) {
	m.cycles.WithLabelValues(job.ID, string(run.Kind), string(run.State)).Inc()
	m.durations.WithLabelValues(job.ID, string(run.Kind)).Observe(run.Ended.Sub(run.Began).Seconds())
	m.calls.WithLabelValues(job.ID).Add(float64(run.Counts.Calls))
	counts := run.Counts
	for action, count := range map[string]int{
		"create": counts.Created, "update": counts.Updated, "disable": counts.Disabled, "enable": counts.Enabled, "delete": counts.Deleted,
		"none": counts.Unchanged, "skip": counts.Skipped, "fail": counts.Failed, "stage": counts.Staged, "reference": counts.References,
	} {
		m.objects.WithLabelValues(job.ID, action).Add(float64(count))
	}
}

// Delivered counts an attempt to deliver a notice.
func (m *Metrics) Delivered(event provisioning.Event, channel string, err error) {
	outcome := "delivered"
	switch {
	case errors.Is(err, provisioning.ErrUndeliverable):
		outcome = "given_up"
	case err != nil:
		outcome = "failed"
	}
	m.notifications.WithLabelValues(string(event), channel, outcome).Inc()
}

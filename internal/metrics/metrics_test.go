package metrics_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/metrics"
	"github.com/usher-id/usher/provisioning"
)

// state is a made-up state.
type state struct {
	err error
}

func (s state) Jobs(context.Context) ([]metrics.Job, error) {
	ended := time.Unix(1_770_000_000, 0)
	return []metrics.Job{{
		Job: provisioning.Job{
			ID: "salesforce.1", TemplateID: "salesforce", Schedule: provisioning.Schedule{State: provisioning.ScheduleActive},
			Status: provisioning.Status{
				Code: provisioning.Quarantined, Quarantine: provisioning.Quarantine{Reason: provisioning.TooManyDeletes},
				LastRun: provisioning.Run{Ended: ended}, LastSuccess: provisioning.Run{Ended: ended},
			},
		},
		Application: `Sales "force"`, Connections: 7, Enabled: 6, Escrows: 2, References: 1, Staged: 12, Behind: 40, NextRun: ended,
		Progress: provisioning.Progress{CycleID: "c", Kind: provisioning.Initial, Expected: 50, Counts: provisioning.Counts{Created: 20, Skipped: 1}},
	}}, s.err
}

func (s state) Queue(context.Context) (int, time.Time, error) {
	return 3, time.Now().Add(-time.Minute), s.err
}

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	body, err := io.ReadAll(recorder.Body)
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("status %d, %v", recorder.Code, err)
	}
	return string(body)
}

func filled(state metrics.State) *metrics.Metrics {
	m := metrics.New(state, "v1.2.3", slog.New(slog.DiscardHandler))
	began := time.Now()
	job := provisioning.Job{ID: "salesforce.1"}
	m.CycleEnded(job, provisioning.Run{
		Kind: provisioning.Incremental, State: provisioning.Succeeded, Began: began, Ended: began.Add(3 * time.Second),
		Counts: provisioning.Counts{Created: 4, Disabled: 1, Unchanged: 9, Calls: 5},
	})
	m.Delivered(provisioning.QuarantineBegan, "mail", nil)
	m.Delivered(provisioning.QuarantineBegan, "mail", errors.New("later"))
	m.Delivered(provisioning.QuarantineBegan, "webhook", provisioning.ErrUndeliverable)
	return m
}

func TestFigures(t *testing.T) {
	t.Parallel()
	got := scrape(t, filled(state{}))
	for _, line := range []string{
		`usher_cycles_total{job="salesforce.1",kind="incremental",state="Succeeded"} 1`,
		`usher_cycle_duration_seconds_bucket{job="salesforce.1",kind="incremental",le="1"} 0`,
		`usher_cycle_duration_seconds_bucket{job="salesforce.1",kind="incremental",le="5"} 1`,
		`usher_objects_total{action="create",job="salesforce.1"} 4`,
		`usher_objects_total{action="none",job="salesforce.1"} 9`,
		`usher_objects_total{action="delete",job="salesforce.1"} 0`,
		`usher_api_calls_total{job="salesforce.1"} 5`,
		`usher_notifications_total{channel="mail",event="quarantine.began",outcome="delivered"} 1`,
		`usher_notifications_total{channel="mail",event="quarantine.began",outcome="failed"} 1`,
		`usher_notifications_total{channel="webhook",event="quarantine.began",outcome="given_up"} 1`,
		`usher_job_info{application="Sales \"force\"",job="salesforce.1",template="salesforce"} 1`,
		`usher_escrows{job="salesforce.1"} 2`,
		`usher_staged_removals{job="salesforce.1"} 12`,
		`usher_quarantined{job="salesforce.1",reason="TooManyDeletes"} 1`,
		`usher_last_success_timestamp_seconds{job="salesforce.1"} 1.77e+09`,
		`usher_cycle_running{job="salesforce.1",kind="initial"} 1`,
		`usher_cycle_objects{job="salesforce.1"} 21`,
		`usher_cycle_objects_expected{job="salesforce.1"} 50`,
		`usher_next_cycle_timestamp_seconds{job="salesforce.1"} 1.77e+09`,
		`usher_queue_tasks 3`,
		`usher_build_info{version="v1.2.3"} 1`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("the figures lack %s", line)
		}
	}
	if age := regexp.MustCompile(`(?m)^usher_queue_age_seconds 6\d`); !age.MatchString(got) {
		t.Error("the age of the queue is wrong")
	}
}

func TestAStateThatCannotBeReadLeavesTheCountersThere(t *testing.T) {
	t.Parallel()
	got := scrape(t, filled(state{err: errors.New("the database is away")}))
	if !strings.Contains(got, "usher_api_calls_total") || strings.Contains(got, "usher_queue_tasks") {
		t.Errorf("figures %s", got)
	}
}

// The table of the operations page and the program name the same figures.
func TestTheDocumentedFiguresAreThose(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented, served []string
	for _, found := range regexp.MustCompile("(?m)^\\| `(usher_[a-z_]+)`").FindAllSubmatch(page, -1) {
		documented = append(documented, string(found[1]))
	}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (usher_[a-z_]+) `).FindAllStringSubmatch(scrape(t, filled(state{})), -1) {
		served = append(served, found[1])
	}
	slices.Sort(documented)
	slices.Sort(served)
	if diff := cmp.Diff(served, documented); diff != "" {
		t.Errorf("docs/operations.md (-served +documented):\n%s", diff)
	}
}

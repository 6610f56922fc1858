package provisioning_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/provisioning"
)

func TestProgressIsCountedInObjects(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	progress := provisioning.Progress{
		CycleID: "c", Began: now.Add(-10 * time.Second), At: now, Expected: 400,
		Counts: provisioning.Counts{Collected: 300, Created: 60, Updated: 20, Unchanged: 10, Skipped: 5, Failed: 4, Staged: 1, Writes: 95, References: 15},
	}
	if got := progress.Done(); got != 100 {
		t.Errorf("%d objects are done, want 100: references and writes are not objects", got)
	}
	if got := progress.Rate(); got != 10 {
		t.Errorf("%f objects a second, want 10", got)
	}
	if left, found := progress.Left(); !found || left != 30*time.Second {
		t.Errorf("%s are left, %v; want 30 s", left, found)
	}
	progress.Expected = 0
	if _, found := progress.Left(); found {
		t.Error("time is left, although nobody knows how much is to be done")
	}
	status := provisioning.Status{LastRun: provisioning.Run{CycleID: "b"}}
	if !progress.Running(status, now.Add(20*time.Second)) {
		t.Error("a cycle that was heard of 20 seconds ago does not run")
	}
	if progress.Running(status, now.Add(time.Minute)) {
		t.Error("a cycle that was not heard of for a minute runs")
	}
	if status.LastRun.Began = now.Add(-time.Second); progress.Running(status, now) {
		t.Error("a cycle runs although a later one has ended")
	}
	status.LastRun = provisioning.Run{CycleID: "c", Began: progress.Began}
	if progress.Running(status, now) || (provisioning.Progress{}).Running(status, now) {
		t.Error("a cycle runs that is over, or that there never was")
	}
}

package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/usher-id/usher/internal/store/storetest"
	"github.com/usher-id/usher/plan"
)

// TestAProcessThatSleptThroughItsSuccessorWritesNothing stops a process with SIGSTOP at each
// request of a cycle, when the org has done what it was asked. Another one takes the
// job over and finishes the work. Then the first one is woken up: the org's content,
// looked at request by request, shows that it writes nothing any more.
func TestAProcessThatSleptThroughItsSuccessorWritesNothing(t *testing.T) {
	t.Parallel()
	template := storetest.Postgres(t)
	w := newCrashWorldOn(t, crashUsers, template)
	undisturbed := w.begin(t)
	undisturbed.cycle(t)
	calls := undisturbed.witness.Calls()
	want := undisturbed.end(t)
	step := 2
	if testing.Short() {
		step = 7
	}
	cases, fenced := 0, 0
	for call := 1; call <= calls; call += step {
		stopped, refused := w.sleepAt(t, call, want)
		if stopped {
			cases++
		}
		if refused {
			fenced++
		}
	}
	t.Logf("%d cases; in %d of them the process said that it was overtaken", cases, fenced)
	if cases < calls/step/2 || fenced == 0 {
		t.Errorf("%d processes were stopped, %d said that they were overtaken: too few of %d", cases, fenced, calls/step)
	}
}

// sleepAt lets a cycle sleep through the next one. It reports whether it came to be
// stopped, and whether it said in the end that it was overtaken.
func (w *crashWorld) sleepAt(t *testing.T, call int, want crashEnd) (stopped, overtaken bool) {
	t.Helper()
	c := w.begin(t)
	started, asleep := make(chan *exec.Cmd, 1), make(chan struct{})
	var struck atomic.Bool
	c.witness.Intercept(func(number int, serve func()) {
		if struck.Load() && number == call {
			panic(http.ErrAbortHandler)
		}
		serve()
		if number == call && struck.CompareAndSwap(false, true) {
			_ = (<-started).Process.Signal(syscall.SIGSTOP) // it may have ended
			close(asleep)
		}
	})
	var said strings.Builder
	process := c.hasty().command(t)
	process.Stderr = &said
	must(t, process.Start())
	started <- process
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = process.Wait() // it fails when it is overtaken
	}()
	select {
	case <-asleep:
	case <-ended: // it made fewer requests this time
		c.forget(t)
		return false, false
	}
	t.Cleanup(func() { _ = process.Process.Kill() })
	c.forget(t)
	c.cycle(t)
	got := c.end(t)
	before := c.witness.Writes()
	must(t, process.Process.Signal(syscall.SIGCONT))
	<-ended
	if diff := cmp.Diff(before, c.witness.Writes()); diff != "" {
		t.Errorf("stopped at request %d: what was written after it was woken up (-before +after):\n%s", call, diff)
	}
	if diff := cmp.Diff(want.Content, got.Content); diff != "" {
		t.Errorf("stopped at request %d: the org differs from the undisturbed one (-want +got):\n%s", call, diff)
	}
	c.compareLog(t, call)
	return true, strings.Contains(said.String(), "another cycle of this job has begun")
}

// hasty lets the server end what a process that stands still keeps locked after a moment,
// instead of 15 seconds.
func (c *crashCase) hasty() *crashCase {
	hasty := *c
	hasty.options.database += "&idle_in_transaction_session_timeout=2000"
	return &hasty
}

// compareLog makes sure that the log has every write of the org, whichever process it
// was made by, and none that the org did not see.
func (c *crashCase) compareLog(t *testing.T, call int) {
	t.Helper()
	type done struct {
		account string
		action  plan.Action
	}
	written, logged := make(map[done]bool), make(map[done]bool)
	for _, write := range c.witness.Writes() {
		written[done{write.ID, plan.Action(write.Action)}] = true
	}
	for account, actions := range c.end(t).Actions {
		for _, action := range actions {
			logged[done{account, action}] = true
		}
	}
	if diff := cmp.Diff(written, logged); diff != "" {
		t.Errorf("stopped at request %d: what the org saw, and what the log tells (-org +log):\n%s", call, diff)
	}
}

// copyDatabase makes a copy of a PostgreSQL database that nobody is connected to, and
// drops it at the end of the test.
func copyDatabase(t *testing.T, template, name string) string {
	t.Helper()
	at, err := url.Parse(template)
	must(t, err)
	original := strings.TrimPrefix(at.Path, "/")
	administer := func(ctx context.Context, text string) {
		server := *at
		server.Path = "/postgres"
		connection, err := pgx.Connect(ctx, server.String())
		must(t, err)
		_, err = connection.Exec(ctx, text)
		must(t, errors.Join(err, connection.Close(ctx)))
	}
	administer(t.Context(), "create database "+original+"_"+name+" template "+original)
	t.Cleanup(func() {
		administer(context.WithoutCancel(t.Context()), "drop database "+original+"_"+name+" with (force)")
	})
	at.Path = filepath.Join("/", original+"_"+name)
	return at.String()
}

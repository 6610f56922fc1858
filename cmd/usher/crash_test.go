package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"sync/atomic"
	"testing"
)

// TestACycleKilledAtAnyRequestIsMadeGood kills a process with SIGKILL at every request of
// an initial cycle and of one with changes of every kind: before the org did what it
// was asked, and after, when the answer is lost and nothing was recorded. The org,
// what Usher knows of it and the log must end as if nothing had happened.
func TestACycleKilledAtAnyRequestIsMadeGood(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*crashWorld){
		"initial":     func(*crashWorld) {},
		"incremental": func(w *crashWorld) { w.workingDay(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCrashWorld(t, crashUsers)
			prepare(w)
			undisturbed := w.begin(t)
			undisturbed.cycle(t)
			want := undisturbed.end(t)
			cases := 0
			for _, after := range []bool{false, true} {
				for call := 1; w.killAt(t, call, after, want); call++ {
					cases++
				}
			}
			t.Logf("%d cases", cases)
			if cases < 10 {
				t.Errorf("%d cases were swept: too few for a cycle", cases)
			}
		})
	}
}

// crashUsers is the size of the company: two batches and some more.
const crashUsers = 300

// killAt kills a cycle at one request and checks what comes of it. It reports whether
// the cycle came to that request.
func (w *crashWorld) killAt(t *testing.T, call int, after bool, want crashEnd) bool {
	t.Helper()
	c := w.begin(t)
	started := make(chan *exec.Cmd, 1)
	var struck atomic.Bool
	c.witness.Intercept(func(number int, serve func()) {
		if number != call || after { // what was sent before it died still reaches the org
			serve()
		}
		if number < call {
			return
		}
		if struck.CompareAndSwap(false, true) {
			_ = (<-started).Process.Kill() // it may have ended
		}
		panic(http.ErrAbortHandler)
	})
	process := c.start(t)
	started <- process
	_ = process.Wait() // it was killed, or not
	w.server.CloseClientConnections()
	c.witness.Intercept(nil)
	c.forget(t)
	c.check(t, fmt.Sprintf("killed at request %d, after it %v", call, after), want)
	return struck.Load()
}

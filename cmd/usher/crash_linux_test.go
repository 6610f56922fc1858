package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestACycleKilledAtAnyWriteToTheDatabaseIsMadeGood kills a process with SIGKILL when the
// kernel reports its n-th write to the log of the database, for n over the whole cycle:
// between the pages of a transaction, right after one is committed, and between a
// request and the commit that records it.
func TestACycleKilledAtAnyWriteToTheDatabaseIsMadeGood(t *testing.T) {
	t.Parallel()
	w := newCrashWorld(t, crashUsers)
	undisturbed := w.begin(t)
	undisturbed.cycle(t)
	want := undisturbed.end(t)
	writes := w.countWrites(t)
	if writes < 20 {
		t.Fatalf("%d writes to the database were seen in a whole cycle", writes)
	}
	cases, killed := 0, 0
	step := max(1, writes/36) // so many cases
	if testing.Short() {
		step = max(1, writes/6)
	}
	for n := 1; n <= writes; n += step {
		c := w.begin(t)
		if _, died := c.killAtWrite(t, n); died {
			killed++
		}
		w.server.CloseClientConnections()
		c.forget(t)
		c.check(t, "killed at write "+strconv.Itoa(n)+" of about "+strconv.Itoa(writes), want)
		cases++
	}
	t.Logf("%d cases, each at another one of about %d writes", cases, writes)
	if killed < cases/4 {
		t.Errorf("%d of %d processes died before they were done", killed, cases)
	}
}

// countWrites returns how many writes a whole cycle makes. The kernel reports writes
// that follow each other closely as one when nobody reads the reports, as on a busy
// machine, so the most of a few tries counts.
func (w *crashWorld) countWrites(t *testing.T) int {
	t.Helper()
	most := 0
	for range 5 {
		seen, _ := w.begin(t).killAtWrite(t, 0)
		most = max(most, seen)
		if most >= 30 {
			break
		}
	}
	return most
}

// killAtWrite runs a cycle in a process of its own, kills it at its n-th write to the
// log of the database, 0 for never, and returns how many were seen and whether the
// process died of it.
func (c *crashCase) killAtWrite(t *testing.T, n int) (seen int, died bool) {
	t.Helper()
	descriptor, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	must(t, err)
	events := os.NewFile(uintptr(descriptor), "inotify")
	_, err = syscall.InotifyAddWatch(descriptor, c.options.data, syscall.IN_MODIFY)
	must(t, err)
	var process atomic.Pointer[exec.Cmd]
	counted := make(chan int)
	go func() {
		counted <- countWrites(events, func(seen int) {
			if running := process.Load(); n > 0 && seen >= n && running != nil {
				_ = running.Process.Kill() // it may have ended
			}
		})
	}()
	command := c.start(t)
	process.Store(command)
	_ = command.Wait() // it was killed, or not
	must(t, events.Close())
	status, _ := command.ProcessState.Sys().(syscall.WaitStatus)
	return <-counted, status.Signaled()
}

// countWrites reads events of inotify until the file is closed, tells about each write to
// the log of the database and returns how many there were.
func countWrites(events io.Reader, each func(seen int)) int {
	seen := 0
	buffer := make([]byte, 64*(syscall.SizeofInotifyEvent+syscall.NAME_MAX+1))
	for {
		length, err := events.Read(buffer)
		if err != nil {
			if !errors.Is(err, os.ErrClosed) {
				panic(err)
			}
			return seen
		}
		for rest := buffer[:length]; len(rest) >= syscall.SizeofInotifyEvent; {
			end := syscall.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(rest[12:]))
			name := string(bytes.TrimRight(rest[syscall.SizeofInotifyEvent:end], "\x00"))
			if filepath.Ext(name) == ".db-wal" {
				seen++
				each(seen)
			}
			rest = rest[end:]
		}
	}
}

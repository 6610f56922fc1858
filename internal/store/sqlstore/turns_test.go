package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
)

// person is a user with a text of so many bytes.
func person(name string, size int) directory.User {
	return directory.User{
		ID: name, UserPrincipalName: name + "@contoso.com",
		Attributes: attr.New("User", name, map[string]attr.Value{"jobTitle": attr.Text(strings.Repeat("x", size))}),
	}
}

// queue has edits wait for the writer of a database, so that they become one
// transaction, and returns when all are through. Each runs in a goroutine of its own.
func queue(t *testing.T, opened *sqlstore.Store, edits ...func()) {
	t.Helper()
	release := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := opened.Import(t.Context(), func(func(directory.Delta, error) bool) { <-release }, false); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	for _, edit := range edits {
		group.Go(edit)
		synctest.Wait()
	}
	close(release)
	group.Wait()
}

func inBubble(t *testing.T, test func(t *testing.T, opened *sqlstore.Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.db")
	synctest.Test(t, func(t *testing.T) {
		test(t, open(t, sqlstore.Config{Path: path}))
	})
}

// wantUsers checks which of these users there are.
func wantUsers(t *testing.T, opened *sqlstore.Store, want map[string]bool) {
	t.Helper()
	for name, there := range want {
		if _, err := opened.User(t.Context(), name); there != (err == nil) || err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("looking for %s gives %v, want it there: %t", name, err, there)
		}
	}
}

func TestEditsOfOneTransactionFailEachForItself(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, opened *sqlstore.Store) {
		t.Helper()
		failure := errors.New("failure")
		// put puts a user, and ends as last does.
		put := func(ctx context.Context, name string, last func(e store.Editor) error) error {
			return opened.Edit(ctx, "put "+name, func(e store.Editor) error {
				if err := e.PutUser(ctx, person(name, 1)); err != nil {
					return err
				}
				return last(e)
			})
		}
		fine := func(store.Editor) error { return nil }
		waiting, cancelWaiting := context.WithCancel(t.Context())
		running, cancelRunning := context.WithCancel(t.Context())
		want := func(name string, got, want error) {
			if !errors.Is(got, want) || want == nil && got != nil {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		queue(t, opened,
			func() { want("first", put(t.Context(), "first", fine), nil) },
			func() { want("fails", put(t.Context(), "fails", func(store.Editor) error { return failure }), failure) },
			func() {
				defer func() {
					if cause := recover(); cause == nil || !strings.Contains(fmt.Sprint(cause), "boom") {
						t.Errorf("the panic of an edit reaches its goroutine as %v", cause)
					}
				}()
				_ = put(t.Context(), "panics", func(store.Editor) error { panic("boom") })
			},
			func() { want("gives up waiting", put(waiting, "waiting", fine), context.Canceled) },
			func() {
				want("gives up later", put(running, "running", func(e store.Editor) error {
					cancelRunning()
					return e.PutUser(running, person("never", 1))
				}), context.Canceled)
			},
			func() { want("the same again", put(t.Context(), "first", fine), nil) },
			func() { want("last", put(t.Context(), "last", fine), nil) },
			cancelWaiting,
		)
		wantUsers(t, opened, map[string]bool{"first": true, "fails": false, "panics": false, "waiting": false, "running": false, "last": true})
		changed, err := opened.Changed(t.Context(), directory.UserObject, 0, 100, "", 100)
		if err != nil || strings.Join(changed, " ") != "first last" {
			t.Errorf("the feed has %v (%v)", changed, err)
		}
	})
}

// On a full disk SQLite undoes the whole transaction: whoever was told that an edit was
// done must find it.
func TestEditsThatAreUndoneWithOthersAreToldSo(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, opened *sqlstore.Store) {
		t.Helper()
		var edits []func()
		done := map[string]bool{}
		var mutex sync.Mutex
		for i := range 6 {
			edits = append(edits, func() {
				name := fmt.Sprint("user", i)
				err := opened.Edit(t.Context(), "put "+name, func(e store.Editor) error {
					return e.PutUser(t.Context(), person(name, 1+200_000*(i%3/2)))
				})
				mutex.Lock()
				defer mutex.Unlock()
				done[name] = err == nil
				if err != nil && !strings.Contains(err.Error(), "disk") {
					t.Errorf("put %s: %v does not say that the disk is full", name, err)
				}
			})
		}
		if err := opened.LimitPages(t.Context()); err != nil {
			t.Fatal(err)
		}
		queue(t, opened, edits...)
		if done["user2"] {
			t.Error("the disk was not full")
		}
		wantUsers(t, opened, done)
	})
}

func TestAnEditThatEndsItsGoroutineHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, opened *sqlstore.Store) {
		t.Helper()
		var second error
		queue(t, opened,
			func() {
				_ = opened.Edit(t.Context(), "exit", func(store.Editor) error { runtime.Goexit(); return nil })
			},
			func() {
				second = opened.Edit(t.Context(), "put", func(e store.Editor) error { return e.PutUser(t.Context(), person("second", 1)) })
			})
		wantUsers(t, opened, map[string]bool{"second": second == nil})
		if err := opened.PutUser(t.Context(), person("third", 1)); err != nil {
			t.Error(err)
		}
	})
}

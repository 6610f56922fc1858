package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// concurrent checks what holds when several use the store at the same time.
func concurrent(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	runAll(t, open, []test{
		{"a change that commits late is not skipped", lateChange},
		{"a reader who follows the feed misses nobody", followFeed},
		{"no update of a job is lost", func(t *testing.T, w *world) {
			t.Helper()
			const writers, times = 4, 10
			together(writers, func(int) {
				for range times {
					if err := w.UpdateJob(t.Context(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
						job.Settings.RemovalLimit++
						return job, nil
					}); err != nil {
						t.Error(err)
					}
				}
			})
			job, err := w.Job(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("sum", job.Settings.RemovalLimit, 500+writers*times)
		}},
		{"each cycle has a fence of its own and the last one wins", func(t *testing.T, w *world) {
			t.Helper()
			fences := make([]int64, 8)
			together(len(fences), func(i int) {
				job, err := w.cycles.Begin(t.Context(), w.job)
				if err != nil {
					t.Error(err)
				}
				fences[i] = job.Fence
			})
			seen := map[int64]bool{}
			newest := int64(0)
			for _, fence := range fences {
				seen[fence], newest = true, max(newest, fence)
			}
			w.equal("different fences", len(seen), len(fences))
			for _, fence := range fences {
				err := w.cycles.Commit(w.ctx(), engine.Cycle{JobID: w.job, Fence: fence}, engine.Commit{})
				if fence == newest {
					w.must(err)
				} else {
					w.wantError(err, engine.ErrFenced)
				}
			}
		}},
		{"edits at the same time hold or fail each for itself", concurrentEdits},
		{"jobs commit side by side", func(t *testing.T, w *world) {
			t.Helper()
			const jobs, batches, size = 4, 5, 20
			ids := make([]string, jobs)
			for number := range ids {
				_, ids[number] = w.addApplication(fmt.Sprint("application ", number))
			}
			together(jobs, func(number int) {
				job := ids[number]
				begun, err := w.cycles.Begin(t.Context(), job)
				if err != nil {
					t.Error(err)
					return
				}
				for batch := range batches {
					var commit engine.Commit
					for i := range size {
						id := fmt.Sprintf("user-%d", batch*size+i)
						commit.Connections = append(commit.Connections, connection(id, true))
						commit.Entries = append(commit.Entries, journal.Entry{Change: changeOf(id, plan.Create, plan.Success, "")})
					}
					if err := w.cycles.Commit(t.Context(), engine.Cycle{JobID: job, Fence: begun.Fence}, commit); err != nil {
						t.Error(err)
					}
				}
			})
			entries := map[int64]bool{}
			for _, entry := range all(t, w.Entries(w.ctx(), journal.Query{})) {
				entries[entry.ID] = true
			}
			w.equal("entries with ids of their own", len(entries), jobs*batches*size)
		}},
		{"the same change by many happens once", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.putGroup("g")
			since := w.head()
			together(6, func(int) {
				if err := w.PutMember(t.Context(), directory.Member{Group: "g", Member: "ana"}); err != nil {
					t.Error(err)
				}
				if _, err := w.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "g"}); err != nil {
					t.Error(err)
				}
			})
			w.equal("grants", len(w.subject("ana").Grants), 1)
			w.equal("changes", w.head()-since, directory.Cursor(2))
		}},
		{"imports wait for one another", func(t *testing.T, w *world) {
			t.Helper()
			together(3, func(number int) {
				var contents []directory.Content
				for i := range 200 {
					id := i
					if number%2 == 1 {
						id = 199 - i // in the opposite order, which would lead to a deadlock
					}
					contents = append(contents, user(fmt.Sprintf("user-%03d", id), "city", strconv.Itoa(number)))
				}
				if _, err := w.Import(t.Context(), deltas(contents...), true); err != nil {
					t.Error(err)
				}
			})
			cities := map[string]bool{}
			for _, u := range all(t, w.Users(w.ctx(), "")) {
				cities[u.Get("city").String()] = true
			}
			w.equal("imports whose content is there", len(cities), 1)
		}},
	})
}

// together runs a function so many times at once and waits for all of them.
func together(count int, do func(number int)) {
	var group sync.WaitGroup
	for number := range count {
		group.Go(func() { do(number) })
	}
	group.Wait()
}

// lateChange begins a transaction that changes ana, lets another one change ben and
// commit, and only then lets the first one commit. Where a store has one writer, ben
// has to wait for it.
func lateChange(t *testing.T, w *world) {
	t.Helper()
	start := w.head()
	benDone := make(chan struct{})
	begun, goOn := make(chan struct{}), make(chan struct{})
	imported := make(chan error, 1)
	go func() {
		_, err := w.Import(t.Context(), func(yield func(directory.Delta, error) bool) {
			// The group makes the import write ana, who came before it.
			if yield(directory.Delta{Content: user("ana")}, nil) && yield(directory.Delta{Content: group("g")}, nil) {
				close(begun)
				<-goOn
			}
		}, false)
		imported <- err
	}()
	<-begun
	go func() {
		defer close(benDone)
		if err := w.PutUser(t.Context(), user("ben")); err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-benDone:
	case <-time.After(200 * time.Millisecond):
	}
	middle := w.head()
	first := w.touched(start)
	close(goOn)
	w.must(<-imported)
	<-benDone
	second := w.touched(middle)
	w.equal("how many were touched before and after", len(first)+len(second), 2)
	w.equal("touched", sortedUnion(first, second), []string{"ana", "ben"})
}

func sortedUnion(lists ...[]string) []string {
	set := map[string]bool{}
	for _, list := range lists {
		for _, item := range list {
			set[item] = true
		}
	}
	return keys(set)
}

// followFeed has many writers and a reader who collects what comes after the last
// position again and again.
func followFeed(t *testing.T, w *world) {
	t.Helper()
	const writers, users = 6, 15
	var writing sync.WaitGroup
	for writer := range writers {
		writing.Go(func() {
			for i := range users {
				if err := w.PutUser(t.Context(), user(fmt.Sprintf("user-%d-%02d", writer, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	seen := map[string]bool{}
	position := directory.Cursor(0)
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		head := w.head()
		collection := incremental(position, head)
		collection.Limit = 1000
		for _, id := range w.collect(collection) {
			if seen[id] {
				t.Errorf("%s comes twice", id)
			}
			seen[id] = true
		}
		position = head
	}
	w.equal("seen", len(seen), writers*users)
}

// concurrentEdits has several edit at once. Every third edit fails after it wrote, and
// of those that want the same name one gets it.
func concurrentEdits(t *testing.T, w *world) {
	t.Helper()
	const writers, times = 8, 12
	failure := errors.New("failure")
	since := w.head()
	var mutex sync.Mutex
	var done []string
	winners := 0
	together(writers, func(writer int) {
		for turn := range times {
			name := fmt.Sprintf("user-%02d-%02d", writer, turn)
			err := w.Edit(t.Context(), "put "+name, func(e store.Editor) error {
				put := user(name)
				if turn == 5 {
					put.UserPrincipalName = "same@contoso.com"
				}
				if err := e.PutUser(t.Context(), put); err != nil {
					return err
				}
				if err := e.Audit(t.Context(), journal.Audit{Activity: "Put", Subject: name}); err != nil || turn%3 != 0 {
					return err
				}
				return failure
			})
			mutex.Lock()
			switch {
			case err == nil && turn == 5:
				winners++
				done = append(done, name)
			case err == nil:
				done = append(done, name)
			case turn == 5 && errors.Is(err, store.ErrConflict), turn%3 == 0 && errors.Is(err, failure):
			default:
				t.Errorf("put %s: %v", name, err)
			}
			mutex.Unlock()
		}
	})
	slices.Sort(done)
	w.equal("who got the name", winners, 1)
	w.equal("edits that hold", len(done), writers*(times-times/3-1)+1)
	w.equal("changed", w.changed(directory.UserObject, since), done)
	var users, audits []string
	for _, user := range all(t, w.Users(w.ctx(), "")) {
		users = append(users, user.ID)
	}
	w.equal("users", users, done)
	for _, audit := range all(t, w.Audits(w.ctx(), 0)) {
		audits = append(audits, audit.Subject)
	}
	slices.Sort(audits)
	w.equal("audits", audits, done)
}

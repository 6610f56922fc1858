package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

func historyTests() []test {
	return []test{
		{"a user is told as of a moment", userAsOf},
		{"what happened to a user is told newest first", userChanges},
		{"the history of users goes with the log", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a")
			w.must(w.RemoveUser(w.ctx(), "a"))
			moment := tick()
			_, err := w.PruneEntries(w.ctx(), moment, 10)
			w.must(err)
			_, err = w.UserAsOf(w.ctx(), "a", moment.Add(-time.Second))
			w.wantError(err, store.ErrGone)
			_, err = w.UserAsOf(w.ctx(), "a", moment)
			w.must(err)
		}},
		{"a long history goes in parts, and tells nothing wrong meanwhile", pruneHistoryInParts},
	}
}

func pruneHistoryInParts(t *testing.T, w *world) {
	t.Helper()
	const users, first = 600, 550 // more than a store removes at a time
	ids := make([]string, users)
	for n := range ids {
		ids[n] = fmt.Sprintf("u%03d", n)
	}
	began := tick()
	for _, city := range []string{"Graz", "Linz"} {
		_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
			for _, id := range ids {
				if !yield(directory.Delta{Content: user(id, "city", city)}, nil) {
					return
				}
			}
		}, false)
		w.must(err)
	}
	left := func() (count int) {
		for _, id := range ids {
			found, err := w.FindUserChanges(w.ctx(), id, store.Page{})
			w.must(err)
			if found.Items[0].Kind == directory.UserUpdated {
				count++
			}
		}
		return count
	}
	w.equal("kept", left(), users)
	moment := tick()
	for _, want := range []int{users - first, 0} {
		_, err := w.PruneEntries(w.ctx(), moment, first)
		w.must(err)
		w.equal("kept", left(), want)
		_, err = w.UserAsOf(w.ctx(), ids[0], began)
		w.wantError(err, store.ErrGone)
	}
}

// tick returns a moment between what was done before and what is done next.
func tick() time.Time {
	time.Sleep(2 * time.Millisecond)
	defer time.Sleep(2 * time.Millisecond)
	return time.Now()
}

func userAsOf(t *testing.T, w *world) {
	t.Helper()
	var moments []time.Time
	var states []directory.User
	look := func() {
		t.Helper()
		u, err := w.User(w.ctx(), "a")
		if err != nil {
			u = directory.User{}
		}
		moments, states = append(moments, tick()), append(states, u)
	}
	w.putUsers("boss")
	look()
	w.must(w.PutUser(w.ctx(), user("a", "city", "Graz", "mobile", "1")))
	look()
	changed := user("a", "city", "Linz", "title", "x")
	changed.AccountEnabled, changed.ManagerID, changed.DisplayName = false, "boss", "Other"
	changed.Attributes = changed.Attributes.With("phones", attr.Texts("1", "2"))
	w.must(w.PutUser(w.ctx(), changed))
	look()
	w.must(w.PurgeUser(w.ctx(), "boss"))
	look()
	w.must(w.RemoveUser(w.ctx(), "a"))
	look()
	w.must(w.RestoreUser(w.ctx(), "a"))
	look()
	_, err := w.Import(w.ctx(), deltas(user("a", "city", "Wien"), user("b")), false)
	w.must(err)
	look()
	_, err = w.Import(w.ctx(), deltas(user("b")), true)
	w.must(err)
	look()
	w.must(w.PurgeUser(w.ctx(), "a"))
	look()
	w.must(w.PutUser(w.ctx(), user("a", "city", "Rom")))
	look()
	for i, want := range states {
		got, err := w.UserAsOf(w.ctx(), "a", moments[i])
		if want.ID == "" {
			w.wantError(err, store.ErrNotFound)
			continue
		}
		w.must(err)
		w.equal("user as of moment", got, want)
	}
	_, err = w.UserAsOf(w.ctx(), "a", moments[0].AddDate(-1, 0, 0))
	w.wantError(err, store.ErrGone)
}

func userChanges(t *testing.T, w *world) {
	t.Helper()
	w.must(w.PutUser(w.ctx(), user("a", "city", "Graz")))
	w.must(w.PutUser(w.ctx(), user("a", "city", "Graz")))
	w.must(w.Edit(w.ctx(), "edit", func(e store.Editor) error {
		if err := e.PutUser(w.ctx(), user("a", "city", "Linz")); err != nil {
			return err
		}
		return e.Audit(w.ctx(), journal.Audit{Actor: "ana", Activity: "Update user"})
	}))
	w.must(w.RemoveUser(w.ctx(), "a"))
	kinds := walk(w, func(page store.Page) (store.Listing[directory.UserChange], error) {
		return w.FindUserChanges(w.ctx(), "a", page)
	},
		func(c directory.UserChange) string { return string(c.Kind) + " " + c.Actor })
	w.equal("kinds", kinds, []string{"removed ", "updated ana", "created "})
	found, err := w.FindUserChanges(w.ctx(), "a", store.Page{})
	w.must(err)
	w.equal("properties", found.Items[1].Properties, []directory.PropertyChange{{Name: "city", Old: attr.Text("Graz"), New: attr.Text("Linz")}})
	none, err := w.FindUserChanges(w.ctx(), "nobody", store.Page{})
	w.must(err)
	w.equal("of nobody", len(none.Items), 0)
}

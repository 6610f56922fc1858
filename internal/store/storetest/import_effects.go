package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

func importEffectTests() []test {
	return []test{
		{"an import that is not agreed to changes nothing and tells what it would do", importsAreForeseen},
		{"an import that is agreed to is recorded with what it did", importsAreAgreedTo},
		{"an import with faults is not asked about", faultyImportsAreNotAskedAbout},
		{"imports that wait leave the database to others", importsWaitAside},
	}
}

func (w *world) foresee(replace bool, contents ...directory.Content) store.ImportEffect {
	w.t.Helper()
	var (
		told    store.ImportEffect
		refused = errors.New("not agreed")
	)
	err := w.ImportIf(w.ctx(), deltas(contents...), replace, func(effect store.ImportEffect) (journal.Audit, error) {
		told = effect
		return journal.Audit{}, refused
	})
	w.wantError(err, refused)
	told.Shrinkage = directory.Shrinkage{} // has the moment
	return told
}

func importsAreForeseen(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana", "ben", "cleo", "dan")
	w.putGroup("g", "ana", "ben")
	w.assign("Group", "g")
	w.assign("User", "cleo")
	w.addApplication("Other")
	head := w.head()
	disabled := user("ben")
	disabled.AccountEnabled = false
	effect := w.foresee(true, user("ana"), disabled, user("dan"), user("eva"), group("g"), directory.Member{Group: "g", Member: "dan"})
	w.equal("effect", effect, store.ImportEffect{
		ImportReport: store.ImportReport{
			Users:  store.ImportCount{Read: 4, Created: 1, Updated: 1, Removed: 1},
			Groups: store.ImportCount{Read: 1}, Members: store.ImportCount{Read: 1, Created: 1, Removed: 2},
		},
		Before: 4, Removed: []string{"cleo@contoso.com"},
		Accesses: []store.AccessEffect{{
			ApplicationID: w.app.ID, DisplayName: w.app.DisplayName, Gained: 1, Lost: 3,
			Losers: []string{"ana@contoso.com", "ben@contoso.com", "cleo@contoso.com"},
		}},
	})
	w.equal("head of the feed", w.head(), head)
	w.equal("users", len(all(t, w.Users(w.ctx(), ""))), 4)
	w.equal("nothing", w.foresee(false, user("ana")), store.ImportEffect{ImportReport: store.ImportReport{Users: store.ImportCount{Read: 1}}, Before: 4})
}

func importsAreAgreedTo(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana")
	record := journal.Audit{Activity: "Import", Actor: "dora", Subject: "directory", Detail: "1 user"}
	w.must(w.ImportIf(w.ctx(), deltas(user("ben")), false, func(effect store.ImportEffect) (journal.Audit, error) {
		w.equal("created", effect.Users.Created, 1)
		return record, nil
	}))
	w.equal("users", len(all(t, w.Users(w.ctx(), ""))), 2)
	audits := all(t, w.Audits(w.ctx(), 1))
	w.equal("audits", len(audits), 1)
	w.equal("record", journal.Audit{Activity: audits[0].Activity, Actor: audits[0].Actor, Subject: audits[0].Subject, Detail: audits[0].Detail}, record)
}

func faultyImportsAreNotAskedAbout(t *testing.T, w *world) {
	t.Helper()
	err := w.ImportIf(w.ctx(), deltas(directory.Member{Group: "nothing", Member: "nobody"}), false, func(store.ImportEffect) (journal.Audit, error) {
		w.t.Error("it was asked about")
		return journal.Audit{}, nil
	})
	w.wantError(err, store.ErrNotFound)
}

// importsWaitAside has more imports wait than there are connections.
func importsWaitAside(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana")
	var (
		imports  sync.WaitGroup
		begun    = make(chan struct{})
		release  = make(chan struct{})
		deadline = func() (context.Context, context.CancelFunc) { return context.WithTimeout(w.ctx(), time.Minute) }
	)
	imports.Go(func() {
		_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
			close(begun)
			<-release
			yield(directory.Delta{Content: user("ben")}, nil)
		}, false)
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	for range 20 {
		imports.Go(func() {
			ctx, cancel := deadline()
			defer cancel()
			_, err := w.Import(ctx, deltas(user("cleo")), false)
			if err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond) // until they wait
	ctx, cancel := context.WithTimeout(w.ctx(), 10*time.Second)
	defer cancel()
	if _, err := w.User(ctx, "ana"); err != nil {
		t.Errorf("while imports wait: %v", err)
	}
	short, end := context.WithTimeout(w.ctx(), 10*time.Millisecond)
	defer end()
	_, err := w.Import(short, deltas(user("dan")), false)
	w.wantError(err, context.DeadlineExceeded)
	close(release)
	imports.Wait()
	w.equal("users", len(all(t, w.Users(w.ctx(), ""))), 3)
}

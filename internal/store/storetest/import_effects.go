package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

func importEffectTests() []test {
	return []test{
		{"an import that is not agreed to changes nothing and tells what it would do", importsAreForeseen},
		{"an import that is agreed to is recorded with what it did", importsAreAgreedTo},
		{"an import with faults is not asked about", faultyImportsAreNotAskedAbout},
		{"what stands for an import is another for other people", importsAreTold},
		{"an import tells who keeps access in other roles", importsChangeRoles},
		{"an import tells who loses an application that is for everybody, or needs a role", importsHeedTheRules},
		{"an import names nobody whom it does not remove", importsNameThoseTheyRemove},
		{"imports that wait leave the database to others", importsWaitAside},
	}
}

// foresee tells what an import would do, without what stands for all of it.
func (w *world) foresee(replace bool, contents ...directory.Content) store.ImportEffect {
	w.t.Helper()
	effect := w.foreseeWhere(defaultAccessIsEnough, replace, contents...)
	effect.Digest = ""
	return effect
}

func defaultAccessIsEnough(directory.Application) bool { return false }

func (w *world) foreseeWhere(needsRole func(directory.Application) bool, replace bool, contents ...directory.Content) store.ImportEffect {
	w.t.Helper()
	var (
		told    store.ImportEffect
		refused = errors.New("not agreed")
	)
	err := w.ImportIf(w.ctx(), deltas(contents...), replace, needsRole, func(effect store.ImportEffect) (journal.Audit, error) {
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
	w.must(w.ImportIf(w.ctx(), deltas(user("ben")), false, defaultAccessIsEnough, func(effect store.ImportEffect) (journal.Audit, error) {
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
	err := w.ImportIf(w.ctx(), deltas(directory.Member{Group: "nothing", Member: "nobody"}), false, defaultAccessIsEnough, func(store.ImportEffect) (journal.Audit, error) {
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

// importsAreTold has more people go than are named.
func importsAreTold(t *testing.T, w *world) {
	t.Helper()
	for n := range shownNames + 3 {
		w.putUsers(fmt.Sprintf("u%02d", n))
		w.assign("User", fmt.Sprintf("u%02d", n))
	}
	digest := func(replace bool, contents ...directory.Content) string {
		return w.foreseeWhere(defaultAccessIsEnough, replace, contents...).Digest
	}
	before, first := w.foresee(true, user("u00")), digest(true, user("u00"))
	w.equal("the same again", digest(true, user("u00")), first)
	w.must(w.RemoveUser(w.ctx(), "u22"))
	w.putUsers("zz")
	w.assign("User", "zz")
	w.equal("what is shown", w.foresee(true, user("u00")), before)
	if digest(true, user("u00")) == first {
		t.Error("what stands for it is the same, and it removes somebody else")
	}
	w.putGroup("g", "u01")
	w.putGroup("h", "u01")
	known := map[string]string{digest(false): "nothing"}
	for name, content := range map[string]directory.Content{
		"a user": user("new"), "another user": user("other"), "an update": user("u01", "city", "Graz"), "another update": user("u02", "city", "Graz"),
		"somebody who comes back": directory.User{ID: "u22", UserPrincipalName: "u22@contoso.com", AccountEnabled: true, Attributes: user("u22").Attributes},
		"a group":                 group("new"), "another group": group("other"),
		"a member": directory.Member{Group: "g", Member: "u02"}, "another member": directory.Member{Group: "g", Member: "u03"}, "one elsewhere": directory.Member{Group: "h", Member: "u02"},
		"an assignment":      directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "g"},
		"another assignment": directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "h"},
	} {
		told := digest(false, content)
		if other, found := known[told]; found {
			t.Errorf("the same stands for %s and for %s", name, other)
		}
		known[told] = name
	}
}

// shownNames is how many people an effect names.
const shownNames = 20

func importsChangeRoles(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana", "ben", "cleo")
	w.putGroup("admins", "cleo")
	w.must(w.Edit(w.ctx(), "add roles", func(e store.Editor) error {
		for _, name := range []string{"Admin", "Standard"} {
			if err := e.PutRole(w.ctx(), directory.AppRole{ID: name, ApplicationID: w.app.ID, DisplayName: name, Enabled: true}); err != nil {
				return err
			}
		}
		return nil
	}))
	request := func(principalType, principal, role string) directory.AssignmentRequest {
		return directory.AssignmentRequest{Application: w.app.ID, PrincipalType: principalType, Principal: principal, Role: role}
	}
	for _, r := range []directory.AssignmentRequest{request("User", "ana", "Standard"), request("User", "ben", "Standard"), request("Group", "admins", "Admin")} {
		_, err := w.Assign(w.ctx(), r)
		w.must(err)
	}
	changed := func(names ...string) []store.AccessEffect {
		return []store.AccessEffect{{ApplicationID: w.app.ID, DisplayName: w.app.DisplayName, Changed: len(names), Changers: names}}
	}
	w.equal("another role", w.foresee(false, request("User", "ana", "Admin")).Accesses, changed("ana@contoso.com"))
	w.equal("a group with another role", w.foresee(false, directory.Member{Group: "admins", Member: "ben"}).Accesses, changed("ben@contoso.com"))
	w.equal("the role that a group gives already", w.foresee(false, request("User", "cleo", "Admin")).Accesses, []store.AccessEffect(nil))
}

func importsHeedTheRules(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana", "ben")
	w.assign("User", "ana") // with default access
	needed := func(directory.Application) bool { return true }
	lost := func(names ...string) []store.AccessEffect {
		return []store.AccessEffect{{ApplicationID: w.app.ID, DisplayName: w.app.DisplayName, Gained: 1, Lost: len(names), Losers: names}}
	}
	w.equal("where a role is needed", w.foreseeWhere(needed, true, user("new")).Accesses, []store.AccessEffect(nil))
	w.must(w.UpdateJob(w.ctx(), w.job, func(j provisioning.Job) (provisioning.Job, error) {
		j.Settings.SyncAll = true
		return j, nil
	}))
	for name, needsRole := range map[string]func(directory.Application) bool{"for everybody": defaultAccessIsEnough, "for everybody, where a role is needed": needed} {
		w.equal(name, w.foreseeWhere(needsRole, true, user("new")).Accesses, lost("ana@contoso.com", "ben@contoso.com"))
	}
}

// importsNameThoseTheyRemove has somebody removed by a node whose clock is ahead.
func importsNameThoseTheyRemove(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana", "ben")
	ahead := user("ahead")
	ahead.DeletedAt = time.Now().Add(time.Hour)
	w.must(w.PutUser(w.ctx(), ahead))
	w.equal("removed", w.foresee(true, user("ana")).Removed, []string{"ben@contoso.com"})
	w.equal("removed", w.foresee(false, user("ana")).Removed, []string(nil))
}

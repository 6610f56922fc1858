package engine_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// connectTo connects a person with an account, whether it exists or not.
func (w *world) connectTo(t *testing.T, sourceID, targetID string) {
	t.Helper()
	ports := w.store.Engine()
	job, err := ports.Begin(t.Context(), w.job.ID)
	w.must(t, err)
	w.must(t, ports.Commit(t.Context(), engine.Cycle{ID: "x", JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}, engine.Commit{
		Connections: []engine.Connection{{SourceID: sourceID, TargetID: targetID, TargetName: sourceID, Enabled: true, Since: time.Now()}},
	}))
}

// An account that is not there any more, of somebody whose username another account
// has and of somebody for whom there is none.
func TestAnAccountThatVanished(t *testing.T) {
	t.Parallel()
	for _, action := range []provisioning.VanishedAction{provisioning.VanishedFail, provisioning.VanishedMatch} {
		t.Run("action "+string(action), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.Vanished = action }})
			has := w.join(t, "has", "")
			w.grant(t, "has")
			w.cycle(t)
			account, _ := w.org.User(has.UserPrincipalName)
			none := w.join(t, "none", "")
			w.grant(t, "none")
			accounts := len(w.org.Users())
			w.connectTo(t, "has", "005000000000001AAA")
			w.connectTo(t, "none", "005000000000002AAA")
			_, err := w.try(t.Context(), t, engine.Run{Full: true})
			w.must(t, err)
			if action == provisioning.VanishedFail {
				for _, id := range []string{"has", "none"} {
					escrow, err := w.store.Escrow(t.Context(), w.job.ID, id)
					w.must(t, err)
					if escrow.Code != plan.CodeInvalidAnchor {
						t.Errorf("%s: %+v", id, escrow)
					}
				}
				if len(w.org.Users()) != accounts {
					t.Errorf("%d accounts, want %d", len(w.org.Users()), accounts)
				}
				return
			}
			connection, err := w.store.Connection(t.Context(), w.job.ID, "has")
			w.must(t, err)
			if connection.TargetID != account.ID {
				t.Errorf("connected with %s, want the account %s that has the username", connection.TargetID, account.ID)
			}
			if !w.inUse(none.UserPrincipalName) || len(w.org.Users()) != accounts+1 {
				t.Errorf("%d accounts, want one new one", len(w.org.Users()))
			}
			before := w.org.Statistics().RowsWritten
			_, err = w.try(t.Context(), t, engine.Run{Full: true})
			w.must(t, err)
			if written := w.org.Statistics().RowsWritten - before; written != 0 {
				t.Errorf("the next full cycle wrote %d rows", written)
			}
		})
	}
}

// Whoever left is not let go because the account was missing from one read.
func TestALeaverWhoseAccountVanishedStaysConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.Vanished = provisioning.VanishedMatch }})
	user := w.join(t, "leaver", "")
	w.grant(t, "leaver")
	w.cycle(t)
	w.connectTo(t, "leaver", "005000000000001AAA")
	w.leave(t, provisioning.SoftDeleted, user)
	w.cycle(t)
	escrow, err := w.store.Escrow(t.Context(), w.job.ID, "leaver")
	w.must(t, err)
	connection, err := w.store.Connection(t.Context(), w.job.ID, "leaver")
	w.must(t, err)
	if escrow.Code != plan.CodeInvalidAnchor || connection.IsZero() {
		t.Errorf("%+v, %+v; want a failure that is tried again", escrow, connection)
	}
}

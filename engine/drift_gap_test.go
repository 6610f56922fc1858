package engine_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// The next cycle does not look at the account of somebody who left long ago, whatever
// changed of the person in the directory; so a check for drift has to.
func TestALeaverWhoIsLetInAgainIsFoundAlthoughThePersonChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.team(t, 1)[0]
	user.AccountEnabled = false
	w.put(t, user)
	w.cycle(t)
	time.Sleep(1100 * time.Millisecond) // the org keeps seconds
	since := time.Now()
	w.must(t, w.org.SetUser(user.UserPrincipalName, map[string]any{"IsActive": true}))
	w.put(t, renamed(user, "Changed"))
	p := w.drift(t, engine.DriftScope{Since: since.Add(-time.Second)})
	if found := w.drifted(t, p); found[user.UserPrincipalName] != "disable IsActive" {
		w.cycle(t)
		t.Errorf("found %v; after the next cycle the leaver is in use: %t", found, w.inUse(user.UserPrincipalName))
	}
}

// Where the target leads for the active flag, nobody knows whether the account is in
// use when its owner leaves.
func TestALeaverWhoseActiveFlagWasAcceptedLosesTheAccount(t *testing.T) {
	t.Parallel()
	for _, trigger := range []provisioning.Trigger{provisioning.SourceDisabled, provisioning.HardDeleted, provisioning.FilteredOut} {
		t.Run(string(trigger), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60})
			user := w.team(t, 1)[0]
			w.must(t, w.org.SetUser(user.UserPrincipalName, map[string]any{"IsActive": false}))
			if count := w.accept(t, "IsActive"); count != 1 {
				t.Fatalf("%d states can be accepted, want 1", count)
			}
			_, err := w.try(t.Context(), t, engine.Run{Full: true})
			w.must(t, err)
			w.must(t, w.org.SetUser(user.UserPrincipalName, map[string]any{"IsActive": true}))
			w.leave(t, trigger, user)
			w.cycle(t)
			if w.inUse(user.UserPrincipalName) {
				t.Error("the person left, and the account is in use")
			}
		})
	}
}

package engine_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// Each account of the org is in one class, by what the directory says, and looking
// changes nothing.
func TestAccountsAreClassedByTheDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, org: func(config *salesforcetest.Config) {
		config.Users = append(config.Users, salesforcetest.UserConfig{Username: "Found@contoso.example", Profile: "Standard User"}, salesforcetest.UserConfig{Username: "local@contoso.example", Profile: "Standard User"})
	}})
	left := w.join(t, "left", "")
	w.grant(t, "left")
	w.cycle(t)
	w.join(t, "found", "") // in the directory, not assigned, with an account that nobody connected
	w.leave(t, provisioning.Unassigned, left)
	gone := w.join(t, "gone", "")
	w.grant(t, "gone")
	w.cycle(t)
	w.leave(t, provisioning.HardDeleted, gone)

	before, rows := len(w.org.Users()), w.org.Statistics().RowsWritten
	classes := make(map[string]engine.AccountClass)
	var counts map[engine.AccountClass]int
	w.session(t, func(s engine.Session) {
		var err error
		counts, err = w.runner.Engine.Accounts(t.Context(), engine.Run{JobID: w.job.ID, Connector: s.Connector, Mapping: s.Mapping}, func(a engine.Account) error {
			classes[a.Name] = a.Class
			return nil
		})
		w.must(t, err)
	})
	got := make(map[engine.AccountClass]int)
	for _, class := range classes {
		got[class]++
	}
	if len(classes) != before || !maps.Equal(got, counts) {
		t.Errorf("%d accounts in classes %v, counted %v; the org has %d", len(classes), got, counts, before)
	}
	want := map[string]engine.AccountClass{
		left.UserPrincipalName: engine.AccountUnassigned, gone.UserPrincipalName: engine.AccountUnassigned,
		"Found@contoso.example": engine.AccountUnassigned, "local@contoso.example": engine.AccountLocal,
		w.org.Credentials().Username: engine.AccountLocal,
	}
	for name := range w.active() {
		if _, special := want[name]; !special {
			want[name] = engine.AccountAssigned
		}
	}
	if diff := cmp.Diff(want, classes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w.org.Statistics().RowsWritten != rows {
		t.Error("looking at the accounts wrote to the org")
	}
}

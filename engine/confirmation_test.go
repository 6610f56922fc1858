package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

const day = 24 * time.Hour

// waiting makes a world in which the new address of one person waits for
// confirmation.
func waiting(t *testing.T, settings func(*provisioning.Settings)) (*world, directory.User) {
	t.Helper()
	w := newWorld(t, worldOptions{users: 60, settings: settings})
	w.cycle(t)
	user := w.user(t, anyone)
	user.Attributes = user.Attributes.With("mail", attr.Text("new.name@contoso.com"))
	w.must(t, w.store.PutUser(t.Context(), user))
	w.expectOnly(t, w.changes(t), user.UserPrincipalName, plan.Update)
	return w, user
}

func TestAnAddressThatNobodyConfirmsIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		setting int
		after   time.Duration
	}{
		{"by default", 0, 3 * day},
		{"as configured", 7, 7 * day},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, user := waiting(t, func(s *provisioning.Settings) { s.ConfirmationDays = test.setting })
				written := w.org.Statistics().RowsWritten
				time.Sleep(test.after - time.Hour)
				if changes := w.changes(t); changes[user.UserPrincipalName].Status != "" {
					t.Errorf("an hour too early: %+v", changes)
				}
				time.Sleep(time.Hour + time.Minute)
				change := w.changes(t)[user.UserPrincipalName]
				if change.Status != plan.Warning || change.Action != plan.None || change.Reason.Code != plan.CodeUnconfirmed || !strings.Contains(change.Reason.Text, "Email since ") || change.Reason.Advice == "" {
					t.Errorf("when it is late: %+v", change)
				}
				if again := w.changes(t)[user.UserPrincipalName]; again.Status != "" {
					t.Errorf("after the warning: %+v", again)
				}
				links, err := w.store.CountLinks(t.Context(), w.job.ID)
				w.must(t, err)
				if links.Unconfirmed != 1 {
					t.Errorf("%d values wait, want one", links.Unconfirmed)
				}
				if now := w.org.Statistics().RowsWritten; now != written {
					t.Errorf("%d rows were written", now-written)
				}
			})
		})
	}
}

func TestAnAddressThatWasConfirmedIsNotWarnedOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, user := waiting(t, nil)
		time.Sleep(2 * day)
		if !w.org.ConfirmEmail(user.UserPrincipalName) {
			t.Fatal("no address waits for confirmation")
		}
		time.Sleep(2 * day)
		if change := w.changes(t)[user.UserPrincipalName]; change.Status != "" {
			t.Errorf("after the confirmation: %+v", change)
		}
		links, err := w.store.CountLinks(t.Context(), w.job.ID)
		w.must(t, err)
		if links.Unconfirmed != 0 {
			t.Errorf("%d values wait still", links.Unconfirmed)
		}
	})
}

func TestNobodyIsWarnedWhereThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, user := waiting(t, func(s *provisioning.Settings) { s.ConfirmationDays = -1 })
		time.Sleep(30 * day)
		if change := w.changes(t)[user.UserPrincipalName]; change.Status != "" {
			t.Errorf("after a month: %+v", change)
		}
	})
}

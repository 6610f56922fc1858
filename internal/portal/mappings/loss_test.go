package mappings_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/provisioning"
)

// filtered gives Ana and Ben accounts, and keeps a scoping filter in the draft that is
// for Ana alone.
func filtered(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.Cycle(w.app)
	fields := form(w.page(admin, "/scoping"), "#filters")
	fields.Set("do", "add-filter")
	fields = form(w.post(admin, "/scoping", fields), "#filters")
	fields.Set("attribute-0-0", "givenName")
	fields.Set("value-0-0", "Ana")
	w.status(w.post(admin, "/scoping", fields), http.StatusSeeOther)
	return w
}

const saving = "form[action$='/save']"

// looked looks at everybody, and returns the review.
func (w *world) looked() portaltest.Answer {
	w.TB.Helper()
	w.status(w.post(admin, "/mappings/impact", form(w.page(admin, "/mappings/review"), "#impact form")), http.StatusSeeOther)
	return w.page(admin, "/mappings/review")
}

// enabled counts the accounts that were made and are in use.
func (w *world) enabled() int {
	count := 0
	for _, account := range w.Org.Users() {
		if account.Get("IsActive") == "true" && strings.HasSuffix(account.Get("Username"), "@contoso.com") {
			count++
		}
	}
	return count
}

func TestASaveThatTakesAccountsAwayIsConfirmed(t *testing.T) {
	t.Parallel()
	w := filtered(t)
	unknown := w.page(admin, "/mappings/review")
	w.Contains(unknown.TextOf("#losses"), "It is not known yet whether this disables or deletes accounts.")
	if unknown.Count(saving+" button.btn-danger") != 1 || unknown.Count(saving+" input[name=unseen][required]") != 1 {
		t.Error("a save whose losses are not known is not asked about")
	}
	review := w.looked()
	for _, want := range []string{"1 person loses the account", "1 account is disabled", "ben@contoso.com", "The removal guard does not hold them.", "from 11 removals on"} {
		w.Contains(review.TextOf("#losses"), want)
	}
	if review.Count(saving+" button.btn-danger") != 1 || review.Count(saving+" input[name=meant][required]") != 1 || review.Count(saving+" input[name=unseen]") != 0 {
		t.Errorf("the save is not asked about: %s", review.TextOf("#saving"))
	}
	save := form(review, saving)
	unchecked := w.post(admin, "/mappings/save", save)
	w.status(unchecked, http.StatusUnprocessableEntity)
	w.Contains(unchecked.TextOf("main"), "Nothing was saved: 1 person loses the account by it.")
	save.Set("meant", "on")
	bare := url.Values{"tag": save["tag"], "meant": {"on"}, "unseen": {"on"}}
	w.status(w.post(admin, "/mappings/save", bare), http.StatusConflict)
	saved := w.post(admin, "/mappings/save", save)
	w.status(saved, http.StatusSeeOther)
	w.Contains(saved.Notice, "1 person loses the account by it.")
	w.Cycle(w.app)
	if w.draft().Changed() || w.enabled() != 1 {
		t.Errorf("%d accounts are in use, want 1", w.enabled())
	}
}

func TestASaveIsRefusedWhenOthersLoseTheirAccounts(t *testing.T) {
	t.Parallel()
	w := filtered(t)
	save := form(w.looked(), saving)
	save.Set("meant", "on")
	w.Assign(w.app, "User", portaltest.Cleo, "Standard User")
	w.Cycle(w.app)
	refused := w.post(admin, "/mappings/save", save)
	w.status(refused, http.StatusConflict)
	w.Contains(refused.TextOf("main"), "Nothing was done.")
	w.Contains(refused.TextOf("#losses"), "2 people lose their accounts")
	w.Contains(refused.TextOf("#losses"), "cleo@contoso.com")
	if w.draft().Saved.SynchronizationRules[0].ObjectMappings[0].Scope != nil {
		t.Error("the filter is saved")
	}
	again := form(refused, saving)
	again.Set("meant", "on")
	w.status(w.post(admin, "/mappings/save", again), http.StatusSeeOther)
}

func TestASaveSaysThatTheGuardHoldsTheRemovals(t *testing.T) {
	t.Parallel()
	w := filtered(t)
	w.settings(func(s *provisioning.Settings) { s.RemovalLimit = 1 })
	fields := form(w.page(admin, "/scoping"), "#filters")
	fields.Set("value-0-0", "Nobody")
	w.status(w.post(admin, "/scoping", fields), http.StatusSeeOther)
	review := w.looked()
	w.Contains(review.TextOf("#losses"), "The removal guard will hold the removals: 2 removals are more than the limit of 1 in one cycle.")
	if review.Count("#losses a[href$='/removals']") != 1 {
		t.Error("the way to the removals is not shown")
	}
}

func TestASaveSaysWhoLosesTheAccountLater(t *testing.T) {
	t.Parallel()
	w := filtered(t)
	w.settings(func(s *provisioning.Settings) {
		s.Leaving = s.Leaving.WithGrace(provisioning.FilteredOut, 24*time.Hour)
	})
	review := w.looked()
	w.Contains(review.TextOf("#losses"), "After the grace period, 1 person loses the account")
	w.Contains(review.TextOf("#losses"), "1 account is disabled or deleted when the grace period is over.")
	if review.Count(saving+" input[name=meant]") != 1 {
		t.Error("the save is not asked about")
	}
}

func TestASaveThatTakesNothingAwayIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Cycle(w.app)
	w.status(w.post(admin, "/mappings/new", url.Values{"kind": {"direct"}, "attribute": {"jobTitle"}, "target": {"Title"}, "apply": {"Always"}}), http.StatusSeeOther)
	review := w.looked()
	if review.Count("#losses") != 0 || review.Count(saving+" button.btn-primary") != 1 || review.Count(saving+" input[type=checkbox]") != 0 {
		t.Errorf("asked about: %s", review.TextOf("#saving"))
	}
	w.status(w.post(admin, "/mappings/save", form(review, saving)), http.StatusSeeOther)
}

func (w *world) settings(change func(*provisioning.Settings)) {
	w.TB.Helper()
	w.Must(w.Acts.ChangeSettings(w.TB.Context(), w.app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
		change(&s)
		return s, every, nil
	}))
	w.app = w.Again(w.app)
}

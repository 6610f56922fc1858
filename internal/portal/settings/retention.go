package settings

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// retentionData is how long the provisioning log is kept.
type retentionData struct {
	Form settingsForm
	Now  string // how long it is kept now
}

// shorteningData is what is removed when the log is kept for less time.
type shorteningData struct {
	Confirmation page.Confirmation

	Version  int
	Entered  string // as the form has it
	Kept     string // how long it would be kept
	Before   string // how long it is kept now
	Older    string // how many entries are older, in words
	Nothing  bool   // none is
	Boundary time.Time
	Oldest   time.Time // the oldest entry, zero for none
}

func retentionHead() page.Head {
	h := head("Retention")
	h.Lead = "How long entries of the provisioning log are kept. The audit log is kept for ever."
	return h
}

func shorteningHead() page.Head {
	return head("Keep the log for less time", page.Link{Text: "Retention", Path: retentionPath})
}

// forever is what the form has for entries that are kept for ever, as the flag has it.
const forever = "0"

func retentionSettings() []setting {
	return []setting{{
		field: settings.LogDays,
		shown: page.Field{Label: "Days that entries are kept", Type: "number", Placeholder: strconv.Itoa(store.DefaultLogDays), Help: "Empty: 30 days. 0: for ever. Older entries are removed for good within the hour."},
		text: func(s store.Settings) string {
			if s.LogDays == store.LogForever {
				return forever
			}
			return numberText(s.LogDays)
		},
		put: func(s *store.Settings, text string) (err error) {
			if s.LogDays, err = numberOf(text); text == forever {
				s.LogDays = store.LogForever
			}
			return err
		},
	}}
}

// kept says how long entries are kept.
func kept(days int) string {
	switch days {
	case store.LogForever:
		return "For ever"
	case 0:
		days = store.DefaultLogDays
	}
	return page.Plural(days, "day", "days")
}

func newRetentionData(now settings.Effective, entered map[string]string, faults page.Faults) retentionData {
	return retentionData{newSettingsForm(now, retentionSettings(), entered, faults), kept(now.LogDays)}
}

func (a *Area) showRetention(context.Context, *page.Request) (page.Answer, error) {
	return a.retention.Show(retentionHead(), newRetentionData(a.Settings.Effective(), nil, nil)), nil
}

func (a *Area) saveRetention(ctx context.Context, r *page.Request) (page.Answer, error) {
	all, now := retentionSettings(), a.Settings.Effective()
	after, faults := change(r, now, all, now.Kept)
	if len(faults) == 0 && settings.Check(after) == nil && shortens(now.Kept, after) {
		if answer, confirmed, err := a.askShortening(ctx, r, now, after); !confirmed {
			return answer, err
		}
	}
	status, faults, err := a.update(ctx, r, all, nil)
	switch {
	case err != nil:
		return page.Answer{}, err
	case status != 0:
		return a.retention.Show(retentionHead(), newRetentionData(a.Settings.Effective(), given(r, all), faults)).With(status), nil
	}
	return page.Redirect(retentionPath, page.Success("The setting was saved.")), nil
}

// shortens reports whether entries go earlier.
func shortens(before, after store.Settings) bool {
	return after.LogKept() != 0 && (before.LogKept() == 0 || after.LogKept() < before.LogKept())
}

// shownFor is for how long what would go is counted from one moment on. Without it each
// entry that grows old meanwhile would ask anew.
const shownFor = time.Hour

// boundaryOf is the moment from before which entries go: that of the page that is
// confirmed, or the one that holds now.
func boundaryOf(r *page.Request, kept time.Duration, now time.Time) time.Time {
	boundary := now.Add(-kept).UTC().Truncate(time.Second)
	given, err := time.Parse(time.RFC3339, r.Value("boundary"))
	if err == nil && !given.After(boundary) && boundary.Sub(given) < shownFor {
		return given
	}
	return boundary
}

// askShortening says what would be removed, unless exactly that was confirmed.
func (a *Area) askShortening(ctx context.Context, r *page.Request, now settings.Effective, after store.Settings) (answer page.Answer, confirmed bool, err error) {
	boundary := boundaryOf(r, after.LogKept(), time.Now())
	count, err := a.Administration.Store.CountEntries(ctx, journal.Query{Until: boundary})
	if err != nil {
		return answer, false, err
	}
	data := newShorteningData(r.Number("version", -1), r.Value(nameOf(settings.LogDays)), now.Kept.LogDays, after.LogDays, count, boundary)
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); confirmed {
		return answer, true, nil
	}
	for entry, err := range a.Administration.Store.Entries(ctx, journal.Query{OldestFirst: true, Limit: 1}) {
		if err != nil {
			return answer, false, err
		}
		data.Oldest = entry.At
	}
	answer = a.shortening.Show(shorteningHead(), data)
	if data.Confirmation.Changed {
		answer = answer.With(http.StatusConflict)
	}
	return answer, false, nil
}

func newShorteningData(version int, entered string, before, after int, count store.Count, boundary time.Time) shorteningData {
	older := page.Plural(count.Number, "entry", "entries")
	if count.More {
		older = "More than " + older
	}
	return shorteningData{
		Confirmation: page.Confirm(version, before, after, count, boundary), Version: version, Entered: entered, Kept: kept(after), Before: kept(before),
		Older: older, Nothing: count.Number == 0 && !count.More, Boundary: boundary,
	}
}

package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/usher-id/usher/internal/portal/page"
)

func TestOnlyWhatHoldsNowIsConfirmed(t *testing.T) {
	t.Parallel()
	known, nameless := page.Confirm("3 accounts"), page.Confirm(make(chan int)) // a channel has no JSON, so no mark
	if known.Mark == "" || nameless.Mark != "" {
		t.Fatalf("the marks are %q and %q", known.Mark, nameless.Mark)
	}
	tests := []struct {
		name               string
		form               url.Values
		now                page.Confirmation
		confirmed, changed bool
	}{
		{"what holds", url.Values{"confirmed": {known.Mark}}, known, true, false},
		{"another state", url.Values{"confirmed": {"x"}}, known, false, true},
		{"nothing", url.Values{}, known, false, false},
		{"an empty mark", url.Values{"confirmed": {""}}, known, false, false},
		{"nothing, of a state without a mark", url.Values{}, nameless, false, false},
		{"an empty mark, of a state without one", url.Values{"confirmed": {" "}}, nameless, false, false},
		{"something, of a state without a mark", url.Values{"confirmed": {known.Mark}}, nameless, false, true},
	}
	for _, test := range tests {
		request := &page.Request{HTTP: httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)}
		request.HTTP.Form = test.form
		if got, confirmed := request.Confirms(test.now); confirmed != test.confirmed || got.Changed != test.changed {
			t.Errorf("%s: confirmed %t, changed %t", test.name, confirmed, got.Changed)
		}
	}
}

package pagetest

import (
	"net/http"
	"testing"

	"github.com/usher-id/usher/internal/portal/page"
)

// Area is a part of the portal with its samples.
type Area interface {
	Mount(r *page.Router)
	Samples() []page.Sample
}

// Samples checks every sample of an area: the page is shown, nothing is wrong with it,
// and there are samples without data, with data and with hostile data of each page.
// Links to pages of other areas are not followed: the portal as a whole is checked for
// those.
func Samples(t *testing.T, area Area) {
	t.Helper()
	site := page.New(page.Config{Authenticate: page.SampleAuthenticate, Version: "sample"})
	area.Mount(site.Router())
	cases := map[string]bool{}
	for _, sample := range area.Samples() {
		cases[sample.Case] = true
		t.Run(sample.Page+"/"+sample.Case, func(t *testing.T) {
			t.Parallel()
			document, status := Show(t, site, sample)
			if status >= http.StatusInternalServerError {
				t.Fatalf("status %d: %s", status, document.TextOf("body"))
			}
			for _, fault := range document.Faults(sample.Path, func(string, string) bool { return true }) {
				t.Error(fault)
			}
		})
	}
	for _, wanted := range []string{"empty", "full", "hostile"} {
		if !cases[wanted] {
			t.Errorf("no sample with the case %q", wanted)
		}
	}
}

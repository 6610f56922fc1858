package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/portal/pagetest"
)

// TestEverySampleIsSound shows every page with every kind of data, and follows its links
// to the routes of the whole portal.
func TestEverySampleIsSound(t *testing.T) {
	t.Parallel()
	site, samples := sampled("test")
	for _, sample := range samples {
		t.Run(sample.Page+"/"+sample.Case, func(t *testing.T) {
			t.Parallel()
			document, status := pagetest.Show(t, site, sample)
			if status >= http.StatusInternalServerError && !strings.HasPrefix(sample.Page, "Error") {
				t.Fatalf("status %d: %s", status, document.TextOf("body"))
			}
			for _, fault := range document.Faults(sample.Path, site.Router().Leads) {
				t.Error(fault)
			}
		})
	}
}

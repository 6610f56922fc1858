package portal

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"github.com/usher-id/usher/internal/portal/page"
)

// The index of the samples is no page of the portal, so it has a file of its own.
//
//go:embed samples.html
var samplesPage embed.FS

// Samples returns a handler that shows every page of the portal with made-up data, and
// an index of them at /samples. Nothing is read and nothing is written: forms lead
// nowhere.
func Samples(version string) (http.Handler, error) {
	site, samples := sampled(version)
	index, err := template.ParseFS(samplesPage, "samples.html")
	if err != nil {
		return nil, fmt.Errorf("read the index of the samples: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", site)
	mux.HandleFunc("GET /samples/{number}", func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.PathValue("number"))
		if err != nil || number < 0 || number >= len(samples) {
			http.NotFound(w, r)
			return
		}
		site.Show(w, r, samples[number])
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/samples", http.StatusFound) })
	mux.HandleFunc("GET /samples", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = index.Execute(w, samples) // whoever asked is gone
	})
	return compressed(mux)
}

// sampled returns a site with all routes and the samples of all areas.
func sampled(version string) (*page.Site, []page.Sample) {
	site := page.New(page.Config{Authenticate: page.SampleAuthenticate, Version: version})
	var samples []page.Sample
	for _, area := range areas(Dependencies{Version: version}) {
		area.Mount(site.Router())
		samples = append(samples, area.Samples()...)
	}
	return site, append(samples, site.Samples()...)
}

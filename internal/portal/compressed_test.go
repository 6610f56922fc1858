package portal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
)

// compressedSite is a site with a stream, a download that fails and a large page, as it
// is served.
func compressedSite(t *testing.T) *httptest.Server {
	t.Helper()
	site := page.New(page.Config{Authenticate: page.SampleAuthenticate})
	site.Router().Get("/events", func(context.Context, *page.Request) (page.Answer, error) {
		return page.Events(time.Hour, func(context.Context) ([]page.Event, error) { return []page.Event{{Name: "state", HTML: "on"}}, nil }), nil
	})
	site.Router().Get("/half", func(context.Context, *page.Request) (page.Answer, error) {
		return page.Download("half.csv", "text/csv", func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("line\n", 1<<16))
			return errors.Join(err, errors.New("the database is gone"))
		}), nil
	})
	handler, err := compressed(site)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, server *httptest.Server, path string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := server.Client().Do(request)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

// An event is sent at once, not when there are enough of them to compress.
func TestEventsAreSentAtOnce(t *testing.T) {
	t.Parallel()
	response, err := get(t, compressedSite(t), "/events") //nolint:bodyclose // get does
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	if err != nil || line != "event: state\n" || response.Header.Get("Content-Encoding") != "" {
		t.Errorf("the first line is %q, %v, in %q", line, err, response.Header.Get("Content-Encoding"))
	}
}

func TestWhatIsCompressedIsWholeOrBroken(t *testing.T) {
	t.Parallel()
	server := compressedSite(t)
	missing, err := get(t, server, "/nowhere") //nolint:bodyclose // get does
	if err != nil {
		t.Fatal(err)
	}
	if missing.Header.Get("Content-Encoding") != "gzip" || missing.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("a page is sent with %v", missing.Header)
	}
	half, err := get(t, server, "/half") //nolint:bodyclose // get does
	if err != nil {
		return // broken off before its first part was sent
	}
	if text, err := io.ReadAll(half.Body); err == nil {
		t.Errorf("half a file of %d bytes looks whole", len(text))
	}
}

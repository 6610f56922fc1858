package portal

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/net/html"

	"github.com/usher-id/usher/internal/portal/pagetest"
)

// What a page may cost. Processor time is what a busy machine changes least.
const (
	mostPageBytes     = 300 << 10
	mostPageProcessor = 100 * time.Millisecond
	mostTickProcessor = 20 * time.Millisecond // of one second of one viewer of a stream
)

// BenchmarkPages asks for every page of the portal, and for searches and parts deep in
// the lists, over 100,000 users. It prints what each costs, and fails when a page is too
// large or takes too much processor time. An iteration is one round through all of them:
//
//	go test ./internal/portal -run '^$' -bench Pages -benchtime 7x -v
//
// USHER_PAGES is a regular expression for the paths of the pages that are wanted alone.
func BenchmarkPages(b *testing.B) {
	w := newLarge(b)
	wanted, err := regexp.Compile(os.Getenv("USHER_PAGES"))
	w.Must(err)
	var all []*measured
	for _, path := range w.paths(b, wanted) {
		all = append(all, &measured{path: path})
	}
	for b.Loop() {
		for _, m := range all {
			m.measure(b, w.handler)
		}
	}
	b.ReportMetric(float64(len(all)), "pages/op")
	slices.SortStableFunc(all, func(x, y *measured) int {
		return cmp.Or(cmp.Compare(middle(y.processor), middle(x.processor)), strings.Compare(x.path, y.path))
	})
	b.Log("\n" + table(all))
	for _, m := range all {
		m.judge(b)
	}
}

// measured is a page with what each of its requests cost.
type measured struct {
	path      string
	kind      string // content type; "file" for a download
	wall      []time.Duration
	processor []time.Duration
	bytes     int
	sent      int // bytes, compressed
}

// measure asks for a page once.
func (m *measured) measure(b *testing.B, handler http.Handler) {
	b.Helper()
	began, used := time.Now(), processorTime(b)
	answer := ask(b, handler, m.path, 0)
	m.wall, m.processor = append(m.wall, time.Since(began)), append(m.processor, processorTime(b)-used)
	if answer.Code >= http.StatusBadRequest && !refuses(m.path) {
		b.Errorf("%s: status %d", m.path, answer.Code)
	}
	m.kind, _, _ = strings.Cut(answer.Header().Get("Content-Type"), ";")
	if strings.HasPrefix(answer.Header().Get("Content-Disposition"), "attachment") {
		m.kind = "file"
	}
	m.sent = answer.Body.Len()
	m.bytes = len(plain(b, answer))
}

// judge fails when a page costs too much. Files, and pages that look at many people
// because they are asked to, take the time that they need.
func (m *measured) judge(b *testing.B) {
	b.Helper()
	if m.kind == "file" || thorough(m.path) {
		return
	}
	if m.bytes > mostPageBytes {
		b.Errorf("%s: %d bytes, more than %d", m.path, m.bytes, mostPageBytes)
	}
	if took := middle(m.processor); took > mostPageProcessor {
		b.Errorf("%s: %s of processor time, more than %s", m.path, took, mostPageProcessor)
	}
}

// refuses reports whether a page has nothing to show here: nobody set up a provider to
// sign in with, nor made what a token stands for, and a file needs a format.
func refuses(path string) bool {
	return strings.HasPrefix(path, "/sign-in/") || strings.HasSuffix(path, "/none") || strings.HasSuffix(path, "/download")
}

// thorough reports whether a page looks at many things one by one: the survey reads all
// accounts of the target.
func thorough(path string) bool { return strings.HasSuffix(path, "/accounts/survey") }

func middle(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[len(sorted)/2]
}

func table(all []*measured) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	milliseconds := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	_, _ = fmt.Fprintln(w, "processor ms\tserver ms\tworst ms\tbytes\tcompressed\t  page")
	for _, m := range all {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t  %s\n", milliseconds(middle(m.processor)), milliseconds(middle(m.wall)), milliseconds(slices.Max(m.wall)), m.bytes, m.sent, m.path)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return text.String()
}

// processorTime returns how long the process has kept the processor busy.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// watcher is a browser that looks at a stream for so long, or until its first part.
type watcher struct {
	*httptest.ResponseRecorder

	enough context.CancelFunc
	whole  bool
}

// Flush is called when a part is complete.
func (w *watcher) Flush() {
	w.ResponseRecorder.Flush()
	if !w.whole {
		w.enough()
	}
}

// ask asks for a page as a browser does; a stream is looked at for a while, at least
// until its first part.
func ask(tb testing.TB, handler http.Handler, path string, duration time.Duration) *httptest.ResponseRecorder {
	tb.Helper()
	ctx, enough := context.WithCancel(tb.Context())
	defer enough()
	if duration > 0 {
		time.AfterFunc(duration, enough)
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	request.Header.Set("Accept-Encoding", "gzip")
	w := &watcher{httptest.NewRecorder(), enough, duration > 0}
	var out http.ResponseWriter = w
	if !strings.HasSuffix(path, "/live") {
		out = w.ResponseRecorder
	}
	handler.ServeHTTP(out, request)
	return w.ResponseRecorder
}

// plain returns the content of an answer.
func plain(tb testing.TB, answer *httptest.ResponseRecorder) []byte {
	tb.Helper()
	if answer.Header().Get("Content-Encoding") != "gzip" {
		return answer.Body.Bytes()
	}
	reader, err := gzip.NewReader(answer.Body)
	if err != nil {
		tb.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err = errors.Join(err, reader.Close()); err != nil {
		tb.Fatal(err)
	}
	return content
}

// paths are all pages that are asked for: each route, the lists with searches that find
// nothing, little and much, and parts far from the beginning of each list.
func (w *large) paths(b *testing.B, wanted *regexp.Regexp) []string {
	b.Helper()
	site, _ := sampled("test")
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	var paths []string
	for _, pattern := range site.Router().Routes() {
		path, found := strings.CutPrefix(pattern, http.MethodGet+" ")
		if !found {
			continue
		}
		path = placeholder.ReplaceAllStringFunc(path, func(part string) string {
			name := strings.Trim(part, "{}")
			if name == "$" {
				return ""
			}
			if w.names[name] == "" {
				b.Errorf("%s: nothing is known that {%s} could be", pattern, name)
			}
			return w.names[name]
		})
		paths = append(paths, path)
	}
	paths = append(paths, w.searches(b.Context())...)
	paths = slices.DeleteFunc(paths, func(path string) bool { return !wanted.MatchString(path) })
	for _, path := range slices.Clone(paths) {
		paths = append(paths, w.deep(b, path)...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// searches are pages that show something else with a query.
func (w *large) searches(ctx context.Context) []string {
	app := "/applications/" + w.app.ID
	user, administrators := w.names["user"], w.names["role"]
	queries := []string{
		app + "/accounts?state=disabled", app + "/accounts?state=unassigned", app + "/accounts?state=orphaned",
		app + "/cycles?kind=initial", app + "/cycles?state=Failed",
		app + "/failures?code=DuplicateValue", app + "/failures?code=none",
		app + "/preview/abcdef0123456789?action=disable", app + "/preview/abcdef0123456789?cause=DuplicateValue", app + "/preview/abcdef0123456789?state=refused",
		app + "/removals?state=rejected",
		app + "/users-and-groups?kind=User", app + "/users-and-groups?kind=Group",
		app + "/users-and-groups/add?pick=Group:" + everyone + "&role=" + administrators,
		app + "/users-and-groups/role?id=" + w.assignment(ctx) + "&role=" + administrators,
		app + "/users-and-groups/remove?id=" + w.assignment(ctx),
		app + "/why?user=" + user, app + "/on-demand?user=" + user,
		app + "/mappings/expression?target=Title&user=" + user,
		"/groups/" + everyone + "/groups?nested=on", "/groups?kind=other", "/users/" + user + "/groups?nested=on",
		"/insights?period=24h", "/insights?period=30d", "/insights?period=30d&application=" + w.app.ID, "/insights/download?chart=actions",
		"/logs?status=failure", "/logs?action=disable&status=failure&application=" + w.app.ID, "/logs?code=NoSuchCode", "/logs?cycle=cycle-1000",
		"/logs?person=" + user, "/logs?live=on", "/logs/download?format=csv", "/logs/download?format=json",
		"/users?state=disabled", "/users?state=deleted", "/users?department=Sales", "/users?department=None",
	}
	for _, list := range []string{
		app + "/accounts?search=", app + "/on-demand?search=", app + "/preview/abcdef0123456789?text=", app + "/cycles/cycle-1000/undo?whom=selected&text=",
		app + "/users-and-groups?search=", app + "/users-and-groups/add?search=", app + "/why?search=",
		"/groups/" + everyone + "?search=", "/groups?search=", "/logs?text=", "/users?search=",
	} {
		for _, text := range []string{"a", "mar", "person54321", "zzzznobody"} {
			queries = append(queries, list+text)
		}
	}
	return queries
}

// deep returns a later part of a list, if it has one.
func (w *large) deep(b *testing.B, path string) []string {
	b.Helper()
	var found []string
	if strings.Contains(path, "/download") || strings.HasSuffix(path, "/live") || thorough(path) {
		return nil
	}
	parts := 5
	if strings.Contains(path, "?") {
		parts = 1
	}
	for next := path; len(found) < parts; {
		document := pagetest.Read(b, string(plain(b, ask(b, w.handler, next, 0))))
		links := document.All(`nav.pager a[rel="next"]`)
		if len(links) == 0 {
			break
		}
		next = href(links[0], path)
		found = append(found, next)
	}
	return found[max(len(found)-1, 0):]
}

// href is where a link of a page leads.
func href(link *html.Node, from string) string {
	to, _ := pagetest.Attribute(link, "href")
	if strings.HasPrefix(to, "?") {
		path, _, _ := strings.Cut(from, "?")
		return path + to
	}
	return to
}

// BenchmarkLive looks at the overview of an application of 100,000 people for five
// seconds, as one viewer does, and reports what a second costs.
func BenchmarkLive(b *testing.B) {
	const seconds = 5
	w := newLarge(b)
	path := "/applications/" + w.app.ID + "/live"
	ask(b, w.handler, path, 0)
	used := processorTime(b)
	for b.Loop() {
		ask(b, w.handler, path, seconds*time.Second+time.Second/2)
	}
	each := (processorTime(b) - used) / time.Duration(b.N*(seconds+1))
	b.ReportMetric(float64(each.Microseconds())/1000, "cpu-ms/tick")
	if each > mostTickProcessor {
		b.Errorf("a second of a viewer costs %s of processor time, more than %s", each, mostTickProcessor)
	}
}

package graphapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/usher-id/usher/internal/graphapi"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
)

var update = flag.Bool("update", false, "rewrite the answers of the stories") //nolint:gochecknoglobals // a flag of the test

// A story is a sequence of requests with their answers: files named request and
// response in turn. A request is written as in HTTP; its client is named by its
// token, which is the name of a role. Ids that the service made, dates and tokens are
// replaced by names in the order in which they appear, which later requests may use.

func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			tell(t, file, newAPI(t, newStore(t), graphapi.Dependencies{}))
		})
	}
}

func tell(t *testing.T, file string, handler http.Handler) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	names := &naming{}
	for i := 0; i < len(archive.Files); i++ { //nolint:intrange // answers are added on the way
		if archive.Files[i].Name != "request" {
			continue
		}
		request := string(archive.Files[i].Data)
		got := names.hide(answer(t, handler, names.reveal(request)))
		if *update {
			put(archive, i+1, got)
			continue
		}
		if i+1 >= len(archive.Files) || archive.Files[i+1].Name != "response" {
			t.Fatalf("the request has no response:\n%s", request)
		}
		if diff := cmp.Diff(string(archive.Files[i+1].Data), got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", request, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// put makes the file at a place a response.
func put(archive *txtar.Archive, at int, text string) {
	if at >= len(archive.Files) || archive.Files[at].Name != "response" {
		archive.Files = slices.Insert(archive.Files, at, txtar.File{Name: "response"})
	}
	archive.Files[at].Data = []byte(text)
}

// answer sends a request and writes down its answer.
func answer(t *testing.T, handler http.Handler, text string) string {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, target, found := strings.Cut(lines[0], " ")
	if !found {
		t.Fatalf("a request begins with method and path, not %q", lines[0])
	}
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(strings.TrimSpace(body)))
	request.Host = "usher.example"
	request.Header.Set("Authorization", "Bearer administrator")
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return written(t, recorder.Result(), recorder.Body.Bytes())
}

func written(t *testing.T, answer *http.Response, body []byte) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, answer.StatusCode)
	for _, name := range []string{"Location", "Retry-After", "Allow", "WWW-Authenticate", "Preference-Applied"} {
		if value := answer.Header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	if len(body) == 0 {
		return b.String()
	}
	b.WriteByte('\n')
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json") {
		return b.String() + answer.Header.Get("Content-Type") + "\n" + string(body) + "\n"
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%s", err, body)
	}
	return b.String() + pretty.String() + "\n"
}

// naming replaces what differs from run to run by names.
type naming struct {
	values []string
}

var varying = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?|token=[A-Za-z0-9_-]{20,}`)

func (n *naming) hide(text string) string {
	text = regexp.MustCompile(`(?s)"innerError": \{.*?\}`).ReplaceAllString(text, `"innerError": {}`)
	text = regexp.MustCompile(`"durationInMilliseconds": \d+`).ReplaceAllString(text, `"durationInMilliseconds": 0`)
	return varying.ReplaceAllStringFunc(text, func(value string) string {
		switch {
		case strings.HasPrefix(value, "0000") || strings.HasPrefix(value, "aaaa"):
			return value // chosen by the story
		case strings.HasPrefix(value, "20") && strings.Contains(value, "T"):
			return "DATE"
		}
		prefix := ""
		if rest, ok := strings.CutPrefix(value, "token="); ok {
			prefix, value = "token=", rest
		}
		at := slices.Index(n.values, value)
		if at < 0 {
			n.values = append(n.values, value)
			at = len(n.values) - 1
		}
		return fmt.Sprintf("%s{%d}", prefix, at+1)
	})
}

func (n *naming) reveal(text string) string {
	for i, value := range n.values {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i+1), value)
	}
	return text
}

func newStore(tb testing.TB) *sqlstore.Store {
	tb.Helper()
	opened, err := sqlstore.Open(tb.Context(), sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db")})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := opened.Close(); err != nil {
			tb.Error(err)
		}
	})
	return opened
}

// newAPI makes an API on a store. A token is the name of a role.
func newAPI(tb testing.TB, opened graphapi.Store, d graphapi.Dependencies) http.Handler {
	tb.Helper()
	d.Store = opened
	d.Origin = origin.Origin{URL: "https://usher.example"}
	d.TokenKey = bytes.Repeat([]byte{7}, 32)
	d.TenantID = "aaaaaaaa-0000-0000-0000-000000000001"
	d.Authenticate = func(_ context.Context, token string) (store.APIClient, error) {
		role := store.Role(token)
		if !slices.Contains(store.Roles(), role) {
			return store.APIClient{}, graphapi.ErrUnauthenticated
		}
		return store.APIClient{ID: "aaaaaaaa-0000-0000-0000-000000000002", Name: token, Role: role}, nil
	}
	return graphapi.New(d)
}

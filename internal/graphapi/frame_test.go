package graphapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/graphapi"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/journal"
)

// send sends a request as a role.
func send(t *testing.T, handler http.Handler, role, method, target string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, body)
	request.Header.Set("Authorization", "Bearer "+role)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func zipped(t *testing.T, text string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestBodiesMayBeCompressedAndAreLimitedEitherWay(t *testing.T) {
	t.Parallel()
	handler := newAPI(t, newStore(t), graphapi.Dependencies{MaxBody: 1 << 20})
	group := `{"displayName":"Sales","mailEnabled":false,"mailNickname":"sales","securityEnabled":true}`
	large := `{"displayName":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, test := range []struct {
		name   string
		body   io.Reader
		coding string
		want   int
	}{
		{"plain", strings.NewReader(group), "", http.StatusCreated},
		{"compressed", zipped(t, group), "gzip", http.StatusCreated},
		{"large", strings.NewReader(large), "", http.StatusRequestEntityTooLarge},
		{"large when it is unpacked", zipped(t, large), "gzip", http.StatusRequestEntityTooLarge},
		{"cut short", io.LimitReader(zipped(t, group), 20), "gzip", http.StatusBadRequest},
		{"not compressed", strings.NewReader(group), "gzip", http.StatusBadRequest},
		{"not UTF-8", strings.NewReader("{\"displayName\":\"\xff\"}"), "", http.StatusBadRequest},
		{"a list", strings.NewReader("[]"), "", http.StatusBadRequest},
	} {
		if got := send(t, handler, "administrator", http.MethodPost, "/v1.0/groups", test.body, "Content-Encoding", test.coding); got.Code != test.want {
			t.Errorf("%s: %d %.200s, want %d", test.name, got.Code, got.Body, test.want)
		}
	}
}

func TestAClientThatAsksTooOftenIsToldWhenToComeAgain(t *testing.T) {
	t.Parallel()
	handler := newAPI(t, newStore(t), graphapi.Dependencies{Rate: ratelimit.Rate{PerSecond: 0.5, Burst: 2}})
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		got := send(t, handler, "reader", http.MethodGet, "/v1.0/organization", http.NoBody)
		if got.Code != want {
			t.Errorf("request %d: %d, want %d", i, got.Code, want)
		}
		if want == http.StatusTooManyRequests && got.Header().Get("Retry-After") != "2" {
			t.Errorf("Retry-After is %q", got.Header().Get("Retry-After"))
		}
	}
}

func TestEveryDenialIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	opened := newStore(t)
	handler := newAPI(t, opened, graphapi.Dependencies{})
	for role, want := range map[string]int{"reader": http.StatusForbidden, "operator": http.StatusForbidden, "administrator": http.StatusNotFound} {
		if got := send(t, handler, role, http.MethodDelete, "/v1.0/users/nobody", http.NoBody); got.Code != want {
			t.Errorf("%s: %d, want %d", role, got.Code, want)
		}
	}
	var denied []string
	for record, err := range opened.Audits(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		denied = append(denied, record.Activity+" "+record.Subject)
	}
	if len(denied) != 2 || denied[0] != "Deny API request DELETE /v1.0/users/nobody" {
		t.Errorf("the audit log has %q", denied)
	}
}

func TestRequestIDsAreSentBack(t *testing.T) {
	t.Parallel()
	handler := newAPI(t, newStore(t), graphapi.Dependencies{})
	got := send(t, handler, "reader", http.MethodGet, "/v1.0/users/nobody", http.NoBody, "client-request-id", "mine")
	if got.Header().Get("client-request-id") != "mine" || len(got.Header().Get("request-id")) != 36 ||
		!strings.Contains(got.Body.String(), `"request-id":"`+got.Header().Get("request-id")+`","client-request-id":"mine"`) {
		t.Errorf("headers %v, body %s", got.Header(), got.Body)
	}
	got = send(t, handler, "reader", http.MethodGet, "/v1.0/organization", http.NoBody, "client-request-id", strings.Repeat("x", 200))
	if got.Header().Get("client-request-id") != got.Header().Get("request-id") {
		t.Error("an overlong id is sent back")
	}
	if got = send(t, handler, "reader", http.MethodHead, "/v1.0/organization", http.NoBody); got.Code != http.StatusOK {
		t.Errorf("HEAD gives %d", got.Code)
	}
}

// breaking is a store that breaks when a user is looked up.
type breaking struct {
	graphapi.Store
	with func()
}

func (b breaking) User(context.Context, string) (directory.User, error) {
	b.with()
	return directory.User{}, errors.New("the disk is on fire at /secret/path")
}

func TestWhatBreaksInsideIsLoggedAndNotTold(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(){"an error": func() {}, "a panic": func() { panic("the disk is on fire") }} {
		var log lockedBuffer
		handler := newAPI(t, breaking{newStore(t), with}, graphapi.Dependencies{Log: slog.New(slog.NewTextHandler(&log, nil))})
		got := send(t, handler, "reader", http.MethodGet, "/v1.0/users/ana", http.NoBody)
		if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "disk") || !strings.Contains(got.Body.String(), "InternalServerError") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if !strings.Contains(log.String(), "the disk is on fire") || !strings.Contains(log.String(), got.Header().Get("request-id")) {
			t.Errorf("%s: the log has %s", name, log.String())
		}
		if again := send(t, handler, "reader", http.MethodGet, "/v1.0/organization", http.NoBody); again.Code != http.StatusOK {
			t.Errorf("%s: afterwards %d", name, again.Code)
		}
	}
}

// A write has a record in the audit log, and one that was refused has none.
func TestAWriteIsAuditedIfItHappens(t *testing.T) {
	t.Parallel()
	opened := newStore(t)
	handler := newAPI(t, opened, graphapi.Dependencies{})
	body := `{"accountEnabled":true,"displayName":"Ana","mailNickname":"ana","userPrincipalName":"ana@contoso.example","passwordProfile":{}}`
	if got := send(t, handler, "administrator", http.MethodPost, "/v1.0/users", strings.NewReader(body)); got.Code != http.StatusCreated {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	var records []journal.Audit
	for record, err := range opened.Audits(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	if len(records) != 1 || records[0].Activity != "Add user" || records[0].Subject != "ana@contoso.example" ||
		!strings.HasPrefix(records[0].Actor, "administrator (API client ") {
		t.Errorf("the audit log has %v", records)
	}
	if got := send(t, handler, "administrator", http.MethodPost, "/v1.0/users", strings.NewReader(body)); got.Code != http.StatusBadRequest {
		t.Errorf("a second one gives %d", got.Code)
	}
	count := 0
	for _, err := range opened.Audits(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 1 {
		t.Errorf("a write that was refused left %d records", count-1)
	}
}

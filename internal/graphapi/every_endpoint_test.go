package graphapi_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/graphapi"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// canary stands in every secret that is saved, and in every secret that is sent.
const canary = "canary-7f3a"

// A key of a path is one that exists, so that the handlers are reached.
var pathKeys = map[string]string{ //nolint:gochecknoglobals // a table
	"principal": principal, "application": object, "object": ana, "owner": ana, "job": jobID, "template": "salesforce", "directory": "salesforce.com",
	"user": ana, "group": sales, "member": ana, "entry": "1", "audit": "1",
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(p)
}

// Whatever a client sends to whatever is served: no status of 500, which would say
// that nobody thought of it, and no secret in an answer, the log or the audit log.
func TestNoEndpointFailsOrTellsASecret(t *testing.T) {
	t.Parallel()
	bodies := []string{
		"", "{", "[]", "null", "7", `"text"`, "{}", "\xff\xfe", "{\"value\":\"\x00\"}", `{"value":7}`, `{"value":[7]}`, `{"value":[null]}`, `{"value":null}`,
		`{"value":[{"key":"Password","value":"` + canary + `"},{"key":"Nothing","value":"` + canary + `"}]}`,
		`{"value":[{"key":"SyncNotificationSettings","value":"` + canary + `"}]}`,
		`{"useSavedCredentials":true}`, `{"useSavedCredentials":true,"credentials":7}`,
		`{"credentials":[{"key":"UserName","value":"` + canary + `"},{"key":"Password","value":"` + canary + `"}]}`,
		`{"credentials":[{"key":"BaseAddress","value":"https://` + canary + `:` + canary + `@contoso.my.salesforce.com"},{"key":"Password","value":"` + canary + `"}]}`,
		`{"parameters":[{"ruleId":"4c5ecfa1-a072-4460-b1c3-4adde3479854","subjects":[{"objectId":"` + ana + `","objectTypeName":"User"}]}]}`,
		`{"parameters":[{"subjects":[{"links":{"members":[{}]}}]}]}`, `{"criteria":7}`, `{"criteria":{"resetScope":"Full"}}`, `{"schedule":7}`,
		`{"schedule":{"interval":"P99999999D"}}`, `{"synchronizationJobSettings":[{"name":"","value":null}]}`, `{"expression":"Mid(","testInputObject":{"properties":[{}]}}`,
		`{"directories":null,"synchronizationRules":null}`, `{"synchronizationRules":[{"objectMappings":[{"attributeMappings":[{}]}]}]}`,
		strings.Repeat(`{"a":`, 5000), `{"templateId":"` + strings.Repeat("x", 10_000) + `"}`, `{"users":["` + ana + `"]}`, `{"users":7}`, `{"users":["nobody"]}`,
	}
	queries := []string{"", "?$filter=a%20eq%20'b'", "?$top=0", "?$select=,&$expand=x(($select=y)", "?$skiptoken=AAAA", "?$orderby=%20", "?$count=maybe", "?$filter=%FF", "?$expand=jobs,templates,secrets"}
	deep := regexp.MustCompile(`/(plans|drift|accept|undo|why|licenses|budget|accounts|secrets|jobs)$`) // signs in, or looks at everybody
	key := regexp.MustCompile(`\{([a-zA-Z]+)\}`)
	for _, saved := range []bool{false, true} {
		w, log := newWorldWithLog(t)
		w.prepare()
		if saved {
			w.signIn()
			w.must(w.store.PutCredentials(t.Context(), jobID, provisioning.Credentials{}.With("UserName", "ana").With("Password", canary).With("SecretToken", canary)))
		}
		try := func(method, target, body string) {
			status, answer := w.call(method, target, body)
			if status >= http.StatusInternalServerError && status != http.StatusNotImplemented && status != http.StatusServiceUnavailable {
				t.Errorf("%s %s %.80q: %d %s\n%s", method, target, body, status, answer, log.String())
			}
			if strings.Contains(answer, canary) {
				t.Errorf("%s %s %.80q tells a secret: %s", method, target, body, answer)
			}
		}
		for _, pattern := range graphapi.Patterns() {
			method, path, _ := strings.Cut(pattern, " ")
			if strings.HasSuffix(path, "$batch") || strings.HasSuffix(path, "/events") {
				continue
			}
			known := key.ReplaceAllStringFunc(path, func(name string) string {
				if value, found := pathKeys[strings.Trim(name, "{}")]; found {
					return value
				}
				return "unknown"
			})
			unknown := key.ReplaceAllString(path, "unknown")
			if method == http.MethodGet {
				for i, query := range queries {
					if !deep.MatchString(path) || i < 2 {
						try(method, known+query, "")
					}
					try(method, unknown+query, "")
				}
				continue
			}
			for i, body := range bodies {
				try(method, unknown, body)
				if !deep.MatchString(path) || i%5 == 0 {
					try(method, known, body)
				}
			}
		}
		if strings.Contains(log.String(), canary) {
			t.Errorf("the log tells a secret: %s", log.String())
		}
		for audit, err := range w.store.Audits(t.Context(), 0) {
			w.must(err)
			if strings.Contains(audit.Detail+audit.Subject+audit.Activity, canary) {
				t.Errorf("the audit log tells a secret: %+v", audit)
			}
		}
	}
}

func newWorldWithLog(t *testing.T) (*world, *lockedBuffer) {
	t.Helper()
	w, log := newWorld(t), &lockedBuffer{}
	handler := slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
	logging := *w.runner
	logging.Engine = new(engine.Engine)
	*logging.Engine = *w.runner.Engine
	logging.Engine.Log = slog.New(handler)
	w.handler = newAPI(t, w.store, graphapi.Dependencies{Runner: &logging, Catalogue: journal.NewCatalogue(), Log: slog.New(handler)})
	return w, log
}

// A role that may not do something changes nothing by trying.
func TestReadersChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	before := w.want(http.StatusOK, http.MethodGet, jobPath, "")
	for _, pattern := range graphapi.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if method == http.MethodGet || strings.HasSuffix(path, "$batch") || strings.Contains(path, "parseExpression") {
			continue
		}
		path = regexp.MustCompile(`\{([a-zA-Z]+)\}`).ReplaceAllStringFunc(path, func(name string) string { return pathKeys[strings.Trim(name, "{}")] + "x" })
		request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader("{}"))
		request.Header.Set("Authorization", "Bearer reader")
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusForbidden && !readable(path) {
			t.Errorf("%s: a reader gets %d", pattern, recorder.Code)
		}
	}
	if after := w.want(http.StatusOK, http.MethodGet, jobPath, ""); after != before {
		t.Errorf("the job changed:\n%s\n%s", before, after)
	}
}

// readable tells of requests with POST that only read.
func readable(path string) bool {
	for _, name := range []string{"getByIds", "checkMemberGroups", "getMemberGroups", "validateProperties", "schema/impact"} {
		if strings.HasSuffix(path, name) {
			return true
		}
	}
	return false
}

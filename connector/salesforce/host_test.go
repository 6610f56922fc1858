package salesforce_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/provisioning"
)

func TestWrongHostsAreNamed(t *testing.T) {
	t.Parallel()
	page := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	secure := httptest.NewUnstartedServer(page(http.StatusOK, ""))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about the handshakes that fail
	secure.StartTLS()
	t.Cleanup(secure.Close)
	tests := []struct {
		name    string
		address func(*testing.T) string
		code    string
	}{
		{"a page in HTML", serve(page(http.StatusOK, "<html><body>Welcome</body></html>")), "SalesforceWrongHost"},
		{"no such page", serve(page(http.StatusNotFound, "404 page not found")), "SalesforceWrongHost"},
		{"JSON of something else", serve(page(http.StatusOK, `{"hello":"world"}`)), "SalesforceWrongHost"},
		{"an unknown certificate", func(*testing.T) string { return secure.URL }, "SalesforceTlsFailure"},
		{"a closed port", func(*testing.T) string { return "http://127.0.0.1:1" }, "SalesforceUnreachable"},
	}
	for _, test := range tests {
		for _, method := range []string{"Password", "ClientSecret"} {
			t.Run(test.name+" by "+method, func(t *testing.T) {
				t.Parallel()
				credentials := provisioning.Credentials{}.With("UserName", "a@example.com").With("ClientIdentifier", "id").
					With(method, "canary-7F3A").With("BaseAddress", test.address(t))
				c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: credentials})
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.Check(t.Context())
				e, ok := errors.AsType[*connector.Error](err)
				if !ok || e.Kind != connector.Unavailable || e.Code != test.code || e.Advice == "" {
					t.Errorf("got %#v, want the code %s", e, test.code)
				}
				if strings.Contains(err.Error(), "canary") {
					t.Error("the error shows a secret")
				}
			})
		}
	}
}

// serve starts a server that is no org.
func serve(handler http.Handler) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
}

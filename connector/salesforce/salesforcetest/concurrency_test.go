package salesforcetest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// TestEverythingAtOnce is for the race detector, and for locks that wait for
// one another. What the calls answer is not the matter here.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	template := s.newUser("x@example.com")
	user := encode(t, template)
	call := func(method, path, body string) func(int) {
		return func(int) { s.do(method, path, body) }
	}
	var group sync.WaitGroup
	for _, work := range []func(int){
		func(i int) {
			record := typed("User", template)
			record["Username"] = fmt.Sprintf("u%d@example.com", i)
			s.do(http.MethodPost, data+"/composite/sobjects", encode(t, map[string]any{"records": []any{record}}))
		},
		func(i int) {
			requests := []any{subrequest("POST", "/sobjects/Group", "g", map[string]any{"Name": fmt.Sprint("g", i)}), subrequest("GET", "/query?q=SELECT+Id+FROM+User", "q", nil), subrequest("GET", "/limits", "l", nil)}
			s.do(http.MethodPost, data+"/composite", encode(t, map[string]any{"allOrNone": true, "compositeRequest": requests}))
		},
		call(http.MethodPost, data+"/sobjects/User", user),
		call(http.MethodGet, data+"/sobjects/User/describe", ""),
		call(http.MethodGet, data+"/query?q=SELECT+Id,Profile.Name,(SELECT+Id+FROM+PermissionSetAssignments)+FROM+User", ""),
		call(http.MethodGet, data+"/queryAll?q=SELECT+Id,IsFrozen+FROM+UserLogin", ""),
		call(http.MethodPost, data+"/jobs/query", `{"operation":"query","query":"SELECT Id FROM User"}`),
		call(http.MethodGet, data+"/jobs/query", ""),
		call(http.MethodGet, "/", ""),
		call(http.MethodGet, "/__sim/dump", ""),
		call(http.MethodPost, "/__sim/latency", `{"latency":"0s"}`),
		func(int) { _, _ = s.org.Users(), s.org.Licenses() },
		func(int) { s.org.SetSettings(salesforcetest.Settings{EmailChange: salesforcetest.EmailImmediate}) },
		func(int) {
			s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultRowLock, Operation: "create"}})
		},
		func(i int) {
			if i == 19 { // The others go on without a session.
				_ = s.org.Refresh()
			}
		},
		func(int) {
			c := s.org.Credentials()
			s.login("64.0", c.Username, c.Password+c.SecurityToken)
		},
	} {
		group.Go(func() {
			for i := range 20 {
				work(i)
			}
		})
	}
	group.Wait()
}

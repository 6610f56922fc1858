package salesforcetest_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func TestFaultsHitLogicalOperations(t *testing.T) {
	t.Parallel()
	const username = "victim@example.com"
	tests := []struct {
		name    string
		fault   salesforcetest.Fault
		status  int
		code    string
		err     error
		created bool
	}{
		{"response lost", salesforcetest.Fault{Kind: salesforcetest.FaultResponseLost, Operation: "create", Match: username}, 0, "", syscall.ECONNRESET, true},
		{"reset", salesforcetest.Fault{Kind: salesforcetest.FaultReset, Operation: "create", Match: username}, 0, "", syscall.ECONNRESET, false},
		{"truncated", salesforcetest.Fault{Kind: salesforcetest.FaultTruncatedBody, Operation: "create", Match: username}, 0, "", io.ErrUnexpectedEOF, true},
		{"server error", salesforcetest.Fault{Kind: salesforcetest.FaultServerError, Object: "User", Match: username}, 500, "UNKNOWN_EXCEPTION", nil, false},
		{"unavailable", salesforcetest.Fault{Kind: salesforcetest.FaultUnavailable, Operation: "create"}, 503, "SERVER_UNAVAILABLE", nil, false},
		{"quota", salesforcetest.Fault{Kind: salesforcetest.FaultQuota, Operation: "create"}, 403, "REQUEST_LIMIT_EXCEEDED", nil, false},
		{"concurrent", salesforcetest.Fault{Kind: salesforcetest.FaultConcurrent, Operation: "create"}, 403, "REQUEST_LIMIT_EXCEEDED", nil, false},
		{"session", salesforcetest.Fault{Kind: salesforcetest.FaultSessionExpired, Operation: "create"}, 401, "INVALID_SESSION_ID", nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := signIn(t, salesforcetest.Config{})
			s.org.SetFaults([]salesforcetest.Fault{test.fault})
			body := encode(t, map[string]any{"records": []any{typed("User", s.newUser("other@example.com")), typed("User", s.newUser(username))}})
			answer, err := s.try(http.MethodPost, data+"/composite/sobjects", body)
			if !errors.Is(err, test.err) || answer.status != test.status || err == nil && answer.code(t) != test.code {
				t.Errorf("got %d %s, %v", answer.status, answer.text, err)
			}
			if _, created := s.org.User(username); created != test.created {
				t.Errorf("created = %t", created)
			}
			if !test.created {
				s = signInTo(t, s.org)
				s.create("User", s.newUser(username))
			}
		})
	}
}

func TestARowLockHitsOneRow(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultRowLock, Operation: "create", Match: "b@example.com", Nth: 2}})
	create := func() []string {
		body := encode(t, map[string]any{"allOrNone": true, "records": []any{typed("User", s.newUser("a@example.com")), typed("User", s.newUser("b@example.com", map[string]any{"Alias": nil}))}})
		return statuses(t, s.do(http.MethodPost, data+"/composite/sobjects", body))
	}
	if diff := cmp.Diff([]string{"ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"}, create()); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ALL_OR_NONE_OPERATION_ROLLED_BACK", "UNABLE_TO_LOCK_ROW"}, create()); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
}

func TestARowErrorSpeaksForTheOrg(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultRowError, Match: "a@example.com", Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "No."}})
	body := encode(t, map[string]any{"records": []any{typed("User", s.newUser("a@example.com")), typed("User", s.newUser("b@example.com"))}})
	answer := s.do(http.MethodPost, data+"/composite/sobjects", body)
	if diff := cmp.Diff([]string{"FIELD_CUSTOM_VALIDATION_EXCEPTION", "ok"}, statuses(t, answer)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestSignInsFailOnSchedule(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	s.org.SetFaults([]salesforcetest.Fault{
		{Kind: salesforcetest.FaultUnavailable, Operation: "login", Match: c.Username}, {Kind: salesforcetest.FaultUnavailable, Operation: "token"},
	})
	if answer := s.login("64.0", c.Username, c.Password+c.SecurityToken); answer.status != http.StatusServiceUnavailable || between(answer.text, "sf:exceptionCode") != "SERVER_UNAVAILABLE" {
		t.Errorf("login: %d %s", answer.status, answer.text)
	}
	if answer := s.askToken("grant_type", "client_credentials"); answer.status != http.StatusServiceUnavailable || answer.object(t)["error"] == nil {
		t.Errorf("token: %d %s", answer.status, answer.text)
	}
}

// What a sign-in can be refused with depends on the state of an org that no file
// describes, such as its maintenance: the schedule names the code.
func TestSignInsAreRefusedWithAnyCode(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	s.org.SetFaults([]salesforcetest.Fault{
		{Kind: salesforcetest.FaultRowError, Operation: "login", Match: c.Username, Code: "ORG_LOCKED", Message: "The org is locked."},
		{Kind: salesforcetest.FaultRowError, Operation: "token", Code: "invalid_app_access", Message: "user is not admin approved to access this app"},
	})
	if answer := s.login("64.0", c.Username, c.Password+c.SecurityToken); answer.status != http.StatusInternalServerError || between(answer.text, "sf:exceptionCode") != "ORG_LOCKED" || !strings.Contains(answer.text, "LoginFault") {
		t.Errorf("login: %d %s", answer.status, answer.text)
	}
	if answer := s.askToken("grant_type", "client_credentials"); answer.status != http.StatusBadRequest || answer.object(t)["error"] != "invalid_app_access" {
		t.Errorf("token: %d %s", answer.status, answer.text)
	}
	if answer := s.login("64.0", c.Username, c.Password+c.SecurityToken); answer.status != http.StatusOK {
		t.Errorf("login again: %d %s", answer.status, answer.text)
	}
}

func TestAFaultThatCanNeverHappenIsRefused(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	for body, want := range map[string]int{
		`{"kind":"row-lock","operation":"query"}`:            http.StatusBadRequest,
		`{"kind":"row-error","operation":"read","code":"X"}`: http.StatusBadRequest,
		`{"kind":"row-error","operation":"create"}`:          http.StatusBadRequest,
		`{"kind":"half-page","operation":"create"}`:          http.StatusBadRequest,
		`{"kind":"session-expired","operation":"login"}`:     http.StatusBadRequest,
		`{"kind":"slow"}`:                                     http.StatusBadRequest,
		`{"kind":"reset","nth":-1}`:                           http.StatusBadRequest,
		`{"kind":"row-error","operation":"Login","code":"X"}`: http.StatusNoContent,
		`{"kind":"half-page"}`:                                http.StatusNoContent,
		`{"kind":"slow","delay":"1ms","times":-1}`:            http.StatusNoContent,
	} {
		if answer := s.do(http.MethodPost, "/__sim/faults", body); answer.status != want {
			t.Errorf("%s: %d %s, want %d", body, answer.status, answer.text, want)
		}
	}
}

func TestPagesAreCut(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	s.createMany(450)
	read := func() (sizes []int) {
		path := data + "/query?q=" + url.QueryEscape("SELECT Id FROM User")
		for path != "" {
			page := s.do(http.MethodGet, path, "", "Sforce-Query-Options", "batchSize=200").object(t)
			sizes = append(sizes, len(records(page)))
			path, _ = page["nextRecordsUrl"].(string)
		}
		return sizes
	}
	s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultHalfPage, Operation: "query", Object: "User", Page: 2}})
	if diff := cmp.Diff([]int{200, 100, 51}, read()); diff != "" {
		t.Errorf("half page (-want +got):\n%s", diff)
	}
	s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultShortPage, Operation: "query", Match: "from user", Page: 1}})
	if diff := cmp.Diff([]int{100, 200, 151}, read()); diff != "" {
		t.Errorf("short page (-want +got):\n%s", diff)
	}
}

func TestFaultsReachIntoCompositeRequests(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultServerError, Operation: "create", Match: "b@example.com"}})
	requests := []any{subrequest("POST", "/sobjects/User", "a", s.newUser("a@example.com")), subrequest("POST", "/sobjects/User", "b", s.newUser("b@example.com"))}
	answer := s.do(http.MethodPost, data+"/composite", encode(t, map[string]any{"allOrNone": true, "compositeRequest": requests}))
	if answer.status != http.StatusInternalServerError {
		t.Errorf("got %d %s", answer.status, answer.text)
	}
	if n := len(s.org.Users()); n != 1 {
		t.Errorf("%d users", n)
	}
}

func TestLatencyPassesInParallelAndHonoursTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := signIn(t, salesforcetest.Config{Latency: time.Second})
		s.org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultSlow, Operation: "limits", Delay: time.Minute}})
		start := time.Now()
		done := make(chan struct{})
		for range 10 {
			go func() {
				s.do(http.MethodGet, data+"/limits", "")
				done <- struct{}{}
			}()
		}
		for range 9 {
			<-done
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("nine requests took %s", took)
		}
		<-done
		if took := time.Since(start); took != time.Minute+time.Second {
			t.Errorf("the slow request took %s", took)
		}
		client := s.org.Client()
		client.Timeout = 100 * time.Millisecond
		s.client = client
		if _, err := s.try(http.MethodGet, data+"/limits", ""); err == nil {
			t.Error("a request outlived its timeout")
		}
	})
}

func TestARealServerCutsConnectionsToo(t *testing.T) {
	t.Parallel()
	org, err := salesforcetest.New(salesforcetest.Config{Faults: []salesforcetest.Fault{
		{Kind: salesforcetest.FaultReset, Operation: "token"}, {Kind: salesforcetest.FaultTruncatedBody, Operation: "token", Nth: 2},
	}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := org.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := org.Credentials()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
	ask := func() error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/services/oauth2/token", strings.NewReader(form.Encode()))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close() //nolint:errcheck // it is read to its end.
		_, err = io.ReadAll(answer.Body)
		return err
	}
	for _, want := range []error{io.EOF, io.ErrUnexpectedEOF, nil} {
		if err := ask(); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheControlEndpointsSteerTheOrg(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	id := s.create("User", s.newUser("a@example.com"))
	s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"Email":"b@example.com"}`)
	for _, step := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "confirm-email", `{"username":"a@example.com"}`, 204},
		{"POST", "confirm-email", `{"username":"a@example.com"}`, 400},
		{"PUT", "faults", `[{"kind":"unavailable","operation":"limits"}]`, 204},
		{"POST", "faults", `{"kind":"flood"}`, 400},
		{"POST", "faults", `{"kind":"slow","operation":"describe","delay":"1ms"}`, 204},
		{"POST", "faults", `{"kind":"slow","colour":"red"}`, 400},
		{"POST", "confirm-email", `{"user":"a@example.com"}`, 400},
		{"GET", "faults", "", 200},
		{"POST", "latency", `{"latency":"soon"}`, 400},
		{"POST", "user", `{"username":"a@example.com","fields":{"Title":"Boss","ProfileName":"Read Only"}}`, 204},
		{"GET", "nonsense", "", 404},
		{"GET", "dump", "", 200},
		{"GET", "", "", 200},
	} {
		if answer := s.do(step.method, "/__sim/"+step.path, step.body); answer.status != step.status {
			t.Errorf("%s %s: %d %s", step.method, step.path, answer.status, answer.text)
		}
	}
	user, _ := s.org.User("a@example.com")
	if user.Email != "b@example.com" || user.Get("Title") != "Boss" || user.ProfileName != "Read Only" {
		t.Errorf("the org holds %+v", user)
	}
	if answer := s.do(http.MethodGet, data+"/limits", ""); answer.status != http.StatusServiceUnavailable {
		t.Errorf("the fault did not hit: %d", answer.status)
	}
	statistics := s.do(http.MethodGet, "/__sim/statistics", "").object(t)
	if statistics["rowsCreated"] != 1.0 || statistics["rowsUpdated"] != 1.0 {
		t.Errorf("statistics: %v", statistics)
	}
	s.do(http.MethodPost, "/__sim/reset", "")
	if n := len(s.org.Users()); n != 1 || s.org.Statistics().Calls != 0 {
		t.Errorf("after the reset there are %d users", n)
	}
}

func TestThePageShowsTheOrg(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	s.create("User", s.newUser("a@example.com", map[string]any{"LastName": "<b>Bold</b>"}))
	page := s.do(http.MethodGet, "/?search=bold", "")
	for _, want := range []string{"Simulated Org", "a@example.com", "&lt;b&gt;Bold&lt;/b&gt;", "Chatter Free", "1 of 2 users"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.text, salesforcetest.DefaultPassword) || strings.Contains(page.text, s.token) {
		t.Error("the page shows a secret")
	}
}

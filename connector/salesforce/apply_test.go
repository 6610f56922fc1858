package salesforce_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

func TestABatchWithUpdatesAndCreationsIsOneCall(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	ids := mustApply(t, c, create("a@example.com"), create("b@example.com"))
	org.ResetStatistics()
	mustApply(t, c,
		create("c@example.com"), change(plan.Update, ids[0], fields("Title", "Boss")), create("d@example.com"),
		change(plan.Disable, ids[1], attr.Object{}),
	)
	got := org.Statistics()
	if diff := cmp.Diff(map[string]int{"composite": 1}, got.ByKind); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got.RowsCreated != 2 || got.RowsUpdated != 2 {
		t.Errorf("%d rows created and %d updated, want 2 and 2", got.RowsCreated, got.RowsUpdated)
	}
}

func TestARemovalFreesTheSeatForACreation(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Licenses = slices.Clone(config.Licenses)
	config.Licenses[0].Total = 2 // the administrator has one
	org := newOrg(t, config)
	c := open(t, org, passwords(org))
	first := mustApply(t, c, create("a@example.com"))[0]
	outcome := c.Apply(t.Context(), []plan.Change{create("b@example.com")})[0]
	e, ok := errors.AsType[*connector.Error](outcome.Err)
	if !ok || e.Kind != connector.Conflict || e.Code != "SalesforceLicenseLimitExceeded" || e.TargetCode != "LICENSE_LIMIT_EXCEEDED" {
		t.Fatalf("without a seat the outcome is %#v", outcome.Err)
	}
	// In the order of the batch the seat would be free too late; also among updates.
	second := mustApply(t, c, create("b@example.com"), change(plan.Disable, first, attr.Object{}))[0]
	mustApply(t, c, change(plan.Enable, first, attr.Object{}), change(plan.Delete, second, attr.Object{}))
	for username, want := range map[string]bool{"a@example.com": true, "b@example.com": false} {
		if user, _ := org.User(username); user.IsActive != want {
			t.Errorf("%s is active: %v, want %v", username, user.IsActive, want)
		}
	}
}

func TestProfilesAndRolesAreFoundByName(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	org.ResetStatistics()
	mustApply(t, c, change(plan.Create, "", person("a@example.com").With("ProfileName", attr.Text("read ONLY")).With("UserRoleName", attr.Text("CEO"))))
	user, _ := org.User("a@example.com")
	if user.ProfileName != "Read Only" || user.RoleName != "CEO" {
		t.Errorf("the user has the profile %q and the role %q", user.ProfileName, user.RoleName)
	}
	got := read(t, c, connector.Query{IDs: []string{user.ID}, Select: []string{"ProfileName", "UserRoleName", "UserRoleId", "ManagerId", "IsActive", "CreatedDate", "ProfileId"}})[0]
	if got.Get("ProfileName").String() != "Read Only" || got.Get("UserRoleName").String() != "CEO" || got.Get("UserRoleId").Ref().Type != "UserRole" ||
		!got.Get("ManagerId").IsNull() || got.Get("CreatedDate").Kind() != attr.Time || got.Get("ProfileId").String() != user.ProfileID {
		t.Errorf("read back: %v", got)
	}
	mustApply(t, c, change(plan.Update, user.ID, attr.Object{}.With("UserRoleName", attr.Value{}).With("ProfileName", attr.Text("Standard User"))))
	if user, _ = org.User("a@example.com"); user.ProfileName != "Standard User" || user.RoleName != "" {
		t.Errorf("after the update the user has the profile %q and the role %q", user.ProfileName, user.RoleName)
	}
}

func TestAnUnknownProfileCostsOneReadingAndNoWrite(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	mustApply(t, c, create("a@example.com"))
	org.ResetStatistics()
	unknown := change(plan.Create, "", person("b@example.com").With("ProfileName", attr.Text("Standart User")))
	for range 3 {
		outcome := c.Apply(t.Context(), []plan.Change{unknown})[0]
		e, ok := errors.AsType[*connector.Error](outcome.Err)
		if !ok || e.Kind != connector.Invalid || e.Code != "SalesforceInvalidProfile" || !strings.Contains(e.Message, `"Standard User"`) {
			t.Fatalf("the outcome is %v, want an invalid profile and the nearest name", outcome.Err)
		}
	}
	if diff := cmp.Diff(map[string]int{"query": 1}, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestReferencesAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	ids := mustApply(t, c, create("a@example.com"), create("b@example.com"))
	// The short form of an id is as good as the long one.
	manager := attr.RefTo(attr.Ref{Type: "User", ID: ids[1][:15]})
	mustApply(t, c, change(plan.Update, ids[0][:15], attr.Object{}.With("ManagerId", manager)))
	got := read(t, c, connector.Query{IDs: []string{ids[0][:15]}, Select: []string{"ManagerId"}})
	want := attr.RefTo(attr.Ref{Type: "User", ID: ids[1]})
	if len(got) != 1 || got[0].ID != ids[0] || !attr.Equal(got[0].Get("ManagerId"), want, true) {
		t.Errorf("read %v, want the manager %v", got, want)
	}
}

func TestFaultsOfSingleRowsHaveCodes(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Universe = salesforcetest.NewUniverse()
	config.Universe.Reserve("taken@example.com")
	org := newOrg(t, config)
	c := open(t, org, passwords(org))
	good := person("x@example.com")
	tests := []struct {
		name   string
		change plan.Change
		kind   connector.Kind
		code   string
		fields string
	}{
		{"a username of another org", create("taken@example.com"), connector.Conflict, "SalesforceDuplicateUserName", "Username"},
		{"no alias", change(plan.Create, "", good.Without("Alias")), connector.Invalid, "SalesforceRequiredFieldMissing", "Alias"},
		{"a long alias", change(plan.Create, "", good.With("Alias", attr.Text("123456789"))), connector.Invalid, "SalesforceStringTooLong", "Alias"},
		{"a bad time zone", change(plan.Create, "", good.With("TimeZoneSidKey", attr.Text("Mars/Base"))), connector.Invalid, "SalesforceInvalidOrNullForRestrictedPicklist", "TimeZoneSidKey"},
		{"a bad e-mail address", change(plan.Create, "", good.With("Email", attr.Text("foo"))), connector.Invalid, "SalesforceInvalidEmailAddress", "Email"},
		{"a username without @", change(plan.Create, "", good.With("Username", attr.Text("foo"))), connector.Invalid, "SalesforceFieldIntegrityException", "Username"},
		{"an unknown field", change(plan.Create, "", good.With("Fooo", attr.Text("foo"))), connector.Invalid, "SalesforceInvalidField", ""},
		{"a name that is no field", change(plan.Create, "", good.With(`x","y":"`, attr.Text("foo"))), connector.Invalid, "SalesforceInvalidAttribute", `x","y":"`},
		{"an unknown permission set", change(plan.Create, "", good.With("PermissionSets", attr.Texts("x"))), connector.Invalid, "SalesforceInvalidEntitlement", "PermissionSets"},
		{"an account that is gone", change(plan.Update, "005999999999999AAA", fields("Title", "x")), connector.NotFound, "SalesforceInvalidAnchor", ""},
		{"an id of another type", change(plan.Update, org.OrganizationID(), fields("Title", "x")), connector.NotFound, "SalesforceInvalidAnchor", ""},
		{"nothing to write", plan.Change{Action: plan.Skip}, connector.Invalid, "SalesforceInvalidAction", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			outcome := c.Apply(t.Context(), []plan.Change{test.change})[0]
			e, ok := errors.AsType[*connector.Error](outcome.Err)
			if !ok || e.Kind != test.kind || e.Code != test.code || strings.Join(e.Fields, ",") != test.fields || e.Advice == "" || strings.Contains(e.Message, "<br>") {
				t.Errorf("got %#v, want the kind %q, the code %s and the fields %s", e, string(test.kind), test.code, test.fields)
			}
		})
	}
}

func TestALockedRowIsSentAgainAlone(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	mustApply(t, c, create("z@example.com"))
	org.ResetStatistics()
	org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultRowLock, Operation: "create", Match: "b@example.com"}})
	mustApply(t, c, create("a@example.com"), create("b@example.com"), create("c@example.com"))
	got := org.Statistics()
	if got.ByKind["collections-create"] != 2 || got.RowsCreated != 3 || got.RowsRefused != 1 {
		t.Errorf("%+v, want two calls, three rows created and one refused", got)
	}
}

// cutting is a transport that spoils the answers to writes.
func cutting(org *salesforcetest.Org, spoil func(*http.Response) (*http.Response, error)) http.RoundTripper {
	inner := org.Client().Transport
	return transportFunc(func(r *http.Request) (*http.Response, error) {
		response, err := inner.RoundTrip(r)
		if err != nil || !strings.Contains(r.URL.Path, "/composite") {
			return response, err
		}
		return spoil(response)
	})
}

func TestALostAnswerIsAmbiguousWhateverTheWayItIsLost(t *testing.T) {
	t.Parallel()
	body := func(r *http.Response, status int, text string) *http.Response {
		r.StatusCode, r.Body, r.Header = status, io.NopCloser(strings.NewReader(text)), http.Header{}
		return r
	}
	tests := []struct {
		name  string
		spoil func(*http.Response) (*http.Response, error)
	}{
		{"the connection breaks", func(*http.Response) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }},
		{"the time is over", func(*http.Response) (*http.Response, error) { return nil, context.DeadlineExceeded }},
		{"an error of the server", func(r *http.Response) (*http.Response, error) {
			return body(r, 500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"An unexpected error occurred."}]`), nil
		}},
		{"a gateway", func(r *http.Response) (*http.Response, error) { return body(r, 502, "<html>Bad Gateway</html>"), nil }},
		{"half of the body", func(r *http.Response) (*http.Response, error) { return body(r, 200, `[{"id":"005`), nil }},
		{"fewer rows", func(r *http.Response) (*http.Response, error) { return body(r, 200, `[]`), nil }},
		{"rows that say nothing", func(r *http.Response) (*http.Response, error) { return body(r, 200, `[{}]`), nil }},
		{"a page in HTML", func(r *http.Response) (*http.Response, error) { return body(r, 200, "<html>"), nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, salesforcetest.Default())
			c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org), Transport: cutting(org, test.spoil)})
			if err != nil {
				t.Fatal(err)
			}
			outcome := c.Apply(t.Context(), []plan.Change{create("a@example.com")})[0]
			if connector.KindOf(outcome.Err) != connector.Ambiguous {
				t.Errorf("the outcome is %v, want it ambiguous", outcome.Err)
			}
			if writes := org.Statistics().ByKind["collections-create"]; writes != 1 {
				t.Errorf("%d writes, want one", writes)
			}
		})
	}
}

func TestANewEmailAddressThatWaitsIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		mode  salesforcetest.EmailChange
		waits bool
	}{{"pending", salesforcetest.EmailPending, true}, {"immediate", salesforcetest.EmailImmediate, false}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := salesforcetest.Default()
			config.Settings.EmailChange = test.mode
			org := newOrg(t, config)
			c := open(t, org, passwords(org))
			ids := mustApply(t, c, create("a@example.com"), create("b@example.com"))
			org.ResetStatistics()
			for round := range 3 {
				outcomes := c.Apply(t.Context(), []plan.Change{
					change(plan.Update, ids[0], fields("Email", fmt.Sprintf("new%d@example.com", round))), change(plan.Update, ids[1], fields("Title", "x")),
				})
				var want, pending []string
				if test.waits {
					want, pending = []string{salesforce.EmailWaits}, []string{"Email"}
				}
				if diff := cmp.Diff([][]string{pending, nil}, [][]string{outcomes[0].Pending, outcomes[1].Pending}); diff != "" {
					t.Errorf("pending attributes (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([][]string{want, nil}, [][]string{outcomes[0].Warnings, outcomes[1].Warnings}); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(map[string]int{"collections-update": 3, "query": 1}, org.Statistics().ByKind); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConcurrentLimitsAreWaitedFor(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	refused := false
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "/composite") && !refused {
				refused = true
				body := `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded."}]`
				return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			}
			return org.Client().Transport.RoundTrip(r)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	mustApply(t, c, create("a@example.com"))
	if !refused {
		t.Error("the limit was not met")
	}
}

func TestAServerThatIsNotReachedIsUnavailable(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	server, err := org.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org).With("BaseAddress", server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	mustApply(t, c, create("a@example.com"))
	// Without connections that are open still, the next write has to make one.
	if err := errors.Join(c.Close(), server.Close()); err != nil {
		t.Fatal(err)
	}
	outcome := c.Apply(t.Context(), []plan.Change{create("b@example.com")})[0]
	if connector.KindOf(outcome.Err) != connector.Unavailable {
		t.Errorf("the outcome is %v, want unavailable: nothing was sent", outcome.Err)
	}
}

func TestARowThatCannotBeReadDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	refuse := func(r *http.Request) *http.Response {
		if !strings.Contains(r.URL.Path, "/composite") {
			return nil
		}
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		if !bytes.Contains(sent, []byte("spoilt")) {
			return nil
		}
		body := `[{"errorCode":"JSON_PARSER_ERROR","message":"Cannot deserialize instance of double from VALUE_STRING value spoilt"}]`
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
	}
	server, err := org.Listen("127.0.0.1:0") // on loopback nothing is compressed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org).With("BaseAddress", server.URL),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if response := refuse(r); response != nil {
				return response, nil
			}
			return org.Client().Transport.RoundTrip(r)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var changes []plan.Change
	for i := range 100 {
		changes = append(changes, create(username(i)))
	}
	for _, i := range []int{17, 60} {
		changes[i] = change(plan.Create, "", person(username(i)).With("Title", attr.Text("spoilt")))
	}
	for i, outcome := range c.Apply(t.Context(), changes) {
		spoilt := i == 17 || i == 60
		if spoilt && !errors.Is(outcome.Err, connector.Invalid) || !spoilt && outcome.Err != nil {
			t.Errorf("outcome %d: %v", i, outcome.Err)
		}
	}
	if users := len(org.Users()); users != 99 {
		t.Errorf("the org has %d users, want 99", users)
	}
}

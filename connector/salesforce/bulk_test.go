package salesforce_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/connectortest"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// openBulk opens a connection that writes in bulk from a number of rows on.
func openBulk(t *testing.T, org *salesforcetest.Org, from int, transport http.RoundTripper) connector.Connector {
	t.Helper()
	if transport == nil {
		transport = org.Client().Transport
	}
	template := salesforce.Template(salesforce.Options{BulkPoll: time.Millisecond})
	c, err := template.Open(connector.Environment{Credentials: passwords(org).With("BulkFrom", strconv.Itoa(from)), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBulkConforms(t *testing.T) {
	t.Parallel()
	for _, from := range []int{1, 2, 5} {
		t.Run(fmt.Sprint("from ", from), func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Harness{Open: func(t *testing.T) connectortest.Target {
				t.Helper()
				org := newOrg(t, salesforcetest.Default())
				target := targetOf(t, org, passwords(org))
				target.Connector = openBulk(t, org, from, nil)
				return target
			}})
		})
	}
}

func TestTheBatchIsAsLargeAsBulkNeedsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, batch, concurrency int }{{1, 200, 5}, {100, 200, 5}, {400, 800, 1}, {2500, 5000, 1}} {
		org := newOrg(t, salesforcetest.Default())
		got := openBulk(t, org, test.from, nil).Describe().Capabilities
		if got.BatchSize != test.batch || got.Concurrency != test.concurrency {
			t.Errorf("from %d on: batches of %d, %d at a time; want %d and %d", test.from, got.BatchSize, got.Concurrency, test.batch, test.concurrency)
		}
	}
}

func TestLeaversAreOverBeforeABulkJobCreates(t *testing.T) {
	t.Parallel()
	config := orgWithSeats(301)
	org := newOrg(t, config)
	c := openBulk(t, org, 250, nil)
	var creations []plan.Change
	for i := range 300 {
		creations = append(creations, create(username(i)))
	}
	ids := mustApply(t, c, creations...)
	// Every seat is taken: nobody can be created before somebody has gone.
	var changes []plan.Change
	for i := range 300 {
		changes = append(changes, create("second-"+username(i)))
	}
	for _, id := range ids[:280] {
		changes = append(changes, holding(change(plan.Disable, id, attr.Object{}), "Standard User", true))
	}
	failed := 0
	for i, outcome := range c.Apply(t.Context(), changes[:500]) {
		switch e := outcome.Err; {
		case e == nil:
		case i < 300 && asErr(t, e).Code == "SalesforceLicenseLimitExceeded":
			failed++
		default:
			t.Errorf("change %d: %v", i, e)
		}
	}
	active := 0
	for _, user := range org.Users() {
		if user.IsActive {
			active++
		}
	}
	if failed != 100 || active != 301 {
		t.Errorf("%d of 300 found no seat after 200 had gone, and %d users are active", failed, active)
	}
}

func TestEveryValueComesThroughABulkJob(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := openBulk(t, org, 2, nil)
	texts := []string{
		"plain", `"quoted"`, "comma, and; more", "two\nlines", " blanks ", "Ünïcödé 東京 🎉", "=formula()", "#N/A", "carriage\rreturn", "'single'", `back\slash`, "<br>", "\uFEFFmark", "-",
	}
	var changes []plan.Change
	for i, text := range texts {
		changes = append(changes, change(plan.Create, "", person(username(i)).With("Title", attr.Text(text)).With("Department", attr.Text("Sales"))))
	}
	ids := mustApply(t, c, changes...)
	check := func(when string) {
		t.Helper()
		for i, want := range texts {
			user, _ := org.User(username(i))
			if user.Get("Title") != strings.TrimSpace(want) && user.Get("Title") != want {
				t.Errorf("%s the title is %q, want %q", when, user.Get("Title"), want)
			}
		}
	}
	check("after the creation")
	slices.Reverse(texts)
	changes = changes[:0]
	for i, text := range texts {
		changes = append(changes, change(plan.Update, ids[i][:15], fields("Title", text).With("Department", attr.Value{})))
	}
	mustApply(t, c, changes...)
	check("after the update")
	for i := range texts {
		if user, _ := org.User(username(i)); user.Get("Department") != "" || user.Get("LastName") != "Doe" {
			t.Errorf("the update left %q and %q", user.Get("Department"), user.Get("LastName"))
		}
	}
}

func TestFaultsOfSingleRowsOfABulkJobHaveCodes(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Universe = salesforcetest.NewUniverse()
	config.Universe.Reserve("taken@example.com")
	org := newOrg(t, config)
	c := openBulk(t, org, 3, nil)
	changes := []plan.Change{
		create("a@example.com"), create("taken@example.com"), change(plan.Create, "", person("b@example.com").With("Alias", attr.Text("123456789"))),
		change(plan.Create, "", person("c@example.com").Without("Alias")), create("A@Example.com"),
	}
	var got []string
	for _, outcome := range c.Apply(t.Context(), changes) {
		if outcome.Err == nil {
			got = append(got, "created")
			continue
		}
		e := asErr(t, outcome.Err)
		got = append(got, e.Code+" "+strings.Join(e.Fields, ","))
	}
	want := []string{
		"created", "SalesforceDuplicateUserName Username", "SalesforceStringTooLong Alias", "SalesforceRequiredFieldMissing Alias", "SalesforceDuplicateUserName Username",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// intercepting is a transport that spoils requests to the path of bulk jobs.
func intercepting(org *salesforcetest.Org, spoil func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error)) http.RoundTripper {
	return transportFunc(func(r *http.Request) (*http.Response, error) {
		next := func() (*http.Response, error) { return org.Client().Transport.RoundTrip(r) }
		if !strings.Contains(r.URL.Path, "/jobs/ingest") {
			return next()
		}
		return spoil(r, next)
	})
}

func refusal(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// step names a call of the life of a job.
func step(r *http.Request) string {
	switch path := strings.TrimRight(r.URL.Path, "/"); {
	case r.Method == http.MethodPost:
		return "open"
	case r.Method == http.MethodPut:
		return "upload"
	case r.Method == http.MethodPatch:
		return "close"
	case strings.HasSuffix(path, "Results"), strings.HasSuffix(path, "records"):
		return "results"
	}
	return "look"
}

// TestAFaultOfAnyCallOfABulkJob lets every call of a job fail in every way, once
// or for good, and compares what the connector says with what the org holds.
func TestAFaultOfAnyCallOfABulkJob(t *testing.T) {
	t.Parallel()
	type spoiler func(*http.Request, func() (*http.Response, error)) (*http.Response, error)
	lost := func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		response, err := next()
		if err == nil {
			_ = response.Body.Close()
		}
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	faults := map[string]spoiler{
		"lost before": func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
			return nil, io.ErrUnexpectedEOF
		},
		"lost after": lost,
		"503": func(r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
			return refusal(r, 503, `[{"errorCode":"SERVER_UNAVAILABLE","message":"x"}]`), nil
		},
		"500 after": func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			return refusal(r, 500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]`), nil
		},
		"quota": func(r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
			return refusal(r, 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`), nil
		},
		"session": func(r *http.Request, _ func() (*http.Response, error)) (*http.Response, error) {
			return refusal(r, 401, `[{"errorCode":"INVALID_SESSION_ID","message":"x"}]`), nil
		},
		"no answer of Salesforce": func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			return refusal(r, 200, "<html>"), nil
		},
	}
	for name, spoil := range faults {
		for _, at := range []string{"open", "upload", "close", "look", "results"} {
			for _, times := range []int{1, 1000} {
				t.Run(fmt.Sprintf("%s at %s %d times", name, at, times), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						org := newOrg(t, salesforcetest.Default())
						left := times
						c := openBulk(t, org, 3, intercepting(org, func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
							if step(r) != at || left == 0 {
								return next()
							}
							left--
							return spoil(r, next)
						}))
						compareWithOrg(t, org, c)
					})
				})
			}
		}
	}
}

// compareWithOrg creates users and checks that each of them is there as the outcome
// says: once, not at all, or once at most where that is not known.
func compareWithOrg(t *testing.T, org *salesforcetest.Org, c connector.Connector) {
	t.Helper()
	var changes []plan.Change
	for i := range 4 {
		changes = append(changes, create(username(i)))
	}
	for i, outcome := range c.Apply(t.Context(), changes) {
		user, there := org.User(username(i))
		kind := connector.KindOf(outcome.Err)
		switch {
		case outcome.Err == nil && user.ID != outcome.TargetID:
			t.Errorf("%s was said to be made as %s and is %q", username(i), outcome.TargetID, user.ID)
		case outcome.Err != nil && kind != connector.Ambiguous && there:
			t.Errorf("%s is there, and the outcome is %v", username(i), outcome.Err)
		case kind == connector.Invalid, kind == connector.Conflict, kind == connector.NotFound:
			t.Errorf("a fault of the connection counts as one of the data: %v", outcome.Err)
		}
	}
	if users := len(org.Users()); users > 5 {
		t.Errorf("the org has %d users", users)
	}
}

func TestRowsThatAJobDidNotComeToAreWrittenOtherwise(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := openBulk(t, org, 300, nil)
	var changes []plan.Change
	for i := range 500 {
		changes = append(changes, create(username(i)))
	}
	// The third chunk of the job, and all after it, are not carried out.
	org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultServerError, Operation: "create", Match: username(450)}})
	var ids []string
	for some := range slices.Chunk(changes, c.Describe().Capabilities.BatchSize) {
		ids = append(ids, mustApply(t, c, some...)...)
	}
	if got := org.Statistics().ByKind; got["collections-create"] != 1 {
		t.Errorf("calls %v, want one collection for the last hundred", got)
	}
	slices.Sort(ids)
	if distinct := len(slices.Compact(ids)); distinct != 500 || len(org.Users()) != 501 {
		t.Errorf("%d ids for %d users", distinct, len(org.Users()))
	}
}

func TestAJobThatIsStoppedIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, salesforcetest.Default())
		aborted := false
		c := openBulk(t, org, 2, intercepting(org, func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			if r.Method == http.MethodPatch {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				aborted = aborted || strings.Contains(string(body), "Aborted")
				r.Body = io.NopCloser(strings.NewReader(string(body)))
			}
			if step(r) == "look" {
				return refusal(r, 200, `{"id":"750000000000001AAA","state":"InProgress"}`), nil
			}
			return next()
		}))
		ctx, cancel := contextWithoutPatience(t)
		defer cancel()
		for _, outcome := range c.Apply(ctx, []plan.Change{create("a@example.com"), create("b@example.com")}) {
			if connector.KindOf(outcome.Err) != connector.Ambiguous {
				t.Errorf("the outcome is %v, want it ambiguous", outcome.Err)
			}
		}
		if !aborted {
			t.Error("the job was not given up")
		}
	})
}

func TestBulkSettingsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	for _, text := range []string{"0", "-1", "many", "2501", "1.5"} {
		_, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org).With("BulkFrom", text)})
		if e := asErr(t, err); e.Code != "SalesforceInvalidSetting" || !slices.Equal(e.Fields, []string{"BulkFrom"}) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

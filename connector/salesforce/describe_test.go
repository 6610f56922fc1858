package salesforce_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// TestRowsThatCannotSucceedFailAsTheOrgWouldFailThem compares what the connector
// foresees with what the org says to the same row.
func TestRowsThatCannotSucceedFailAsTheOrgWouldFailThem(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.CustomFields = []salesforcetest.CustomField{{Object: "User", Name: "Badge__c", Label: "Badge", Type: "string", Length: 4, Required: true}}
	administrator := config.Users[0]
	administrator.Fields = maps.Clone(administrator.Fields)
	administrator.Fields["Badge__c"] = "0"
	config.Users = []salesforcetest.UserConfig{administrator}
	org := newOrg(t, config)
	asking := openTemplate(t, salesforce.Template(salesforce.Options{DescribeFrom: 1}), org, passwords(org))
	silent := openTemplate(t, salesforce.Template(salesforce.Options{DescribeFrom: -1}), org, passwords(org))
	good := person("x@example.com").With("Badge__c", attr.Text("1"))
	id := mustApply(t, asking, change(plan.Create, "", good))[0]
	mustApply(t, asking, change(plan.Update, id, fields("Title", "x"))) // the second write asks
	good = good.With("Username", attr.Text("y@example.com"))
	with := func(name string, value attr.Value) plan.Change {
		return change(plan.Create, "", good.With(name, value))
	}
	tests := []struct {
		name   string
		change plan.Change
	}{
		{"no required fields", change(plan.Create, "", good.Without("Alias").Without("LastName"))},
		{"no value for a required custom field", change(plan.Create, "", good.Without("Badge__c"))},
		{"a long alias", with("Alias", attr.Text("123456789"))},
		{"a long custom field", with("Badge__c", attr.Text("12345"))},
		{"a value that is no value of a restricted picklist", with("TimeZoneSidKey", attr.Text("Mars/Base"))},
		{"a field that is read-only", with("CreatedDate", attr.Text("2026-01-01T00:00:00Z"))},
		{"a field that does not exist", with("Fooo", attr.Text("x"))},
		{"a required field is emptied", change(plan.Update, id, attr.Object{}.With("LastName", attr.Value{}))},
		{"a long title of somebody who exists", change(plan.Update, id, fields("Title", strings.Repeat("é", 81)))},
		{"two faults", change(plan.Create, "", good.With("Alias", attr.Text("123456789")).Without("LastName"))},
	}
	for _, test := range tests {
		want := asErr(t, silent.Apply(t.Context(), []plan.Change{test.change})[0].Err)
		org.ResetStatistics()
		got := asErr(t, asking.Apply(t.Context(), []plan.Change{test.change})[0].Err)
		if diff := cmp.Diff(fmt.Sprintf("%+v", *want), fmt.Sprintf("%+v", *got)); diff != "" {
			t.Errorf("%s (-org +connector):\n%s", test.name, diff)
		}
		if calls := org.Statistics().Calls; calls != 0 {
			t.Errorf("%s cost %d calls", test.name, calls)
		}
	}
	// What is as long as allowed counts in characters, and letter case does not matter in picklists.
	mustApply(t, asking,
		with("TimeZoneSidKey", attr.Text("america/LOS_ANGELES")), change(plan.Update, id, fields("Title", strings.Repeat("é", 80))))
}

func asErr(t *testing.T, err error) *connector.Error {
	t.Helper()
	if err == nil {
		t.Fatal("the row was written")
	}
	e, ok := err.(*connector.Error) //nolint:errorlint // outcomes hold nothing else.
	if !ok {
		t.Fatalf("%v is not of the target", err)
	}
	return e
}

func TestTheOrgIsAskedOnceAndOnlyWhenThereIsMuchToWrite(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	batch := func(from int) []plan.Change {
		changes := make([]plan.Change, 100)
		for i := range changes {
			changes[i] = create(username(from + i))
		}
		return changes
	}
	for i, want := range []int{0, 0, 1, 1} {
		mustApply(t, c, batch(100*i)...)
		if got := org.Statistics().ByKind["describe"]; got != want {
			t.Errorf("after %d writes the org was asked %d times, want %d", 100*(i+1), got, want)
		}
	}
}

func TestALongRunAsksWhetherTheDescriptionStillHolds(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	var answers []int
	transport := transportFunc(func(r *http.Request) (*http.Response, error) {
		response, err := org.Client().Transport.RoundTrip(r)
		if err == nil && strings.HasSuffix(r.URL.Path, "/describe") {
			answers = append(answers, response.StatusCode)
		}
		return response, err
	})
	template := salesforce.Template(salesforce.Options{DescribeFrom: 1, DescribeAge: time.Nanosecond})
	c, err := template.Open(connector.Environment{Credentials: passwords(org), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	mustApply(t, c, create("a@example.com"), create("b@example.com"))
	tooLong := change(plan.Create, "", person("c@example.com").With("Title", attr.Text(strings.Repeat("x", 81))))
	if got := asErr(t, c.Apply(t.Context(), []plan.Change{tooLong})[0].Err); !strings.Contains(got.Message, "Title") {
		t.Errorf("a title that is too long gives %v", got)
	}
	if diff := cmp.Diff([]int{http.StatusOK, http.StatusNotModified}, answers); diff != "" {
		t.Errorf("answers to describe (-want +got):\n%s", diff)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestWithoutADescriptionTheOrgJudges(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultQuota, Operation: "describe", Times: -1}})
	c := openTemplate(t, salesforce.Template(salesforce.Options{DescribeFrom: 1}), org, passwords(org))
	mustApply(t, c, create("a@example.com"), create("b@example.com"))
}

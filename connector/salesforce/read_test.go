package salesforce_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/connector/salesforce/soql"
	"github.com/usher-id/usher/plan"
)

// populated is an org with n users besides the administrator.
func populated(t *testing.T, n int) (*salesforcetest.Org, connector.Connector) {
	t.Helper()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	for from := 0; from < n; from += 200 {
		var changes []plan.Change
		for i := from; i < min(n, from+200); i++ {
			changes = append(changes, create(username(i)))
		}
		mustApply(t, c, changes...)
	}
	org.ResetStatistics()
	return org, c
}

func username(i int) string { return fmt.Sprintf("firstname.lastname%05d@contoso.example.com", i) }

func TestTwoHundredUsersAreFoundInOneRequest(t *testing.T) {
	t.Parallel()
	org, c := populated(t, 400)
	users := org.Users()[1:]
	query := connector.Query{Attribute: "Username"}
	for i, user := range users {
		if i < 100 {
			query.IDs = append(query.IDs, user.ID)
		} else if i < 300 {
			query.Values = append(query.Values, strings.ToUpper(user.Username))
		}
	}
	if got := read(t, c, query); len(got) != 300 {
		t.Errorf("found %d users, want 300", len(got))
	}
	if calls := org.Statistics().Calls; calls != 1 {
		t.Errorf("%d calls, want one", calls)
	}
}

func TestLongNamesAreCutIntoRequestsThatFit(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	longest := 0
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			longest = max(longest, len(r.URL.String()))
			return org.Client().Transport.RoundTrip(r)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	mustApply(t, c, create(username(1)))
	query := connector.Query{Attribute: "Username", Values: []string{username(1)}}
	for i := range 199 {
		query.Values = append(query.Values, fmt.Sprintf("%s%d@例え.example", strings.Repeat("ü", 30), i))
	}
	if got := read(t, c, query); len(got) != 1 {
		t.Errorf("found %d users, want one", len(got))
	}
	if longest > 16_384 || longest < 10_000 {
		t.Errorf("the longest address has %d bytes", longest)
	}
}

func TestEverybodyIsReadPageByPage(t *testing.T) {
	t.Parallel()
	org, c := populated(t, 4_100)
	got := read(t, c, connector.Query{All: true, Select: []string{"Username"}})
	if len(got) != 4_101 {
		t.Errorf("read %d users, want 4,101", len(got))
	}
	if calls := org.Statistics().Calls; calls != 3 {
		t.Errorf("%d calls, want 3 pages", calls)
	}
}

// asksByIDRange tells whether a request is a query for ids above another one, as a
// bulk extraction in chunks of the primary key makes them (Bulk API Developer Guide).
func asksByIDRange(r *http.Request) bool {
	query, err := soql.Parse(r.URL.Query().Get("q"))
	if err != nil || query.Where == nil {
		return false
	}
	terms := []soql.Condition{query.Where}
	if and, ok := query.Where.(soql.And); ok {
		terms = and.Terms
	}
	return slices.ContainsFunc(terms, func(term soql.Condition) bool {
		c, ok := term.(soql.Comparison)
		return ok && c.Operand.Name() == "Id" && c.Operator == soql.Greater
	})
}

func TestALostPositionIsFoundAgain(t *testing.T) {
	t.Parallel()
	org, _ := populated(t, 4_100)
	restarts := 0
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if asksByIDRange(r) {
				restarts++
			}
			return org.Client().Transport.RoundTrip(r)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for object, err := range c.Read(t.Context(), connector.Query{Type: "User", All: true, Select: []string{"Username"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[object.ID] {
			t.Fatalf("%s comes twice", object.ID)
		}
		seen[object.ID] = true
		if len(seen) == 1_500 {
			org.ExpireCursors()
		}
	}
	if len(seen) != 4_101 || restarts != 1 {
		t.Errorf("read %d users with %d restarts, want 4,101 with one", len(seen), restarts)
	}
}

func TestAPageThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		kind salesforcetest.FaultKind
		page int
		want bool
	}{
		{"half of the first page", salesforcetest.FaultHalfPage, 1, false},
		{"half of the last page", salesforcetest.FaultHalfPage, 2, false},
		{"a short page", salesforcetest.FaultShortPage, 1, true},
		{"a truncated page is asked for again", salesforcetest.FaultTruncatedBody, 2, true},
		{"a lost page is asked for again", salesforcetest.FaultReset, 2, true},
		{"an error is waited for", salesforcetest.FaultServerError, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			org, c := populated(t, 2_100)
			org.SetFaults([]salesforcetest.Fault{{Kind: test.kind, Operation: "query", Object: "User", Page: test.page}})
			count, failed := 0, error(nil)
			for _, err := range c.Read(t.Context(), connector.Query{Type: "User", All: true, Select: []string{"Username"}}) {
				if err != nil {
					failed = err
					continue
				}
				count++
			}
			if test.want && (failed != nil || count != 2_101) || !test.want && connector.KindOf(failed) != connector.Unavailable {
				t.Errorf("read %d users, %v", count, failed)
			}
		})
	}
}

func TestIDsCanBeTheMatchingAttribute(t *testing.T) {
	t.Parallel()
	org, c := populated(t, 2)
	users := org.Users()
	got := read(t, c, connector.Query{IDs: []string{users[0].ID}, Attribute: "Id", Values: []string{users[1].ID, "no-such-id"}})
	if len(got) != 2 {
		t.Errorf("found %v, want two users", got)
	}
}

func TestOnlyWhatChangedIsRead(t *testing.T) {
	t.Parallel()
	org, c := populated(t, 3)
	if got := read(t, c, connector.Query{All: true, Since: time.Now().Add(time.Hour)}); len(got) != 0 {
		t.Errorf("read %d users that change in the future", len(got))
	}
	if got := read(t, c, connector.Query{All: true, Since: time.Now().Add(-time.Hour)}); len(got) != len(org.Users()) {
		t.Errorf("read %d users of the last hour, want %d", len(got), len(org.Users()))
	}
}

func TestAnUnknownFieldIsNamed(t *testing.T) {
	t.Parallel()
	_, c := populated(t, 1)
	for _, err := range c.Read(t.Context(), connector.Query{Type: "User", All: true, Select: []string{"Fooo__c"}}) {
		e, ok := errors.AsType[*connector.Error](err)
		if !ok || e.Kind != connector.Invalid || e.Code != "SalesforceInvalidField" || !strings.Contains(e.Message, "Fooo__c") {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheQuotaOfTheDayIsTracked(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.DailyLimit = 3
	org := newOrg(t, config)
	c := open(t, org, passwords(org))
	var err error
	for range 5 {
		for _, e := range c.Read(t.Context(), connector.Query{Type: "User", All: true}) {
			err = e
		}
	}
	if connector.KindOf(err) != connector.QuotaExceeded {
		t.Errorf("got %v, want that the quota is used up", err)
	}
	if usage := c.Usage(); usage.Limit != 3 || usage.LimitUsed != 3 {
		t.Errorf("usage %+v, want 3 of 3", usage)
	}
}

func TestProfilesComeWithTheirSeats(t *testing.T) {
	t.Parallel()
	org, c := populated(t, 5)
	roles := map[string]connector.Role{}
	for role, err := range c.Roles(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		roles[role.Name] = role
	}
	if got := roles["Standard User"].License; got.Name != "Salesforce" || got.Used != 6 || got.Total != 250_000 {
		t.Errorf("Standard User takes %+v", got)
	}
	if calls := org.Statistics().Calls; calls != 1 {
		t.Errorf("%d calls, want one", calls)
	}
}

func TestProfilesAndLicencesAreReadApartWhereTheyMustBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		hidden  []string // parts of statements that the account may not ask for
		license string
	}{
		{"no relationship", []string{"UserLicense.Name"}, "Salesforce"},
		{"no licences at all", []string{"UserLicense.Name", "FROM UserLicense"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, salesforcetest.Default())
			c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
				Credentials: passwords(org),
				Transport:   refusing(org, http.StatusBadRequest, "INVALID_FIELD", test.hidden...),
			})
			if err != nil {
				t.Fatal(err)
			}
			roles := 0
			for role, err := range c.Roles(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				roles++
				if role.Name == "Standard User" && role.License.Name != test.license {
					t.Errorf("%s takes the licence %q, want %q", role.Name, role.License.Name, test.license)
				}
			}
			if roles != len(salesforcetest.Default().Profiles) {
				t.Errorf("%d profiles", roles)
			}
		})
	}
}

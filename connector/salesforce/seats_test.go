package salesforce_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// orgWithSeats has this many Salesforce seats, of which the administrator has
// one, and two of Salesforce Platform.
func orgWithSeats(seats int) salesforcetest.Config {
	config := salesforcetest.Default()
	config.Licenses = slices.Clone(config.Licenses)
	config.Licenses[0].Total, config.Licenses[1].Total = seats, 2
	return config
}

// readRoles reads the roles as every cycle does before it writes.
func readRoles(t *testing.T, c connector.Connector) []connector.Role {
	t.Helper()
	var roles []connector.Role
	for role, err := range c.Roles(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		roles = append(roles, role)
	}
	return roles
}

// holding adds what the account holds before the change.
func holding(c plan.Change, profile string, active bool) plan.Change {
	c.Current = attr.New("User", c.Target.ID, map[string]attr.Value{"ProfileName": attr.Text(profile), "IsActive": attr.Bool(active)})
	return c
}

func TestSeatsAreCountedBeforeTheFirstWrite(t *testing.T) {
	t.Parallel()
	roles := []connector.Role{
		{ID: "00e000000000001AAA", Name: "Standard User", License: connector.License{Name: "Salesforce", Total: 10, Used: 5}},
		{ID: "00e000000000002AAA", Name: "Read Only", License: connector.License{Name: "Salesforce", Total: 10, Used: 5}},
		{ID: "00e000000000003AAA", Aliases: []string{"00e000000000003"}, Name: "Standard Platform User", License: connector.License{Name: "Salesforce Platform", Total: 3, Used: 2}},
		{ID: "00e000000000004AAA", Name: "Chatter Free User", License: connector.License{Name: "Chatter Free", Total: connector.Unlimited}},
	}
	features := []connector.Feature{
		{Attribute: "UserPermissionsKnowledgeUser", Value: "true", License: connector.License{Name: "KnowledgeUser feature", Total: 3, Used: 2}},
		{Attribute: "PermissionSetLicenses", Value: "Console", Assigned: true, License: connector.License{Name: "Console permission set license", Total: 2, Used: 1}},
	}
	id := "005000000000001AAA"
	knows := func(c plan.Change) plan.Change {
		c.Current = c.Current.With("UserPermissionsKnowledgeUser", attr.Bool(true))
		return c
	}
	profile := func(name string) attr.Object { return fields("ProfileName", name) }
	tests := []struct {
		name    string
		changes []plan.Change
		want    []string
	}{
		{"nothing", nil, nil},
		{"creations", slices.Repeat([]plan.Change{create("a@example.com")}, 12), []string{"12 creations need Salesforce seats, 5 are free (7 short)"}},
		{"one of each", []plan.Change{
			create("a@example.com"), holding(change(plan.Enable, id, attr.Object{}), "Read Only", false),
			holding(change(plan.Update, id, profile("Read Only")), "Standard Platform User", true),
			holding(change(plan.Disable, id, attr.Object{}), "Standard User", true),
		}, []string{"1 creation and 1 activation and 1 change of licence need Salesforce seats, 5 are free and 1 will become free (0 short)"}},
		{"within the licence", []plan.Change{holding(change(plan.Update, id, profile("Read Only")), "Standard User", true)}, nil},
		{"an inactive user moves", []plan.Change{holding(change(plan.Update, id, profile("Read Only")), "Standard Platform User", false)}, nil},
		{"a creation that is inactive", []plan.Change{change(plan.Create, "", person("a@example.com").With("IsActive", attr.Text("False")))}, nil},
		{"by the id of the profile", []plan.Change{change(plan.Create, "", fields("ProfileId", "00e000000000003"))}, []string{"1 creation needs a Salesforce Platform seat, 1 is free (0 short)"}},
		{"without limit", []plan.Change{change(plan.Create, "", profile("Chatter Free User"))}, []string{"1 creation needs a Chatter Free seat, which are not limited (0 short)"}},
		{"nothing known of the account", []plan.Change{change(plan.Enable, id, attr.Object{})}, nil},
		{"features of new users", slices.Repeat([]plan.Change{change(plan.Create, "", person("a@example.com").With("UserPermissionsKnowledgeUser", attr.Text("True")))}, 2), []string{
			"2 creations need KnowledgeUser feature seats, 1 is free (1 short)", "2 creations need Salesforce seats, 5 are free (0 short)",
		}},
		{"a feature that a leaver gives back", []plan.Change{
			knows(holding(change(plan.Disable, id, attr.Object{}), "Standard User", true)),
			holding(change(plan.Update, id, attr.Object{}.With("UserPermissionsKnowledgeUser", attr.Bool(true))), "Standard User", true),
		}, []string{"1 change of licence needs a KnowledgeUser feature seat, 1 is free and 1 will become free (0 short)"}},
		{"a feature of somebody who comes back", []plan.Change{knows(holding(change(plan.Enable, id, attr.Object{}), "Chatter Free User", false))}, []string{
			"1 activation needs a Chatter Free seat, which are not limited (0 short)", "1 activation needs a KnowledgeUser feature seat, 1 is free (0 short)",
		}},
		{"a permission set licence goes with the assignment", []plan.Change{
			holding(change(plan.Update, id, attr.Object{}.With("PermissionSetLicenses", attr.Texts("Console", "Other"))), "Standard User", false),
		}, []string{"1 change of licence needs a Console permission set license seat, 1 is free (0 short)"}},
		{"a change that does nothing", []plan.Change{{Action: plan.Skip, Status: plan.Skipped}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			capabilities := salesforce.Template(salesforce.Options{}).Descriptor.Capabilities
			count := connector.NewSeatCount(connector.NewSeatBook(capabilities, roles, features))
			for _, c := range test.changes {
				count.Add(c)
			}
			for _, demand := range count.Demands() {
				got = append(got, fmt.Sprintf("%s (%d short)", demand, demand.Short()))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("seats (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhoFindsNoSeatCostsNoCall(t *testing.T) {
	t.Parallel()
	org := newOrg(t, orgWithSeats(3))
	c := open(t, org, passwords(org))
	readRoles(t, c)
	ids := mustApply(t, c, create("a@example.com"), create("b@example.com"))
	org.ResetStatistics()
	outcome := c.Apply(t.Context(), []plan.Change{create("c@example.com"), create("d@example.com")})
	for _, o := range outcome {
		if e := asErr(t, o.Err); e.Kind != connector.Conflict || e.Code != "SalesforceLicenseLimitExceeded" || e.TargetCode != "LICENSE_LIMIT_EXCEEDED" || e.Message != "License Limit Exceeded" {
			t.Errorf("got %#v", e)
		}
	}
	if calls := org.Statistics().Calls; calls != 0 {
		t.Errorf("%d calls for nobody", calls)
	}
	// A leaver of the same batch makes room, whatever the order.
	outcomes := c.Apply(t.Context(), []plan.Change{create("c@example.com"), create("d@example.com"), holding(change(plan.Disable, ids[0], attr.Object{}), "Standard User", true)})
	if outcomes[0].Err != nil || outcomes[1].Err == nil || outcomes[2].Err != nil {
		t.Errorf("outcomes %v", outcomes)
	}
	if got := org.Statistics().RowsRefused; got != 0 {
		t.Errorf("the org refused %d rows, want that they are not sent: %v", got, outcomes)
	}
}

// openWith opens a connection that maps these attributes beside the default ones.
func openWith(t *testing.T, org *salesforcetest.Org, attributes ...string) connector.Connector {
	t.Helper()
	mapped := append([]string{"Username", "IsActive", "ProfileName"}, attributes...)
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org), Transport: org.Client().Transport, Mapped: mapped})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFeatureLicencesAreCounted(t *testing.T) {
	t.Parallel()
	const knowledge = "UserPermissionsKnowledgeUser"
	config := salesforcetest.Default()
	config.FeatureLicenses = map[string]int{knowledge: 2}
	org := newOrg(t, config)
	c := openWith(t, org, knowledge, "UserPermissionsOfflineUser", "PermissionSetLicenses")
	knows := func(username string) plan.Change {
		return change(plan.Create, "", person(username).With(knowledge, attr.Bool(true)))
	}
	first := mustApply(t, c, knows("a@example.com"))[0]
	org.ResetStatistics()
	readRoles(t, c)
	if calls := org.Statistics().Calls; calls != 1 {
		t.Errorf("roles and features take %d calls, want one", calls)
	}
	want := []connector.Feature{
		{Attribute: knowledge, Value: "true", License: connector.License{Name: "KnowledgeUser feature", Total: 2, Used: 1}},
		{Attribute: "PermissionSetLicenses", Value: "SalesConsoleUser", Assigned: true, License: connector.License{Name: "SalesConsoleUser permission set license", Total: 100}},
	}
	if diff := cmp.Diff(want, c.Usage().Features); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
	mustApply(t, c, knows("b@example.com"))
	org.ResetStatistics()
	e := asErr(t, c.Apply(t.Context(), []plan.Change{knows("c@example.com")})[0].Err)
	if e.Code != "SalesforceLicenseLimitExceeded" || e.TargetCode != "LICENSE_LIMIT_EXCEEDED" || !slices.Equal(e.Fields, []string{knowledge}) {
		t.Errorf("without a seat of the feature: %#v", e)
	}
	if got := org.Statistics(); got.RowsRefused != 0 || got.ByKind["collections-create"] != 0 {
		t.Errorf("the org was asked: %+v", got)
	}
	mustApply(t, c, create("d@example.com")) // who does not need the feature is let in
	leaver := holding(change(plan.Disable, first, attr.Object{}), "Standard User", true)
	leaver.Current = leaver.Current.With(knowledge, attr.Bool(true))
	mustApply(t, c, knows("c@example.com"), leaver)
	if user, _ := org.User("c@example.com"); !user.IsActive || user.Get(knowledge) != "true" {
		t.Errorf("the org holds %+v", user)
	}
}

func TestAnOrgThatDoesNotTellOfFeaturesStillTellsItsRoles(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org), Mapped: []string{"Username", "UserPermissionsKnowledgeUser"},
		Transport: refusing(org, http.StatusBadRequest, "INVALID_TYPE", "ActiveFeatureLicenseMetric"),
	})
	if err != nil {
		t.Fatal(err)
	}
	roles := readRoles(t, c)
	if len(roles) < 5 || roles[0].License.Name == "" || c.Usage().Features != nil {
		t.Errorf("%d roles, the first %+v, features %v", len(roles), roles[0], c.Usage().Features)
	}
}

// refusing is a transport on which every request that speaks of one of these is
// refused.
func refusing(org *salesforcetest.Org, status int, code string, words ...string) http.RoundTripper {
	return transportFunc(func(r *http.Request) (*http.Response, error) {
		var sent []byte
		if r.Body != nil {
			var err error
			if sent, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(sent))
		}
		text := string(sent)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(bytes.NewReader(sent))
			if err != nil {
				return nil, err
			}
			plain, err := io.ReadAll(unzipped)
			if err != nil {
				return nil, err
			}
			text = string(plain)
		}
		text = strings.ReplaceAll(r.URL.RawQuery+text, "+", " ")
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) }) {
			body := fmt.Sprintf(`[{"errorCode":%q,"message":"refused"}]`, code)
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}
		return org.Client().Transport.RoundTrip(r)
	})
}

func TestSeatsThatWereBoughtMeanwhileAreFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, orgWithSeats(2))
		c := open(t, org, passwords(org))
		readRoles(t, c)
		id := mustApply(t, c, create("a@example.com"))[0]
		// Somebody else deactivates the user: nobody tells the connector.
		if err := org.SetUser("a@example.com", map[string]any{"IsActive": false}); err != nil {
			t.Fatal(err)
		}
		if c.Apply(t.Context(), []plan.Change{create("b@example.com")})[0].Err == nil {
			t.Error("fresh numbers are not read again")
		}
		time.Sleep(2 * time.Minute)
		mustApply(t, c, create("b@example.com"))
		_ = id
	})
}

// TestCountingSeatsChangesNothingButTheCalls compares a connector that counts
// seats with one that leaves everything to the org. It may find a seat for somebody
// whom the org alone would have refused, and never the other way round.
func TestCountingSeatsChangesNothingButTheCalls(t *testing.T) {
	t.Parallel()
	profiles := []string{"Standard User", "Read Only", "Standard Platform User", "Chatter Free User"}
	rapid.Check(t, func(rt *rapid.T) {
		var orgs [2]*salesforcetest.Org
		var connectors [2]connector.Connector
		for i := range orgs {
			org, err := salesforcetest.New(orgWithSeats(4))
			if err != nil {
				rt.Fatal(err)
			}
			orgs[i] = org
			connectors[i] = open(t, org, passwords(org))
		}
		readRoles(t, connectors[0])
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			changes := drawSeats(rt, orgs[1], profiles)
			counted, judged := connectors[0].Apply(t.Context(), changes), connectors[1].Apply(t.Context(), changes)
			for i := range changes {
				if counted[i].Err == nil && judged[i].Err != nil && asErr(t, judged[i].Err).TargetCode == "LICENSE_LIMIT_EXCEEDED" {
					return // a seat that a later row of the batch gave back: from here on the orgs differ
				}
				if fmt.Sprint(counted[i].Err) != fmt.Sprint(judged[i].Err) {
					rt.Fatalf("change %d (%s): the connector says %v, the org %v", i, changes[i].Action, counted[i].Err, judged[i].Err)
				}
			}
		}
		if diff := cmp.Diff(seated(orgs[1]), seated(orgs[0])); diff != "" {
			rt.Fatalf("the orgs differ (-judged +counted):\n%s", diff)
		}
	})
}

// drawSeats draws a batch with one change at most for each user.
func drawSeats(t *rapid.T, org *salesforcetest.Org, profiles []string) []plan.Change {
	profile := rapid.SampledFrom(profiles)
	var changes []plan.Change
	users := org.Users()
	for _, user := range users[1:] {
		var c plan.Change
		switch rapid.IntRange(0, 4).Draw(t, "action") {
		case 0:
			c = change(plan.Disable, user.ID, attr.Object{})
		case 1:
			c = change(plan.Enable, user.ID, fields("ProfileName", profile.Draw(t, "profile")))
		case 2:
			c = change(plan.Update, user.ID, fields("ProfileName", profile.Draw(t, "profile")))
		default:
			continue
		}
		if rapid.IntRange(0, 9).Draw(t, "unknown") > 0 {
			c = holding(c, user.ProfileName, user.IsActive)
		}
		changes = append(changes, c)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "creations") {
		object := person(fmt.Sprintf("u%d-%d@example.com", len(users), i)).With("ProfileName", attr.Text(profile.Draw(t, "profile")))
		changes = append(changes, change(plan.Create, "", object.With("IsActive", attr.Bool(rapid.IntRange(0, 3).Draw(t, "active") > 0))))
	}
	return rapid.Permutation(changes).Draw(t, "order")
}

// seated lists who has which profile and whether they are active.
func seated(org *salesforcetest.Org) []string {
	var lines []string
	for _, user := range org.Users() {
		lines = append(lines, fmt.Sprint(user.Username, " ", user.ProfileName, " ", user.IsActive))
	}
	slices.Sort(lines)
	return lines
}

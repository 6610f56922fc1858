package salesforce_test

import (
	"fmt"
	"slices"
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
		{ID: "00e000000000003AAA", Name: "Standard Platform User", License: connector.License{Name: "Salesforce Platform", Total: 3, Used: 2}},
		{ID: "00e000000000004AAA", Name: "Chatter Free User", License: connector.License{Name: "Chatter Free", Total: connector.Unlimited}},
	}
	id := "005000000000001AAA"
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
		{"a change that does nothing", []plan.Change{{Action: plan.Skip, Status: plan.Skipped}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, demand := range salesforce.Seats(test.changes, roles) {
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
// seats with one that leaves everything to the org.
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

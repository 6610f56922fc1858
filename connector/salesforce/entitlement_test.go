package salesforce_test

import (
	"fmt"
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
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

// entitlementAttributes are the attributes that are no fields of User, with the
// type of their references.
var entitlementAttributes = map[string]string{ //nolint:gochecknoglobals // compile-time table.
	"PermissionSets": "PermissionSet", "PermissionSetGroups": "PermissionSetGroup", "PermissionSetLicenses": "PermissionSetLicense", "PublicGroups": "Group",
}

// entitledOrg has a few of each kind.
func entitledOrg() salesforcetest.Config {
	config := salesforcetest.Default()
	config.PermissionSetLicenses = append(slices.Clone(config.PermissionSetLicenses), salesforcetest.PermissionSetLicense{DeveloperName: "SurveyCreator", Label: "Survey Creator", Total: 100})
	config.PermissionSets = []salesforcetest.PermissionSet{
		{Name: "Report_Runner", Label: "Report Runner", Permissions: []string{"RunReports"}},
		{Name: "Event_Editor", Label: "Event Editor", License: "Salesforce", Permissions: []string{"EditEvent"}},
		{Name: "Task_Editor", Label: "Task Editor", Permissions: []string{"EditTask"}},
	}
	config.PermissionSetGroups = []salesforcetest.PermissionSetGroup{
		{DeveloperName: "Sales_Tools", Label: "Sales Tools", PermissionSets: []string{"Report_Runner", "Event_Editor"}},
		{DeveloperName: "Desk", Label: "Desk", PermissionSets: []string{"Task_Editor"}},
	}
	return config
}

func available() map[string][]string {
	return map[string][]string{
		"PermissionSets":        {"Report_Runner", "Event_Editor", "Task_Editor"},
		"PermissionSetGroups":   {"Sales_Tools", "Desk"},
		"PermissionSetLicenses": {"SalesConsoleUser", "SurveyCreator"},
		"PublicGroups":          {"All_Sales", "Support_Queue"},
	}
}

func references(attribute string, names ...string) attr.Value {
	var values []attr.Value
	for _, name := range names {
		values = append(values, attr.RefTo(attr.Ref{Type: entitlementAttributes[attribute], ID: name}))
	}
	return attr.Values(values...)
}

// holds is what a user has, as the org itself says.
func holds(org *salesforcetest.Org, id string) map[string][]string {
	user, _ := org.UserByID(id)
	held := map[string][]string{}
	for attribute, names := range map[string][]string{
		"PermissionSets": user.PermissionSets, "PermissionSetGroups": user.PermissionSetGroups, "PermissionSetLicenses": user.PermissionSetLicenses, "PublicGroups": user.Groups,
	} {
		// Every user has the permission set that belongs to the profile.
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(available()[attribute], name) })
		if len(names) > 0 {
			held[attribute] = names
		}
	}
	return held
}

// moved is the change from what is held to what is wanted.
func moved(id string, held, wanted attr.Object) plan.Change {
	c := plan.Change{Action: plan.Update, Target: plan.Identity{Type: "User", ID: id}, Current: held}
	for name, value := range wanted.All() {
		if old := held.Get(name); !attr.Equal(old, value, true) {
			c.Fields = append(c.Fields, plan.Field{Name: name, Old: old, New: value})
		}
	}
	return c
}

func TestAUserGetsEntitlementsWhenCreated(t *testing.T) {
	t.Parallel()
	org := newOrg(t, entitledOrg())
	c := open(t, org, passwords(org))
	object := person("a@example.com").With("PermissionSets", references("PermissionSets", "Report_Runner", "Event_Editor")).
		With("PermissionSetGroups", references("PermissionSetGroups", "Desk")).With("PermissionSetLicenses", attr.Texts("SurveyCreator")).
		With("PublicGroups", references("PublicGroups", "All_Sales", "Support_Queue")).With("IsFrozen", attr.Bool(false))
	id := mustApply(t, c, change(plan.Create, "", object))[0]
	want := map[string][]string{
		"PermissionSets": {"Event_Editor", "Report_Runner"}, "PermissionSetGroups": {"Desk"}, "PermissionSetLicenses": {"SurveyCreator"},
		"PublicGroups": {"All_Sales", "Support_Queue"},
	}
	if diff := cmp.Diff(want, holds(org, id)); diff != "" {
		t.Errorf("the user holds (-want +got):\n%s", diff)
	}
	// Four lists of names, profiles, and one call for the user with everything else.
	wantCalls := map[string]int{"login": 1, "versions": 1, "query": 5, "composite": 1}
	if diff := cmp.Diff(wantCalls, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	org.ResetStatistics()
	got := read(t, c, connector.Query{IDs: []string{id}, Select: []string{"Username", "PermissionSets", "PermissionSetGroups", "PermissionSetLicenses", "PublicGroups", "IsFrozen"}})
	for attribute, names := range want {
		if value := got[0].Get(attribute); !attr.Equal(value, references(attribute, names...), true) {
			t.Errorf("%s is read as %v, want %v", attribute, value, names)
		}
	}
	if frozen := got[0].Get("IsFrozen"); frozen.Kind() != attr.Boolean || frozen.Bool() {
		t.Errorf("IsFrozen is %v", frozen)
	}
	if diff := cmp.Diff(map[string]int{"query": 1, "composite": 1}, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls of reading (-want +got):\n%s", diff)
	}
}

func TestTwoHundredUsersGetEntitlementsInFewCalls(t *testing.T) {
	t.Parallel()
	org := newOrg(t, entitledOrg())
	c := open(t, org, passwords(org))
	changes := make([]plan.Change, 200)
	for i := range changes {
		changes[i] = change(plan.Create, "", person(username(i)).With("PermissionSets", references("PermissionSets", "Report_Runner", "Task_Editor")).
			With("PublicGroups", references("PublicGroups", "All_Sales")))
	}
	ids := mustApply(t, c, changes...)
	// 400 assignments and 200 memberships are three collections of one call.
	want := map[string]int{"login": 1, "versions": 1, "query": 3, "collections-create": 1, "composite": 1}
	if diff := cmp.Diff(want, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	for _, id := range ids {
		if held := holds(org, id); len(held["PermissionSets"]) != 2 || len(held["PublicGroups"]) != 1 {
			t.Fatalf("%s holds %v", id, held)
		}
	}
}

// TestEntitlementsBecomeWhatIsWanted draws what users are to have again and again:
// the org says so afterwards, reading says the same, and nothing is left to write.
func TestEntitlementsBecomeWhatIsWanted(t *testing.T) {
	t.Parallel()
	selected := []string{"PermissionSets", "PermissionSetGroups", "PermissionSetLicenses", "PublicGroups", "IsFrozen", "Title"}
	rapid.Check(t, func(rt *rapid.T) {
		org, err := salesforcetest.New(entitledOrg())
		if err != nil {
			rt.Fatal(err)
		}
		c := open(t, org, passwords(org))
		ids := mustApply(t, c, create("a@example.com"), create("b@example.com"), create("c@example.com"))
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			wanted := map[string]attr.Object{}
			var changes []plan.Change
			for _, held := range read(t, c, connector.Query{IDs: ids, Select: selected}) {
				wanted[held.ID] = drawEntitlements(rt)
				if change := moved(held.ID, held, wanted[held.ID]); len(change.Fields) > 0 {
					changes = append(changes, change)
				}
			}
			for i, outcome := range c.Apply(t.Context(), changes) {
				if outcome.Err != nil || outcome.TargetID == "" {
					rt.Fatalf("%v: %q, %v", changes[i].Fields, outcome.TargetID, outcome.Err)
				}
			}
			for _, held := range read(t, c, connector.Query{IDs: ids, Select: selected}) {
				if left := moved(held.ID, held, wanted[held.ID]); len(left.Fields) > 0 {
					rt.Fatalf("still to be written: %v", left.Fields)
				}
				for attribute, names := range holds(org, held.ID) {
					if !attr.Equal(references(attribute, names...), wanted[held.ID].Get(attribute), true) {
						rt.Fatalf("the org says %s is %v, wanted %v", attribute, names, wanted[held.ID].Get(attribute))
					}
				}
				if user, _ := org.UserByID(held.ID); user.IsFrozen != wanted[held.ID].Get("IsFrozen").Bool() {
					rt.Fatalf("the org says that frozen is %v", user.IsFrozen)
				}
			}
		}
	})
}

func drawEntitlements(t *rapid.T) attr.Object {
	object := attr.Object{}
	for attribute, names := range available() {
		chosen := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return rapid.Bool().Draw(t, name) })
		object = object.With(attribute, references(attribute, chosen...))
	}
	if rapid.Bool().Draw(t, "title") {
		object = object.With("Title", attr.Text(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "text")))
	}
	return object.With("IsFrozen", attr.Bool(rapid.Bool().Draw(t, "frozen")))
}

func TestAnUnknownEntitlementCostsNoWrite(t *testing.T) {
	t.Parallel()
	org := newOrg(t, entitledOrg())
	c := open(t, org, passwords(org))
	tests := []struct{ attribute, name, near string }{
		{"PermissionSets", "Report_Runer", `"Report_Runner"`},
		{"PermissionSets", "report_runner", `"Report_Runner"`}, // what is assigned is compared by its exact name
		{"PermissionSetGroups", "Sales_Tool", `"Sales_Tools"`},
		{"PermissionSetLicenses", "SurveyCreators", `"SurveyCreator"`},
		{"PublicGroups", "CEO", `"All_Sales"`}, // the group of a role is not one to be a member of
	}
	for _, test := range tests {
		object := person("x@example.com").With(test.attribute, references(test.attribute, test.name))
		e := asErr(t, c.Apply(t.Context(), []plan.Change{change(plan.Create, "", object)})[0].Err)
		if e.Kind != connector.Invalid || e.Code != "SalesforceInvalidEntitlement" || !strings.Contains(e.Message, test.near) || !slices.Equal(e.Fields, []string{test.attribute}) {
			t.Errorf("%s %s: %#v", test.attribute, test.name, e)
		}
	}
	if got := org.Statistics(); got.RowsWritten != 0 || got.ByKind["collections-create"] != 0 {
		t.Errorf("%+v, want that nothing was written", got)
	}
}

func TestGivingAndTakingWhatIsDoneAlreadyIsNoError(t *testing.T) {
	t.Parallel()
	org := newOrg(t, entitledOrg())
	c := open(t, org, passwords(org))
	all := attr.Object{}
	for attribute, names := range available() {
		all = all.With(attribute, references(attribute, names...))
	}
	id := mustApply(t, c, create("a@example.com"))[0]
	give := moved(id, attr.Object{}, all)
	take := give
	take.Fields = nil
	for _, field := range give.Fields {
		take.Fields = append(take.Fields, plan.Field{Name: field.Name, Old: field.New})
	}
	// A permission set before its licence and back in the other order.
	mustApply(t, c, give)
	mustApply(t, c, give)
	if held := holds(org, id); len(held) != 4 {
		t.Errorf("the user holds %v", held)
	}
	mustApply(t, c, take)
	mustApply(t, c, take)
	if held := holds(org, id); len(held) != 0 {
		t.Errorf("the user still holds %v", held)
	}
}

func TestAnEntitlementThatIsRefusedFailsItsUserAlone(t *testing.T) {
	t.Parallel()
	org := newOrg(t, entitledOrg())
	c := open(t, org, passwords(org))
	sets := references("PermissionSets", "Event_Editor")
	outcomes := c.Apply(t.Context(), []plan.Change{
		change(plan.Create, "", person("a@example.com").With("PermissionSets", sets)),
		change(plan.Create, "", person("b@example.com").With("PermissionSets", sets).With("ProfileName", attr.Text("Chatter Free User"))),
	})
	if outcomes[0].Err != nil {
		t.Error(outcomes[0].Err)
	}
	e := asErr(t, outcomes[1].Err)
	if e.Kind != connector.Invalid || e.TargetCode != "FIELD_INTEGRITY_EXCEPTION" || !strings.HasPrefix(e.Message, `assign "Event_Editor": `) || !slices.Equal(e.Fields, []string{"PermissionSets"}) {
		t.Errorf("got %#v", e)
	}
	if user, found := org.User("b@example.com"); !found || outcomes[1].TargetID != user.ID {
		t.Errorf("the user is there: %v, the outcome names %q", found, outcomes[1].TargetID)
	}
}

func TestAUserWithoutItsEntitlementsIsLookedForBeforeItIsCreatedAgain(t *testing.T) {
	t.Parallel()
	faults := map[string]salesforcetest.FaultKind{"the answer is lost": salesforcetest.FaultResponseLost, "Salesforce is out of order": salesforcetest.FaultUnavailable}
	for name, kind := range faults {
		for _, users := range []int{1, 30} { // in one call and in two
			t.Run(fmt.Sprint(name, " for ", users), func(t *testing.T) {
				t.Parallel()
				org := newOrg(t, entitledOrg())
				c := open(t, org, passwords(org))
				groups := references("PublicGroups", "All_Sales")
				changes := make([]plan.Change, users)
				for i := range changes {
					changes[i] = change(plan.Create, "", person(username(i)).With("PublicGroups", groups))
				}
				org.SetFaults([]salesforcetest.Fault{{Kind: kind, Operation: "create", Object: "GroupMember", Times: 4}})
				for _, outcome := range c.Apply(t.Context(), changes) {
					if kind := connector.KindOf(outcome.Err); kind != connector.Ambiguous {
						t.Fatalf("the outcome is %#v", outcome)
					}
				}
				org.SetFaults(nil)
				for i := range changes {
					held := read(t, c, connector.Query{Attribute: "Username", Values: []string{username(i)}, Select: []string{"PublicGroups"}})[0]
					changes[i] = moved(held.ID, held, attr.Object{}.With("PublicGroups", groups))
				}
				for _, id := range mustApply(t, c, changes...) {
					if got := holds(org, id); len(got["PublicGroups"]) != 1 {
						t.Fatalf("the user holds %v", got)
					}
				}
			})
		}
	}
}

// TestOneCallAndTwoEndAlike draws new users with entitlements, some of them
// impossible: together in one call, and, in another org, one after the other in two.
func TestOneCallAndTwoEndAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var orgs [2]*salesforcetest.Org
		for i := range orgs {
			org, err := salesforcetest.New(entitledOrg())
			if err != nil {
				rt.Fatal(err)
			}
			orgs[i] = org
		}
		together, apart := open(t, orgs[0], passwords(orgs[0])), open(t, orgs[1], passwords(orgs[1]))
		for i := range rapid.IntRange(1, 3).Draw(rt, "users") {
			profile := rapid.SampledFrom([]string{"Standard User", "Chatter Free User", "Standard Platform User"}).Draw(rt, "profile")
			user := person(fmt.Sprintf("u%d@example.com", i%2)).With("ProfileName", attr.Text(profile))
			wanted := drawEntitlements(rt).Without("IsFrozen").Without("Title")
			one := together.Apply(t.Context(), []plan.Change{change(plan.Create, "", user.Merge(wanted))})[0]
			first := apart.Apply(t.Context(), []plan.Change{change(plan.Create, "", user)})[0]
			two := first
			if first.Err == nil {
				two = apart.Apply(t.Context(), []plan.Change{moved(first.TargetID, attr.Object{}, wanted)})[0]
			}
			if fmt.Sprint(one.Err) != fmt.Sprint(two.Err) || one.TargetID != first.TargetID {
				rt.Fatalf("together: %q, %v; apart: %q, %v", one.TargetID, one.Err, first.TargetID, two.Err)
			}
			if diff := cmp.Diff(holds(orgs[1], first.TargetID), holds(orgs[0], first.TargetID)); diff != "" {
				rt.Fatalf("the users hold (-apart +together):\n%s", diff)
			}
		}
	})
}

func TestALockedUserAndALockedGroupAreWrittenAgain(t *testing.T) {
	t.Parallel()
	org := newOrg(t, entitledOrg())
	c := open(t, org, passwords(org))
	org.SetFaults([]salesforcetest.Fault{
		{Kind: salesforcetest.FaultRowLock, Operation: "create", Object: "GroupMember", Times: 2}, {Kind: salesforcetest.FaultRowLock, Operation: "create", Object: "User"},
	})
	id := mustApply(t, c, change(plan.Create, "", person("a@example.com").With("PublicGroups", references("PublicGroups", "All_Sales", "Support_Queue"))))[0]
	if got := holds(org, id); len(got["PublicGroups"]) != 2 {
		t.Errorf("the user holds %v", got)
	}
}

func TestManyUsersAreReadWithTheirEntitlements(t *testing.T) {
	t.Parallel()
	org, c := populated(t, 1_200)
	user, _ := org.User(username(700))
	mustApply(t, c, moved(user.ID, attr.Object{}, attr.Object{}.With("PublicGroups", references("PublicGroups", "Support_Queue"))))
	org.ResetStatistics()
	members := 0
	for _, user := range read(t, c, connector.Query{All: true, Select: []string{"PublicGroups", "IsFrozen"}}) {
		if !user.Get("PublicGroups").IsEmpty() {
			members++
		}
	}
	if members != 1 {
		t.Errorf("%d users are in a group, want 1", members)
	}
	// One page of users, and one call for each 500 of them.
	if diff := cmp.Diff(map[string]int{"query": 1, "composite": 3}, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestEntitlementsAreMappedLikeAnyAttribute goes the whole way from a mapping to
// the org: authoritative, and additive by the flow type.
func TestEntitlementsAreMappedLikeAnyAttribute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		flow mapping.FlowType
		want []string
	}{{mapping.FlowAlwaysType, []string{"Report_Runner"}}, {mapping.MultiValueAddOnly, []string{"Report_Runner", "Task_Editor"}}}
	for _, test := range tests {
		t.Run(string(test.flow), func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, entitledOrg())
			c := open(t, org, passwords(org))
			id := mustApply(t, c, change(plan.Create, "", person("a@example.com").With("PermissionSets", references("PermissionSets", "Task_Editor"))))[0]
			change := decided(t, c, id, test.flow)
			mustApply(t, c, change)
			if diff := cmp.Diff(test.want, holds(org, id)["PermissionSets"]); diff != "" {
				t.Errorf("permission sets (-want +got):\n%s", diff)
			}
			if again := decided(t, c, id, test.flow); again.Action != plan.None {
				t.Errorf("there is still to %s %v", again.Action, again.Fields)
			}
		})
	}
}

// decided is the change that the mapping of permission sets to the department
// makes of the account of somebody of the department Report_Runner.
func decided(t *testing.T, c connector.Connector, id string, flow mapping.FlowType) plan.Change {
	t.Helper()
	schema := salesforce.DefaultSchema()
	object := &schema.SynchronizationRules[0].ObjectMappings[0]
	object.AttributeMappings = []mapping.AttributeMapping{
		*usernameOf(schema), {TargetAttributeName: "PermissionSets", Source: &expr.Source{Expression: "[department]"}, FlowType: flow},
	}
	compiled, err := mapping.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	source := attr.New("User", "1", map[string]attr.Value{"userPrincipalName": attr.Text("a@example.com"), "department": attr.Text("Report_Runner")})
	desired, err := compiled.Desired(source, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	desired, _ = plan.Resolve(desired, func(string) string { return "" })
	return plan.Decide(plan.Facts{
		Source: plan.Identity{Type: "User", ID: "1"}, Verdict: scope.Verdict{In: true}, Desired: desired, Connected: plan.Identity{Type: "User", ID: id},
		Found: read(t, c, connector.Query{IDs: []string{id}, Select: compiled.Targets()}),
	}, plan.Rules{TargetType: "User", ActiveAttribute: "IsActive", NameAttribute: "Username", Flows: mapping.AllFlows})
}

// TestWhatSomebodyElseGaveIsFoundAsAChange gives things to users in the org, with
// which no field of the user changes.
func TestWhatSomebodyElseGaveIsFoundAsAChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, salesforcetest.Default())
		c := openWith(t, org, "PermissionSets", "PermissionSetGroups", "PermissionSetLicenses", "PublicGroups", "IsFrozen")
		var changes []plan.Change
		for i := range 7 {
			changes = append(changes, create(username(i)))
		}
		ids := mustApply(t, c, changes...)
		mustApply(t, c, change(plan.Update, ids[6], attr.Object{}.With("PublicGroups", attr.Texts("All_Sales"))))
		time.Sleep(time.Hour)
		since := time.Now()
		time.Sleep(time.Minute)
		for i, with := range []attr.Object{
			attr.Object{}.With("PermissionSets", attr.Texts("Report_Runner")), attr.Object{}.With("PermissionSetGroups", attr.Texts("Sales_Tools")),
			attr.Object{}.With("PermissionSetLicenses", attr.Texts("SalesConsoleUser")), attr.Object{}.With("PublicGroups", attr.Texts("Support_Queue")),
			attr.Object{}.With("IsFrozen", attr.Bool(true)),
		} {
			mustApply(t, c, change(plan.Update, ids[i], with)) // stands for somebody else
		}
		all := []string{"Username", "PermissionSets", "PermissionSetGroups", "PermissionSetLicenses", "PublicGroups", "IsFrozen"}
		want := []string{username(0), username(1), username(2), username(3), username(4)}
		for _, selected := range [][]string{all, {"Username"}, {"Username", "PublicGroups"}} {
			var got []string
			for _, user := range read(t, c, connector.Query{All: true, Since: since, Select: selected}) {
				got = append(got, user.Get("Username").String())
			}
			slices.Sort(got)
			expected := want
			if len(selected) < len(all) {
				expected = nil
				if len(selected) == 2 {
					expected = []string{username(3)}
				}
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("changed, of %v (-want +got):\n%s", selected, diff)
			}
		}
	})
}

package salesforce_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/connectortest"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// leaver is the change that disables somebody who was read before.
func leaver(t *testing.T, c connector.Connector, id string) plan.Change {
	t.Helper()
	disable := change(plan.Disable, id, attr.Object{})
	disable.Current = read(t, c, connector.Query{IDs: []string{id}, Select: []string{"Username", "ProfileName", "IsActive"}})[0]
	return disable
}

func TestFreezingKeepsTheSeatAndLooksDisabled(t *testing.T) {
	t.Parallel()
	org := newOrg(t, orgWithSeats(2))
	c := open(t, org, passwords(org).With("DisableAction", "freeze"))
	readRoles(t, c)
	id := mustApply(t, c, create("a@example.com"))[0]
	mustApply(t, c, leaver(t, c, id))
	if user, _ := org.UserByID(id); !user.IsActive || !user.IsFrozen {
		t.Errorf("active: %v, frozen: %v; want both", user.IsActive, user.IsFrozen)
	}
	users := read(t, c, connector.Query{IDs: []string{id}, Select: []string{"IsActive"}})
	if diff := cmp.Diff(`IsActive=False`, users[0].String()); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if c.Apply(t.Context(), []plan.Change{create("b@example.com")})[0].Err == nil {
		t.Error("the seat of a frozen user went to somebody else")
	}
	enable := change(plan.Enable, id, attr.Object{})
	enable.Current = users[0]
	mustApply(t, c, enable)
	if user, _ := org.UserByID(id); !user.IsActive || user.IsFrozen {
		t.Errorf("after enabling active: %v, frozen: %v", user.IsActive, user.IsFrozen)
	}
	org.ResetStatistics()
	mustApply(t, c, leaver(t, c, id))
	mustApply(t, c, change(plan.Delete, id, attr.Object{})) // is frozen already
	if rows := org.Statistics().RowsWritten; rows != 1 {
		t.Errorf("%d rows were written, want 1", rows)
	}
}

func TestALeaverFreesTheUsernameAndGetsTheMinimalProfile(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org).With("DisabledProfile", "Minimum Access - Salesforce").With("DisabledUsernamePrefix", "old."))
	id := mustApply(t, c, create("a@example.com"))[0]
	mustApply(t, c, leaver(t, c, id))
	user, _ := org.UserByID(id)
	if user.IsActive || user.ProfileName != "Minimum Access - Salesforce" || user.Username != "old."+id+".a@example.com" {
		t.Errorf("active: %v, profile %q, username %q", user.IsActive, user.ProfileName, user.Username)
	}
	mustApply(t, c, leaver(t, c, id)) // nothing is put in front twice
	if user, _ = org.UserByID(id); user.Username != "old."+id+".a@example.com" {
		t.Errorf("the second time the username becomes %q", user.Username)
	}
	mustApply(t, c, create("a@example.com"))
	// A long username keeps its domain.
	long := strings.Repeat("x", 60) + "@example.com"
	id = mustApply(t, c, create(long))[0]
	mustApply(t, c, leaver(t, c, id))
	if user, _ := org.UserByID(id); user.Username != "old."+id+"@example.com" {
		t.Errorf("the username becomes %q", user.Username)
	}
}

// TestNothingKeepsALeaverActive has a profile that does not exist, one that the
// org refuses for the licence, and both with freezing.
func TestNothingKeepsALeaverActive(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"deactivate", "freeze"} {
		for _, profile := range []string{"No Such Profile", "Chatter Free User"} {
			t.Run(action+" "+profile, func(t *testing.T) {
				t.Parallel()
				org := newOrg(t, salesforcetest.Default())
				c := open(t, org, passwords(org).With("DisableAction", action).With("DisabledProfile", profile))
				ids := mustApply(t, c, create("a@example.com"), create("b@example.com"))
				for i, outcome := range c.Apply(t.Context(), []plan.Change{leaver(t, c, ids[0]), leaver(t, c, ids[1])}) {
					if outcome.Err != nil || outcome.TargetID != ids[i] || len(outcome.Warnings) != 1 || !strings.Contains(outcome.Warnings[0], "the user keeps") {
						t.Errorf("the outcome is %+v", outcome)
					}
					if user, _ := org.UserByID(ids[i]); user.IsActive == (action == "deactivate") || user.IsFrozen == (action == "deactivate") || user.ProfileName != "Standard User" {
						t.Errorf("active: %v, frozen: %v, profile %q", user.IsActive, user.IsFrozen, user.ProfileName)
					}
				}
			})
		}
	}
}

func TestACheckFindsAProfileOfDisabledUsersThatIsNotThere(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	for profile, want := range map[string]int{"Read Only": 1, "Reed Only": 2} { // one is about the sign-in
		health, err := open(t, org, passwords(org).With("DisabledProfile", profile)).Check(t.Context())
		if err != nil || len(health.Warnings) != want || want > 1 && !strings.Contains(health.Warnings[1], `"Read Only"`) {
			t.Errorf("%s: the warnings are %q, %v", profile, health.Warnings, err)
		}
	}
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	for key, value := range map[string]string{"DisableAction": "burn", "DisabledUsernamePrefix": "o l d", "DailyBudget": "lots"} {
		_, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org).With(key, value)})
		if e := asErr(t, err); e.Kind != connector.Invalid || e.Code != "SalesforceInvalidSetting" || e.Fields[0] != key {
			t.Errorf("%s: %#v", key, e)
		}
	}
}

func TestFreezingConforms(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, connectortest.Harness{Open: func(t *testing.T) connectortest.Target {
		t.Helper()
		org := newOrg(t, salesforcetest.Default())
		target := targetOf(t, org, passwords(org).With("DisableAction", "freeze"))
		target.Accounts = func() []attr.Object {
			objects := accounts(org)
			for i, object := range objects {
				if user, _ := org.UserByID(object.ID); user.IsFrozen {
					objects[i] = object.With("IsActive", attr.Bool(false))
				}
			}
			return objects
		}
		return target
	}})
}

package engine_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// TestEntitlementsAreExactAtLeastOrIgnored gives a user of the org something that
// the mapping does not ask for, and looks what becomes of it for each kind of
// entitlement and each way to map it.
func TestEntitlementsAreExactAtLeastOrIgnored(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		attribute, mapped, extra string
		holds                    func(salesforcetest.User) []string
	}{
		{"PermissionSets", "Report_Runner", "Event_Editor", func(u salesforcetest.User) []string { return u.PermissionSets }},
		{"PermissionSetGroups", "Sales_Tools", "Other_Tools", func(u salesforcetest.User) []string { return u.PermissionSetGroups }},
		{"PermissionSetLicenses", "SalesConsoleUser", "OtherLicense", func(u salesforcetest.User) []string { return u.PermissionSetLicenses }},
		{"PublicGroups", "All_Sales", "Support_Queue", func(u salesforcetest.User) []string { return u.Groups }},
	}
	for _, kind := range kinds {
		for flow, want := range map[mapping.FlowType][]string{
			mapping.FlowAlwaysType: {kind.mapped}, mapping.MultiValueAddOnly: {kind.mapped, kind.extra}, "": {kind.extra},
		} {
			t.Run(kind.attribute+" "+string(flow), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, worldOptions{users: 60, org: func(config *salesforcetest.Config) {
					config.PermissionSetGroups = append(config.PermissionSetGroups, salesforcetest.PermissionSetGroup{DeveloperName: "Other_Tools", Label: "Other", PermissionSets: []string{"Report_Runner"}})
					config.PermissionSetLicenses = append(config.PermissionSetLicenses, salesforcetest.PermissionSetLicense{DeveloperName: "OtherLicense", Label: "Other", Total: 9})
				}})
				w.cycle(t)
				account := w.standard(t)
				w.session(t, func(session engine.Session) { // stands for somebody else
					given := plan.Field{Name: kind.attribute, New: attr.Texts(kind.extra)}
					change := plan.Change{Action: plan.Update, Target: plan.Identity{Type: "User", ID: account.ID}, Fields: []plan.Field{given}}
					w.must(t, session.Connector.Apply(t.Context(), []plan.Change{change})[0].Err)
				})
				if flow != "" {
					schema, err := w.store.Schema(t.Context(), w.job.ID)
					w.must(t, err)
					mapTo(t, &schema, kind.attribute, `"`+kind.mapped+`"`)
					_, object, err := schema.UserMapping()
					w.must(t, err)
					object.AttributeMappings[len(object.AttributeMappings)-1].FlowType = flow
					w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
				}
				w.full(t)
				account, _ = w.org.User(account.Username)
				got := slices.Sorted(slices.Values(kind.holds(account)))
				slices.Sort(want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the user has (-want +got):\n%s", diff)
				}
				before := w.org.Statistics().RowsWritten
				w.full(t)
				if written := w.org.Statistics().RowsWritten - before; written != 0 {
					t.Errorf("%d rows are written again", written)
				}
			})
		}
	}
}

// standard returns an account in use that has the profile Standard User.
func (w *world) standard(tb testing.TB) salesforcetest.User {
	tb.Helper()
	for _, account := range w.active() {
		if account.ProfileName == "Standard User" {
			return account
		}
	}
	tb.Fatal("nobody has the profile Standard User")
	return salesforcetest.User{}
}

// TestWhoComesBackGetsUsernameAndProfileBack takes somebody out of scope, with the
// username freed and another profile given, and lets them come back.
func TestWhoComesBackGetsUsernameAndProfileBack(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"", "freeze"} {
		t.Run("disabled by "+action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit, s.RemovalPercent = 0, 0 }})
			credentials, err := w.store.Credentials(t.Context(), w.job.ID)
			w.must(t, err)
			credentials = credentials.With("DisabledUsernamePrefix", "old.").With("DisabledProfile", "Minimum Access - Salesforce").With("DisableAction", action)
			w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, credentials))
			w.cycle(t)
			before := w.standard(t)
			user := w.user(t, anyone)
			for found, err := range w.store.Users(t.Context(), "") {
				w.must(t, err)
				if found.UserPrincipalName == before.Username {
					user = found
				}
			}
			w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			w.cycle(t)
			gone, _ := w.org.UserByID(before.ID)
			if gone.IsActive == (action == "") || gone.IsFrozen != (action == "freeze") || gone.Username != "old."+before.ID+"."+before.Username || gone.ProfileName != "Minimum Access - Salesforce" {
				t.Errorf("who left has the account %+v", gone)
			}
			w.must(t, w.store.RestoreUser(t.Context(), user.ID))
			w.cycle(t)
			back, _ := w.org.UserByID(before.ID)
			if !back.IsActive || back.IsFrozen || back.Username != before.Username || back.ProfileName != before.ProfileName {
				t.Errorf("who came back has the account %+v, had %+v", back, before)
			}
		})
	}
}

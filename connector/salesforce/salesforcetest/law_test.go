package salesforcetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// TestWhateverHappensTheBooksBalance writes at random, with rows that fail and
// transactions that are undone, and compares what the org keeps besides its
// records with the records: seats, indexes, the usernames of the universe, and the
// permission set of the profile that every user is assigned.
func TestWhateverHappensTheBooksBalance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		config := salesforcetest.Default()
		config.Licenses[0].Total, config.Licenses[2].Total = 4, 3
		config.Settings.EmailChange = salesforcetest.EmailImmediate
		config.Universe = salesforcetest.NewUniverse()
		s := signIn(t, config)
		profiles := s.ids("Profile", "Name")
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		profile := rapid.SampledFrom([]string{"Standard User", "Chatter Free User", "Standard Platform User"})
		for range rapid.IntRange(1, 12).Draw(r, "calls") {
			rows := []any{}
			update := rapid.Bool().Draw(r, "update")
			users := s.org.Users()
			for range rapid.IntRange(1, 4).Draw(r, "rows") {
				username := name.Draw(r, "name") + "@example.com"
				change := map[string]any{"IsActive": rapid.Bool().Draw(r, "active"), "ProfileId": profiles[profile.Draw(r, "profile")]}
				if rapid.IntRange(0, 9).Draw(r, "broken") == 0 {
					change["Alias"] = "much too long"
				}
				if !update {
					rows = append(rows, typed("User", s.newUser(username, change)))
					continue
				}
				change["Id"] = rapid.SampledFrom(users).Draw(r, "user").ID
				change["Username"] = username
				rows = append(rows, typed("User", change))
			}
			method := http.MethodPost
			if update {
				method = http.MethodPatch
			}
			s.do(method, data+"/composite/sobjects", encode(t, map[string]any{"allOrNone": rapid.Bool().Draw(r, "all or none"), "records": rows}))
			checkBooks(t, s, config.Universe)
		}
	})
}

func checkBooks(t *testing.T, s *session, universe *salesforcetest.Universe) {
	t.Helper()
	seats, names := map[string]int{}, map[string]bool{}
	owners := map[string]string{}
	for _, set := range s.org.Records("PermissionSet") {
		owners[set["Id"]] = set["ProfileId"]
	}
	assigned := map[string][]string{}
	for _, a := range s.org.Records("PermissionSetAssignment") {
		assigned[a["AssigneeId"]] = append(assigned[a["AssigneeId"]], owners[a["PermissionSetId"]])
	}
	for _, user := range s.org.Users() {
		if user.IsActive {
			seats[user.LicenseName]++
		}
		names[strings.ToLower(user.Username)] = true
		if owned := assigned[user.ID]; len(owned) != 1 || owned[0] != user.ProfileID {
			t.Fatalf("%s has the profile %s and is assigned the sets of %v", user.Username, user.ProfileID, owned)
		}
		byName, byScan := s.query(fmt.Sprintf("SELECT Id FROM User WHERE Username = '%s'", user.Username)), s.query(fmt.Sprintf("SELECT Id FROM User WHERE Username LIKE '%s'", user.Username))
		if len(byName) != 1 || len(byScan) != 1 || byName[0]["Id"] != user.ID || byScan[0]["Id"] != user.ID {
			t.Fatalf("%s is found as %v by its index and as %v by a scan", user.Username, byName, byScan)
		}
	}
	for _, license := range s.org.Licenses() {
		if license.Used != seats[license.Name] {
			t.Fatalf("%s: %d seats in use, %d active users", license.Name, license.Used, seats[license.Name])
		}
	}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if username := name + "@example.com"; universe.Taken(username) != names[username] {
			t.Fatalf("%s is taken = %t, and exists = %t", username, universe.Taken(username), names[username])
		}
	}
}

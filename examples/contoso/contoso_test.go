package contoso_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/examples/contoso"
)

// sizes are the companies that the tests look at: the smallest, the one that is
// checked in, the demo's, and one in which all hierarchies are deep.
var sizes = []int{contoso.MinUsers, 40, 1000, 20000} //nolint:gochecknoglobals // a constant, if slices could be one

func TestTheSameOptionsGiveTheSameCompany(t *testing.T) {
	t.Parallel()
	options := contoso.Options{Users: 300, Seed: 7}
	first := slices.Collect(contoso.Generate(options).Users())
	again := slices.Collect(contoso.Generate(options).Users())
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the second company differs (-first +second):\n%s", diff)
	}
	other := slices.Collect(contoso.Generate(contoso.Options{Users: 300, Seed: 8}).Users())
	if first[0].ID == other[0].ID {
		t.Errorf("another seed gives the same id %s", first[0].ID)
	}
}

func TestNamesAreUniqueAndWellFormed(t *testing.T) {
	t.Parallel()
	// What Microsoft Entra ID allows in a user principal name.
	upn := regexp.MustCompile(`^[a-z0-9'.\-]+@[a-z.]+$`)
	guest := regexp.MustCompile(`^[a-z0-9'.\-]+_[a-z.]+#EXT#@contoso\.onmicrosoft\.com$`)
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, size := range sizes {
		ids, upns := map[string]bool{}, map[string]bool{}
		for u := range contoso.Generate(contoso.Options{Users: size, Seed: 1}).Users() {
			form := upn
			if u.UserType == "Guest" {
				form = guest
			}
			if !form.MatchString(u.UserPrincipalName) || !guid.MatchString(u.ID) {
				t.Errorf("%d users: malformed %q, %q", size, u.UserPrincipalName, u.ID)
			}
			if ids[u.ID] || upns[u.UserPrincipalName] {
				t.Errorf("%d users: %s (%s) is there twice", size, u.UserPrincipalName, u.ID)
			}
			ids[u.ID], upns[u.UserPrincipalName] = true, true
		}
		if len(ids) != size {
			t.Errorf("%d users made, want %d", len(ids), size)
		}
	}
}

func TestManagersFormATree(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		seen := map[string]contoso.User{}
		without := 0
		for u := range contoso.Generate(contoso.Options{Users: size, Seed: 1}).Users() {
			manager, ok := seen[u.ManagerID]
			switch {
			case u.ManagerID == "" && u.UserType == "Member":
				without++
			case u.ManagerID == "":
			case !ok:
				t.Errorf("%d users: %s comes before the manager", size, u.UserPrincipalName)
			case manager.UserPrincipalName != u.Manager || !manager.AccountEnabled || manager.UserType != "Member":
				t.Errorf("%d users: %s reports to %+v", size, u.UserPrincipalName, manager)
			}
			seen[u.ID] = u
		}
		if without != 1 {
			t.Errorf("%d users: %d employees have no manager, want the chief executive alone", size, without)
		}
	}
}

func TestSpecialCasesAreThere(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		company := contoso.Generate(contoso.Options{Users: size, Seed: 1})
		count := map[string]int{}
		departments := map[string]bool{}
		for u := range company.Users() {
			departments[u.Department] = true
			for name, is := range map[string]bool{
				"no mail": u.Mail == "", "taken": u.UserPrincipalName == contoso.TakenUsername,
				"guest": u.UserType == "Guest", "disabled": !u.AccountEnabled,
			} {
				if is {
					count[name]++
				}
			}
		}
		if count["no mail"] != 1 || count["taken"] != 1 {
			t.Errorf("%d users: %d without mail and %d with the taken username, want 1 and 1", size, count["no mail"], count["taken"])
		}
		if count["guest"] == 0 || count["disabled"] == 0 {
			t.Errorf("%d users: special cases %v, want guests and disabled users", size, count)
		}
		if len(departments) != 11 { // nine, the chief executive's, and the guests' none
			t.Errorf("%d users are in %d departments: %v", size, len(departments), departments)
		}
		if got := len(company.Groups()); got != 12 {
			t.Errorf("%d groups, want 12", got)
		}
	}
}

// roles returns the roles that each user gets, directly and through groups.
func roles(company contoso.Company) map[string][]string {
	byGroup, byUser := map[string]string{}, map[string][]string{}
	for _, a := range company.Assignments() {
		if a.PrincipalType == "Group" {
			byGroup[a.Principal] = a.Role
		} else {
			byUser[a.Principal] = []string{a.Role}
		}
	}
	for m := range company.Members() {
		if role := byGroup[m.Group]; role != "" {
			byUser[m.Member] = append(byUser[m.Member], role)
		}
	}
	return byUser
}

func TestNobodyGetsTwoProfiles(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		for user, roles := range roles(contoso.Generate(contoso.Options{Users: size, Seed: 1})) {
			if distinct := slices.Compact(slices.Sorted(slices.Values(roles))); len(distinct) != 1 {
				t.Errorf("%d users: %s gets %v", size, user, distinct)
			}
		}
	}
}

func TestAboutNineInTenAreAssigned(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		assigned := roles(contoso.Generate(contoso.Options{Users: size, Seed: 1}))
		if share := float64(len(assigned)) / float64(size); share < 0.85 || share > 0.97 {
			t.Errorf("%d of %d users are assigned, want about 90 %%", len(assigned), size)
		}
		if len(assigned[contoso.TakenUsername]) == 0 {
			t.Errorf("%d users: %s is not assigned", size, contoso.TakenUsername)
		}
	}
}

func TestMembersAndAssignmentsNameWhatExists(t *testing.T) {
	t.Parallel()
	company := contoso.Generate(contoso.Options{Users: 1000, Seed: 3})
	known := map[string]bool{}
	for u := range company.Users() {
		known[u.UserPrincipalName] = true
	}
	for _, g := range company.Groups() {
		known[g.DisplayName] = true
	}
	filled := map[string]bool{}
	for m := range company.Members() {
		filled[m.Group] = true
		if !known[m.Group] || !known[m.Member] {
			t.Errorf("%+v names something that is not there", m)
		}
	}
	if len(filled) != 12 {
		t.Errorf("%d groups have members, want 12", len(filled))
	}
	for _, a := range company.Assignments() {
		if !known[a.Principal] {
			t.Errorf("%+v names somebody who is not there", a)
		}
	}
}

func TestTheCheckedInSampleIsFresh(t *testing.T) {
	t.Parallel()
	company := contoso.Generate(contoso.Options{Users: 40, Seed: 1})
	for name, write := range map[string]func(io.Writer) error{
		contoso.UsersFile: company.WriteUsers, contoso.GroupsFile: company.WriteGroups,
		contoso.MembersFile: company.WriteMembers, contoso.AssignmentsFile: company.WriteAssignments,
	} {
		var want bytes.Buffer
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("%s is not what the generator writes; run make sample (-want +checked in):\n%s", name, diff)
		}
	}
}

func TestWriteMakesTheFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new", "folder")
	if err := contoso.Generate(contoso.Options{}).Write(folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, contoso.UsersFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(text, []byte("\n")); got != contoso.MinUsers+1 {
		t.Errorf("%d lines, want a header and %d users", got, contoso.MinUsers)
	}
}

// diskFull fails after some bytes, as a full disk does.
type diskFull struct{ room int }

func (d *diskFull) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAFullDiskIsReported(t *testing.T) {
	t.Parallel()
	err := contoso.Generate(contoso.Options{Users: 1000, Seed: 1}).WriteUsers(&diskFull{room: 5000})
	if err == nil || !strings.Contains(err.Error(), "write the sample company") {
		t.Errorf("error %v, want one that names the operation", err)
	}
}

func TestChangesAreAWorkingDay(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		changes := contoso.Changes(contoso.Generate(contoso.Options{Users: size, Seed: 1}), 1)
		joiners, movers := contoso.Count(changes, contoso.Joiner), contoso.Count(changes, contoso.Mover)
		leavers := contoso.Count(changes, contoso.Leaver)
		if want := max(10, size*3/100); len(changes) != want {
			t.Errorf("%d users: %d changes, want %d", size, len(changes), want)
		}
		if joiners < 3 || movers < 4 || leavers < 3 || leavers > 15 {
			t.Errorf("%d users: %d joiners, %d movers, %d leavers", size, joiners, movers, leavers)
		}
		names := map[string]bool{}
		for _, change := range changes {
			if !strings.HasPrefix(change.Summary, string(change.Kind)+" "+change.Name+": ") {
				t.Errorf("summary %q", change.Summary)
			}
			who := principal(t, change)
			if names[who] {
				t.Errorf("%d users: %s has two changes", size, who)
			}
			names[who] = true
		}
	}
}

// principal returns the user principal name of the person whom a change concerns.
func principal(t *testing.T, change contoso.Change) string {
	t.Helper()
	switch content := change.Deltas[0].Content.(type) {
	case directory.User:
		return content.UserPrincipalName
	case directory.Member:
		return content.Member
	default:
		t.Fatalf("%q starts with %T", change.Summary, content)
		return ""
	}
}

func TestChangesFitTheCompany(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		company := contoso.Generate(contoso.Options{Users: size, Seed: 1})
		before, upns := map[string]contoso.User{}, map[string]bool{}
		for u := range company.Users() {
			before[u.ID], upns[u.UserPrincipalName] = u, true
		}
		memberships := map[contoso.Member]bool{}
		for m := range company.Members() {
			memberships[m] = true
		}
		for _, change := range contoso.Changes(company, 1) {
			for _, delta := range change.Deltas {
				checkDelta(t, change, delta, before, upns, memberships)
			}
		}
	}
}

func checkDelta(
	t *testing.T, change contoso.Change, delta directory.Delta,
	before map[string]contoso.User, upns map[string]bool, memberships map[contoso.Member]bool,
) {
	t.Helper()
	switch content := delta.Content.(type) {
	case directory.User:
		old, known := before[content.ID]
		if known == (change.Kind == contoso.Joiner) {
			t.Errorf("%s: known before: %v", change.Summary, known)
		}
		if change.Kind == contoso.Joiner && upns[content.UserPrincipalName] {
			t.Errorf("%s: %s is taken", change.Summary, content.UserPrincipalName)
		}
		if delta.Operation == directory.Put && known && content.Equal(old.Directory()) {
			t.Errorf("%s: nothing changes", change.Summary)
		}
		if _, ok := before[content.ManagerID]; !ok || content.ManagerID == content.ID {
			t.Errorf("%s: manager %s", change.Summary, content.ManagerID)
		}
	case directory.Member:
		there := memberships[contoso.Member{Group: content.Group, Member: content.Member}]
		if there != (delta.Operation == directory.Remove) {
			t.Errorf("%s: %s of %s in %s, who is a member: %v", change.Summary, delta.Operation, content.Member, content.Group, there)
		}
	}
}

func BenchmarkUsers(b *testing.B) {
	company := contoso.Generate(contoso.Options{Users: 10000, Seed: 1})
	b.ReportAllocs()
	for b.Loop() {
		for range company.Users() {
		}
	}
}

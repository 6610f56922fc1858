package people

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil))
}

func newWorld(tb testing.TB) *portaltest.World {
	tb.Helper()
	return portaltest.New(tb, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
}

// must returns a page that has to be there.
func must(t *testing.T, w *portaltest.World, role store.Role, path string) portaltest.Answer {
	t.Helper()
	answer := w.Get(role, path)
	if answer.Status != http.StatusOK {
		t.Fatalf("GET %s: status %d %s: %s", path, answer.Status, answer.Location, answer.TextOf("main"))
	}
	return answer
}

func names(answer portaltest.Answer) string {
	return strings.Join(answer.Texts("#rows tbody td:first-child a"), ", ")
}

func TestUsersAreFoundByWordsStateAndDepartment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ben, err := w.Store.User(t.Context(), portaltest.Ben)
	w.Must(err)
	ben.AccountEnabled, ben.Attributes = false, ben.Attributes.With("department", attr.Text("Retail"))
	w.Must(w.Store.PutUser(t.Context(), ben))
	w.Must(w.Store.RemoveUser(t.Context(), portaltest.Cleo))
	for query, want := range map[string]string{
		"": "Ana Lima, Ben Okoye", "search=oko": "Ben Okoye", "search=ana%40con": "Ana Lima", "state=disabled": "Ben Okoye", "state=enabled": "Ana Lima",
		"state=deleted": "Cleo Marsh", "department=retail": "Ben Okoye", "department=retail&search=ana": "", "state=odd": "Ana Lima, Ben Okoye",
	} {
		if got := names(must(t, w, store.RoleReader, "/users?"+query)); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	w.Contains(must(t, w, store.RoleReader, "/users").TextOf("#rows"), "2 users are in the directory")
	part := w.Part(store.RoleReader, "/users?search=zzz", "rows")
	if part.Count("form") != 0 || part.TextOf(".empty-title") != "Nobody is like that" {
		t.Errorf("the part that is refreshed is %q", part.TextOf("body"))
	}
}

func TestUsersAreLookedThroughInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 120 {
		w.AddUser(fmt.Sprintf("u%03d", i), fmt.Sprintf("Dana%03d Smith", i))
	}
	var seen []string
	next := "?search=dana"
	for next != "" && len(seen) < 200 {
		answer := must(t, w, store.RoleReader, "/users"+next)
		seen = append(seen, answer.Texts("#rows tbody td:first-child a")...)
		next = ""
		if links := answer.Attributes("a[rel=next]", "href"); len(links) > 0 {
			next = links[0]
			w.Contains(next, "search=dana")
		}
	}
	if len(seen) != 120 || !slices.IsSorted(seen) {
		t.Errorf("%d people were seen, sorted %v", len(seen), slices.IsSorted(seen))
	}
	if answer := w.Get(store.RoleReader, "/users?search=dana&cursor=other"); answer.Status != http.StatusSeeOther || answer.Location != "/users?search=dana" {
		t.Errorf("a cursor of nothing: status %d, to %q", answer.Status, answer.Location)
	}
}

func TestAnEmptyDirectorySaysHowToFillIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{portaltest.Ana, portaltest.Ben, portaltest.Cleo} {
		w.Must(w.Store.PurgeUser(t.Context(), id))
	}
	answer := must(t, w, store.RoleReader, "/users")
	w.Contains(answer.TextOf("main"), "usher directory import")
	w.Contains(answer.TextOf("main"), "/v1.0/users")
}

func TestAUserIsShownWithEverythingAroundThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", portaltest.Sales, "Standard User")
	w.Cycle(app)
	ana, err := w.Store.User(t.Context(), portaltest.Ana)
	w.Must(err)
	ana.ManagerID, ana.Attributes = portaltest.Ben, ana.Attributes.With("department", attr.Text("Sales & more"))
	w.Must(w.Store.PutUser(t.Context(), ana))

	answer := must(t, w, store.RoleOperator, "/users/"+portaltest.Ana)
	w.Contains(answer.TextOf(".people-app"), "Standard User, through Sales")
	if got := answer.Texts(".people-app .badge"); !cmp.Equal(got, []string{"In scope", "Account in use"}) {
		t.Errorf("the application says %q", got)
	}
	w.Contains(strings.Join(answer.Attributes(".people-app a", "href"), " "), "/applications/"+app.ID+"/why?user="+portaltest.Ana)
	w.Contains(strings.Join(answer.Attributes(".people-sections a", "href"), " "), "/users?department=Sales+%26+more")
	w.Contains(answer.TextOf("section[aria-labelledby=organisation]"), "Ben Okoye")
	w.Contains(answer.TextOf("section[aria-labelledby=groups]"), "Sales")
	w.Contains(answer.TextOf("section[aria-labelledby=log] tbody"), "Create")
	form := answer.Attributes(".people-app form", "action")
	if !cmp.Equal(form, []string{"/applications/" + app.ID + "/on-demand"}) {
		t.Errorf("the form of an operator leads to %q", form)
	}
	if reader := must(t, w, store.RoleReader, "/users/"+portaltest.Ana); reader.Count(".people-app form") != 0 {
		t.Error("a reader can provision on demand")
	}
	ben := must(t, w, store.RoleReader, "/users/"+portaltest.Ben)
	w.Contains(ben.TextOf("section[aria-labelledby=organisation]"), "Direct reports Ana Lima")
	if got := names(must(t, w, store.RoleReader, "/users/"+portaltest.Ben+"/reports")); got != "" {
		t.Errorf("the reports are in #rows: %q", got)
	}
	w.Contains(must(t, w, store.RoleReader, "/users/"+portaltest.Ben+"/reports").TextOf("tbody"), "Ana Lima")
}

func TestWhoWasDeletedIsRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Must(w.Store.RemoveUser(t.Context(), portaltest.Ana))
	group, err := w.Store.Group(t.Context(), "Sales")
	w.Must(err)
	w.Must(w.Store.RemoveGroup(t.Context(), group.ID))
	for _, path := range []string{"/users/" + portaltest.Ana, "/groups/" + group.ID} {
		act := path + "/restore"
		if must(t, w, store.RoleOperator, path).Count("main form[action='"+act+"']") != 0 {
			t.Errorf("%s: an operator is offered to restore", path)
		}
		if refused := w.Post(store.RoleOperator, act, nil); refused.Status != http.StatusForbidden {
			t.Errorf("%s: an operator restores: %d", path, refused.Status)
		}
		if must(t, w, store.RoleAdministrator, path).Count("main form[action='"+act+"']") != 1 {
			t.Errorf("%s: an administrator is not offered to restore", path)
		}
		for range 2 { // a second time changes nothing
			if done := w.Post(store.RoleAdministrator, act, nil); done.Status != http.StatusSeeOther {
				t.Errorf("%s: %d %s", path, done.Status, done.TextOf("main"))
			}
		}
		if must(t, w, store.RoleAdministrator, path).Count("main form[action='"+act+"']") != 0 {
			t.Errorf("%s is offered to be restored again", path)
		}
	}
	w.Contains(strings.Join(w.Audits(0), "\n"), "Restore directory object | ")
	if count := strings.Count(strings.Join(w.Audits(0), "\n"), "Restore directory object"); count != 2 {
		t.Errorf("%d records in the audit log", count)
	}
	if unknown := w.Post(store.RoleAdministrator, "/users/nobody/restore", nil); unknown.Status != http.StatusNotFound {
		t.Errorf("somebody unknown: %d", unknown.Status)
	}
	// Somebody else has the name by now.
	w.Must(w.Store.RemoveUser(t.Context(), portaltest.Ana))
	ben, err := w.Store.User(t.Context(), portaltest.Ben)
	w.Must(err)
	ben.UserPrincipalName = "ana@contoso.com"
	w.Must(w.Store.PutUser(t.Context(), ben))
	taken := w.Post(store.RoleAdministrator, "/users/"+portaltest.Ana+"/restore", nil)
	if taken.Status != http.StatusUnprocessableEntity {
		t.Errorf("a name that is taken: %d", taken.Status)
	}
	w.Contains(taken.TextOf("body"), "Somebody else is called ana@contoso.com by now.")
}

func TestAUserIsFoundByNameAtTheAddressOfTheID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if answer := w.Get(store.RoleReader, "/users/ana@contoso.com"); answer.Status != http.StatusSeeOther || answer.Location != "/users/"+portaltest.Ana {
		t.Errorf("status %d, to %q", answer.Status, answer.Location)
	}
	const odd = "a/b c?d#e"
	w.AddUser(odd, "Odd One")
	w.Contains(must(t, w, store.RoleReader, "/users/"+url.PathEscape(odd)).TextOf("h1"), "Odd One")
	w.Contains(must(t, w, store.RoleReader, "/users/"+url.PathEscape(odd)+"/history").TextOf(".people-changes"), "Created")
	for _, path := range []string{"/users/nobody", "/users/nobody/history", "/users/nobody/groups", "/users/nobody/reports", "/groups/none", "/groups/none/groups"} {
		if answer := w.Get(store.RoleReader, path); answer.Status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, answer.Status)
		}
	}
}

func TestSomebodyWhoIsHeldOrFailsOrIsInScopeWithoutAnAssignmentSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "User", portaltest.Cleo, "Standard User")
	w.Cycle(app)
	_, err := w.Store.Unassign(t.Context(), directory.AssignmentRequest{Application: app.ID, PrincipalType: "User", Principal: portaltest.Cleo})
	w.Must(err)
	cleo := must(t, w, store.RoleReader, "/users/"+portaltest.Cleo)
	if got := cleo.Texts(".people-app .badge"); !cmp.Equal(got, []string{"Out of scope", "Account in use"}) {
		t.Errorf("the application says %q", got)
	}
	w.Contains(cleo.TextOf(".people-app"), "is not assigned to the application")
	w.Must(w.Store.UpdateJob(t.Context(), app.Job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		job.Settings.SyncAll = true
		return job, nil
	}))
	ana := must(t, w, store.RoleReader, "/users/"+portaltest.Ana)
	if got := ana.Texts(".people-app .badge"); !cmp.Equal(got, []string{"In scope", "No account"}) {
		t.Errorf("where all users are synchronized, somebody who is not assigned has %q", got)
	}
}

func TestHistoryTellsWhatWasKnownThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := time.Now()
	ana, err := w.Store.User(t.Context(), portaltest.Ana)
	w.Must(err)
	time.Sleep(2 * time.Millisecond)
	ana.Attributes = ana.Attributes.With("jobTitle", attr.Text("Head of Retail"))
	w.Must(w.Store.PutUser(t.Context(), ana))

	at := "/users/" + portaltest.Ana + "/history"
	answer := must(t, w, store.RoleReader, at)
	w.Contains(answer.TextOf(".people-changes li:first-child"), "Job title from no value to Head of Retail")
	latest, _, _ := strings.Cut(answer.Attributes(".people-changes a", "href")[0], "#")
	w.Contains(must(t, w, store.RoleReader, latest).TextOf("#then"), "All properties are the same today.")
	w.Contains(must(t, w, store.RoleReader, at+"?at="+before.UTC().Format(time.RFC3339Nano)).TextOf("#then"), "Different today Job title from no value to Head of Retail")
	w.Contains(must(t, w, store.RoleReader, at+"?at=2001-01-01T00:00").TextOf("#then"), "does not reach back that far")
	w.Contains(must(t, w, store.RoleReader, at+"?at=yesterday").TextOf("#about-at"), "This is not a moment")

	w.Must(w.Store.PurgeUser(t.Context(), portaltest.Ana))
	if moved := w.Get(store.RoleReader, "/users/"+portaltest.Ana); moved.Location != at {
		t.Errorf("somebody who was removed for good leads to %q", moved.Location)
	}
	gone := must(t, w, store.RoleReader, at+"?at="+before.UTC().Format(time.RFC3339Nano))
	w.Contains(gone.TextOf("#then"), "Ana Lima")
	w.Contains(gone.TextOf(".people-changes"), "Removed for good")
}

func TestHistoryTellsGroupsAndApplicationsOfThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", portaltest.Sales, "Standard User")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Marketing, Type: "Group"}))
	then := time.Now()
	for then.UnixMicro() == time.Now().UnixMicro() {
		time.Sleep(time.Microsecond)
	}
	_, err := w.Acts.Unassign(t.Context(), app, administration.NewAssignment{PrincipalType: "Group", Principal: portaltest.Sales})
	w.Must(err)
	w.Must(w.Store.RemoveMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Ana, Type: "User"}))

	asOf := "/history?at=" + then.UTC().Format(time.RFC3339Nano)
	ana := must(t, w, store.RoleReader, "/users/"+portaltest.Ana+asOf)
	w.Contains(ana.TextOf("[aria-label='Applications then'] tbody"), "Salesforce Standard User through Sales")
	w.Contains(ana.TextOf("[aria-label='Groups then'] tbody"), "Sales")
	w.Contains(ana.TextOf(".people-changes li:first-child"), "No longer a member of Sales")
	if now := must(t, w, store.RoleReader, "/users/"+portaltest.Ana+"/history?at="+time.Now().UTC().Format(time.RFC3339Nano)); now.Count(".people-tenures table") != 0 {
		t.Errorf("now there is %q", now.TextOf(".people-tenures"))
	}
	// Cleo is in no group; Ben is in Marketing, whose members count through Sales only where groups inside groups do.
	ben := must(t, w, store.RoleReader, "/users/"+portaltest.Ben+asOf)
	if got := ben.Count("[aria-label='Applications then'] tbody tr"); got != 1 {
		t.Errorf("Ben had %d assignments", got)
	}
	sales := must(t, w, store.RoleReader, "/groups/"+portaltest.Sales+asOf)
	if got := sales.Texts("[aria-label='Members then'] tbody td:first-child a"); !cmp.Equal(slices.Sorted(slices.Values(got)), []string{"Ana Lima", "Ben Okoye", "Marketing"}) {
		t.Errorf("the members were %q", got)
	}
	events := sales.TextOf(".people-changes")
	for _, want := range []string{"No longer a member Ana Lima", "No longer assigned to Salesforce as Standard User", "by dora@contoso.com", "New member Marketing", "Created"} {
		w.Contains(events, want)
	}
	w.Must(w.Store.Edit(t.Context(), "purge", func(e store.Editor) error { return e.PurgeGroup(t.Context(), portaltest.Sales) }))
	if moved := w.Get(store.RoleReader, "/groups/"+portaltest.Sales); moved.Location != "/groups/"+portaltest.Sales+"/history" {
		t.Errorf("a group that was removed for good leads to %q", moved.Location)
	}
	w.Contains(must(t, w, store.RoleReader, "/groups/"+portaltest.Sales+asOf).TextOf("#then"), "Today the group is not in the directory any more.")
}

func TestAGroupIsShownWithMembersAndWhatItBrings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", portaltest.Sales, "Standard User")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Marketing, Type: "Group"}))
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Marketing, Member: portaltest.Cleo, Type: "User"}))

	at := "/groups/" + portaltest.Sales
	answer := must(t, w, store.RoleReader, at)
	if got := names(answer); got != "Ana Lima, Ben Okoye, Marketing" {
		t.Errorf("members are %q", got)
	}
	w.Contains(answer.TextOf("section[aria-labelledby=about]"), "2 people 3 people with those of groups inside")
	w.Contains(answer.TextOf("section[aria-labelledby=assigned] tbody"), "Salesforce Standard User 2 people")
	if got := names(w.Part(store.RoleReader, at+"?search=okoye", "rows")); got != "Ben Okoye" {
		t.Errorf("members called okoye are %q", got)
	}
	w.Must(w.Store.UpdateJob(t.Context(), app.Job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		job.Settings.NestedGroups = true
		return job, nil
	}))
	w.Contains(must(t, w, store.RoleReader, at).TextOf("section[aria-labelledby=assigned] tbody"), "3 people groups inside count")
	w.Contains(must(t, w, store.RoleReader, "/groups/"+portaltest.Marketing).TextOf("section[aria-labelledby=relations]"), "Member of Sales")
	nested := must(t, w, store.RoleReader, "/users/"+portaltest.Cleo+"/groups?nested=on")
	if got := nested.Texts("tbody td:first-child a"); !cmp.Equal(got, []string{"Marketing", "Sales"}) {
		t.Errorf("Cleo is in %q", got)
	}
	if got := must(t, w, store.RoleReader, "/users/"+portaltest.Cleo+"/groups").Texts("tbody td:first-child a"); !cmp.Equal(got, []string{"Marketing"}) {
		t.Errorf("Cleo is directly in %q", got)
	}
}

func TestGroupsAreFoundByWordsAndKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Must(w.Store.PutGroup(t.Context(), directory.Group{ID: "n", DisplayName: "Newsletter"}))
	w.Must(w.Store.RemoveGroup(t.Context(), portaltest.Marketing))
	for query, want := range map[string]string{
		"": "Newsletter, Sales", "search=new": "Newsletter", "kind=security": "Sales", "kind=other": "Newsletter", "kind=deleted": "Marketing", "search=zzz": "",
	} {
		if got := names(must(t, w, store.RoleReader, "/groups?"+query)); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	if answer := w.Get(store.RoleReader, "/groups/Sales"); answer.Location != "/groups/"+portaltest.Sales {
		t.Errorf("a name leads to %q", answer.Location)
	}
	w.Contains(must(t, w, store.RoleReader, "/groups/"+portaltest.Marketing).TextOf("main"), "This group was deleted")
}

package assignments_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/assignments"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

const (
	reader        = store.RoleReader
	operator      = store.RoleOperator
	administrator = store.RoleAdministrator
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, assignments.New(nil, nil))
}

// world is a world with the area and Salesforce.
type world struct {
	*portaltest.World

	app   administration.Application
	at    string // path of the list
	roles map[string]string
	held  *interrupted
}

// interrupted is a database in which something else happens while it is looked up what
// a change of assignments means.
type interrupted struct {
	administration.Store

	meanwhile func()
}

func (i *interrupted) Standings(ctx context.Context, query store.StandingQuery) (store.FoundStandings, error) {
	found, err := i.Store.Standings(ctx, query)
	if then := i.meanwhile; then != nil {
		i.meanwhile = nil
		then()
	}
	return found, err
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{roles: map[string]string{}}
	var operations *administration.Operations
	w.World = portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		w.held = &interrupted{Store: service.Store}
		service.Store = w.held
		operations = administration.NewOperations(service)
		return []portaltest.Area{assignments.New(service, operations)}
	})
	w.Run(operations)
	w.app = w.Connected()
	w.at = page.Application{Application: w.app}.Path("users-and-groups")
	roles, err := w.Service.Roles(t.Context(), w.app)
	w.Must(err)
	for _, role := range roles {
		w.roles[role.DisplayName] = role.ID
	}
	return w
}

// assigned returns who is assigned in which role.
func (w *world) assigned() []string {
	w.TB.Helper()
	found, err := w.Store.FindAssignments(w.TB.Context(), store.AssignmentSearch{ApplicationID: w.app.ID}, store.Page{})
	w.Must(err)
	var texts []string
	for _, each := range found.Items {
		texts = append(texts, each.Principal.DisplayName+" as "+each.Role.DisplayName)
	}
	return texts
}

func (w *world) same(what string, want ...string) {
	w.TB.Helper()
	if diff := cmp.Diff(want, w.assigned()); diff != "" {
		w.TB.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestWhoIsAssignedIsListedSearchedAndPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if empty := w.Get(reader, w.at); empty.Count(".empty") != 1 || empty.Count(`a[href$="/users-and-groups/add"]`) != 1 {
		t.Errorf("without assignments: %s", empty.TextOf("main"))
	}
	for i := range 60 {
		id := fmt.Sprintf("bbbbbbbb-0000-0000-0000-%012d", i)
		w.AddUser(id, fmt.Sprintf("Person%02d Test", i))
		w.Assign(w.app, "User", id, "Read Only")
	}
	w.Assign(w.app, "Group", "Sales", "Standard User")
	first := w.Get(reader, w.at)
	if first.Count("tbody tr") != 50 || first.Count(`a[rel=prev]`) != 0 {
		t.Fatalf("%d rows on the first page", first.Count("tbody tr"))
	}
	second := w.Get(reader, w.at+first.Attributes("a[rel=next]", "href")[0])
	if second.Count("tbody tr") != 11 || second.Count("a[rel=next]") != 0 || second.Count("a[rel=prev]") != 1 {
		t.Errorf("%d rows on the second page", second.Count("tbody tr"))
	}
	group := w.Part(reader, w.at+"?kind=Group&search=sal", "rows")
	if diff := cmp.Diff([]string{"Sales"}, group.Texts("tbody tr td:first-child a")); diff != "" || group.Count("h1") != 0 {
		t.Error(diff)
	}
	w.Contains(group.TextOf("tbody"), "2 members")
	if byRole := w.Get(reader, w.at+"?role="+w.roles["Read Only"]+"&search=person07"); byRole.Count("tbody tr") != 1 {
		t.Errorf("%d rows by role and name", byRole.Count("tbody tr"))
	}
	if none := w.Get(reader, w.at+"?search=zoe"); none.Count(".empty") != 1 {
		t.Error("a search that finds nothing does not say so")
	}
	if wrong := w.Get(reader, w.at+"?cursor=x"); wrong.Status != http.StatusUnprocessableEntity {
		t.Errorf("a cursor that nobody gave out: %d", wrong.Status)
	}
}

func TestUsersAndGroupsAreAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found := w.Get(administrator, w.at+"/add?search=mar")
	if diff := cmp.Diff([]string{"Marketing", "Cleo Marsh"}, found.Texts("#choice tbody td:nth-child(2) a")); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	kept := w.Part(administrator, w.at+"/add?search=ana&pick=Group:"+portaltest.Sales+"&pick=User:"+portaltest.Ana, "choice")
	if diff := cmp.Diff([]string{"Group:" + portaltest.Sales, "User:" + portaltest.Ana}, kept.Attributes("input[name=pick][checked]", "value")); diff != "" {
		t.Errorf("what was selected before another search (-want +got):\n%s", diff)
	}
	made := w.Post(administrator, w.at+"/add", url.Values{"pick": {"Group:" + portaltest.Sales, "User:" + portaltest.Cleo, "User:" + portaltest.Cleo}, "role": {w.roles["Standard User"]}})
	if made.Status != http.StatusSeeOther || made.Location != w.at {
		t.Fatalf("%d to %q: %s", made.Status, made.Location, made.TextOf("main"))
	}
	w.Contains(made.Notice, "2 assignments were made. It takes effect when provisioning is turned on.")
	w.same("made", "Cleo Marsh as Standard User", "Sales as Standard User")
	w.Contains(w.Audits(1)[0], "Add app role assignment | administrator@contoso.com (portal) | ")
	again := w.Post(administrator, w.at+"/add", url.Values{"pick": {"User:" + portaltest.Cleo}, "role": {w.roles["Standard User"]}})
	w.Contains(again.Notice, "0 assignments were made. 1 assignment was there already.")
	if shown := w.Get(administrator, w.at+"/add?search=cleo"); !slices.Contains(shown.Texts("#choice td"), "Standard User") {
		t.Error("who is assigned already is not marked")
	}
}

func TestWhatCannotBeAddedIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cleo := "User:" + portaltest.Cleo
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"nobody", url.Values{"role": {w.roles["Standard User"]}}, "Select at least one"},
		{"no role", url.Values{"pick": {cleo}}, "Select a role."},
		{"default access", url.Values{"pick": {cleo}, "role": {directory.DefaultAccess}}, "with default access is skipped"},
		{"an unknown role", url.Values{"pick": {cleo}, "role": {"Emperor"}}, "no role"},
		{"who is not there any more", url.Values{"pick": {"User:nobody"}, "role": {w.roles["Standard User"]}}, "Select at least one"},
		{"nonsense", url.Values{"pick": {"nonsense"}}, "names no user or group"},
	}
	for _, tt := range tests {
		answer := w.Post(administrator, w.at+"/add", tt.form)
		if answer.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", tt.name, answer.Status)
		}
		w.Contains(answer.TextOf("main"), tt.want)
	}
	w.same("after refusals")
	many := url.Values{}
	for i := range 201 {
		many.Add("pick", fmt.Sprint("User:", i))
	}
	w.Contains(w.Post(administrator, w.at+"/add", many).TextOf("main"), "At most 200")
	for _, role := range []store.Role{reader, operator} {
		for _, path := range []string{"/add", "/roles", "/role", "/remove", "/upload", "/upload/apply"} {
			if answer := w.Post(role, w.at+path, url.Values{"pick": {cleo}, "role": {w.roles["Standard User"]}}); answer.Status != http.StatusForbidden {
				t.Errorf("%s posts %s: %d", role, path, answer.Status)
			}
		}
		if answer := w.Get(role, w.at+"/add"); answer.Count(`button[formmethod="post"]`) != 0 {
			t.Errorf("%s is shown buttons that are not theirs", role)
		}
	}
	w.same("after those who may not")
}

func TestConflictsAreShownBeforeTheyBite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Assign(w.app, "Group", "Sales", "Standard User")
	form := url.Values{"pick": {"Group:" + portaltest.Marketing}, "role": {w.roles["Read Only"]}}
	before := w.Part(administrator, w.at+"/add?"+form.Encode(), "foresight")
	w.Contains(before.TextOf("#foresight"), "1 person is given different roles")
	w.Contains(before.TextOf("tbody"), "Ben Okoye ben@contoso.com Read Only through Marketing Standard User through Sales")
	asked := w.Post(administrator, w.at+"/add", form)
	if asked.Status != http.StatusUnprocessableEntity || asked.Count("input[name=confirm]") != 1 {
		t.Fatalf("a conflict is not asked about: %d", asked.Status)
	}
	w.same("before it is confirmed", "Sales as Standard User")
	form["confirm"] = asked.Attributes("input[name=confirm]", "value")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Marketing, Member: portaltest.Ana, Type: "User"}))
	again := w.Post(administrator, w.at+"/add", form)
	w.Contains(again.TextOf("#foresight"), "2 people are given different roles")
	w.same("when there are more by then", "Sales as Standard User")
	form["confirm"] = again.Attributes("input[name=confirm]", "value")
	if made := w.Post(administrator, w.at+"/add", form); made.Status != http.StatusSeeOther {
		t.Errorf("confirmed: %d", made.Status)
	}
	list := w.Get(reader, w.at+"/conflicts")
	if diff := cmp.Diff([]string{"Ana Lima", "Ben Okoye"}, list.Texts("tbody td:first-child a")); diff != "" {
		t.Error(diff)
	}
}

func TestRolesAndFreeSeatsAreReadNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if plain := w.Get(administrator, w.at+"/add"); strings.Contains(plain.TextOf("#field-role"), "free") {
		t.Error("seats are shown that nobody asked the application for")
	}
	read := w.Post(administrator, w.at+"/roles", url.Values{"pick": {"User:" + portaltest.Cleo}, "role": {w.roles["Read Only"]}})
	if read.Status != http.StatusSeeOther {
		t.Fatalf("%d: %s", read.Status, read.TextOf("main"))
	}
	w.Contains(read.Notice, "read from Salesforce")
	shown := w.Get(administrator, read.Location)
	w.Contains(shown.TextOf("#field-role"), "seats free")
	if got := shown.Attributes("#field-role option[selected]", "value"); !slices.Equal(got, []string{w.roles["Read Only"]}) {
		t.Errorf("the role that was selected is %v", got)
	}
	if got := shown.Attributes("input[name=pick][checked]", "value"); !slices.Equal(got, []string{"User:" + portaltest.Cleo}) {
		t.Errorf("who was selected is %v", got)
	}
	unconnected, err := w.Acts.AddApplication(t.Context(), "salesforce", "Second")
	w.Must(err)
	other := page.Application{Application: unconnected}.Path("users-and-groups")
	broken := w.Get(administrator, other+"/add?seats=yes")
	if broken.Status != http.StatusOK || broken.Count(".alert-warning") != 1 {
		t.Errorf("an application that does not answer: %d, %s", broken.Status, broken.TextOf("main"))
	}
}

func TestRolesAreChangedAndAssignmentsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sales := w.Assign(w.app, "Group", "Sales", "Standard User")
	cleo := w.Assign(w.app, "User", portaltest.Cleo, "Standard User")
	w.Cycle(w.app)
	both := url.Values{"id": {sales.ID, cleo.ID, "gone"}}
	if asked := w.Get(administrator, w.at+"/role?"+both.Encode()); asked.Count("tbody tr") != 2 {
		t.Errorf("%d are asked about", asked.Count("tbody tr"))
	}
	means := w.Part(administrator, w.at+"/role?role="+w.roles["Read Only"]+"&"+both.Encode(), "foresight")
	w.Contains(means.TextOf("#foresight"), "3 people get another role than now.")
	for role, want := range map[string]string{"": "Select a role.", directory.DefaultAccess: "with default access is skipped"} {
		wrong := w.Post(administrator, w.at+"/role", url.Values{"id": both["id"], "role": {role}})
		if wrong.Status != http.StatusUnprocessableEntity {
			t.Errorf("role %q: %d", role, wrong.Status)
		}
		w.Contains(wrong.TextOf("main"), want)
	}
	form := url.Values{"id": {sales.ID, cleo.ID}, "role": {w.roles["Read Only"]}}
	unasked := w.Post(administrator, w.at+"/role", form)
	if unasked.Status != http.StatusOK || unasked.Notice != "" {
		t.Errorf("changed without a confirmation: %d, %s", unasked.Status, unasked.Notice)
	}
	w.Contains(unasked.TextOf("#foresight"), "3 people get another role than now.")
	form["confirmed"] = unasked.Attributes("main input[name=confirmed]", "value")
	w.Must(w.Store.RemoveMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Ben, Type: "User"}))
	stale := w.Post(administrator, w.at+"/role", form)
	if stale.Status != http.StatusConflict {
		t.Errorf("3 people were confirmed, and 2 get another role: %d", stale.Status)
	}
	w.Contains(stale.TextOf("#foresight"), "2 people get another role than now.")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Ben, Type: "User"}))
	form["confirmed"] = means.Attributes("input[name=confirmed]", "value")
	changed := w.Post(administrator, w.at+"/role", form)
	w.Contains(changed.Notice, "The role of 2 assignments was changed to Read Only.")
	w.same("changed", "Cleo Marsh as Read Only", "Sales as Read Only")

	found, err := w.Store.FindAssignments(t.Context(), store.AssignmentSearch{ApplicationID: w.app.ID}, store.Page{})
	w.Must(err)
	ids := url.Values{"id": {found.Items[0].ID, found.Items[1].ID}}
	asked := w.Get(administrator, w.at+"/remove?"+ids.Encode())
	w.Contains(asked.TextOf(".alert"), "3 people lose their accounts: with the next cycle they are disabled.")
	w.Contains(asked.TextOf(".btn-danger"), "Remove 2 assignments, 3 accounts are lost")
	if got := asked.Texts(".alert li a"); len(got) != 3 {
		t.Errorf("who loses the account: %v", got)
	}
	w.same("looked at", "Cleo Marsh as Read Only", "Sales as Read Only")
	if unasked := w.Post(administrator, w.at+"/remove", ids); unasked.Status != http.StatusConflict {
		t.Errorf("removed without a confirmation: %d", unasked.Status)
	}
	ids["confirmed"] = asked.Attributes("main input[name=confirmed]", "value")
	removed := w.Post(administrator, w.at+"/remove", ids)
	w.Contains(removed.Notice, "2 assignments were removed.")
	w.same("removed")
	if nothing := w.Get(administrator, w.at+"/remove?id=gone"); nothing.Count(".empty") != 1 {
		t.Error("what is not there is asked about")
	}
	if nothing := w.Post(administrator, w.at+"/remove", ids); nothing.Status != http.StatusUnprocessableEntity {
		t.Errorf("removed twice: %d", nothing.Status)
	}
	if disabled := w.Cycle(w.app).Counts.Disabled; disabled != 3 {
		t.Errorf("%d accounts were disabled by the next cycle, and 3 were foreseen", disabled)
	}
}

// TestAnAssignmentIsRemovedForWhatWasConfirmed removes a group that somebody joined
// since it was asked what that means.
func TestAnAssignmentIsRemovedForWhatWasConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sales := w.Assign(w.app, "Group", "Sales", "Standard User")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Cleo, Type: "User"}))
	w.Cycle(w.app)
	w.Must(w.Store.RemoveMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Cleo, Type: "User"}))
	form := url.Values{"id": {sales.ID}}
	asked := w.Get(administrator, w.at+"/remove?"+form.Encode())
	w.Contains(asked.TextOf(".btn-danger"), "Remove 1 assignment, 2 accounts are lost")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Sales, Member: portaltest.Cleo, Type: "User"}))
	form["confirmed"] = asked.Attributes("main input[name=confirmed]", "value")
	again := w.Post(administrator, w.at+"/remove", form)
	if again.Status != http.StatusConflict {
		t.Fatalf("2 accounts were confirmed, and 3 are lost: %d %s", again.Status, again.Notice)
	}
	w.Contains(again.TextOf("main"), "Nothing was done.")
	w.Contains(again.TextOf(".btn-danger"), "3 accounts are lost")
	w.same("not removed", "Sales as Standard User")
}

func (w *world) upload(content string) portaltest.Answer {
	w.TB.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "sales.csv")
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	w.Must(errors.Join(err, form.Close()))
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodPost, w.at+"/upload", &body)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return w.Do(administrator, request)
}

// A long file is made in the background; the same file again changes nothing.
func TestALongFileIsDoneInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people = 2*administration.AssignedAtOnce + 1
	var file strings.Builder
	file.WriteString("principal,role,principalType\n")
	w.Must(w.Store.Edit(t.Context(), "fill", func(e store.Editor) error {
		for n := range people {
			name := fmt.Sprintf("person%05d@contoso.com", n)
			fmt.Fprintf(&file, "%s,Standard User,%s\n", strings.ToUpper(name), []string{"", "User"}[n%2])
			if err := e.PutUser(t.Context(), directory.User{ID: fmt.Sprintf("cccccccc-0000-0000-0000-%012d", n), UserPrincipalName: name, DisplayName: name, AccountEnabled: true}); err != nil {
				return err
			}
		}
		return nil
	}))
	for turn, want := range []int{people, 0} {
		preview := w.upload(file.String())
		w.Contains(preview.TextOf("main"), "It is done in the background, in parts")
		if size := len(preview.Text); size > 100_000 {
			t.Errorf("the page has %d bytes", size)
		}
		begun := w.Post(administrator, w.at+"/upload/apply", preview.Hidden("form[action$=apply]"))
		if over := w.Over(begun); over.State != provisioning.OperationDone || over.Progress.Counts.Unchanged != people || over.Kind != provisioning.Assigning {
			t.Fatalf("%+v", over)
		}
		count, err := w.Store.CountAssigned(t.Context(), w.app.ID)
		w.Must(err)
		if count != people {
			t.Errorf("%d people are assigned", count)
		}
		added := 0
		for _, record := range w.Audits(3) {
			var from, to, all, fresh int
			if _, err := fmt.Sscanf(record[strings.LastIndex(record, "| ")+2:], "from a file: assignments %d to %d of %d, %d new", &from, &to, &all, &fresh); err != nil || all != people {
				t.Errorf("the audit log has %q: %v", record, err)
			}
			added += fresh
		}
		if added != want {
			t.Errorf("turn %d: %d new ones in the audit log, want %d", turn, added, want)
		}
	}
}

func TestAFileIsPreviewedAndThenDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := w.upload("principal,role\nzoe@contoso.com,Standard User\nana@contoso.com,Emperor\n\"ben@contoso.com\",\n")
	text := wrong.TextOf(".alert-danger")
	if wrong.Status != http.StatusUnprocessableEntity || wrong.Count("form[action$=apply]") != 0 {
		t.Errorf("a file with faults: %d", wrong.Status)
	}
	for _, line := range []string{"Line 2, principal: there is no user or group \"zoe@contoso.com\"", "Line 3, role: the application has no role \"Emperor\"", "Line 4, role: "} {
		w.Contains(text, line)
	}
	w.same("after faults")
	preview := w.upload("principal;role\nAna@contoso.com;Standard User\nMarketing;Read Only\n")
	if preview.Status != http.StatusOK {
		t.Fatalf("%d: %s", preview.Status, preview.TextOf("main"))
	}
	w.Contains(preview.TextOf(".alert"), "2 people get access to Salesforce who had none.")
	if diff := cmp.Diff([]string{"2 Ana@contoso.com User Standard User", "3 Marketing Group Read Only"}, preview.Texts("tbody tr")); diff != "" {
		t.Error(diff)
	}
	w.same("after the preview")
	form := preview.Hidden("form[action$=apply]")
	for name, unconfirmed := range map[string]url.Values{"nothing": {"upload": form["upload"]}, "something else": {"upload": form["upload"], "confirmed": {"x"}}} {
		if answer := w.Post(administrator, w.at+"/upload/apply", unconfirmed); answer.Status != http.StatusConflict {
			t.Errorf("%s was confirmed: %d", name, answer.Status)
		}
	}
	w.Must(w.Store.RemoveMember(t.Context(), directory.Member{Group: portaltest.Marketing, Member: portaltest.Ben, Type: "User"}))
	stale := w.Post(administrator, w.at+"/upload/apply", form)
	if stale.Status != http.StatusConflict {
		t.Errorf("access for 2 people was confirmed, and 1 gets it: %d", stale.Status)
	}
	w.Contains(stale.TextOf("main"), "Nothing was done.")
	w.Contains(stale.TextOf("main"), "1 person gets access")
	w.same("before it is confirmed")
	w.Must(w.Store.PutMember(t.Context(), directory.Member{Group: portaltest.Marketing, Member: portaltest.Ben, Type: "User"}))
	done := w.Post(administrator, w.at+"/upload/apply", form)
	w.Contains(done.Notice, "2 assignments were made.")
	w.same("done", "Ana Lima as Standard User", "Marketing as Read Only")
	for _, upload := range []string{"", "x", form.Get("upload")} {
		if broken := w.Post(administrator, w.at+"/upload/apply", url.Values{"upload": {upload}}); broken.Status != http.StatusUnprocessableEntity {
			t.Errorf("the upload %q, which is not kept: %d", upload, broken.Status)
		}
	}
	if empty := w.upload(""); empty.Status != http.StatusUnprocessableEntity {
		t.Errorf("an empty file: %d", empty.Status)
	}
}

// TestAFileIsDoneForThoseWhoWereConfirmed gives a name of the file to somebody else
// after it was seen that the file still means what was confirmed.
func TestAFileIsDoneForThoseWhoWereConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	preview := w.upload("principal,role\nana@contoso.com,Standard User\n")
	w.held.meanwhile = func() {
		ana, err := w.Store.User(t.Context(), portaltest.Ana)
		w.Must(err)
		ana.UserPrincipalName = "ana.lima@contoso.com"
		w.Must(w.Store.PutUser(t.Context(), ana))
		w.AddUser("another", "Ana Other")
	}
	done := w.Post(administrator, w.at+"/upload/apply", preview.Hidden("form[action$=apply]"))
	w.Contains(done.Notice, "1 assignment was made.")
	w.same("done", "Ana Lima as Standard User")
	if w.held.meanwhile != nil {
		t.Error("nothing happened meanwhile")
	}
}

// TestARankingThatIsSavedMeanwhileIsNoticed removes and adds assignments of Ben, whom two
// groups give different roles, when another one of them counts than was confirmed.
func TestARankingThatIsSavedMeanwhileIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rank := func(roles ...string) {
		t.Helper()
		schema, err := w.Store.Schema(t.Context(), w.app.Job.ID)
		w.Must(err)
		_, object, err := schema.UserMapping()
		w.Must(err)
		object.RoleRanking = roles
		w.Must(w.Acts.SaveSchema(t.Context(), w.app, schema))
	}
	rank("Standard User", "Read Only")
	sales := w.Assign(w.app, "Group", "Sales", "Standard User")
	adding := url.Values{"pick": {"Group:" + portaltest.Marketing}, "role": {w.roles["Read Only"]}}
	adding["confirm"] = w.Post(administrator, w.at+"/add", adding).Attributes("input[name=confirm]", "value")
	if len(adding["confirm"]) != 1 {
		t.Fatal("that Ben is given two roles is not to be confirmed")
	}
	rank("Read Only", "Standard User")
	if added := w.Post(administrator, w.at+"/add", adding); added.Status != http.StatusUnprocessableEntity {
		t.Errorf("Standard User was to count, and Read Only does: %d", added.Status)
	}
	w.Assign(w.app, "Group", "Marketing", "Read Only")
	removing := url.Values{"id": {sales.ID}}
	removing["confirmed"] = w.Get(administrator, w.at+"/remove?"+removing.Encode()).Attributes("main input[name=confirmed]", "value")
	rank("Standard User", "Read Only")
	removed := w.Post(administrator, w.at+"/remove", removing)
	if removed.Status != http.StatusConflict {
		t.Errorf("Ben was to keep his role, and gets another: %d", removed.Status)
	}
	w.Contains(removed.TextOf("main"), "1 person gets another role than now.")
	w.same("not removed", "Marketing as Read Only", "Sales as Standard User")
}

package imports_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/imports"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, imports.New(nil, nil, nil))
}

const administrator = store.RoleAdministrator

type world struct{ *portaltest.World }

func newWorld(t *testing.T) world {
	t.Helper()
	var operations *administration.Operations
	w := world{portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		operations = administration.NewOperations(service)
		return []portaltest.Area{imports.New(service, operations, portaltest.OpenFiles(service))}
	})}
	w.Run(operations)
	return w
}

// upload sends files, by field, as the form does.
func (w world) upload(role store.Role, replace bool, files map[string]string) portaltest.Answer {
	w.TB.Helper()
	return w.uploadNamed(role, replace, files, map[string]string{"users": "users.csv", "groups": "groups.csv", "members": "members.csv", "assignments": "assignments.csv"})
}

// uploadNamed sends files, by field, with the names that they have where they come from.
func (w world) uploadNamed(role store.Role, replace bool, files, names map[string]string) portaltest.Answer {
	w.TB.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range []string{"users", "groups", "members", "assignments"} {
		name := ""
		if _, sent := files[field]; sent {
			name = names[field]
		}
		part, err := form.CreateFormFile(field, name) // browsers send a field without a file, too
		w.Must(err)
		_, err = part.Write([]byte(files[field]))
		w.Must(err)
	}
	if replace {
		w.Must(form.WriteField("replace", "on"))
	}
	w.Must(form.Close())
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodPost, imports.Path, &body)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return w.Do(role, request)
}

// looked sends files and returns where they are previewed, with the page.
func (w world) looked(replace bool, files map[string]string) (string, portaltest.Answer) {
	w.TB.Helper()
	sent := w.upload(administrator, replace, files)
	if sent.Status != http.StatusSeeOther {
		w.TB.Fatalf("%d: %s", sent.Status, sent.TextOf("main"))
	}
	shown := w.Get(administrator, sent.Location)
	if shown.Status != http.StatusOK {
		w.TB.Fatalf("%d: %s", shown.Status, shown.TextOf("main"))
	}
	return sent.Location, shown
}

const (
	dora   = "id,userPrincipalName,displayName\ndora,dora@contoso.com,Dora Stone\n"
	people = "id,userPrincipalName,displayName\n" + portaltest.Ana + ",ana@contoso.com,Ana Lima\ndora,dora@contoso.com,Dora Stone\n"
)

func TestFilesArePreviewedAndThenImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	at, shown := w.looked(false, map[string]string{
		"users": dora, "members": "group,member\nSales,dora@contoso.com\n", "assignments": "application,principalType,principal,role\nSalesforce,User,dora@contoso.com,Standard User\n",
	})
	w.Contains(strings.Join(shown.Texts(`[aria-label="Changes of the directory"] tbody tr`), "\n"), "Users 1 1 0 0")
	w.Contains(shown.TextOf(`[aria-label="Who gains, loses and changes access"] tbody`), "Salesforce 1 0 0")
	if _, err := w.Store.User(t.Context(), "dora"); err == nil {
		t.Error("a preview imports")
	}
	confirmation := shown.Hidden("main form[action='" + at + "']")
	if done := w.Post(administrator, at, confirmation); done.Status != http.StatusSeeOther || !strings.Contains(done.Notice, "users 1 added") {
		t.Fatalf("%d: %q %s", done.Status, done.Notice, done.TextOf("main"))
	}
	if user, err := w.Store.User(t.Context(), "dora"); err != nil || user.DisplayName != "Dora Stone" {
		t.Errorf("%v: %v", user, err)
	}
	w.Contains(w.Audits(1)[0], "Import directory | ")
	if again := w.Post(administrator, at, confirmation); again.Status != http.StatusNotFound {
		t.Errorf("the files are kept after they were imported: %d", again.Status)
	}
	// The same files again change nothing, and there is nothing to confirm.
	at, shown = w.looked(false, map[string]string{"users": dora})
	if shown.Count("main form[action='"+at+"']") != 0 {
		t.Error("nothing differs, and it can be imported")
	}
	w.Contains(shown.TextOf("main"), "there is nothing to import")
}

// Files of the same name from several folders are not taken for one another.
func TestFilesMayHaveTheSameName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.uploadNamed(administrator, false,
		map[string]string{"users": dora, "groups": "id,displayName\nnew,New\n", "members": "group,member\nNew,dora@contoso.com\n"},
		map[string]string{"users": "export.csv", "groups": "export.csv", "members": "users.csv"})
	shown := w.Get(administrator, sent.Location)
	changes := strings.Join(shown.Texts(`[aria-label="Changes of the directory"] tbody tr`), "\n")
	for _, want := range []string{"Users 1 1 0 0", "Groups 1 1 0 0", "Members 1 1 0 0"} {
		w.Contains(changes, want)
	}
}

func TestReplacingSaysWhomItRemoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	at, shown := w.looked(true, map[string]string{"users": people})
	w.Contains(shown.TextOf("main .alert-danger"), "2 users are removed, of 3 who are there; 2 are left")
	w.Contains(shown.TextOf("main .alert-danger"), "ben")
	w.Contains(shown.TextOf(`[aria-label="Who gains, loses and changes access"] tbody`), "Salesforce 0 1 0 1 person loses it ben")
	confirmation := shown.Hidden("main form[action='" + at + "']")

	// Somebody comes meanwhile: that would be another import than the one confirmed.
	w.AddUser("eva", "Eva Holm")
	changed := w.Post(administrator, at, confirmation)
	if changed.Status != http.StatusConflict {
		t.Fatalf("%d: %s", changed.Status, changed.TextOf("main"))
	}
	w.Contains(changed.TextOf("main"), "Nothing was done")
	w.Contains(changed.TextOf("main .alert-danger"), "3 users are removed, of 4")
	for _, form := range []url.Values{nil, confirmation} {
		if refused := w.Post(administrator, at, form); refused.Status != http.StatusConflict {
			t.Errorf("%v: %d", form, refused.Status)
		}
	}
	// What was looked at with one choice is not confirmed for the other.
	if other := w.Post(administrator, strings.TrimSuffix(at, "?replace=on"), changed.Hidden("main form[action='"+at+"']")); other.Status != http.StatusConflict {
		t.Errorf("%d", other.Status)
	}
	if done := w.Post(administrator, at, changed.Hidden("main form[action='"+at+"']")); done.Status != http.StatusSeeOther || !strings.Contains(done.Notice, "3 removed") {
		t.Fatalf("%d: %q %s", done.Status, done.Notice, done.TextOf("main"))
	}
}

func TestAPreviewSaysWhoGetsOtherRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "User", portaltest.Ana, "Standard User")
	at, shown := w.looked(false, map[string]string{"assignments": "application,principalType,principal,role\nSalesforce,User,ana@contoso.com,System Administrator\n"})
	w.Contains(shown.TextOf(`[aria-label="Who gains, loses and changes access"] tbody`), "Salesforce 0 0 1 1 person gets other roles ana@contoso.com")
	if done := w.Post(administrator, at, shown.Hidden("main form[action='"+at+"']")); done.Status != http.StatusSeeOther {
		t.Errorf("%d: %s", done.Status, done.TextOf("main"))
	}
}

// More go than are named: what was confirmed is about all of them.
func TestWhatIsConfirmedIsAboutThoseWhoAreNotNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	add := func(id string) {
		w.AddUser(id, id)
		w.Assign(app, "User", id, "Standard User")
	}
	for n := range 30 {
		add(fmt.Sprintf("u%02d", n))
	}
	at, shown := w.looked(true, map[string]string{"users": people})
	w.Must(w.Store.RemoveUser(t.Context(), "u29"))
	add("zz")
	changed := w.Post(administrator, at, shown.Hidden("main form[action='"+at+"']"))
	if changed.Status != http.StatusConflict {
		t.Fatalf("%d: %s", changed.Status, changed.Notice)
	}
	w.Contains(changed.TextOf("main .alert-danger"), shown.TextOf("main .alert-danger"))
	if user, err := w.Store.User(t.Context(), "zz"); err != nil || user.Deleted() {
		t.Errorf("whom nobody confirmed is removed: %v", err)
	}
}

// Whoever was deleted stays so unless the files are complete, and a preview says either.
func TestAPreviewSaysWhoComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Must(w.Store.RemoveUser(t.Context(), portaltest.Ana))
	_, shown := w.looked(false, map[string]string{"users": people})
	w.Contains(shown.TextOf("main .alert-warning"), "1 user of these files was deleted and stays so.")
	at, shown := w.looked(true, map[string]string{"users": people})
	w.Contains(shown.TextOf("main .alert-info"), "1 user who was deleted comes back")
	w.Post(administrator, at, shown.Hidden("main form[action='"+at+"']"))
	if user, err := w.Store.User(t.Context(), portaltest.Ana); err != nil || user.Deleted() {
		t.Errorf("deleted %v: %v", user.Deleted(), err)
	}
	w.Contains(w.Audits(1)[0], "users who were deleted and are back: 1")
}

// many returns a file of so many users, long enough to be imported in the background.
func many(count int) string {
	var text strings.Builder
	text.WriteString("id,userPrincipalName,displayName\n")
	for i := range count {
		fmt.Fprintf(&text, "many-%05d,many.%05d@contoso.com,Somebody whose name is long enough to fill a file %05d\n", i, i, i)
	}
	return text.String()
}

func TestLongFilesAreImportedInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at, shown := w.looked(false, map[string]string{"users": many(2500)})
	confirmation := shown.Hidden("main form[action='" + at + "']")
	begun := w.Post(administrator, at, confirmation)
	operation := w.Over(begun)
	if operation.State != provisioning.OperationDone || operation.Progress.Counts.Unchanged != 2500 || operation.Progress.Expected != 2500 {
		t.Fatalf("%+v", operation)
	}
	over := w.Get(administrator, begun.Location)
	w.Contains(over.TextOf("main"), "Users: 2500 added, 0 changed, 0 removed.")
	if count, err := w.Store.CountUsers(t.Context()); err != nil || count != 2503 {
		t.Errorf("%d users: %v", count, err)
	}
	if again := w.Get(administrator, at); again.Status != http.StatusNotFound {
		t.Errorf("the files are kept after they were imported: %d", again.Status)
	}
	if reader := w.Get(store.RoleReader, begun.Location); reader.Status != http.StatusForbidden {
		t.Errorf("a reader: %d", reader.Status)
	}

	// What would be another import than the one confirmed fails, and the files stay.
	at, shown = w.looked(true, map[string]string{"users": many(2400)})
	w.AddUser("eva", "Eva Holm")
	begun = w.Post(administrator, at, shown.Hidden("main form[action='"+at+"']"))
	if operation = w.Over(begun); operation.State != provisioning.OperationFailed || operation.Refused != string(administration.ChangedMeanwhile) {
		t.Fatalf("%+v", operation)
	}
	failed := w.Get(administrator, begun.Location)
	w.Contains(failed.TextOf("main"), "Something changed meanwhile")
	if next := w.Get(administrator, failed.Attributes("main .btn-list a", "href")[0]); next.Status != http.StatusOK || !strings.Contains(next.TextOf("main .alert-danger"), "104 users are removed") {
		t.Errorf("%d: %s", next.Status, next.TextOf("main"))
	}
	if count, err := w.Store.CountUsers(t.Context()); err != nil || count != 2504 {
		t.Errorf("%d users: %v", count, err)
	}
	if none := w.Get(administrator, imports.Path+"/operations/none"); none.Status != http.StatusNotFound {
		t.Errorf("%d", none.Status)
	}
}

func TestAllFaultsOfTheFilesAreShownAtTheirPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Connected()
	faulty := w.upload(administrator, false, map[string]string{
		"users": "id,userPrincipalName,dispalyName\nx,,X\n", "assignments": "application,principalType,principal,role\nNowhere,User,ben,Standard User\nSalesforce,User,ana@contoso.com,Emperor\n",
	})
	if faulty.Status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", faulty.Status)
	}
	rows := strings.Join(faulty.Texts(`[aria-label="Faults of the files"] tbody tr`), "\n")
	for _, want := range []string{
		"users.csv line 1, character 22 Unknown column", "users.csv line 2, character 3", `assignments.csv line 2, character 1 There is no application "Nowhere"`, `assignments.csv line 3, character 1 Salesforce has no role "Emperor"`,
	} {
		w.Contains(rows, want)
	}
	if none := w.upload(administrator, false, nil); none.Status != http.StatusUnprocessableEntity || none.TextOf("#about-users .invalid-feedback") != "Choose at least one file." {
		t.Errorf("%d: %s", none.Status, none.TextOf("main"))
	}
	if part := w.upload(administrator, true, map[string]string{"groups": "id,displayName\ng,G\n"}); part.Status != http.StatusUnprocessableEntity || part.Count("#field-replace[checked]") != 1 {
		t.Errorf("%d: %s", part.Status, part.TextOf("main"))
	}
	// What only the directory knows is told when it is looked at.
	sent := w.upload(administrator, false, map[string]string{"users": "id,userPrincipalName,displayName\nother,ana@contoso.com,Other\n"})
	if taken := w.Get(administrator, sent.Location); taken.Status != http.StatusUnprocessableEntity || !strings.Contains(taken.TextOf("main .alert-danger"), "ana@contoso.com") {
		t.Errorf("%d: %s", taken.Status, taken.TextOf("main"))
	}
}

func TestFilesAreForWhoUploadedThemAndMayImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at, shown := w.looked(false, map[string]string{"users": dora})
	confirmation := shown.Hidden("main form[action='" + at + "']")
	for _, role := range []store.Role{store.RoleReader, store.RoleOperator} {
		for _, answer := range []portaltest.Answer{
			w.Get(role, imports.Path), w.Get(role, at), w.Post(role, at, confirmation), w.Post(role, at+"/discard", nil), w.upload(role, false, map[string]string{"users": dora}),
		} {
			if answer.Status != http.StatusForbidden {
				t.Errorf("%s: %d", role, answer.Status)
			}
		}
	}
	upload := store.NewUpload("somebody else", "directory import", store.UploadedFile{Field: "users", Name: "users.csv", Content: []byte(dora)})
	w.Must(w.Store.KeepUpload(t.Context(), upload))
	if other := w.Get(administrator, imports.Path+"/"+upload.ID); other.Status != http.StatusNotFound {
		t.Errorf("the files of somebody else: %d", other.Status)
	}
	if gone := w.Post(administrator, at+"/discard", nil); gone.Status != http.StatusSeeOther || gone.Location != imports.Path {
		t.Errorf("%d to %s", gone.Status, gone.Location)
	}
	if after := w.Get(administrator, at); after.Status != http.StatusNotFound {
		t.Errorf("files that were discarded: %d", after.Status)
	}
}

func TestTheSamplesCanBeImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Connected()
	files := map[string]string{}
	for _, link := range w.Get(administrator, imports.Path).Attributes(".import-sample a", "href") {
		sample := w.Get(administrator, link)
		if sample.Status != http.StatusOK || !strings.HasPrefix(sample.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d", link, sample.Status)
		}
		name := strings.TrimSuffix(link[strings.LastIndex(link, "/")+1:], ".csv")
		files[name] = sample.Body
	}
	if len(files) != 4 {
		t.Fatalf("there are samples of %d files", len(files))
	}
	_, shown := w.looked(true, files)
	w.Contains(shown.TextOf("main .btn-danger"), "Import:")
	if missing := w.Get(administrator, imports.Path+"/samples/secrets.csv"); missing.Status != http.StatusNotFound {
		t.Errorf("%d", missing.Status)
	}
}

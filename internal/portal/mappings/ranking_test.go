package mappings_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// saved returns the mapping of users as it is saved after the draft was.
func (w *world) saved() mapping.ObjectMapping {
	w.TB.Helper()
	w.Must(w.Service.By("administrator@contoso.com (portal)").SaveSchemaDraft(w.TB.Context(), w.app, w.draft().Tag, true))
	schema, err := w.Store.Schema(w.TB.Context(), w.app.Job.ID)
	w.Must(err)
	_, object, err := schema.UserMapping()
	w.Must(err)
	return *object
}

func TestRolesAreRanked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Assign(w.app, "Group", "Marketing", "Read Only")
	wins := func() string {
		found, err := w.Service.FindConflicts(t.Context(), w.app, "", 10)
		w.Must(err)
		if len(found.Conflicts) != 1 {
			t.Fatalf("%d conflicts", len(found.Conflicts))
		}
		return found.Conflicts[0].Wins.Role.DisplayName
	}
	if got := wins(); got != "Read Only" {
		t.Fatalf("%s counts by name", got)
	}
	ranked := func() string {
		return strings.Join(w.page(admin, "/mappings/roles").Texts("[aria-labelledby=ranked] .ranked-name"), ", ")
	}
	press := func(button, role string) portaltest.Answer {
		fields := form(w.page(admin, "/mappings/roles"), "main form[action$='/mappings/roles']")
		fields.Set(button, role)
		return w.post(admin, "/mappings/roles", fields)
	}
	for _, step := range []struct{ button, role, want string }{
		{"add", "Read Only", "Read Only"},
		{"add", "Standard User", "Read Only, Standard User"},
		{"earlier", "Standard User", "Standard User, Read Only"},
		{"earlier", "Standard User", "Standard User, Read Only"}, // it is the first
		{"later", "Standard User", "Read Only, Standard User"},
		{"unrank", "Read Only", "Standard User"},
	} {
		w.status(press(step.button, step.role), http.StatusSeeOther)
		if got := ranked(); got != step.want {
			t.Errorf("%s %s: %s, want %s", step.button, step.role, got, step.want)
		}
	}
	if got := wins(); got != "Read Only" {
		t.Errorf("%s counts before the ranking is saved", got)
	}
	if got := w.differences(); got != "role ranking added" {
		t.Errorf("differences: %s", got)
	}
	// A window that shows an older ranking is told so.
	old := w.post(admin, "/mappings/roles", url.Values{"order": {"Read Only"}, "add": {"Marketing User"}})
	if old.Status != http.StatusConflict && old.Status != http.StatusUnprocessableEntity {
		t.Errorf("%d: %s", old.Status, old.TextOf("main"))
	}
	if ranking := w.saved().RoleRanking; len(ranking) != 1 || wins() != "Standard User" {
		t.Errorf("%q is saved, %s counts", ranking, wins())
	}
	if shown := w.page(reader, "/mappings/roles"); shown.Count("main form button") != 0 {
		t.Error("a reader is offered to rank roles")
	}
	for _, role := range []store.Role{reader, store.RoleOperator} {
		w.status(w.post(role, "/mappings/roles", url.Values{"add": {"Marketing User"}}), http.StatusForbidden)
	}
}

func TestATestIsAddedChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if text := w.page(admin, "/mappings/tests").TextOf(".empty-title"); text != "No test yet" {
		t.Errorf("%q", text)
	}
	fields := form(w.page(admin, "/mappings/tests/new"), "main form[action$='/tests/new']")
	fields.Set("name", "No surname / 1")
	fields.Set("source", "givenName: Madonna\r\n\r\nuserPrincipalName: madonna@contoso.com\nemployeeId: 007\nappRoleAssignments: [\"Standard User\"]\nuserPrincipalNam: x\nsurname")
	fields.Set("expect", "LastName: Ciccone\nLastName: .\nTitle: \"x")
	faulty := w.post(admin, "/mappings/tests/new", fields)
	w.status(faulty, http.StatusUnprocessableEntity)
	w.Contains(faulty.TextOf("#about-source .invalid-feedback"), "Line 7: write the name")
	w.Contains(faulty.TextOf("#about-expect .invalid-feedback"), "Line 2: LastName is there twice")
	w.Contains(faulty.TextOf("#about-expect .invalid-feedback"), "Line 3: the value of Title is not valid JSON")

	fields.Set("source", "givenName: Madonna\nuserPrincipalName: madonna@contoso.com\nappRoleAssignments: [\"Standard User\"]\nuserPrincipalNam: x")
	fields.Set("expect", "LastName: Ciccone")
	fails := w.post(admin, "/mappings/tests/new", fields)
	w.status(fails, http.StatusUnprocessableEntity)
	w.Contains(fails.TextOf("main .alert-danger"), `There is no source attribute "userPrincipalNam"; did you mean`)
	w.Contains(fails.TextOf("main .alert-danger"), `LastName is ".", expected "Ciccone".`)
	if w.draft().Changed() {
		t.Error("a test that fails is kept")
	}
	fields.Set("source", "givenName: Madonna\nuserPrincipalName: madonna@contoso.com\nappRoleAssignments: [\"Standard User\"]\nemployeeId: 007")
	fields.Set("expect", "LastName: .\nProfileName: Standard User")
	fields.Set("scope", "in")
	kept := w.post(admin, "/mappings/tests/new", fields)
	w.status(kept, http.StatusSeeOther)
	w.Contains(kept.Notice, "passes")
	list := w.page(admin, "/mappings/tests")
	w.Contains(list.TextOf("[aria-label='Tests of the mapping'] tbody"), "No surname / 1 added LastName, ProfileName, in scope Passes")

	// The form shows it as it was entered, and it comes back as it is.
	at := list.Attributes("[aria-label='Tests of the mapping'] tbody a", "href")[0]
	at = strings.TrimPrefix(at, w.path)
	again := form(w.page(admin, at), "main form[action$='"+at+"']")
	if again.Get("expect") != "LastName: .\nProfileName: Standard User\n" || !strings.Contains(again.Get("source"), "employeeId: 007\n") || again.Get("scope") != "in" {
		t.Errorf("the form holds %v", again)
	}
	before := w.draft()
	w.status(w.post(admin, at, again), http.StatusSeeOther)
	if len(w.draft().Differences) != len(before.Differences) || w.draft().Differences[0].New != before.Differences[0].New {
		t.Errorf("kept as it is, it is another one: %v", w.draft().Differences)
	}
	old := w.post(admin, at, url.Values{"name": {"x"}, "mark": {"another"}})
	w.status(old, http.StatusUnprocessableEntity)
	w.Contains(old.TextOf("main .alert-danger"), "was changed since you opened it")
	if tests := w.saved().Tests; len(tests) != 1 || tests[0].InScope == nil {
		t.Fatalf("saved %v", tests)
	}

	// A change of the mapping that breaks it is refused.
	edit := form(w.page(admin, "/mappings/attributes/LastName"), ".mapping-form")
	edit.Set("default", "-")
	refused := w.post(admin, "/mappings/attributes/LastName", edit)
	w.status(refused, http.StatusUnprocessableEntity)
	w.Contains(refused.TextOf("main"), "No surname / 1")

	again = form(w.page(admin, at), "main form[action$='"+at+"']")
	w.status(w.post(admin, at+"/delete", again), http.StatusSeeOther)
	if tests := w.saved().Tests; len(tests) != 0 {
		t.Errorf("%d tests are left", len(tests))
	}
	w.status(w.Get(admin, w.path+at), http.StatusNotFound)
	for _, role := range []store.Role{reader, store.RoleOperator} {
		w.status(w.post(role, "/mappings/tests/new", fields), http.StatusForbidden)
		w.status(w.Get(role, w.path+"/mappings/tests/new"), http.StatusForbidden)
	}
}

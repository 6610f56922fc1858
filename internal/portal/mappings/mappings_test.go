package mappings_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/mappings"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, mappings.New(nil))
}

func TestTheTableShowsEveryMapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := w.page(admin, "/mappings")
	text := list.TextOf("#rows")
	for _, want := range []string{"Username", "userPrincipalName", "Not([IsSoftDeleted])", "Chatter Free User", "default value only", "Always"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table has no %q: %s", want, text)
		}
	}
	if list.Count(".finding") != 0 {
		t.Errorf("the default mappings are warned of: %s", list.TextOf(".finding"))
	}
	if found := w.Part(admin, w.path+"/mappings?search=username", "rows"); found.Count("tbody tr") != 1 || found.Count("h1") != 0 {
		t.Errorf("searched: %s", found.TextOf("body"))
	}
	if w.page(reader, "/mappings").Count("a[href$='/mappings/new']") != 0 {
		t.Error("a reader is offered to add a mapping")
	}
}

func TestAMappingIsEditedReviewedAndSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Cycle(w.app)
	edit := w.page(admin, "/mappings/attributes/FirstName")
	fields := form(edit, ".mapping-form")
	if fields.Get("kind") != "direct" || fields.Get("attribute") != "givenName" || fields.Get("target") != "FirstName" {
		t.Fatalf("form %v", fields)
	}
	fields.Set("kind", "expression")
	fields.Set("expression", `Join(" ", [givenName], [surnam])`)
	faulty := w.post(admin, "/mappings/attributes/FirstName", fields)
	w.status(faulty, http.StatusUnprocessableEntity)
	if text := faulty.TextOf(".pointed"); !strings.Contains(text, "did you mean [surname]") || !strings.Contains(text, "character 24") || faulty.TextOf(".pointed mark") != "[" {
		t.Errorf("fault: %s", text)
	}
	fields.Set("expression", `Join(" ", [givenName], [surname])`)
	fields.Set("default", "-")
	kept := w.post(admin, "/mappings/attributes/FirstName", fields)
	w.status(kept, http.StatusSeeOther)
	if !strings.Contains(kept.Notice, "Nothing is saved yet") || w.differences() != "attribute mapping FirstName changed" {
		t.Errorf("notice %q, differences %q", kept.Notice, w.differences())
	}
	if list := w.page(admin, "/mappings"); !strings.Contains(list.TextOf(".draft-bar"), "1 unsaved change") {
		t.Errorf("bar: %s", list.TextOf(".draft-bar"))
	}
	review := w.page(admin, "/mappings/review")
	if review.Count("#impact form[hx-post]") != 1 || review.Count("#saving input[name=unseen]") != 1 {
		t.Error("the review does not ask for its impact")
	}
	save := form(review, "form[action$='/save']")
	refused := w.post(admin, "/mappings/save", save)
	w.status(refused, http.StatusUnprocessableEntity)
	if !strings.Contains(refused.TextOf("main"), "not known yet for whom") {
		t.Errorf("refused: %s", refused.TextOf("main"))
	}
	w.status(w.post(admin, "/mappings/impact", form(review, "#impact form")), http.StatusSeeOther)
	review = w.page(admin, "/mappings/review")
	if text := review.TextOf(".impact-sum"); text != "This changes 2 of 2 people ." {
		t.Errorf("impact: %q", text)
	}
	if text := review.TextOf("table.changes"); !strings.Contains(text, "ana@contoso.com") || !strings.Contains(text, "Ana Lima") {
		t.Errorf("changes: %s", text)
	}
	stale := w.post(admin, "/mappings/save", save)
	w.status(stale, http.StatusConflict)
	saved := w.post(admin, "/mappings/save", form(stale, "form[action$='/save']"))
	w.status(saved, http.StatusSeeOther)
	if !strings.Contains(saved.Notice, "next cycle looks at everyone") || w.draft().Changed() {
		t.Errorf("notice %q, left %q", saved.Notice, w.differences())
	}
	w.Cycle(w.app)
	found := false
	for _, account := range w.Org.Users() {
		found = found || account.Get("FirstName") == "Ana Lima"
	}
	if !found {
		t.Error("the account in the org has not the new value")
	}
}

func TestTwoWindowsThatEditOneMappingAreToldOfOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	window := form(w.page(admin, "/mappings/attributes/LastName"), ".mapping-form")
	other := form(w.page(admin, "/mappings/attributes/LastName"), ".mapping-form")
	other.Set("default", "unknown")
	w.status(w.post(admin, "/mappings/attributes/LastName", other), http.StatusSeeOther)
	window.Set("attribute", "displayName")
	clash := w.post(admin, "/mappings/attributes/LastName", window)
	w.status(clash, http.StatusConflict)
	again := form(clash, ".mapping-form")
	if !strings.Contains(clash.TextOf("[role=alert]"), "changed since you opened it") || again.Get("attribute") != "displayName" {
		t.Errorf("conflict: %s, form %v", clash.TextOf("[role=alert]"), again)
	}
	if row := w.page(admin, "/mappings/attributes/LastName"); form(row, ".mapping-form").Get("default") != "unknown" {
		t.Error("the change of the other window is lost")
	}
	w.status(w.post(admin, "/mappings/attributes/LastName", again), http.StatusSeeOther)
	stale := w.post(admin, "/mappings/attributes/LastName/delete", other)
	w.status(stale, http.StatusConflict)
	w.status(w.post(admin, "/mappings/attributes/LastName/delete", form(w.page(admin, "/mappings/attributes/LastName"), ".mapping-form")), http.StatusSeeOther)
	if w.differences() != "attribute mapping LastName removed" {
		t.Errorf("differences %q", w.differences())
	}
}

func TestFaultsStandAtTheirFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name  string
		field string
		set   url.Values
		want  string
	}{
		{"no source", "attribute", url.Values{"kind": {"direct"}, "attribute": {""}}, "Choose the attribute"},
		{"no constant", "constant", url.Values{"kind": {"constant"}}, "Enter the value"},
		{"a taken target", "target", url.Values{"kind": {"constant"}, "constant": {"x"}, "target": {"Email"}}, "mapped already"},
		{"no target", "target", url.Values{"kind": {"constant"}, "constant": {"x"}}, "Choose the attribute"},
		{"a wrong precedence", "precedence", url.Values{"kind": {"direct"}, "attribute": {"mail"}, "target": {"Title"}, "matching": {"yes"}, "precedence": {"first"}}, "from 1"},
		{"a default of the wrong type", "default", url.Values{"kind": {"none"}, "target": {"UserPermissionsKnowledgeUser"}, "default": {"perhaps"}}, "perhaps"},
		{"a matching attribute without source", "matching", url.Values{"kind": {"none"}, "target": {"Title"}, "default": {"x"}, "matching": {"yes"}, "precedence": {"3"}}, "no source"},
	}
	for _, test := range tests {
		test.set.Set("apply", "Always")
		answer := w.post(admin, "/mappings/new", test.set)
		if text := answer.TextOf("#about-" + test.field); answer.Status != http.StatusUnprocessableEntity || !strings.Contains(text, test.want) {
			t.Errorf("%s: status %d, %q; page: %s", test.name, answer.Status, text, answer.TextOf("form"))
		}
	}
	if w.draft().Changed() {
		t.Errorf("something was kept: %s", w.differences())
	}
}

func TestMatchingPrecedenceAndActionsAreChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.status(w.post(admin, "/mappings/new", url.Values{
		"kind": {"direct"}, "attribute": {"userPrincipalName"}, "target": {"FederationIdentifier"}, "matching": {"yes"}, "precedence": {"2"}, "apply": {"ObjectAddOnly"},
	}), http.StatusSeeOther)
	move := form(w.page(admin, "/mappings"), "#matching form")
	move.Set("earlier", "FederationIdentifier")
	w.status(w.post(admin, "/mappings/matching", move), http.StatusSeeOther)
	list := w.page(admin, "/mappings")
	if names := list.Texts("#matching li a"); strings.Join(names, " ") != "FederationIdentifier Username" {
		t.Errorf("order %v", names)
	}
	w.status(w.post(admin, "/mappings/matching", move), http.StatusConflict)
	actions := form(list, "form[action$='/actions']")
	actions["allow"] = []string{"create"}
	w.status(w.post(admin, "/mappings/actions", actions), http.StatusSeeOther)
	w.status(w.post(admin, "/mappings/actions", actions), http.StatusConflict)
	if got := w.differences(); got != "allowed actions changed; attribute mapping Username changed; attribute mapping FederationIdentifier added" {
		t.Errorf("differences %q", got)
	}
	discard := form(w.page(admin, "/mappings/discard"), "form[action$='/discard']")
	w.status(w.post(admin, "/mappings/discard", discard), http.StatusSeeOther)
	if w.draft().Changed() {
		t.Error("something is left")
	}
	w.status(w.post(admin, "/mappings/discard", discard), http.StatusConflict)
}

func TestTheBuilderTriesAnExpressionForSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.page(reader, "/mappings/expression?target=FirstName")
	if form(open, "#builder").Get("expression") != "[givenName]" {
		t.Errorf("opened with %v", form(open, "#builder"))
	}
	if people := w.Part(reader, w.path+"/mappings/expression?search=lim", "people"); people.Count("button[name=user]") != 1 || !strings.Contains(people.TextOf("button"), "Ana Lima") {
		t.Errorf("people: %s", people.TextOf("body"))
	}
	chosen := w.page(reader, "/mappings/expression?target=FirstName&user=&user="+portaltest.Ana+"&expression=ToUpper(%5BgivenName%5D)")
	if got := chosen.TextOf(".result-value"); got != "ANA" {
		t.Errorf("result %q", got)
	}
	if steps := strings.Join(chosen.Texts(".step-line"), " | "); steps != `ToUpper([givenName]) = "ANA" | [givenName] = "Ana"` {
		t.Errorf("steps %s", steps)
	}
	faulty := w.post(reader, "/mappings/expression", url.Values{"user": {portaltest.Ana}, "expression": {"ToUper([givenName])"}})
	w.status(faulty, http.StatusOK)
	if got := faulty.TextOf("#outcome"); !strings.Contains(got, "did you mean ToUpper") || faulty.TextOf("#outcome mark") != "T" {
		t.Errorf("fault %s", got)
	}
	failing := w.post(reader, "/mappings/expression", url.Values{"user": {portaltest.Ana}, "expression": {`Append("x", Error("not today"))`}})
	if got := failing.TextOf("#outcome"); !strings.Contains(got, "not today") || !strings.Contains(got, "character 13") {
		t.Errorf("failure %s", got)
	}
	hidden := w.post(reader, "/mappings/expression", url.Values{"user": {portaltest.Ana}, "expression": {`Append(Redact([surname]), "")`}})
	if strings.Contains(hidden.TextOf("#outcome"), "Lima") && !strings.Contains(hidden.TextOf("#outcome h2 + span"), "Lima") {
		t.Error("a redacted value is shown")
	}
	if got := hidden.TextOf(".result-value"); !strings.Contains(got, "redacted") {
		t.Errorf("redacted: %s", got)
	}
	long := w.post(reader, "/mappings/expression", url.Values{"user": {portaltest.Ana}, "expression": {strings.Repeat("a", 20_000)}})
	if got := long.TextOf("#outcome"); !strings.Contains(got, "10") || !strings.Contains(got, "cannot be used") {
		t.Errorf("too long: %s", got)
	}
	used := w.post(admin, "/mappings/use", url.Values{"from": {"FirstName"}, "target": {"FirstName"}, "expression": {"ToUpper([givenName])"}})
	w.status(used, http.StatusOK)
	fields := form(used, ".mapping-form")
	if fields.Get("kind") != "expression" || fields.Get("expression") != "ToUpper([givenName])" || fields.Get("mark") == "" {
		t.Errorf("form %v", fields)
	}
	w.status(w.post(admin, "/mappings/attributes/FirstName", fields), http.StatusSeeOther)
}

func TestHugeValuesDoNotMakeAHugePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doubled := "[displayName]"
	for range 10 {
		doubled = "Join(\"-\", " + doubled + ", " + doubled + ")"
		if len(doubled) > 4000 {
			break
		}
	}
	list := "Split(Replace(" + doubled + `, "a", , , "a,a,a,a,a,a,a,a", , ), ",")`
	for _, expression := range []string{doubled, list} {
		answer := w.post(reader, "/mappings/expression", url.Values{"user": {portaltest.Ana}, "expression": {expression}})
		w.status(answer, http.StatusOK)
		if size := len(answer.Text); size > pagetest.MaxSize {
			t.Errorf("%.60s makes a page of %d bytes", expression, size)
		}
		if answer.Count("#outcome .result-value") != 1 || !strings.Contains(answer.TextOf("#outcome"), "more") {
			t.Errorf("%.60s: %.300s", expression, answer.TextOf("#outcome"))
		}
	}
}

func TestScopingFiltersAreBuiltAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.page(admin, "/scoping")
	fields := form(page, "#filters")
	fields.Set("do", "count")
	if got := w.post(admin, "/scoping/count", fields).TextOf(".in-out"); got != "2 in scope 0 out of scope" {
		t.Errorf("count %q", got)
	}
	fields.Set("do", "add-filter")
	added := w.post(admin, "/scoping", fields)
	w.status(added, http.StatusOK)
	fields = form(added, "#filters")
	fields.Set("title-0", "Ana")
	fields.Set("attribute-0-0", "givenName")
	fields.Set("value-0-0", "Ana")
	counted := w.post(reader, "/scoping/count", fields) // a reader sees what is kept
	if got := counted.TextOf(".in-out"); got != "2 in scope 0 out of scope" {
		t.Errorf("reader's count %q", got)
	}
	counted = w.post(admin, "/scoping/count", fields)
	if got := counted.TextOf("#count"); !strings.Contains(got, "1 in scope 1 out of scope") || !strings.Contains(got, "Ben Okoye") {
		t.Errorf("count %q", got)
	}
	fields.Set("operator-0-0", "Greater_Than")
	faulty := w.post(admin, "/scoping", fields)
	w.status(faulty, http.StatusUnprocessableEntity)
	if got := faulty.TextOf("#fault-0-0"); !strings.Contains(got, "not an integer") {
		t.Errorf("fault %q", got)
	}
	fields.Set("operator-0-0", "EQUALS")
	w.status(w.post(admin, "/scoping", fields), http.StatusSeeOther)
	clash := w.post(admin, "/scoping", fields)
	w.status(clash, http.StatusConflict)
	fields = form(clash, "#filters")
	fields.Set("do", "add-clause:0")
	more := form(w.post(admin, "/scoping", fields), "#filters")
	if more.Get("clauses-0") != "2" {
		t.Errorf("clauses %v", more)
	}
	more.Set("do", "remove-clause:0:1")
	fewer := form(w.post(admin, "/scoping", more), "#filters")
	fewer.Set("do", "remove-filter:0")
	none := form(w.post(admin, "/scoping", fewer), "#filters")
	if none.Get("groups") != "0" {
		t.Errorf("filters %v", none)
	}
	if w.differences() != `scoping filter "Ana" added` {
		t.Errorf("differences %q", w.differences())
	}
	w.status(w.post(admin, "/scoping", none), http.StatusSeeOther)
	if w.draft().Changed() {
		t.Errorf("differences %q", w.differences())
	}
}

func TestAClauseIsFaultyOnlyWhenItIsSentOrFilledInWrongly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fields := form(w.page(admin, "/scoping"), "#filters")
	fields.Set("do", "add-filter")
	added := w.post(admin, "/scoping", fields)
	w.status(added, http.StatusOK)
	if got := added.TextOf("#fault-0-0") + strings.Join(added.Texts(".finding-fault"), ""); got != "" {
		t.Errorf("a new clause is faulty: %q", got)
	}
	w.Contains(added.TextOf("#count"), "Enter a value in every clause")
	fields = form(added, "#filters")
	faulty := w.post(admin, "/scoping", fields)
	w.status(faulty, http.StatusUnprocessableEntity)
	w.Contains(faulty.TextOf("#fault-0-0"), "needs a value")
	fields = form(faulty, "#filters")
	if live := w.live(fields); !strings.Contains(live.TextOf("#fault-0-0[hx-swap-oob]"), "needs a value") {
		t.Errorf("what was sent without a value: %s", live.TextOf("body"))
	}
	fields.Set("attribute-0-0", "givenName")
	fields.Set("value-0-0", "Ana")
	live := w.live(fields)
	w.Contains(live.TextOf("#count"), "1 in scope 1 out of scope")
	if live.Count("#fault-0-0[hx-swap-oob]") != 1 || live.TextOf("#fault-0-0") != "" {
		t.Errorf("the fault stays: %s", live.TextOf("#fault-0-0"))
	}
	fields.Del("sent")
	fields.Set("operator-0-0", "Greater_Than")
	w.Contains(w.live(fields).TextOf("#fault-0-0"), "not an integer")
}

// live sends the filters as htmx does while they are filled in.
func (w *world) live(fields url.Values) portaltest.Answer {
	w.TB.Helper()
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodPost, w.path+"/scoping/count", strings.NewReader(fields.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("HX-Request", "true")
	request.Header.Set("HX-Target", "count")
	return w.Do(admin, request)
}

func TestATargetAttributeIsAddedAndMapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fields := form(w.page(admin, "/mappings/target-attributes"), "form[enctype], form:has(#field-name)")
	fields.Set("name", "Username")
	fields.Set("maximum", "many")
	faulty := w.post(admin, "/mappings/target-attributes", fields)
	if got := faulty.TextOf("#about-maximum"); faulty.Status != http.StatusUnprocessableEntity || !strings.Contains(got, "from 1") {
		t.Errorf("status %d, %q", faulty.Status, got)
	}
	fields.Set("maximum", "")
	if got := w.post(admin, "/mappings/target-attributes", fields).TextOf("#about-name"); !strings.Contains(got, "already") {
		t.Errorf("taken: %q", got)
	}
	fields.Set("name", "officeCode__c")
	w.status(w.post(admin, "/mappings/target-attributes", fields), http.StatusSeeOther)
	if list := w.page(admin, "/mappings/target-attributes?search=office"); list.Count("tbody tr") != 1 || list.Count("button[name=attribute]") != 1 {
		t.Errorf("list: %s", list.TextOf("#rows"))
	}
	w.status(w.post(admin, "/mappings/target-attributes/remove", url.Values{"attribute": {"Username"}}), http.StatusConflict)
	w.status(w.post(admin, "/mappings/new", url.Values{"kind": {"direct"}, "attribute": {"city"}, "target": {"officeCode__c"}, "apply": {"Always"}}), http.StatusSeeOther)
	w.status(w.post(admin, "/mappings/target-attributes/remove", url.Values{"attribute": {"officeCode__c"}}), http.StatusConflict)
	if got := w.differences(); got != "attribute mapping officeCode__c added; target attribute officeCode__c added" {
		t.Errorf("differences %q", got)
	}
}

func TestTheSchemaIsDownloadedUploadedAndRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	download := w.Get(reader, w.path+"/mappings/schema/download")
	w.status(download, http.StatusOK)
	if !strings.Contains(download.Header.Get("Content-Disposition"), "schema.json") || !strings.HasPrefix(download.Text, "{") {
		t.Fatalf("download: %.100s", download.Text)
	}
	broken := strings.NewReplacer(`"[givenName]"`, `"[givenNam]"`, `"[surname]"`, `"[surnam]"`).Replace(download.Text)
	faulty := w.upload("/mappings/schema", "schema", []byte(broken), nil)
	w.status(faulty, http.StatusUnprocessableEntity)
	if list := faulty.Texts("[role=alert] li"); len(list) != 2 || !strings.Contains(list[0], "attributeMappings[") {
		t.Errorf("faults: %q", list)
	}
	w.status(w.upload("/mappings/schema", "schema", []byte(`{"directories": 7}`), nil), http.StatusUnprocessableEntity)
	w.status(w.upload("/mappings/schema", "schema", []byte(strings.ReplaceAll(download.Text, `"[givenName]"`, `"[displayName]"`)), nil), http.StatusSeeOther)
	if w.differences() != "attribute mapping FirstName changed" {
		t.Errorf("differences %q", w.differences())
	}
	w.status(w.upload("/mappings/schema", "schema", []byte(download.Text), nil), http.StatusUnprocessableEntity)
	tag := form(w.page(admin, "/mappings/schema"), "form[enctype]").Get("tag")
	w.status(w.upload("/mappings/schema", "schema", []byte(download.Text), url.Values{"tag": {tag}, "replace": {"on"}}), http.StatusSeeOther)
	if w.draft().Changed() {
		t.Errorf("differences %q", w.differences())
	}
	w.status(w.post(admin, "/mappings/attributes/Alias/delete", form(w.page(admin, "/mappings/attributes/Alias"), ".mapping-form")), http.StatusSeeOther)
	restore := w.page(admin, "/mappings/defaults")
	if !strings.Contains(restore.TextOf(".differences"), "Alias") {
		t.Errorf("restore: %s", restore.TextOf("main"))
	}
	w.status(w.post(admin, "/mappings/defaults", form(restore, "form[action$='/defaults']")), http.StatusSeeOther)
	if w.draft().Changed() {
		t.Errorf("differences %q", w.differences())
	}
}

func TestChangesAreTakenAlongWhenSomebodyElseSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	edit := form(w.page(admin, "/mappings/attributes/FirstName"), ".mapping-form")
	edit.Set("attribute", "displayName")
	w.status(w.post(admin, "/mappings/attributes/FirstName", edit), http.StatusSeeOther)
	standard := w.draft().Saved
	_, object, err := standard.UserMapping()
	w.Must(err)
	object.FlowTypes = 1
	w.Must(w.Store.PutSchema(t.Context(), w.app.Job.ID, standard))
	review := w.page(admin, "/mappings/review")
	if review.Count("form[action$='/save']") != 0 || review.Count("form[action$='/take-along']") != 1 {
		t.Fatalf("review: %s", review.TextOf("main"))
	}
	w.status(w.post(admin, "/mappings/save", url.Values{"tag": {w.draft().Tag}, "unseen": {"on"}}), http.StatusUnprocessableEntity)
	w.status(w.post(admin, "/mappings/take-along", url.Values{"prefer": {"mine"}}), http.StatusSeeOther)
	save := form(w.page(admin, "/mappings/review"), "form[action$='/save']")
	save.Set("unseen", "on")
	w.status(w.post(admin, "/mappings/save", save), http.StatusSeeOther)
	saved := w.draft().Saved
	if _, object, err := saved.UserMapping(); err != nil || object.FlowTypes != 1 {
		t.Error("what somebody else saved is lost")
	}
}

func TestWithoutCredentialsAChangeIsSavedUnseen(t *testing.T) {
	t.Parallel()
	w := &world{World: portaltest.New(t, func(s *administration.Service) []portaltest.Area { return []portaltest.Area{mappings.New(s)} })}
	w.app = w.Add()
	w.path = "/applications/" + w.app.ID
	w.status(w.post(admin, "/mappings/new", url.Values{"kind": {"direct"}, "attribute": {"jobTitle"}, "target": {"Title"}, "apply": {"Always"}}), http.StatusSeeOther)
	looked := w.post(admin, "/mappings/impact", form(w.page(admin, "/mappings/review"), "#impact form"))
	w.status(looked, http.StatusOK)
	if got := looked.TextOf("#impact"); !strings.Contains(got, "cannot be found out now") {
		t.Errorf("impact: %s", got)
	}
	save := form(looked, "form[action$='/save']")
	save.Set("unseen", "on")
	w.status(w.post(admin, "/mappings/save", save), http.StatusSeeOther)
}

func TestOnlyAdministratorsChangeTheSchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{
		"/mappings/actions", "/mappings/matching", "/mappings/new", "/mappings/attributes/Alias", "/mappings/attributes/Alias/delete", "/mappings/use",
		"/mappings/target-attributes", "/mappings/target-attributes/remove", "/mappings/schema", "/mappings/defaults", "/mappings/impact", "/mappings/save",
		"/mappings/take-along", "/mappings/discard", "/scoping",
	} {
		for _, role := range []store.Role{reader, store.RoleOperator} {
			if answer := w.post(role, path, url.Values{}); answer.Status != http.StatusForbidden {
				t.Errorf("%s as %s: status %d", path, role, answer.Status)
			}
		}
	}
	for _, path := range []string{"/mappings", "/mappings/attributes/Alias", "/mappings/expression", "/mappings/target-attributes", "/mappings/schema", "/scoping"} {
		page := w.page(reader, path)
		for _, text := range page.Texts("main button") {
			if strings.Contains(text, "Keep") || strings.Contains(text, "Add") || strings.Contains(text, "Upload") {
				t.Errorf("%s offers %q to a reader", path, text)
			}
		}
	}
	w.status(w.Get(admin, w.path+"/mappings/attributes/Nonsense"), http.StatusNotFound)
}

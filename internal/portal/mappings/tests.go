package mappings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// testsData is the list of the tests that live with the mapping.
type testsData struct {
	Bar    bar
	Path   string
	Here   string
	Rows   []testRow
	Broken string // why none of them can be run, empty when they can
	Failed int
	Empty  page.Empty
}

type testRow struct {
	Name   string
	Path   string
	Looks  string // at what it looks: "Title, Department, in scope"
	Change string
	Faults []string
}

func testPath(path, name string) string { return path + "/tests/" + url.PathEscape(name) }

func testsHead(app page.Application) page.Head {
	h := head(app, "Tests")
	h.Lead = "Made-up people, and what an account of theirs is to hold. They are run whenever the mappings change: a change that breaks one is refused."
	return h
}

func (a *Area) showTests(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := newTestsData(o, r.Visitor.Administers())
	return a.tests.Show(testsHead(o.app), data), err
}

func newTestsData(o opened, administers bool) (testsData, error) {
	path := o.app.Path("mappings")
	data := testsData{Bar: newBar(o.app, o.draft), Path: path, Here: path + "/tests", Empty: page.Empty{
		Icon: "test-pipe", Title: "No test yet", Text: "Add one for what must not change: a person without a surname, a contractor, a head of department.",
	}}
	if administers {
		data.Empty.Actions = []page.Link{{Text: "Add a test", Path: path + "/tests/new"}}
	}
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return data, page.NotFound("%s", page.Sentence(err.Error()))
	}
	results := make([]mapping.TestResult, len(object.Tests))
	if compiled, err := mapping.Compile(o.draft.Schema); err == nil {
		results = compiled.Test()
	} else if len(object.Tests) > 0 {
		data.Broken = "The mappings have faults, so no test can be run. Correct them first."
	}
	for i, test := range object.Tests {
		row := testRow{Name: test.Name, Path: testPath(path, test.Name), Looks: looksAt(test), Change: changeOf(o.draft, "test", fmt.Sprintf("%q", test.Name))}
		for _, fault := range results[i].Faults {
			row.Faults = append(row.Faults, page.Sentence(fault))
		}
		if len(row.Faults) > 0 {
			data.Failed++
		}
		data.Rows = append(data.Rows, row)
	}
	return data, nil
}

// changeOf tells whether a part of the schema is added or changed and not saved.
func changeOf(draft administration.SchemaDraft, part, name string) string {
	for _, d := range draft.Differences {
		if d.Part == part && d.Name == name {
			return d.Change()
		}
	}
	return ""
}

func looksAt(test mapping.Test) string {
	parts := slices.Sorted(maps.Keys(test.Expect))
	switch {
	case test.InScope == nil:
	case *test.InScope:
		parts = append(parts, "in scope")
	default:
		parts = append(parts, "out of scope")
	}
	if test.Fails != "" {
		parts = append(parts, "fails with “"+test.Fails+"”")
	}
	if len(parts) == 0 {
		return "nothing but that there is an account"
	}
	return strings.Join(parts, ", ")
}

// testData is the form of one test.
type testData struct {
	Bar      bar
	Path     string
	Action   string
	Delete   string // where the test is deleted, empty for a new one
	Mark     string
	Name     page.Field
	Source   page.Field
	Expect   page.Field
	Scope    page.Field
	Fails    page.Field
	Names    []string // of the source attributes
	Faults   page.Faults
	ReadOnly bool
}

// testEntry is what the form holds.
type testEntry struct {
	Name, Source, Expect, Scope, Fails string
}

// The choices of a test about the scope.
const (
	anyScope   = ""
	inScope    = "in"
	outOfScope = "out"
)

func newTestEntry(test mapping.Test) testEntry {
	e := testEntry{Name: test.Name, Expect: linesOf(test.Expect), Fails: test.Fails}
	var source map[string]json.RawMessage
	if json.Unmarshal(test.Source, &source) == nil {
		e.Source = linesOf(source)
	}
	switch {
	case test.InScope == nil:
	case *test.InScope:
		e.Scope = inScope
	default:
		e.Scope = outOfScope
	}
	return e
}

func readTest(r *page.Request) testEntry {
	return testEntry{Name: r.Value("name"), Source: r.Raw("source"), Expect: r.Raw("expect"), Scope: r.Value("scope"), Fails: r.Value("fails")}
}

// test returns the test that the form asks for.
func (e testEntry) test() (mapping.Test, page.Faults) {
	faults := page.Faults{}
	test := mapping.Test{Name: e.Name, Fails: e.Fails}
	if e.Name == "" {
		faults["name"] = "Give the test a name that says what must not change."
	}
	source, wrong := membersOf(e.Source)
	if wrong != "" {
		faults["source"] = wrong
	}
	expect, wrong := membersOf(e.Expect)
	if wrong != "" {
		faults["expect"] = wrong
	}
	if len(expect) > 0 {
		test.Expect = expect
	}
	var err error
	if test.Source, err = json.Marshal(source); err != nil {
		faults["source"] = page.Sentence(err.Error())
	}
	if e.Scope != anyScope {
		in := e.Scope == inScope
		test.InScope = &in
	}
	return test, faults
}

// linesOf writes members of JSON one a line, as the form has them.
func linesOf(members map[string]json.RawMessage) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(members)) {
		text.WriteString(name + ": " + valueText(members[name]) + "\n")
	}
	return text.String()
}

// valueText writes a value: a text as it is, where it is read back as that, and
// everything else as JSON.
func valueText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && string(value) != "null" && text != "" && text == strings.TrimSpace(text) && !strings.ContainsAny(text, "\r\n") && !isJSON(text) {
		return text
	}
	return string(value)
}

// isJSON reports whether the text of a line is read as JSON: what begins like a list, an
// object or a text in quotes, true, false and null. A number is a text, because most of
// them are: an employee's, a telephone's.
func isJSON(text string) bool {
	return text == "true" || text == "false" || text == "null" || strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"`)
}

// membersOf reads lines of name and value, or says what is wrong with them.
func membersOf(text string) (members map[string]json.RawMessage, wrong string) {
	members = map[string]json.RawMessage{}
	var faults []string
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		member, err := memberOf(value)
		_, twice := members[name]
		switch {
		case !found || name == "":
			faults = append(faults, fmt.Sprintf("Line %d: write the name of an attribute, a colon and its value.", i+1))
		case twice:
			faults = append(faults, fmt.Sprintf("Line %d: %s is there twice.", i+1, name))
		case err != nil:
			faults = append(faults, fmt.Sprintf("Line %d: the value of %s is not valid JSON; write a text that begins like this in quotes.", i+1, name))
		default:
			members[name] = member
		}
	}
	return members, strings.Join(faults, "\n")
}

func memberOf(value string) (json.RawMessage, error) {
	switch {
	case value == "":
		return json.RawMessage("null"), nil
	case isJSON(value):
		if !json.Valid([]byte(value)) {
			return nil, errors.New("not valid")
		}
		return json.RawMessage(value), nil
	}
	return json.Marshal(value)
}

func (a *Area) showNewTest(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.test.Show(testHead(o.app, ""), newTestData(o, "", "", testEntry{}, nil)), nil
}

func testHead(app page.Application, name string) page.Head {
	title := "Test: " + name
	if name == "" {
		title = "Add a test"
	}
	return head(app, "").Below("Tests", app.Path("mappings"), "Mappings").Below(title, app.Path("mappings/tests"), "Tests")
}

func (o opened) testNamed(name string) (mapping.Test, error) {
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return mapping.Test{}, page.NotFound("%s", page.Sentence(err.Error()))
	}
	at := slices.IndexFunc(object.Tests, func(t mapping.Test) bool { return t.Name == name })
	if at < 0 {
		return mapping.Test{}, page.NotFound("There is no test “%s”.", name)
	}
	return object.Tests[at], nil
}

func (a *Area) showTest(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	test, err := o.testNamed(r.Path("test"))
	if err != nil {
		return page.Answer{}, err
	}
	data := newTestData(o, test.Name, administration.Mark(test), newTestEntry(test), nil)
	data.ReadOnly = !r.Visitor.Administers()
	return a.test.Show(testHead(o.app, test.Name), data), nil
}

func newTestData(o opened, was, mark string, e testEntry, faults page.Faults) testData {
	path := o.app.Path("mappings")
	data := testData{Bar: newBar(o.app, o.draft), Path: path + "/tests", Action: path + "/tests/new", Mark: mark, Faults: page.Faults{}}
	if was != "" {
		data.Action, data.Delete = testPath(path, was), testPath(path, was)+"/delete"
	}
	if text := faults[""]; text != "" {
		data.Faults[""] = text
	}
	data.Name = faults.Of(page.Field{Name: "name", Label: "Name", Value: e.Name, Required: true, Placeholder: "Somebody without a surname"})
	data.Source = faults.Of(page.Field{
		Name: "source", Label: "The person", Type: "textarea", Rows: 8, Value: e.Source, Placeholder: "givenName: Ana\nuserPrincipalName: ana@contoso.com\nappRoleAssignments: [\"Standard User\"]",
		Help: "One attribute a line: its name, a colon and its value; several values in brackets and quotes. Enabled unless accountEnabled says otherwise. The values are part of the schema: make them up. $now is the time, $existing values that the application has already.",
	})
	data.Expect = faults.Of(page.Field{
		Name: "expect", Label: "A new account of theirs", Type: "textarea", Rows: 8, Value: e.Expect, Placeholder: "Alias: ana\nLastName: .",
		Help: "One target attribute a line with its value, default values included; nothing behind the colon for one that is not set. Attributes that are left out are free.",
	})
	data.Scope = faults.Of(page.Field{
		Name: "scope", Label: "Scoping filters", Type: "select",
		Options: page.Options(e.Scope, [2]string{anyScope, "Not looked at"}, [2]string{inScope, "The person is in scope"}, [2]string{outOfScope, "The person is out of scope"}),
	})
	data.Fails = faults.Of(page.Field{Name: "fails", Label: "The mapping fails with (optional)", Value: e.Fails, Help: "A part of the message, for somebody who is to get no account."})
	for _, definition := range sortedDefinitions(o.draft.Schema.SourceAttributes()) {
		data.Names = append(data.Names, definition.Name)
	}
	return data
}

func (a *Area) putTest(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	e, was, mark := readTest(r), r.Path("test"), r.Value("mark")
	test, faults := e.test()
	if len(faults) == 0 {
		err := o.change(ctx, administration.PutTest(was, mark, test))
		if err == nil {
			return page.Redirect(o.app.Path("mappings/tests"), kept("The test “%s” passes.", test.Name)), nil
		}
		if faults = testFaults(err, test.Name); faults == nil {
			return page.Answer{}, err
		}
	}
	data := newTestData(o, was, mark, e, faults)
	return a.test.Show(testHead(o.app, was), data).With(http.StatusUnprocessableEntity), nil
}

// testFaults is what a refusal says of a test, nil when the error is none.
func testFaults(err error, name string) page.Faults {
	refusal, ok := errors.AsType[*administration.Refusal](err)
	if !ok || len(refusal.Faults) == 0 {
		faults, _ := page.FaultsOf(err)
		return faults
	}
	lines := []string{"The test does not pass, so it is not kept:"}
	for _, fault := range refusal.Faults {
		lines = append(lines, page.Sentence(strings.TrimPrefix(fault.Message, fmt.Sprintf("test %q: ", name))))
	}
	return page.Faults{"": strings.Join(lines, "\n")}
}

func (a *Area) deleteTest(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	name := r.Path("test")
	if err := o.change(ctx, administration.RemoveTest(name, r.Value("mark"))); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings/tests"), kept("The test “%s” is deleted.", name)), nil
}

package mappings

import (
	"context"
	"embed"
	"errors"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the pages about the schema of an application.
type Area struct {
	Administration *administration.Service

	list       page.Page[listData]
	edit       page.Page[editData]
	builder    page.Page[builderData]
	scope      page.Page[scopeData]
	attributes page.Page[attributesData]
	schema     page.Page[schemaData]
	defaults   page.Page[defaultsData]
	review     page.Page[reviewData]
	discard    page.Page[discardData]
	ranking    page.Page[rankingData]
	tests      page.Page[testsData]
	test       page.Page[testData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		list:           page.Parse[listData]("list.tmpl", files),
		edit:           page.Parse[editData]("edit.tmpl", files),
		builder:        page.Parse[builderData]("builder.tmpl", files),
		scope:          page.Parse[scopeData]("scope.tmpl", files),
		attributes:     page.Parse[attributesData]("attributes.tmpl", files),
		schema:         page.Parse[schemaData]("schema.tmpl", files),
		defaults:       page.Parse[defaultsData]("defaults.tmpl", files),
		review:         page.Parse[reviewData]("review.tmpl", files, change.Files),
		discard:        page.Parse[discardData]("discard.tmpl", files),
		ranking:        page.Parse[rankingData]("ranking.tmpl", files),
		tests:          page.Parse[testsData]("tests.tmpl", files),
		test:           page.Parse[testData]("test.tmpl", files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const mappings, scoping = "/applications/{application}/mappings", "/applications/{application}/scoping"
	r.Get(mappings, a.showList)
	r.Post(mappings+"/actions", store.RoleAdministrator, a.putActions)
	r.Post(mappings+"/matching", store.RoleAdministrator, a.moveMatching)

	r.GetFor(mappings+"/new", store.RoleAdministrator, a.showNew)
	r.Post(mappings+"/new", store.RoleAdministrator, a.putMapping)
	r.Get(mappings+"/attributes/{attribute}", a.showMapping)
	r.Post(mappings+"/attributes/{attribute}", store.RoleAdministrator, a.putMapping)
	r.Post(mappings+"/attributes/{attribute}/delete", store.RoleAdministrator, a.deleteMapping)

	r.Get(mappings+"/expression", a.showBuilder)
	r.Post(mappings+"/expression", store.RoleReader, a.showBuilder)
	r.Post(mappings+"/use", store.RoleAdministrator, a.useExpression)

	r.Get(mappings+"/target-attributes", a.showAttributes)
	r.Post(mappings+"/target-attributes", store.RoleAdministrator, a.addAttribute)
	r.Post(mappings+"/target-attributes/remove", store.RoleAdministrator, a.removeAttribute)

	r.Get(mappings+"/roles", a.showRanking)
	r.Post(mappings+"/roles", store.RoleAdministrator, a.rank)

	r.Get(mappings+"/tests", a.showTests)
	r.GetFor(mappings+"/tests/new", store.RoleAdministrator, a.showNewTest)
	r.Post(mappings+"/tests/new", store.RoleAdministrator, a.putTest)
	r.Get(mappings+"/tests/{test}", a.showTest)
	r.Post(mappings+"/tests/{test}", store.RoleAdministrator, a.putTest)
	r.Post(mappings+"/tests/{test}/delete", store.RoleAdministrator, a.deleteTest)

	r.Get(mappings+"/schema", a.showSchema)
	r.Get(mappings+"/schema/download", a.downloadSchema)
	r.Post(mappings+"/schema", store.RoleAdministrator, a.uploadSchema)
	r.GetFor(mappings+"/defaults", store.RoleAdministrator, a.showDefaults)
	r.Post(mappings+"/defaults", store.RoleAdministrator, a.restoreDefaults)

	r.GetFor(mappings+"/review", store.RoleAdministrator, a.showReview)
	r.SlowPost(mappings+"/impact", store.RoleAdministrator, a.lookOn)
	r.SlowPost(mappings+"/save", store.RoleAdministrator, a.save)
	r.Post(mappings+"/take-along", store.RoleAdministrator, a.takeAlong)
	r.GetFor(mappings+"/discard", store.RoleAdministrator, a.showDiscard)
	r.Post(mappings+"/discard", store.RoleAdministrator, a.discardDraft)

	r.Get(scoping, a.showScope)
	r.Post(scoping, store.RoleAdministrator, a.putScope)
	r.SlowPost(scoping+"/count", store.RoleReader, a.countScope)
}

// opened is what every page of the area begins with.
type opened struct {
	app   page.Application
	acts  administration.Acts
	draft administration.SchemaDraft
}

func (a *Area) open(ctx context.Context, r *page.Request) (opened, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return opened{}, err
	}
	acts := r.Acts()
	draft, err := acts.SchemaDraft(ctx, app.Application)
	return opened{app, acts, draft}, err
}

// change changes the draft of the visitor.
func (o opened) change(ctx context.Context, edit administration.SchemaEdit) error {
	return o.acts.ChangeSchemaDraft(ctx, o.app.Application, edit)
}

// head returns the head of a page below the mappings, or of the mappings themselves when
// the title is empty.
func head(app page.Application, title string) page.Head {
	list := app.Of("Mappings", "mappings")
	if title == "" {
		list.Lead = "What the accounts in " + app.DisplayName + " are made of. Changes are collected, and count when you save them."
		return list
	}
	return list.Below(title, app.Path("mappings"), "Mappings")
}

// bar is what every page of the area shows on top: what is not saved.
type bar struct {
	Path      string // of the mappings
	Changes   int
	Since     time.Time
	Overtaken bool
	Others    []otherDraft
}

type otherDraft struct {
	Name string
	At   time.Time
}

func newBar(app page.Application, draft administration.SchemaDraft) bar {
	b := bar{Path: app.Path("mappings"), Changes: len(draft.Differences), Since: draft.ChangedAt, Overtaken: draft.Overtaken}
	for _, other := range draft.Others {
		b.Others = append(b.Others, otherDraft{strings.TrimSuffix(other.Owner, " (portal)"), other.ChangedAt})
	}
	return b
}

// kept is the notice after a change of the draft.
func kept(format string, arguments ...any) page.Notice {
	notice := page.Success(format, arguments...)
	notice.Text += " Nothing is saved yet: review and save when you are done."
	return notice
}

// refused returns what is wrong with a form: at the fields as where tells, else under
// the empty name. False is for errors that are not about the form.
func refused(err error, where func(place string) string) (page.Faults, bool) {
	refusal, ok := errors.AsType[*administration.Refusal](err)
	if !ok {
		return page.FaultsOf(err)
	}
	if len(refusal.Faults) == 0 {
		return page.FaultsOf(err)
	}
	faults := page.Faults{}
	for _, fault := range refusal.Faults {
		field, text := where(fault.Field), page.Sentence(fault.Message)
		if field == "" && fault.Field != "" {
			text = page.Sentence(fault.String())
		}
		if faults[field] != "" {
			text = faults[field] + "\n" + text
		}
		faults[field] = text
	}
	return faults, true
}

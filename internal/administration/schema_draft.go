package administration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// SchemaDraft is the synchronization schema of an application as somebody is changing
// it. Everybody has a draft of their own, so that nobody saves what somebody else has
// not finished, and changes of several parts are saved as one.
type SchemaDraft struct {
	Tag         string         // names the state of the draft, empty while there is none
	Schema      mapping.Schema // with the changes; what is saved while there are none
	Saved       mapping.Schema
	Base        mapping.Schema       // that was saved when the draft was begun
	Differences []mapping.Difference // what the owner changed; nothing: there is nothing to save
	Overtaken   bool                 // somebody else saved another schema since the draft was begun
	ChangedAt   time.Time
	Others      []store.SchemaDraft // what other people are changing, without the schemas
}

// Changed reports whether there is something to save.
func (d SchemaDraft) Changed() bool { return len(d.Differences) > 0 }

// SchemaDraft returns the schema of an application with what the actor has changed and
// not saved. A draft that changes nothing is as none.
func (a Acts) SchemaDraft(ctx context.Context, app Application) (SchemaDraft, error) {
	saved, err := a.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return SchemaDraft{}, err
	}
	kept, err := a.Store.SchemaDraft(ctx, app.Job.ID, a.actor)
	if err != nil {
		return SchemaDraft{}, err
	}
	others, err := a.Store.SchemaDrafts(ctx, app.Job.ID)
	if err != nil {
		return SchemaDraft{}, err
	}
	draft := SchemaDraft{
		Tag: kept.Tag, Schema: saved, Saved: saved, Base: saved,
		Others: slices.DeleteFunc(others, func(d store.SchemaDraft) bool { return d.Owner == a.actor }),
	}
	if kept.Tag == "" {
		return draft, nil
	}
	// What was saved in the state of the draft, by whomever, is no change of it any more.
	if differences := mapping.Compare(kept.Base, kept.Schema); len(differences) > 0 && len(mapping.Compare(saved, kept.Schema)) > 0 {
		draft.Schema, draft.Base, draft.ChangedAt, draft.Differences = kept.Schema, kept.Base, kept.ChangedAt, differences
		draft.Overtaken = !sameJSON(kept.Base, saved)
	}
	return draft, nil
}

// attempts is how often a change of a draft is tried that meets another one.
const attempts = 5

// ChangeSchemaDraft changes the actor's draft, and begins one if there is none. The
// function gets a schema of its own, and may be called again when another window
// changes the draft at the same time. A change that makes a schema faulty is a Refusal
// with all the faults that are new, each with its place; it changes nothing.
func (a Acts) ChangeSchemaDraft(ctx context.Context, app Application, change func(mapping.Schema) (mapping.Schema, error)) error {
	template, err := a.Template(app)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		draft, err := a.SchemaDraft(ctx, app)
		if err != nil {
			return err
		}
		err = a.changeSchemaDraft(ctx, app, template, draft, change)
		if attempt == attempts || !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

func (a Acts) changeSchemaDraft(ctx context.Context, app Application, template connector.Template, draft SchemaDraft, change func(mapping.Schema) (mapping.Schema, error)) error {
	own, err := copied(draft.Schema)
	if err != nil {
		return err
	}
	changed, err := change(own)
	if err != nil {
		return err
	}
	changed.ID = app.Job.ID
	use := template.Use(app.Job.Settings)
	before := mapping.Check(draft.Schema, use).Faults()
	faults := slices.DeleteFunc(mapping.Check(changed, use).Faults(), func(f mapping.Finding) bool {
		return slices.ContainsFunc(before, func(b mapping.Finding) bool { return b.Message == f.Message })
	})
	if err := refuseSchema(faults); err != nil {
		return err
	}
	return a.Store.PutSchemaDraft(ctx, store.SchemaDraft{
		JobID: app.Job.ID, Owner: a.actor, Tag: uuid.NewString(), Base: draft.Base, Schema: changed, ChangedAt: time.Now().UTC(),
	}, draft.Tag)
}

// DiscardSchemaDraft forgets the actor's changes, if they are still in the state with
// the tag.
func (a Acts) DiscardSchemaDraft(ctx context.Context, app Application, tag string) error {
	err := a.Store.DiscardSchemaDraft(ctx, app.Job.ID, a.actor, tag)
	if errors.Is(err, store.ErrConflict) {
		return changedMeanwhile("nothing was discarded: the changes are not the ones any more that you looked at")
	}
	return err
}

func changedMeanwhile(format string, arguments ...any) *Refusal {
	return refuse(ChangedMeanwhile, "", format, arguments...).advising("They were changed in another window. Look at them as they are now, and decide again.")
}

// SaveSchemaDraft makes the actor's draft the schema of the application, if it is still
// in the state with the tag and nobody saved another schema meanwhile. Its impact has to
// be known, unless unseen says that it is to be saved without. The next cycle looks at
// everyone.
func (a Acts) SaveSchemaDraft(ctx context.Context, app Application, tag string, unseen bool) error {
	draft, err := a.SchemaDraft(ctx, app)
	if err != nil {
		return err
	}
	switch {
	case draft.Tag != tag:
		return changedMeanwhile("nothing was saved: the changes are not the ones any more that you looked at")
	case !draft.Changed():
		return refuse(Invalid, "", "there is nothing to save: what you changed is as it is saved")
	case draft.Overtaken:
		return overtaken()
	}
	impact, err := a.Store.DraftImpact(ctx, app.Job.ID, a.actor)
	if err != nil {
		return err
	}
	if !impact.Complete && !unseen {
		return refuse(NotLookedAt, "unseen", "nothing was saved: it is not known yet for whom this changes something").
			advising("Look at that first, or check that you want to save without looking.")
	}
	findings, err := a.SchemaFindings(ctx, app, draft.Schema)
	if err != nil {
		return err
	}
	if err := refuseSchema(findings.Faults()); err != nil {
		return err
	}
	err = a.Configure(ctx, app, ActivityMapping, func(c store.Configuration) (store.Configuration, string, error) {
		if !sameJSON(c.Schema, draft.Base) {
			return c, "", overtaken()
		}
		detail := SummaryOf(mapping.Compare(c.Schema, draft.Schema))
		c.Schema = draft.Schema
		c.Schema.ID = c.Job.ID
		return c, detail, nil
	})
	if err != nil {
		return err
	}
	a.wake(ctx, app.ID)
	err = a.Store.DiscardSchemaDraft(ctx, app.Job.ID, a.actor, tag)
	if errors.Is(err, store.ErrConflict) {
		return a.RebaseSchemaDraft(ctx, app, true) // another window changed more meanwhile: that is kept
	}
	return err
}

func overtaken() *Refusal {
	return refuse(ChangedMeanwhile, "", "nothing was saved: somebody else saved another schema since you began to change it").
		advising("Take your changes along to the schema that is saved now, and look at them again.")
}

// RebaseSchemaDraft takes the actor's changes along to the schema that is saved now.
// Where somebody else changed the same part, the actor's own change counts, or with
// preferMine false what is saved.
func (a Acts) RebaseSchemaDraft(ctx context.Context, app Application, preferMine bool) error {
	for attempt := 1; ; attempt++ {
		draft, err := a.SchemaDraft(ctx, app)
		if err != nil || !draft.Overtaken {
			return err
		}
		merged, _ := mapping.Merge(draft.Base, draft.Schema, draft.Saved, preferMine)
		err = a.Store.PutSchemaDraft(ctx, store.SchemaDraft{
			JobID: app.Job.ID, Owner: a.actor, Tag: uuid.NewString(), Base: draft.Saved, Schema: merged, ChangedAt: time.Now().UTC(),
		}, draft.Tag)
		if attempt == attempts || !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// StandardSchema returns what the schema of an application goes back to: its own
// default, or that of the template in the gallery, fitted to the credentials.
func (s *Service) StandardSchema(ctx context.Context, app Application) (mapping.Schema, error) {
	template, err := s.Template(app)
	if err != nil {
		return mapping.Schema{}, err
	}
	own, err := s.Store.DefaultSchema(ctx, app.ID)
	if err != nil {
		return mapping.Schema{}, err
	}
	credentials, err := s.Store.Credentials(ctx, app.Job.ID)
	if err != nil {
		credentials = nil // those that cannot be read ask for no fitting
	}
	return FittedSchema(template, own, credentials), nil
}

// SchemaFindings checks a schema for an application. It may read everybody in the
// directory, to see whether a directory extension exists.
func (s *Service) SchemaFindings(ctx context.Context, app Application, schema mapping.Schema) (mapping.Findings, error) {
	template, err := s.Template(app)
	if err != nil {
		return nil, err
	}
	use := template.Use(app.Job.Settings)
	use.Extensions, err = mapping.SeenExtensions(s.Store.Users(ctx, ""), schema.UndeclaredExtensions())
	if err != nil {
		return nil, fmt.Errorf("look for directory extensions: %w", err)
	}
	return mapping.Check(schema, use), nil
}

// refuseSchema makes one refusal of all faults of a schema, nil when there are none.
func refuseSchema(faults mapping.Findings) error {
	if len(faults) == 0 {
		return nil
	}
	refusal := &Refusal{Code: SchemaFaults, Message: "the schema cannot be used"}
	for _, fault := range faults {
		refusal.Faults = append(refusal.Faults, Fault{Field: fault.Path, Message: fault.Message})
	}
	return refusal
}

// Mark names the state of a part of a schema: a form that was made of it comes back
// with the mark, and what was changed meanwhile is found by it.
func Mark(part any) string {
	hash, err := engine.SchemaHash(part)
	if err != nil {
		return ""
	}
	return hash[:16]
}

func copied(schema mapping.Schema) (mapping.Schema, error) {
	data, err := json.Marshal(schema)
	if err != nil {
		return schema, fmt.Errorf("copy the schema: %w", err)
	}
	return mapping.Parse(data)
}

func sameJSON(a, b mapping.Schema) bool {
	one, err := json.Marshal(a)
	other, failed := json.Marshal(b)
	return err == nil && failed == nil && bytes.Equal(one, other)
}

package administration

import (
	"context"
	"errors"
	"slices"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// ChangeSchema puts what change returns in place of the schema in use, if it can be
// used; the function gets what is set up, and must not use the store. All that is wrong
// with a schema is one Refusal with the code SchemaFaults, whose Faults have the place
// in the schema as Field. The next cycle looks at everyone. It passes by the drafts that
// others have, who are told when they save.
func (a Acts) ChangeSchema(ctx context.Context, app Application, change func(store.Configuration, connector.Template) (mapping.Schema, error)) error {
	template, err := a.Template(app)
	if err != nil {
		return err
	}
	err = a.Configure(ctx, app, ActivityMapping, func(c store.Configuration) (store.Configuration, string, error) {
		before := c.Schema
		var err error
		if c.Schema, err = change(c, template); err != nil {
			return c, "", err
		}
		c.Schema.ID = c.Job.ID
		if err := SchemaRefused(c.Schema, c.Job.Settings, template); err != nil {
			return c, "", err
		}
		return c, SummaryOf(mapping.Compare(before, c.Schema)), nil
	})
	if err != nil {
		return err
	}
	a.wake(ctx, app.ID)
	return nil
}

// SchemaRefused refuses a schema that cannot be used, with all that is wrong.
func SchemaRefused(schema mapping.Schema, settings provisioning.Settings, template connector.Template) error {
	return refuseSchema(mapping.Check(schema, template.Use(settings)).Faults())
}

// SaveSchema replaces the schema in use; see ChangeSchema.
func (a Acts) SaveSchema(ctx context.Context, app Application, schema mapping.Schema) error {
	return a.ChangeSchema(ctx, app, func(store.Configuration, connector.Template) (mapping.Schema, error) { return schema, nil })
}

// RestoreSchema goes back to the default schema; see [FittedSchema].
func (a Acts) RestoreSchema(ctx context.Context, app Application) error {
	return a.ChangeSchema(ctx, app, func(c store.Configuration, template connector.Template) (mapping.Schema, error) {
		return FittedSchema(template, c.Default, c.Credentials), nil
	})
}

// FittedSchema returns what the schema of an application goes back to: its own default,
// or without one that of the template in the gallery, fitted to the credentials.
func FittedSchema(template connector.Template, own *mapping.Schema, credentials provisioning.Credentials) mapping.Schema {
	schema := template.Schema()
	if own != nil {
		schema = *own
	}
	schema, _ = adapt(template, schema, nil, credentials)
	return schema
}

// NewWarnings returns which of the findings about a schema are doubtful and are not so of
// the one in use already.
func (s *Service) NewWarnings(ctx context.Context, app Application, findings mapping.Findings) (mapping.Findings, error) {
	inUse, err := s.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return nil, err
	}
	known, err := s.SchemaFindings(ctx, app, inUse)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(findings.Warnings(), func(f mapping.Finding) bool {
		return slices.ContainsFunc(known, func(k mapping.Finding) bool { return k.Message == f.Message })
	}), nil
}

// WholeImpact tells what cycles over everyone would do with a schema that is not saved
// and with the one in use, and reports each change that would be another one. It reads
// the target twice, writes nothing, and takes minutes for 100,000 people; for somebody
// who waits there is [Acts.LookOn]. A schema with faults is a Refusal.
func (s *Service) WholeImpact(ctx context.Context, app Application, schema mapping.Schema, report func(plan.Change)) (impact engine.Impact, err error) {
	err = s.Session(ctx, app.Application, func(before engine.Session) error {
		if err := SchemaRefused(schema, before.Job.Settings, before.Template); err != nil {
			return err
		}
		after, err := s.proposing(schema).Open(ctx, app.ID)
		if err != nil {
			return &OpenError{app.Application, err}
		}
		impact, err = s.Runner.Impact(ctx, before, after, report)
		return errors.Join(err, after.Connector.Close())
	})
	return impact, err
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

func newSchemaCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use: "schema", Short: "Export, import, compare and test the synchronization schema",
		Long: `The schema is Microsoft Graph's synchronizationSchema: attribute mappings, scoping
filters and the lists of attributes, in one JSON document. A file exported from
Microsoft Entra ID can be imported as it is.`,
	}
	command.AddCommand(newSchemaExportCommand(o), newSchemaImportCommand(o), newSchemaDiffCommand(o), newSchemaResetCommand(o), newSchemaTestCommand(o))
	return command
}

func newSchemaExportCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "export APP", Short: "Write the schema as JSON", Example: "  usher app schema export Salesforce > schema.json", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				_, _, schema, err := w.schema(ctx, given[0])
				if err != nil {
					return err
				}
				return writeJSON(command.OutOrStdout(), schema)
			})
		},
	}
}

func newSchemaImportCommand(o *options) *cobra.Command {
	var checkOnly bool
	command := &cobra.Command{
		Use: "import APP FILE", Short: "Replace the schema; the next cycle looks at everyone",
		Long: `Import replaces the schema of an application by the one in FILE; "-" reads the
standard input. Everything that is wrong with it is told at once, each with its
place in the document, and then nothing is saved. Doubtful parts are warnings.
Tests that the schema contains must pass.`,
		Example: "  usher app schema import Salesforce schema.json\n  usher app schema import Salesforce schema.json --check", Args: arguments("APP", "FILE"),
		RunE: func(command *cobra.Command, given []string) error {
			schema, err := readSchema(command.InOrStdin(), given[1])
			if err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, job, err := w.job(ctx, given[0])
				if err != nil {
					return err
				}
				if checkOnly {
					return w.checkSchema(ctx, command.ErrOrStderr(), job, schema, nil)
				}
				return w.saveSchema(ctx, command.ErrOrStderr(), app, job, schema)
			})
		},
	}
	command.Flags().BoolVar(&checkOnly, "check", false, "say what is wrong with the file and save nothing")
	return command
}

func newSchemaResetCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "reset APP", Short: "Go back to the default mappings and filters",
		Long: `Reset replaces the schema by the default one of the application's template: its
own mappings, filters, attributes and tests are gone. Export the schema first if
you may want it back. The next cycle looks at everyone. An application for which
another default was put through the API goes back to that one.`,
		Example: "  usher app schema export Salesforce > before.json\n  usher app schema reset Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, job, err := w.job(ctx, given[0])
				if err != nil {
					return err
				}
				template, err := w.gallery.Find(job.TemplateID)
				if err != nil {
					return err
				}
				schema := template.Schema()
				own, err := w.store.DefaultSchema(ctx, app.ID)
				if err != nil {
					return err
				}
				if own != nil {
					schema = *own
				}
				return w.saveSchema(ctx, command.ErrOrStderr(), app, job, schema)
			})
		},
	}
}

// readSchema reads a document from a file, or from in when the name is "-".
func readSchema(in io.Reader, name string) (mapping.Schema, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(in)
	} else {
		data, err = os.ReadFile(name) //nolint:gosec // the administrator names the file.
	}
	if err != nil {
		return mapping.Schema{}, fmt.Errorf("read the schema: %w", err)
	}
	schema, err := mapping.Parse(data)
	if err != nil {
		return mapping.Schema{}, fmt.Errorf("%s: %w", name, err)
	}
	return schema, nil
}

// schema returns the schema of an application's job.
func (w *workspace) schema(ctx context.Context, application string) (directory.Application, provisioning.Job, mapping.Schema, error) {
	app, job, err := w.job(ctx, application)
	if err != nil {
		return app, job, mapping.Schema{}, err
	}
	schema, err := w.store.Schema(ctx, job.ID)
	return app, job, schema, err
}

// findings checks a schema for a job.
func (w *workspace) findings(ctx context.Context, job provisioning.Job, schema mapping.Schema) (mapping.Findings, error) {
	template, err := w.gallery.Find(job.TemplateID)
	if err != nil {
		return nil, err
	}
	use := template.Use(job.Settings)
	use.Extensions, err = mapping.SeenExtensions(w.store.Users(ctx, ""), schema.UndeclaredExtensions())
	if err != nil {
		return nil, fmt.Errorf("look for directory extensions: %w", err)
	}
	return mapping.Check(schema, use), nil
}

// checkSchema writes the warnings but those that are known; its error has the
// faults.
func (w *workspace) checkSchema(ctx context.Context, warnings io.Writer, job provisioning.Job, schema mapping.Schema, known mapping.Findings) error {
	findings, err := w.findings(ctx, job, schema)
	if err != nil {
		return err
	}
	news := slices.DeleteFunc(findings.Warnings(), func(f mapping.Finding) bool {
		return slices.ContainsFunc(known, func(k mapping.Finding) bool { return k.Message == f.Message })
	})
	if _, err := io.WriteString(warnings, news.String()); err != nil {
		return fmt.Errorf("write the warnings: %w", err)
	}
	if err := findings.Err(); err != nil {
		return fmt.Errorf("the schema cannot be used:\n%w", err)
	}
	return nil
}

// saveSchema refuses a schema that has faults, with all of them. Warnings that the
// schema in use gives as well are not repeated.
func (w *workspace) saveSchema(ctx context.Context, warnings io.Writer, app directory.Application, job provisioning.Job, schema mapping.Schema) error {
	before, err := w.store.Schema(ctx, job.ID)
	if err != nil {
		return err
	}
	known, err := w.findings(ctx, job, before)
	if err != nil {
		return err
	}
	if err := w.checkSchema(ctx, warnings, job, schema, known); err != nil {
		return fmt.Errorf("nothing was saved: %w", err)
	}
	schema.ID = job.ID
	if err := w.store.PutSchema(ctx, job.ID, schema); err != nil {
		return fmt.Errorf("save the schema: %w", err)
	}
	return w.audit(ctx, "Update attribute mappings or scope", app.DisplayName, summaryOf(mapping.Compare(before, schema)))
}

// summaryOf names what changed, for the audit log.
func summaryOf(differences []mapping.Difference) string {
	texts := make([]string, len(differences))
	for i, difference := range differences {
		texts[i] = strings.TrimSpace(difference.Part+" "+difference.Name) + " " + difference.Change()
	}
	return strings.Join(texts, "; ")
}

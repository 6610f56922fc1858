package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/mapping"
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
				_, schema, err := w.schema(ctx, given[0])
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
Tests that the schema contains must pass.

It does not ask, and the next cycle may disable or delete accounts by it: look at
what it means for everybody first, by usher app schema diff with --impact.`,
		Example: "  usher app schema import Salesforce schema.json\n  usher app schema import Salesforce schema.json --check", Args: arguments("APP", "FILE"),
		RunE: func(command *cobra.Command, given []string) error {
			schema, err := readSchema(command.InOrStdin(), given[1])
			if err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				if checkOnly {
					return w.checkSchema(ctx, command.ErrOrStderr(), app, schema, false)
				}
				return w.saveSchema(ctx, command.ErrOrStderr(), app, schema)
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
another default was put through the API goes back to that one.

It does not ask, and people whom only the present filters or mappings keep in
scope may lose their accounts.`,
		Example: "  usher app schema export Salesforce > before.json\n  usher app schema reset Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				schema, err := w.service.StandardSchema(ctx, app)
				if err != nil {
					return err
				}
				return w.saveSchema(ctx, command.ErrOrStderr(), app, schema)
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
	schema, err := administration.ParseSchema(data)
	if err != nil {
		return mapping.Schema{}, fmt.Errorf("%s: %w", name, err)
	}
	return schema, nil
}

// schema returns an application with the schema of its job.
func (w *workspace) schema(ctx context.Context, application string) (administration.Application, mapping.Schema, error) {
	app, err := w.provisioned(ctx, application)
	if err != nil {
		return app, mapping.Schema{}, err
	}
	schema, err := w.store.Schema(ctx, app.Job.ID)
	return app, schema, err
}

// checkSchema writes the warnings, or with news those that the schema in use does not
// give as well; its error has the faults.
func (w *workspace) checkSchema(ctx context.Context, warnings io.Writer, app administration.Application, schema mapping.Schema, news bool) error {
	findings, err := w.service.SchemaFindings(ctx, app, schema)
	if err != nil {
		return err
	}
	told := findings.Warnings()
	if news {
		if told, err = w.service.NewWarnings(ctx, app, findings); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(warnings, told.String()); err != nil {
		return fmt.Errorf("write the warnings: %w", err)
	}
	if err := findings.Err(); err != nil {
		return fmt.Errorf("the schema cannot be used:\n%w", err)
	}
	return nil
}

// saveSchema refuses a schema that has faults, with all of them. Warnings that the
// schema in use gives as well are not repeated.
func (w *workspace) saveSchema(ctx context.Context, warnings io.Writer, app administration.Application, schema mapping.Schema) error {
	if err := w.checkSchema(ctx, warnings, app, schema, true); err != nil {
		return fmt.Errorf("nothing was saved: %w", err)
	}
	return w.acts().SaveSchema(ctx, app, schema)
}

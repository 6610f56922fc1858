package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/mapping"
)

// differenceView is a difference as the command line shows it.
type differenceView struct {
	mapping.Difference

	Change string `json:"change"` // added, removed or changed
}

func newSchemaDiffCommand(o *options) *cobra.Command {
	var impact bool
	command := &cobra.Command{
		Use: "diff APP FILE", Short: "Show what importing a file would change",
		Long: `Diff shows which attribute mappings, scoping filters, attributes and tests a file
adds, removes or changes, compared with the schema in use. "-" reads the standard
input. Nothing is saved; what is wrong with the file is written to the error
output.

With --impact it also looks at everybody: how many people the file would change
something for, and what. That reads the application twice and writes nothing.`,
		Example: "  usher app schema diff Salesforce schema.json\n  usher app schema diff Salesforce schema.json --impact", Args: arguments("APP", "FILE"),
		RunE: func(command *cobra.Command, given []string) error {
			schema, err := readSchema(command.InOrStdin(), given[1])
			if err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, before, err := w.schema(ctx, given[0])
				if err != nil {
					return err
				}
				findings, err := w.service.SchemaFindings(ctx, app, schema)
				if err != nil {
					return err
				}
				if _, err := io.WriteString(command.ErrOrStderr(), findings.String()); err != nil {
					return fmt.Errorf("write what is wrong with the file: %w", err)
				}
				differences := mapping.Compare(before, schema)
				if impact {
					return o.showImpact(ctx, command.OutOrStdout(), w, app, schema, differences)
				}
				return o.showDifferences(command.OutOrStdout(), differences)
			})
		},
	}
	command.Flags().BoolVar(&impact, "impact", false, "show for how many people the file would change something, and what")
	return command
}

func (o *options) showDifferences(out io.Writer, differences []mapping.Difference) error {
	views := make([]differenceView, len(differences))
	var text strings.Builder
	for i, difference := range differences {
		views[i] = differenceView{difference, difference.Change()}
		text.WriteString(difference.String())
	}
	if len(differences) == 0 {
		text.WriteString("no differences\n")
	}
	return o.show(out, views, func(out io.Writer) error {
		_, err := io.WriteString(out, text.String())
		return err
	})
}

func newSchemaTestCommand(o *options) *cobra.Command {
	var file string
	command := &cobra.Command{
		Use: "test APP", Short: "Run the tests that are stored in the schema",
		Long: `A schema may contain tests: a person, and what a new account of that person is to
hold. They are run whenever a schema is saved, and by this command. Exit code 1
says that a test fails. docs/reference/attribute-mappings.md shows how to write
them.`,
		Example: "  usher app schema test Salesforce\n  usher app schema test Salesforce --file schema.json", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				_, schema, err := w.schema(ctx, given[0])
				if err != nil {
					return err
				}
				if file != "" {
					if schema, err = readSchema(command.InOrStdin(), file); err != nil {
						return err
					}
				}
				compiled, err := mapping.Compile(schema)
				if err != nil {
					return fmt.Errorf("the schema cannot be used:\n%w", err)
				}
				return o.showTests(command.OutOrStdout(), compiled.Test())
			})
		},
	}
	command.Flags().StringVar(&file, "file", "", "test the schema in this file instead of the one in use; \"-\" reads the standard input")
	return command
}

// showTests writes the results; its error says that a test fails.
func (o *options) showTests(out io.Writer, results []mapping.TestResult) error {
	failed := 0
	var text strings.Builder
	for _, result := range results {
		if len(result.Faults) == 0 {
			fmt.Fprintf(&text, "ok      %s\n", result.Name)
			continue
		}
		failed++
		fmt.Fprintf(&text, "failed  %s\n", result.Name)
		for _, fault := range result.Faults {
			fmt.Fprintf(&text, "          %s\n", fault)
		}
	}
	if len(results) == 0 {
		text.WriteString("the schema contains no tests; docs/reference/attribute-mappings.md shows how to write them\n")
	}
	err := o.show(out, results, func(out io.Writer) error {
		_, err := io.WriteString(out, text.String())
		return err
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d tests failed", failed, len(results))
	}
	return err
}

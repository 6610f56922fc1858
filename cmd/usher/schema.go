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
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

func newSchemaCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use: "schema", Short: "Export and import the synchronization schema",
		Long: "The schema is Microsoft Graph's synchronizationSchema: a file exported from Microsoft Entra ID can be imported as it is.",
	}
	command.AddCommand(newSchemaExportCommand(o), newSchemaImportCommand(o))
	return command
}

func newSchemaExportCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "export APP", Short: "Write the schema as JSON", Example: "  usher app schema export Salesforce > schema.json", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				_, job, err := w.job(ctx, given[0])
				if err != nil {
					return err
				}
				schema, err := w.store.Schema(ctx, job.ID)
				if err != nil {
					return err
				}
				return writeJSON(command.OutOrStdout(), schema)
			})
		},
	}
}

func newSchemaImportCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "import APP FILE", Short: "Replace the schema; the next cycle looks at everyone", Example: "  usher app schema import Salesforce schema.json", Args: arguments("APP", "FILE"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				data, err := os.ReadFile(given[1])
				if err != nil {
					return fmt.Errorf("read the schema: %w", err)
				}
				schema, err := mapping.Parse(data)
				if err != nil {
					return err
				}
				app, job, err := w.job(ctx, given[0])
				if err != nil {
					return err
				}
				return w.saveSchema(ctx, app, job, schema)
			})
		},
	}
}

// saveSchema refuses a schema that has faults, with all of them.
func (w *workspace) saveSchema(ctx context.Context, app directory.Application, job provisioning.Job, schema mapping.Schema) error {
	if _, err := mapping.Compile(schema); err != nil {
		return fmt.Errorf("nothing was saved, because the schema has faults: %w", err)
	}
	schema.ID = job.ID
	if err := w.store.PutSchema(ctx, job.ID, schema); err != nil {
		return fmt.Errorf("save the schema: %w", err)
	}
	return w.audit(ctx, "Update attribute mappings or scope", app.DisplayName, "")
}

func newMappingsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "mappings APP", Short: "Show the attribute mappings", Example: "  usher app mappings Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withSession(command, given[0], func(_ context.Context, _ *workspace, _ directory.Application, s engine.Session) error {
				views := mappingViews(s.Mapping)
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error {
					rows := make([][]string, len(views))
					for i, view := range views {
						rows[i] = []string{view.Target, view.Expression, view.Default, view.Matching}
					}
					return writeTable(out, []string{"TARGET ATTRIBUTE", "SOURCE", "DEFAULT", "MATCHING"}, rows)
				})
			})
		},
	}
}

// mappingView is an attribute mapping as the command line shows it.
type mappingView struct {
	Target     string `json:"targetAttributeName"`
	Expression string `json:"expression,omitzero"`
	Default    string `json:"defaultValue,omitzero"`
	Matching   string `json:"matchingPriority,omitzero"`
}

func mappingViews(compiled *mapping.Mapping) []mappingView {
	views := make([]mappingView, len(compiled.Rules))
	for i, rule := range compiled.Rules {
		views[i] = mappingView{Target: rule.Target, Expression: rule.Expression, Default: rule.Default.String()}
		if rule.Priority > 0 {
			views[i].Matching = fmt.Sprint(rule.Priority)
		}
	}
	return views
}

func newMapCommand(o *options) *cobra.Command {
	var defaultValue string
	var remove bool
	command := &cobra.Command{
		Use:   "map APP ATTRIBUTE [EXPRESSION]",
		Short: "Set where one target attribute comes from",
		Long: `Map sets the source of one attribute of the target, or removes the mapping with
--remove. The expression is checked before anything is saved. The next cycle looks
at everyone again.`,
		Example: "  usher app map Salesforce ManagerId '[manager]'\n  usher app map Salesforce Department 'Coalesce([department], \"None\")'\n  usher app map Salesforce Department --remove",
		Args:    cobra.RangeArgs(2, 3),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				change := mappingChange{target: given[1], defaultValue: defaultValue, remove: remove}
				if len(given) == 3 {
					change.expression = given[2]
				}
				return w.mapAttribute(ctx, given[0], change)
			})
		},
	}
	command.Flags().StringVar(&defaultValue, "default", "", "value for new accounts when the source gives none")
	command.Flags().BoolVar(&remove, "remove", false, "remove the mapping of the attribute")
	return command
}

// mappingChange is one attribute mapping to set or to remove.
type mappingChange struct {
	target, expression, defaultValue string
	remove                           bool
}

func (w *workspace) mapAttribute(ctx context.Context, application string, change mappingChange) error {
	app, job, err := w.job(ctx, application)
	if err != nil {
		return err
	}
	schema, err := w.store.Schema(ctx, job.ID)
	if err != nil {
		return err
	}
	_, object, err := schema.UserMapping()
	if err != nil {
		return err
	}
	if err := change.apply(object); err != nil {
		return err
	}
	return w.saveSchema(ctx, app, job, schema)
}

// apply changes the object mapping. What the row had besides source and default
// stays.
func (c mappingChange) apply(object *mapping.ObjectMapping) error {
	rows := object.AttributeMappings
	index := slices.IndexFunc(rows, func(m mapping.AttributeMapping) bool { return strings.EqualFold(m.TargetAttributeName, c.target) })
	if c.remove {
		if index < 0 {
			return fmt.Errorf("%s is not mapped", c.target)
		}
		object.AttributeMappings = slices.Delete(rows, index, index+1)
		return nil
	}
	if c.expression == "" && c.defaultValue == "" {
		return &exitError{exitUsage, fmt.Errorf("give an expression for %s, a --default, or --remove", c.target)}
	}
	row := mapping.AttributeMapping{TargetAttributeName: c.target, FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged}
	if index >= 0 {
		row = rows[index]
	}
	row.Source = nil
	if c.expression != "" {
		node, err := expr.Parse(c.expression)
		if err != nil {
			return err
		}
		source := expr.ToSource(node)
		row.Source = &source
	}
	if c.defaultValue != "" {
		row.DefaultValue = &c.defaultValue
	}
	if index >= 0 {
		rows[index] = row
		return nil
	}
	object.AttributeMappings = append(rows, row)
	return nil
}

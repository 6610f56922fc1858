package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
)

func newMappingsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "mappings APP", Short: "Show the attribute mappings", Example: "  usher app mappings Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				_, schema, err := w.schema(ctx, given[0])
				if err != nil {
					return err
				}
				_, object, err := schema.UserMapping()
				if err != nil {
					return err
				}
				views := mappingViews(object.AttributeMappings)
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeMappings(out, views) })
			})
		},
	}
}

// mappingView is an attribute mapping as the command line shows it.
type mappingView struct {
	Target        string `json:"targetAttributeName"`
	Expression    string `json:"expression,omitzero"` // empty without a source
	Default       string `json:"defaultValue,omitzero"`
	Matching      int    `json:"matchingPriority,omitzero"`
	FlowType      string `json:"flowType"`
	FlowBehavior  string `json:"flowBehavior"`
	ClearWhenNull bool   `json:"clearWhenNull,omitzero"`
	ExportMissing bool   `json:"exportMissingReferences,omitzero"`
}

func mappingViews(rows []mapping.AttributeMapping) []mappingView {
	views := make([]mappingView, len(rows))
	for i, row := range rows {
		views[i] = mappingView{
			Target: row.TargetAttributeName, Matching: row.MatchingPriority, FlowType: string(row.FlowType), FlowBehavior: string(row.FlowBehavior),
			ClearWhenNull: row.ClearWhenNull, ExportMissing: row.ExportMissingReferences,
		}
		if row.DefaultValue != nil {
			views[i].Default = *row.DefaultValue
		}
		if row.Source == nil {
			continue
		}
		node, err := mapping.ParseSource(*row.Source)
		views[i].Expression = row.Source.Expression
		if err == nil {
			views[i].Expression = expr.Print(node)
		}
	}
	return views
}

// writeMappings leaves the last column out where all rows are applied as usual.
func writeMappings(out io.Writer, views []mappingView) error {
	heading := []string{"TARGET ATTRIBUTE", "SOURCE", "DEFAULT", "MATCHING"}
	unusual := slices.ContainsFunc(views, func(v mappingView) bool { return v.apply() != "" })
	if unusual {
		heading = append(heading, "APPLY")
	}
	rows := make([][]string, len(views))
	for i, view := range views {
		matching := ""
		if view.Matching > 0 {
			matching = strconv.Itoa(view.Matching)
		}
		rows[i] = []string{view.Target, view.Expression, view.Default, matching, view.apply()}[:len(heading)]
	}
	return writeTable(out, heading, rows)
}

// apply says when the mapping is applied, empty for the usual way.
func (v mappingView) apply() string {
	var words []string
	if v.FlowType != string(mapping.FlowAlwaysType) {
		words = append(words, v.FlowType)
	}
	if v.FlowBehavior != string(mapping.FlowWhenChanged) {
		words = append(words, v.FlowBehavior)
	}
	if v.ClearWhenNull {
		words = append(words, "clear when null")
	}
	if v.ExportMissing {
		words = append(words, "export missing references")
	}
	return strings.Join(words, ", ")
}

func newMapCommand(o *options) *cobra.Command {
	var change mappingChange
	var defaultValue string
	var priority int
	var clearing bool
	command := &cobra.Command{
		Use:   "map APP ATTRIBUTE [EXPRESSION]",
		Short: "Set where one target attribute comes from",
		Long: `Map sets the source of one attribute of the target, and with flags the rest of its
mapping; what is not named stays as it is. --remove removes the mapping. The whole
schema is checked before anything is saved. The next cycle looks at everyone.`,
		Example: `  usher app map Salesforce ManagerId '[manager]'
  usher app map Salesforce Department 'Coalesce([department], "None")'
  usher app map Salesforce Department '[department]' --clear-when-null
  usher app map Salesforce TimeZoneSidKey --no-source --default Europe/Oslo
  usher app map Salesforce officeCode__c '[extensionAttribute10]' --add String
  usher app map Salesforce Department --remove`,
		Args: mapArguments,
		RunE: func(command *cobra.Command, given []string) error {
			change.target = given[1]
			if len(given) == 3 {
				change.expression = given[2]
			}
			if command.Flags().Changed("default") {
				change.defaultValue = &defaultValue
			}
			if command.Flags().Changed("matching") {
				change.priority = &priority
			}
			if command.Flags().Changed("clear-when-null") {
				change.clearing = &clearing
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				return w.changeMapping(ctx, command.ErrOrStderr(), given[0], change)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&defaultValue, "default", "", "value for new accounts when the source gives none; an empty one removes it")
	flags.BoolVar(&change.noSource, "no-source", false, "no source: the default value alone, for new accounts and where the target has nothing")
	flags.IntVar(&priority, "matching", 0, "matching priority: accounts are looked up by the attribute with 1 first; 0 ends it")
	flags.StringVar(&change.flowType, "flow-type", "", "when it is written: Always, ObjectAddOnly, AttributeAddOnly, ValueAddOnly or MultiValueAddOnly")
	flags.StringVar(&change.flowBehavior, "flow-behavior", "", "FlowWhenChanged, or FlowAlways to write it along with any other change")
	flags.BoolVar(&clearing, "clear-when-null", false, "a source without a value empties the attribute")
	flags.StringVar(&change.add, "add", "", "add the attribute to the list of target attributes with this type: String, Integer, Boolean, DateTime or Reference")
	flags.BoolVar(&change.remove, "remove", false, "remove the mapping of the attribute")
	return command
}

func mapArguments(command *cobra.Command, given []string) error {
	if len(given) == 2 || len(given) == 3 {
		return nil
	}
	return wrongArguments(command, "APP ATTRIBUTE [EXPRESSION]", given)
}

// mappingChange is one attribute mapping to set or to remove. What is nil or
// empty stays as it is.
type mappingChange struct {
	target, expression     string
	defaultValue           *string
	noSource               bool
	priority               *int
	flowType, flowBehavior string
	clearing               *bool
	add                    string // type of an attribute to add to the target's list
	remove                 bool
}

func (w *workspace) mapAttribute(ctx context.Context, application string, change mappingChange) error {
	return w.changeMapping(ctx, io.Discard, application, change)
}

func (w *workspace) changeMapping(ctx context.Context, warnings io.Writer, application string, change mappingChange) error {
	app, schema, err := w.schema(ctx, application)
	if err != nil {
		return err
	}
	if err := change.apply(schema); err != nil {
		return err
	}
	return w.saveSchema(ctx, warnings, app, schema)
}

// apply changes the schema in place.
func (c mappingChange) apply(schema mapping.Schema) error {
	rule, object, err := schema.UserMapping()
	if err != nil {
		return err
	}
	rows := object.AttributeMappings
	index := slices.IndexFunc(rows, func(m mapping.AttributeMapping) bool { return strings.EqualFold(m.TargetAttributeName, c.target) })
	switch {
	case c.remove && index < 0:
		return fmt.Errorf("%s is not mapped", c.target)
	case c.remove:
		object.AttributeMappings = slices.Delete(rows, index, index+1)
		return nil
	case index < 0 && c.expression == "" && c.defaultValue == nil:
		return &exitError{exitUsage, fmt.Errorf("%s is not mapped yet; give an expression or a --default", c.target)}
	case c == mappingChange{target: c.target}:
		return &exitError{exitUsage, fmt.Errorf("give an expression for %s, a flag that says what to change, or --remove", c.target)}
	}
	if c.add != "" {
		addAttribute(schema, rule.TargetDirectoryName, object.TargetObjectName, c)
	}
	row := mapping.AttributeMapping{TargetAttributeName: c.target, FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged}
	if index >= 0 {
		row = rows[index]
	}
	if row, err = c.row(row); err != nil {
		return err
	}
	if index >= 0 {
		rows[index] = row
		return nil
	}
	object.AttributeMappings = append(object.AttributeMappings, row)
	return nil
}

// row returns the mapping with what the change says.
func (c mappingChange) row(row mapping.AttributeMapping) (mapping.AttributeMapping, error) {
	switch {
	case c.noSource && c.expression != "":
		return row, &exitError{exitUsage, fmt.Errorf("give an expression for %s or --no-source, not both", c.target)}
	case c.noSource:
		row.Source = nil
	case c.expression != "":
		// An expression with faults is kept as it is: the check of the schema tells them all.
		row.Source = &expr.Source{Expression: c.expression}
		if node, err := expr.Parse(c.expression); err == nil {
			source := expr.ToSource(node)
			row.Source = &source
		}
	}
	if c.defaultValue != nil {
		row.DefaultValue = c.defaultValue
		if *c.defaultValue == "" {
			row.DefaultValue = nil
		}
	}
	if c.priority != nil {
		row.MatchingPriority = *c.priority
	}
	if c.clearing != nil {
		row.ClearWhenNull = *c.clearing
	}
	if c.flowType != "" {
		row.FlowType = mapping.FlowType(c.flowType)
	}
	if c.flowBehavior != "" {
		row.FlowBehavior = mapping.FlowBehavior(c.flowBehavior)
	}
	return row, nil
}

// addAttribute adds to the list of target attributes what it does not have yet.
func addAttribute(schema mapping.Schema, directoryName, objectName string, change mappingChange) {
	for i := range schema.Directories {
		for j := range schema.Directories[i].Objects {
			object := &schema.Directories[i].Objects[j]
			known := slices.ContainsFunc(object.Attributes, func(d mapping.AttributeDefinition) bool { return d.Name == change.target })
			if schema.Directories[i].Name != directoryName || object.Name != objectName || known {
				continue
			}
			object.Attributes = append(object.Attributes, mapping.AttributeDefinition{
				Name: change.target, Type: mapping.AttributeType(change.add), Mutability: mapping.ReadWrite,
				ReferencedObjects: []mapping.ReferencedObject{}, Metadata: []mapping.Metadata{},
			})
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/nearest"
)

// newExprCommand returns "usher expr", which works on expressions alone, unless it
// is asked for the values of a person of the directory.
func newExprCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use:   "expr",
		Short: "Try, test and look up expressions of attribute mappings",
		Long: "Expressions compute the values of attribute mappings. The language and its functions are those of\n" +
			"Microsoft Entra ID's provisioning; docs/reference/expressions.md describes them.",
	}
	command.AddCommand(newExprEvalCommand(o), newExprTestCommand(), newExprFunctionsCommand())
	return command
}

// exprEvalOptions are the flags of "usher expr eval".
type exprEvalOptions struct {
	expression, input, output string
	user, application         string
	trace                     bool
}

func newExprEvalCommand(o *options) *cobra.Command {
	var options exprEvalOptions
	command := &cobra.Command{
		Use:   "eval -e EXPRESSION [--input JSON|@FILE | --user UPN --app APP]",
		Short: "Evaluate an expression",
		Long: "Evaluate an expression for the attributes given as a JSON object.\n\n" +
			"Besides attributes the object may have $now (the time in RFC 3339 form), $existing (the values that the\n" +
			"target already has, for SelectUniqueValue) and $domain (the default domain).\n\n" +
			"With --user and --app the attributes are those of a person of the directory, as the mapping of the\n" +
			"application sees them, and an attribute that there is not is an error.",
		Example: `  usher expr eval -e 'Join(" ", [givenName], [surname])' --input '{"givenName": "Ana", "surname": "Lima"}'
  usher expr eval -e 'Switch([country], "EMEA", "US", "AMER")' --input @user.json --trace
  usher expr eval -e 'SingleAppRoleAssignment([appRoleAssignments])' --user ana@contoso.com --app Salesforce`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return exprEval(command, o, options)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&options.expression, "expression", "e", "", "the expression")
	flags.StringVar(&options.input, "input", "", "the attributes as a JSON object, or @ and the name of a file that holds it (@- for standard input)")
	flags.StringVar(&options.user, "user", "", "a person of the directory whose attributes are used (user principal name or id)")
	flags.StringVar(&options.application, "app", "", "the application for which the person is looked at")
	command.MarkFlagsRequiredTogether("user", "app")
	command.MarkFlagsMutuallyExclusive("user", "input")
	flags.BoolVar(&options.trace, "trace", false, "show every part of the expression with its value")
	flags.StringVarP(&options.output, "output", "o", "text", "text or json")
	_ = command.MarkFlagRequired("expression")
	return command
}

// exprStep is one step of a trace in JSON.
type exprStep struct {
	Expression string     `json:"expression"`
	Line       int        `json:"line"`
	Column     int        `json:"column"`
	Depth      int        `json:"depth"`
	Value      attr.Value `json:"value"`
	Flow       string     `json:"flow"`
	Error      string     `json:"error,omitzero"`
}

// exprOutcome is what "usher expr eval" prints as JSON.
type exprOutcome struct {
	Value    attr.Value   `json:"value"`
	Flow     string       `json:"flow"`
	Redacted bool         `json:"redacted"`
	Warnings []string     `json:"warnings"`
	Error    string       `json:"error,omitzero"`
	Faults   []expr.Fault `json:"faults,omitzero"`
	Trace    []exprStep   `json:"trace,omitzero"`
}

func exprEval(command *cobra.Command, o *options, options exprEvalOptions) error {
	if options.output != "text" && options.output != "json" {
		return fmt.Errorf("--output is text or json, not %q", options.output)
	}
	input, err := exprInput(command.InOrStdin(), options.input)
	if err != nil {
		return err
	}
	node, err := expr.Read(options.expression, expr.Environment{})
	if err != nil {
		return exprReportFaults(command, options, err)
	}
	var environment expr.Environment
	if options.user != "" {
		input, environment, err = o.exprPerson(command, options, node, input)
		if err != nil {
			return err
		}
	}
	program, err := exprCompile(node, environment)
	if err != nil {
		return exprReportFaults(command, options, err)
	}
	var steps []expr.Step
	var result expr.Result
	if options.trace {
		steps, result, err = program.Trace(input)
	} else {
		result, err = program.Eval(input)
	}
	if options.output == "json" {
		return exprPrintJSON(command.OutOrStdout(), steps, result, err)
	}
	return exprPrintText(command, steps, result, err)
}

// exprPerson completes the input with what an application's mapping sees of a
// person, and returns what an expression may use there.
func (o *options) exprPerson(command *cobra.Command, options exprEvalOptions, node expr.Node, input expr.Input) (expr.Input, expr.Environment, error) {
	var environment expr.Environment
	err := o.with(command, func(ctx context.Context, w *workspace) error {
		app, err := w.application(ctx, options.application)
		if err != nil {
			return err
		}
		user, err := w.user(ctx, options.user)
		if err != nil {
			return err
		}
		job, err := w.store.Job(ctx, app.ID)
		if err != nil {
			return err
		}
		schema, err := w.store.Schema(ctx, job.ID)
		if err != nil {
			return err
		}
		environment, err = schema.Environment(node, func(wanted []string) ([]string, error) {
			return mapping.SeenExtensions(w.store.Users(ctx, ""), wanted)
		})
		if err != nil {
			return fmt.Errorf("look for directory extensions: %w", err)
		}
		input.DefaultDomain = job.Settings.DefaultDomain
		input.Source, err = w.runner.Source(ctx, app.ID, user.ID)
		return err
	})
	return input, environment, err
}

// exprPrintText prints the trace, the warnings and the value, and returns the
// error of the evaluation.
func exprPrintText(command *cobra.Command, steps []expr.Step, result expr.Result, failure error) error {
	if err := exprPrintSteps(command.OutOrStdout(), steps); err != nil {
		return err
	}
	for _, warning := range result.Warnings {
		if _, err := fmt.Fprintln(command.ErrOrStderr(), "warning:", warning); err != nil {
			return err
		}
	}
	if failure != nil {
		return failure
	}
	_, err := fmt.Fprintln(command.OutOrStdout(), exprShow(result.Value, result.Flow))
	return err
}

// exprCompile checks and compiles an expression.
func exprCompile(node expr.Node, environment expr.Environment) (*expr.Program, error) {
	if err := expr.Check(node, environment); err != nil {
		return nil, err
	}
	return expr.Compile(node)
}

// exprInput reads the --input flag. The time is now unless the input says
// otherwise.
func exprInput(stdin io.Reader, text string) (expr.Input, error) {
	data := []byte(text)
	if name, isFile := strings.CutPrefix(text, "@"); isFile {
		var err error
		if name == "-" {
			data, err = io.ReadAll(stdin)
		} else {
			data, err = os.ReadFile(name) //nolint:gosec // the user names the file.
		}
		if err != nil {
			return expr.Input{}, fmt.Errorf("read --input: %w", err)
		}
	}
	input, err := expr.ReadInput(data)
	if err != nil {
		return expr.Input{}, fmt.Errorf("--input: %w", err)
	}
	if input.Now.IsZero() {
		input.Now = time.Now()
	}
	return input, nil
}

// exprReportFaults shows every fault under the line that it is in.
func exprReportFaults(command *cobra.Command, options exprEvalOptions, err error) error {
	fault, ok := errors.AsType[*expr.FaultError](err)
	if !ok {
		return err
	}
	if options.output == "json" {
		if err := exprEncode(command.OutOrStdout(), exprOutcome{Warnings: []string{}, Flow: expr.FlowValue.String(), Faults: fault.Faults, Error: fault.Error()}); err != nil {
			return err
		}
	} else if _, err := io.WriteString(command.ErrOrStderr(), exprPointOut(options.expression, fault.Faults)); err != nil {
		return err
	}
	if len(fault.Faults) == 1 {
		return errors.New("the expression has a fault")
	}
	return fmt.Errorf("the expression has %d faults", len(fault.Faults))
}

// exprPointOut shows each fault with the text around it and a mark below the
// place.
func exprPointOut(expression string, faults []expr.Fault) string {
	const before, after = 50, 30
	var text strings.Builder
	lines := strings.Split(expression, "\n")
	for _, fault := range faults {
		fmt.Fprintln(&text, fault)
		if fault.Line < 1 || fault.Line > len(lines) {
			continue
		}
		line := []rune(strings.ReplaceAll(lines[fault.Line-1], "\t", " "))
		from := max(0, min(fault.Column-1, len(line))-before)
		to := min(len(line), fault.Column+after)
		fmt.Fprintf(&text, "  %s\n  %s^\n", string(line[from:max(from, to)]), strings.Repeat(" ", max(0, fault.Column-1-from)))
	}
	return text.String()
}

func exprPrintJSON(out io.Writer, steps []expr.Step, result expr.Result, failure error) error {
	outcome := exprOutcome{Value: result.Value, Flow: result.Flow.String(), Redacted: result.Redacted, Warnings: append([]string{}, result.Warnings...)}
	if failure != nil {
		outcome.Error = failure.Error()
	}
	for _, step := range steps {
		shown := exprStep{Expression: step.Expression, Line: step.Line, Column: step.Column, Depth: step.Depth, Value: step.Value, Flow: step.Flow.String()}
		if step.Err != nil {
			shown.Error = step.Err.Error()
		}
		outcome.Trace = append(outcome.Trace, shown)
	}
	if err := exprEncode(out, outcome); err != nil {
		return err
	}
	return failure
}

func exprEncode(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// exprPrintSteps prints a trace: a part of the expression and its value in each
// row, parts inside others further to the right.
func exprPrintSteps(out io.Writer, steps []expr.Step) error {
	if len(steps) == 0 {
		return nil
	}
	var rows strings.Builder
	for _, step := range steps {
		text := exprShow(step.Value, step.Flow)
		if step.Value.Kind() == attr.String {
			text = fmt.Sprintf("%q", step.Value.String())
		}
		if step.Err != nil {
			text = "error"
		}
		fmt.Fprintf(&rows, "%s%s\t= %s\n", strings.Repeat("  ", step.Depth), exprShorten(step.Expression), text)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, err := io.WriteString(table, rows.String())
	if err := errors.Join(err, table.Flush()); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	_, err = fmt.Fprintln(out)
	return err
}

func exprShorten(text string) string {
	const longest = 70
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return text
}

// exprShow returns a value for people: a text as it is, values without a text of
// their own in parentheses.
func exprShow(value attr.Value, flow expr.Flow) string {
	switch {
	case flow == expr.FlowIgnoreAttribute:
		return "(the attribute is left alone)"
	case flow == expr.FlowIgnoreObject:
		return "(the object is left alone)"
	case value.IsNull():
		return "(no value)"
	case value.Kind() == attr.List || value.Kind() == attr.Complex:
		return string(value.AppendJSON(nil))
	}
	return value.String()
}

func newExprTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE.tsv...",
		Short: "Run files of test vectors",
		Long: "Run files of test vectors: tables with the tab-separated columns function, expression, inputs and expected,\n" +
			"named in the first row. Inputs and expected are JSON. Expected is the value, {\"$flow\": \"ignore-attribute\"},\n" +
			"{\"$flow\": \"ignore-object\"} or {\"$error\": \"part of the message\"}.",
		Example:      "  usher expr test vectors.tsv\n  usher expr test usernames.tsv locales.tsv",
		Args:         cobra.MinimumNArgs(1),
		SilenceUsage: true,
		RunE:         func(command *cobra.Command, files []string) error { return exprTest(command.OutOrStdout(), files) },
	}
}

// exprTest runs the files and prints a line for each row that fails, and a
// summary for each file.
func exprTest(out io.Writer, files []string) error {
	rows, failures := 0, 0
	for _, name := range files {
		passed, failed, err := exprTestFile(out, name)
		if err != nil {
			return err
		}
		rows += passed + failed
		failures += failed
		if _, err := fmt.Fprintf(out, "%s: %d passed, %d failed\n", name, passed, failed); err != nil {
			return err
		}
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d rows failed", failures, rows)
	}
	return nil
}

func exprTestFile(out io.Writer, name string) (passed, failed int, err error) {
	file, err := os.Open(name) //nolint:gosec // the user names the file.
	if err != nil {
		return 0, 0, fmt.Errorf("open test vectors: %w", err)
	}
	vectors, err := expr.ReadVectors(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", name, err)
	}
	for _, vector := range vectors {
		if err := vector.Run(); err != nil {
			failed++
			if _, err := fmt.Fprintf(out, "%s:%d: %s: %v\n", name, vector.Line, vector.Expression, err); err != nil {
				return passed, failed, err
			}
			continue
		}
		passed++
	}
	return passed, failed, nil
}

func newExprFunctionsCommand() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "functions [NAME...]",
		Short: "List the functions with their parameters and an example",
		Long: "List the functions of the language, or those that are named: signature, what it does, parameters and an\n" +
			"example. The letter case of a name does not count here.",
		Example: "  usher expr functions\n  usher expr functions Switch Replace\n  usher expr functions --output json",
		RunE: func(command *cobra.Command, names []string) error {
			return exprFunctions(command.OutOrStdout(), names, output)
		},
		SilenceUsage: true,
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text, json or markdown")
	return command
}

func exprFunctions(out io.Writer, names []string, output string) error {
	functions, err := exprSelect(names)
	if err != nil {
		return err
	}
	switch output {
	case "json":
		return exprEncode(out, functions)
	case "markdown":
		_, err := io.WriteString(out, expr.ReferenceMarkdown())
		return err
	case "text":
	default:
		return fmt.Errorf("--output is text, json or markdown, not %q", output)
	}
	var text strings.Builder
	for _, function := range functions {
		fmt.Fprintf(&text, "%s\n    %s\n", function.Signature(), function.Summary)
		for _, parameter := range function.Parameters {
			fmt.Fprintf(&text, "      %s: %s\n", parameter.Name, parameter.Summary)
		}
		fmt.Fprintf(&text, "    Example: %s = %s\n\n", function.Example.Expression, function.Example.Result)
	}
	_, err = io.WriteString(out, text.String())
	return err
}

// exprSelect returns the named functions, all when none is named.
func exprSelect(names []string) ([]expr.Function, error) {
	all := expr.Functions()
	if len(names) == 0 {
		return all, nil
	}
	var selected []expr.Function
	for _, name := range names {
		before := len(selected)
		for _, function := range all {
			if strings.EqualFold(function.Name, name) {
				selected = append(selected, function)
			}
		}
		if len(selected) == before {
			return nil, exprNoFunction(name, all)
		}
	}
	return selected, nil
}

func exprNoFunction(name string, functions []expr.Function) error {
	names := make([]string, len(functions))
	for i, function := range functions {
		names[i] = function.Name
	}
	if near := nearest.Name(name, names); near != "" {
		return fmt.Errorf("there is no function %s; did you mean %s?", name, near)
	}
	return fmt.Errorf("there is no function %s; \"usher expr functions\" lists what there is", name)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	exitDone    = 0
	exitFailed  = 1 // nothing, or not everything, could be done; the message says why
	exitUsage   = 2 // the command line is wrong; nothing was tried
	exitPartial = 3 // done, but some people failed or are held; the log says who
)

// exitError ends a command with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// run is the program without the process around it.
func run(ctx context.Context, arguments []string, in io.Reader, out, errs io.Writer) int {
	root := newRootCommand() //nolint:contextcheck // cobra hands the context to the commands.
	root.SetArgs(arguments)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(errs, "usher: %v\n", err) //nolint:errcheck // there is nowhere else to tell.
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	return exitFailed
}

// options are the flags that all commands share.
type options struct {
	data     string
	database string
	output   string
	verbose  bool
}

func newRootCommand() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   "usher",
		Short: "Keep people's accounts in applications right",
		Long: `Usher holds a directory of users and groups, knows who is assigned to which
application in which role, and creates, updates, disables and re-enables the
accounts there.

See it work, without any set-up:  usher demo
By hand, in the browser:          docs/tutorial-salesforce.md
By hand, on the command line:     docs/tutorial-command-line.md

Exit codes: 0 done; 1 failed; 2 wrong command line; 3 done, but some people
failed or are held back ("usher logs" says who and why).`,
		Example:           "  usher demo\n  usher app add salesforce --data ./data\n  usher provision Salesforce --dry-run",
		Version:           version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error { return o.checkOutput(command) },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.data, "data", environment("USHER_DATA", "./usher-data"), "folder of the embedded database (also USHER_DATA)")
	flags.StringVar(&o.database, "database", os.Getenv("USHER_DATABASE"), "postgres:// URL of a database to use instead (also USHER_DATABASE)")
	flags.StringVarP(&o.output, "output", "o", "table", "form of the output: table or json; logs, audit and comparisons also csv, plans also diff")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "write what happens to the error output, as structured log")
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return &exitError{exitUsage, fmt.Errorf("%w; see %s --help", err, command.CommandPath())}
	})
	root.AddCommand(
		newDemoCommand(o), newSimCommand(o), newDirectoryCommand(o), newAppCommand(o), newAssignCommand(o), newUnassignCommand(o),
		newProvisionCommand(o), newPlanCommand(o), newCompareCommand(o), newApplyCommand(o), newUndoCommand(o), newDriftCommand(o), newServeCommand(o),
		newRemovalsCommand(o), newStatusCommand(o), newLogsCommand(o), newAuditCommand(o), newAPIClientCommand(o), newAdministratorCommand(o), newWhyCommand(o), newExprCommand(o),
		newPortalPreviewCommand(),
	)
	refuseUnknownCommands(root)
	return root
}

// checkOutput refuses a form of output that the command does not have.
func (o *options) checkOutput(command *cobra.Command) error {
	switch {
	case o.output == "table", o.output == "json":
		return nil
	case o.output == "diff" && strings.HasPrefix(command.CommandPath(), "usher plan") && command.Name() != "list" && command.Name() != "remove",
		o.output == "diff" && command.Name() == "undo":
		return nil
	case o.output == "diff":
		return &exitError{exitUsage, fmt.Errorf("%s has no diff output; plans have it", command.CommandPath())}
	case o.output != "csv":
		return &exitError{exitUsage, fmt.Errorf("--output is table, json or csv, not %q", o.output)}
	case command.CommandPath() == "usher compare", command.CommandPath() == "usher compare show":
		return nil
	case command.Name() != "logs" && command.Name() != "audit":
		return &exitError{exitUsage, fmt.Errorf("%s has no csv output; table and json it has", command.CommandPath())}
	}
	return nil
}

// refuseUnknownCommands makes every command that only holds others say so when it
// is given something that it does not hold, where cobra would print its help and
// report success.
func refuseUnknownCommands(command *cobra.Command) {
	for _, below := range command.Commands() {
		refuseUnknownCommands(below)
	}
	if command.Runnable() || !command.HasSubCommands() {
		return
	}
	command.SuggestionsMinimumDistance = 2
	command.DisableFlagsInUseLine = true
	command.Args = func(command *cobra.Command, given []string) error {
		if len(given) == 0 {
			return nil
		}
		hint := ""
		if near := command.SuggestionsFor(given[0]); len(near) > 0 {
			hint = fmt.Sprintf("; did you mean %q?", near[0])
		}
		return &exitError{exitUsage, fmt.Errorf("%s has no command %q%s; see %s --help", command.CommandPath(), given[0], hint, command.CommandPath())}
	}
	command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
}

// version is that of the module that the program was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

func environment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// logger writes to the error output when it is asked for, else nowhere.
func (o *options) logger(errs io.Writer) *slog.Logger {
	if !o.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(errs, nil))
}

// arguments checks the number of arguments and names them when it is wrong.
func arguments(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, given []string) error {
		if len(given) == len(names) {
			return nil
		}
		return wrongArguments(command, strings.Join(names, " "), given)
	}
}

// optionalArgument checks that there is one argument at most.
func optionalArgument(name string) cobra.PositionalArgs {
	return func(command *cobra.Command, given []string) error {
		if len(given) <= 1 {
			return nil
		}
		return wrongArguments(command, "at most one "+name, given)
	}
}

func wrongArguments(command *cobra.Command, wanted string, given []string) error {
	path := command.CommandPath()
	if wanted == "" {
		wanted = "no arguments"
	}
	if len(given) == 0 {
		return &exitError{exitUsage, fmt.Errorf("%s needs %s; see %s --help", path, wanted, path)}
	}
	return &exitError{exitUsage, fmt.Errorf("%s takes %s, not %q; see %s --help", path, wanted, given, path)}
}

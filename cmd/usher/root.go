package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

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
	root := newRootCommand()
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
By hand, step by step:            docs/tutorial-salesforce.md

Exit codes: 0 done; 1 failed; 2 wrong command line; 3 done, but some people
failed or are held back ("usher logs" says who and why).`,
		Example:       "  usher demo\n  usher app add salesforce --data ./data\n  usher provision Salesforce --dry-run",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if o.output != "table" && o.output != "json" && o.output != "csv" {
				return &exitError{exitUsage, fmt.Errorf("--output is table, json or csv, not %q", o.output)}
			}
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.data, "data", environment("USHER_DATA", "./usher-data"), "folder of the embedded database (also USHER_DATA)")
	flags.StringVar(&o.database, "database", os.Getenv("USHER_DATABASE"), "postgres:// URL of a database to use instead (also USHER_DATABASE)")
	flags.StringVarP(&o.output, "output", "o", "table", "form of the output: table or json; logs also csv")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "write what happens to the error output, as structured log")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUsage, err} })
	root.AddCommand(
		newDemoCommand(o), newSimCommand(o), newDirectoryCommand(o), newAppCommand(o), newAssignCommand(o), newUnassignCommand(o),
		newProvisionCommand(o), newRemovalsCommand(o), newStatusCommand(o), newLogsCommand(o), newWhyCommand(o), newExprCommand(),
	)
	return root
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
		return &exitError{exitUsage, fmt.Errorf("%s takes %d arguments %v, not %d; see %s --help", command.CommandPath(), len(names), names, len(given), command.CommandPath())}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/journal"
)

// exportFlags say what an export of the log looks like.
type exportFlags struct {
	format, directory string
	raw               bool
}

func newLogsExportCommand(o *options) *cobra.Command {
	var filter logFilter
	var flags exportFlags
	command := &cobra.Command{
		Use:   "export [APP]",
		Short: "Write the provisioning log to files",
		Long: `Export writes the entries that the flags select, oldest first, into a folder.

As CSV it is three files, as in the download of Microsoft Entra ID:
  ProvisioningLogs.csv                     one row for each entry
  ProvisioningLogs_ProvisioningSteps.csv   one row for each step of an entry
  ProvisioningLogs_ModifiedProperties.csv  one row for each attribute, with old and new value
The column changeId joins them. As JSON it is ProvisioningLogs.json, one document a
line. Files of these names are replaced.

A CSV value that a spreadsheet would take for a formula, because it begins with =, +,
- or @, gets an apostrophe in front; --raw leaves it as it is. Values that an
expression redacts are never in a file.`,
		Example: "  usher logs export Salesforce --directory export\n  usher logs export Salesforce --since 24h --format json --directory export",
		Args:    optionalArgument("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := errors.Join(flags.check(), checkLimit(filter.limit)); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				query, err := filter.query(ctx, w, given)
				if err != nil {
					return err
				}
				query.OldestFirst = true
				return o.export(ctx, command.OutOrStdout(), w, query, flags)
			})
		},
	}
	filter.add(command, 0)
	command.Flags().StringVar(&flags.format, "format", "csv", "csv or json")
	command.Flags().StringVar(&flags.directory, "directory", ".", "folder for the files, which is made if it does not exist")
	command.Flags().BoolVar(&flags.raw, "raw", false, "leave CSV values as they are, also where a spreadsheet would take one for a formula")
	return command
}

func (f exportFlags) check() error {
	if f.format != "csv" && f.format != "json" {
		return &exitError{exitUsage, fmt.Errorf("--format is csv or json, not %q", f.format)}
	}
	return nil
}

// exportView is what an export wrote.
type exportView struct {
	Files   []string `json:"files"`
	Entries int      `json:"entries"`
}

func (o *options) export(ctx context.Context, out io.Writer, w *workspace, query journal.Query, flags exportFlags) (err error) {
	if err := os.MkdirAll(flags.directory, 0o700); err != nil {
		return fmt.Errorf("make the folder of the export: %w", err)
	}
	folder, err := os.OpenRoot(flags.directory)
	if err != nil {
		return fmt.Errorf("open the folder of the export: %w", err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	view := exportView{Files: []string{"ProvisioningLogs.json"}}
	if flags.format == "csv" {
		view.Files = []string{journal.LogsFile, journal.StepsFile, journal.PropertiesFile}
	}
	err = intoFiles(folder, view.Files, func(files []io.Writer) error {
		if flags.format == "json" {
			view.Entries, err = w.exportJSON(ctx, query, files[0])
		} else {
			view.Entries, err = w.service.ExportLog(ctx, query, flags.raw, files[0], files[1], files[2])
		}
		return err
	})
	if err != nil {
		return err
	}
	return o.show(out, view, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "wrote %s to %s\n", counted(view.Entries, "entry", "entries"), flags.directory)
		return err
	})
}

// intoFiles writes files, which only their owner may read.
func intoFiles(folder *os.Root, names []string, write func([]io.Writer) error) (err error) {
	writers := make([]io.Writer, len(names))
	for i, name := range names {
		file, fault := folder.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if fault != nil {
			return fmt.Errorf("write the export: %w", fault)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		writers[i] = file
	}
	return write(writers)
}

func (w *workspace) exportJSON(ctx context.Context, query journal.Query, file io.Writer) (int, error) {
	count := 0
	counting := func(yield func(journal.Entry, error) bool) {
		for entry, err := range w.store.Entries(ctx, query) {
			if err == nil {
				count++
			}
			if !yield(entry, err) {
				return
			}
		}
	}
	return count, journal.WriteJSON(file, counting)
}

func newLogsCodesCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "codes [CODE]",
		Short:   "Explain the reason codes of the log",
		Long:    "Codes explains every reason code that the provisioning log can have, or one of them,\nand says what to do about it.",
		Example: "  usher logs codes\n  usher logs codes SalesforceLicenseLimitExceeded",
		Args:    optionalArgument("CODE"),
		RunE: func(command *cobra.Command, given []string) error {
			explanations := catalogue().All()
			if len(given) == 1 {
				explanations = []journal.Explanation{catalogue().Explain(given[0])}
			}
			return o.show(command.OutOrStdout(), explanations, func(out io.Writer) error {
				rows := make([][]string, len(explanations))
				for i, explanation := range explanations {
					rows[i] = []string{explanation.Code, explanation.Text, explanation.Advice}
				}
				return writeTable(out, []string{"CODE", "MEANING", "WHAT TO DO"}, rows)
			})
		},
	}
}

func newLogsPruneCommand(o *options) *cobra.Command {
	var days int
	command := &cobra.Command{
		Use:   "prune",
		Short: "Remove old entries from the provisioning log",
		Long: `Prune removes entries that are older than so many days. usher serve does the same by
itself (--log-days). What a cycle wrote goes when all of it is that old, and what
still fails is kept from its first failure on. The audit log stays.`,
		Example: "  usher logs prune --days 90",
		Args:    arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			if days < 1 {
				return &exitError{exitUsage, errors.New("--days is 1 or more")}
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				const atOnce = 10_000
				removed, last := 0, atOnce
				for last == atOnce {
					var err error
					if last, err = w.store.PruneEntries(ctx, time.Now().UTC().AddDate(0, 0, -days), atOnce); err != nil {
						return err
					}
					removed += last
				}
				if err := w.audit(ctx, "Remove old entries of the provisioning log", "provisioning log", fmt.Sprintf("older than %d days: %d", days, removed)); err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]int{"removed": removed}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "removed %s older than %s\n", counted(removed, "entry", "entries"), counted(days, "day", "days"))
					return err
				})
			})
		},
	}
	command.Flags().IntVar(&days, "days", 30, "remove what is older than so many days")
	return command
}

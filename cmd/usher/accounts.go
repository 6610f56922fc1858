package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
)

func newAccountsCommand(o *options) *cobra.Command {
	var class string
	command := &cobra.Command{
		Use:   "accounts APP",
		Short: "Read all accounts of an application and say whose they are",
		Long: `Accounts reads every account of the application and classes it: assigned (of somebody
who is assigned), unassigned (of somebody of the directory who is not) or local (of
nobody in the directory). Whose an account is is known from its connection, else
from the first matching attribute. Nothing is changed, neither there nor here:
accounts that match nobody are never touched.

Rows are printed as they are read, so a large application can be looked at without
keeping it in memory.`,
		Example: "  usher app accounts Salesforce\n  usher app accounts Salesforce --class local -o json",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if class != "" && !slices.Contains(engine.AccountClasses(), engine.AccountClass(class)) {
				return &exitError{exitUsage, fmt.Errorf("--class is assigned, unassigned or local, not %q", class)}
			}
			return o.withSession(command, given[0], func(ctx context.Context, w *workspace, _ directory.Application, s engine.Session) error {
				return o.accounts(ctx, command, w, s, engine.AccountClass(class))
			})
		},
	}
	command.Flags().StringVar(&class, "class", "", "only accounts of this class: assigned, unassigned or local")
	return command
}

// accounts streams the accounts and ends with their numbers, those of all classes.
func (o *options) accounts(ctx context.Context, command *cobra.Command, w *workspace, s engine.Session, class engine.AccountClass) error {
	out := bufio.NewWriter(command.OutOrStdout())
	writer := accountWriter{out: out, json: o.output == "json"}
	bar := newProgressBar(command.ErrOrStderr(), 0)
	counts, failure := w.service.AccountsIn(ctx, s, bar.observe, func(account engine.Account) error {
		if class != "" && account.Class != class {
			return nil
		}
		return writer.write(account)
	})
	bar.finish()
	if failure != nil {
		// What was read is shown, and that it is not all.
		return errors.Join(explained(failure), out.Flush())
	}
	return errors.Join(writer.end(counts), out.Flush())
}

// accountWriter writes accounts one by one.
type accountWriter struct {
	out   io.Writer
	json  bool
	count int
}

func (w *accountWriter) write(account engine.Account) error {
	w.count++
	if !w.json {
		return w.row(account)
	}
	before := ",\n    "
	if w.count == 1 {
		before = "{\n  \"accounts\": [\n    "
	}
	text, err := json.Marshal(account)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if _, err := fmt.Fprintf(w.out, "%s%s", before, text); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	return nil
}

func (w *accountWriter) row(account engine.Account) error {
	const layout = "%-10s  %-36s  %-18s  %-8s  %s\n"
	if w.count == 1 {
		if _, err := fmt.Fprintf(w.out, layout, "CLASS", "ACCOUNT", "ID IN TARGET", "STATE", "WHOSE"); err != nil {
			return fmt.Errorf("write accounts: %w", err)
		}
	}
	state := "disabled"
	if account.Active {
		state = "active"
	}
	whose := account.User
	if account.SourceID != "" && whose == "" {
		whose = account.SourceID
	}
	if account.Reason != "" {
		whose += ": " + account.Reason
	}
	line := fmt.Sprintf(layout, account.Class, strings.Map(printable, account.Name), account.TargetID, state, strings.Map(printable, whose))
	if _, err := io.WriteString(w.out, strings.TrimRight(line, " \n")+"\n"); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	return nil
}

func (w *accountWriter) end(counts map[engine.AccountClass]int) error {
	if !w.json {
		_, err := fmt.Fprintf(w.out, "%s assigned, %d unassigned, %d local\n", counted(counts[engine.AccountAssigned], "account", "accounts"),
			counts[engine.AccountUnassigned], counts[engine.AccountLocal])
		return err
	}
	before := "\n  ]"
	if w.count == 0 {
		before = "{\n  \"accounts\": []"
	}
	_, err := fmt.Fprintf(w.out, "%s,\n  \"counts\": {\"assigned\": %d, \"unassigned\": %d, \"local\": %d}\n}\n", before,
		counts[engine.AccountAssigned], counts[engine.AccountUnassigned], counts[engine.AccountLocal])
	return err
}

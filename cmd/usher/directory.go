package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/source/csv"
)

func newDirectoryCommand(o *options) *cobra.Command {
	command := &cobra.Command{Use: "directory", Short: "Fill the directory and look at it"}
	command.AddCommand(newImportCommand(o), newUsersCommand(o), newGroupsCommand(o), newPurgeCommand(o))
	return command
}

func newImportCommand(o *options) *cobra.Command {
	var named csv.Files
	var replace bool
	command := &cobra.Command{
		Use:   "import FOLDER",
		Short: "Take users, groups, members and assignments from CSV files",
		Long: `Import reads users.csv, groups.csv, members.csv and assignments.csv below the
folder, those that are there. The columns have the names of Microsoft Graph's
properties. Everything is checked before anything is taken in: with a fault in
any file, nothing changes. The same files again change nothing.

Users and groups who exist keep what the files have no column for. An empty value
empties the property; accountEnabled must be true or false. Who is new is enabled
unless the file says otherwise. Somebody who was deleted stays deleted, unless
--replace says that the files are complete.

With --replace, users, groups and memberships that the files do not have are
removed from the directory. A user or group that was deleted and is in the files
again comes back as the one it was.`,
		Example: "  usher directory import ./export --data ./data\n  usher directory import ./export --users people.csv --replace\n" +
			"  usher directory import ./examples/contoso --assignments \"\"",
		Args: arguments("FOLDER"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withNew(command, func(ctx context.Context, w *workspace) error {
				files := filesOf(given[0], named, command.Flags().Changed)
				report, err := w.importFolder(ctx, given[0], files, replace)
				if errors.Is(err, store.ErrNotFound) && files.Assignments != "" {
					return fmt.Errorf("%w\nassignments need their application, and its roles, before them: \"usher app add\", \"usher app roles --import\"; or leave them out with --assignments \"\"", err)
				}
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), report, func(out io.Writer) error { return writeReport(out, report) })
			})
		},
	}
	standard := csv.StandardFiles()
	command.Flags().StringVar(&named.Users, "users", standard.Users, "name of the file of users; \"\" leaves it out")
	command.Flags().StringVar(&named.Groups, "groups", standard.Groups, "name of the file of groups; \"\" leaves it out")
	command.Flags().StringVar(&named.Members, "members", standard.Members, "name of the file of members; \"\" leaves it out")
	command.Flags().StringVar(&named.Assignments, "assignments", standard.Assignments, "name of the file of assignments; \"\" leaves it out")
	command.Flags().BoolVar(&replace, "replace", false, "remove who is not in the files")
	return command
}

// filesOf leaves out the files that nobody named and that the folder does not
// have. One that was named and is not there is an error of whoever reads it.
func filesOf(folder string, named csv.Files, changed func(flag string) bool) csv.Files {
	for flag, name := range map[string]*string{
		"users": &named.Users, "groups": &named.Groups, "members": &named.Members, "assignments": &named.Assignments,
	} {
		if _, err := os.Stat(filepath.Join(folder, *name)); err != nil && !changed(flag) {
			*name = ""
		}
	}
	return named
}

// importFolder takes a set of CSV files into the directory.
func (w *workspace) importFolder(ctx context.Context, folder string, files csv.Files, replace bool) (store.ImportReport, error) {
	config := csv.Config{Folder: folder, Files: files}
	if !replace {
		config.Directory = w.service.DirectoryNames() // a small file may name people who are not in it
	}
	source, err := csv.Open(config)
	if err != nil {
		return store.ImportReport{}, err
	}
	if replace && !source.Describe().Complete {
		err := fmt.Errorf("--replace needs a file of users in %s that is complete; nothing was imported", folder)
		return store.ImportReport{}, errors.Join(err, source.Close())
	}
	done, err := w.acts().ImportDirectory(ctx, administration.Importing{From: source, Replace: replace})
	return done.ImportReport, errors.Join(err, source.Close())
}

func writeReport(out io.Writer, report store.ImportReport) error {
	var rows [][]string
	for _, row := range []struct {
		name  string
		count store.ImportCount
	}{{"users", report.Users}, {"groups", report.Groups}, {"members", report.Members}, {"assignments", report.Assignments}} {
		rows = append(rows, []string{
			row.name, strconv.Itoa(row.count.Read), strconv.Itoa(row.count.Created), strconv.Itoa(row.count.Updated), strconv.Itoa(row.count.Removed),
		})
	}
	if err := writeTable(out, []string{"", "READ", "CREATED", "UPDATED", "REMOVED"}, rows); err != nil {
		return err
	}
	for _, note := range importNotes(report) {
		if _, err := fmt.Fprintln(out, "note: "+note); err != nil {
			return err
		}
	}
	return nil
}

// importNotes are what somebody should know of an import beside its counts.
func importNotes(report store.ImportReport) []string {
	var notes []string
	if report.Restored > 0 {
		notes = append(notes, fmt.Sprintf("users who were deleted and are back: %d", report.Restored))
	}
	if report.StayDeleted > 0 {
		notes = append(notes, fmt.Sprintf("users of the files who were deleted, and stay so: %d. Complete files, imported with --replace, bring them back", report.StayDeleted))
	}
	if report.Shrinkage.Suspicious() {
		notes = append(notes, fmt.Sprintf("%s; accounts are disabled by the next cycle unless the removal guard holds that. "+
			"The complete files, imported again with --replace, bring them back", report.Shrinkage))
	}
	return notes
}

func newUsersCommand(o *options) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use: "users", Short: "List users", Example: "  usher directory users --limit 20", Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				users, err := firstUsers(ctx, w, limit)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), users, func(out io.Writer) error { return writeUsers(out, users) })
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 50, "show at most so many; 0 for all")
	return command
}

// userView is a user as the command line shows it.
type userView struct {
	ID                string `json:"id"`
	UserPrincipalName string `json:"userPrincipalName"`
	DisplayName       string `json:"displayName"`
	Department        string `json:"department,omitzero"`
	State             string `json:"state"` // enabled, disabled or deleted
}

func firstUsers(ctx context.Context, w *workspace, limit int) ([]userView, error) {
	views := []userView{}
	for user, err := range w.store.Users(ctx, "") {
		if err != nil {
			return nil, err
		}
		views = append(views, userView{user.ID, user.UserPrincipalName, user.DisplayName, user.Get("department").String(), userState(user)})
		if len(views) == limit {
			break
		}
	}
	return views, nil
}

func userState(user directory.User) string {
	switch {
	case user.Deleted():
		return "deleted"
	case user.AccountEnabled:
		return "enabled"
	}
	return "disabled"
}

func writeUsers(out io.Writer, users []userView) error {
	rows := make([][]string, len(users))
	for i, user := range users {
		rows[i] = []string{user.UserPrincipalName, user.DisplayName, user.Department, user.State, user.ID}
	}
	return writeTable(out, []string{"USER", "NAME", "DEPARTMENT", "STATE", "ID"}, rows)
}

func newGroupsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "groups", Short: "List groups with the number of their direct members", Example: "  usher directory groups", Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				groups, err := groupViews(ctx, w)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), groups, func(out io.Writer) error {
					rows := make([][]string, len(groups))
					for i, group := range groups {
						rows[i] = []string{group.DisplayName, strconv.Itoa(group.Members), group.ID}
					}
					return writeTable(out, []string{"GROUP", "MEMBERS", "ID"}, rows)
				})
			})
		},
	}
}

// groupView is a group as the command line shows it.
type groupView struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Members     int    `json:"members"`
}

func groupViews(ctx context.Context, w *workspace) ([]groupView, error) {
	views := []groupView{}
	for group, err := range w.store.Groups(ctx) {
		if err != nil {
			return nil, err
		}
		view := groupView{ID: group.ID, DisplayName: group.DisplayName}
		for _, err := range w.store.Members(ctx, group.ID) {
			if err != nil {
				return nil, fmt.Errorf("count the members of %s: %w", group.DisplayName, err)
			}
			view.Members++
		}
		views = append(views, view)
	}
	return views, nil
}

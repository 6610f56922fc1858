package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
)

// principal are the flags that name who is assigned.
type principal struct{ user, group string }

func (p *principal) flags(command *cobra.Command) {
	command.Flags().StringVar(&p.user, "user", "", "user principal name or id of a user")
	command.Flags().StringVar(&p.group, "group", "", "display name or id of a group; its direct members are meant")
}

func (p *principal) request(role string) (administration.NewAssignment, error) {
	request := administration.NewAssignment{Role: role, PrincipalType: "User", Principal: p.user, DefaultAccess: true}
	switch {
	case (p.user == "") == (p.group == ""):
		return request, &exitError{exitUsage, errors.New("give either --user or --group")}
	case p.group != "":
		request.PrincipalType, request.Principal = "Group", p.group
	}
	return request, nil
}

func newAssignCommand(o *options) *cobra.Command {
	var who principal
	var role string
	command := &cobra.Command{
		Use:   "assign APP",
		Short: "Assign a user or a group to an application in a role",
		Long: `Assign gives a user, or all direct members of a group, an application in a role.
Nothing happens in the application until the next cycle.`,
		Example: "  usher assign Salesforce --group Sales --role \"Standard User\"\n  usher assign Salesforce --user ana@contoso.com --role \"System Administrator\"",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withAssignment(command, who, given[0], role, func(ctx context.Context, w *workspace, app administration.Application, request administration.NewAssignment) error {
				assignment, _, err := w.acts().Assign(ctx, app, request)
				if refusal := refused(err, administration.UnknownRole); refusal != nil {
					return fmt.Errorf("%s; \"usher app roles %s --import\" shows what there is", refusal.Message, quoted(app.DisplayName))
				}
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), assignment, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "assigned %s to %s%s\n", request.Principal, app.DisplayName, asRole(role))
					return err
				})
			})
		},
	}
	who.flags(command)
	command.Flags().StringVar(&role, "role", "", "display name or id of the role; without it, default access")
	return command
}

func newUnassignCommand(o *options) *cobra.Command {
	var who principal
	var role string
	command := &cobra.Command{
		Use: "unassign APP", Short: "End assignments to an application",
		Long: `Unassign ends the assignments of a user or a group to an application. Whoever has
no other one is disabled there with the next cycle.`,
		Example: "  usher unassign Salesforce --group Contractors\n  usher unassign Salesforce --user ana@contoso.com",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withAssignment(command, who, given[0], role, func(ctx context.Context, w *workspace, app administration.Application, request administration.NewAssignment) error {
				count, err := w.acts().Unassign(ctx, app, request)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]int{"removed": count}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "ended %s of %s to %s\n", counted(count, "assignment", "assignments"), request.Principal, app.DisplayName)
					return err
				})
			})
		},
	}
	who.flags(command)
	command.Flags().StringVar(&role, "role", "", "only the assignments in this role")
	return command
}

// withAssignment opens the workspace and looks up the application and whom the
// flags name, for a command that makes or ends assignments.
func (o *options) withAssignment(
	command *cobra.Command, who principal, application, role string,
	run func(context.Context, *workspace, administration.Application, administration.NewAssignment) error,
) error {
	request, err := who.request(role)
	if err != nil {
		return err
	}
	return o.with(command, func(ctx context.Context, w *workspace) error {
		app, err := w.provisioned(ctx, application)
		if err != nil {
			return err
		}
		if err := w.knows(ctx, request); err != nil {
			return err
		}
		return run(ctx, w, app, request)
	})
}

// knows refuses a user or group that is not in the directory.
func (w *workspace) knows(ctx context.Context, request administration.NewAssignment) error {
	if request.PrincipalType == "Group" {
		_, err := w.group(ctx, request.Principal)
		return err
	}
	_, err := w.user(ctx, request.Principal)
	return err
}

func asRole(role string) string {
	if role == "" {
		return ", with default access"
	}
	return fmt.Sprintf(" as %q", role)
}

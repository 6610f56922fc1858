package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
)

func newAdministratorCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use: "administrator", Short: "Say who may sign in to the portal",
		Long: `An administrator is a person who signs in to the portal of usher serve, with a
password or with OpenID Connect, and has a role:

  reader         looks at everything but secrets
  operator       a reader who may run, pause and retry
  administrator  may do everything

Whoever is added gets a link that is good once, to choose a password with. A link is
also the way back in when a password is forgotten, or when nobody can sign in. One
administrator of the role administrator who can sign in is left always.`,
	}
	command.AddCommand(newAdministratorListCommand(o), newAdministratorAddCommand(o), newAdministratorLinkCommand(o), newAdministratorRoleCommand(o),
		newAdministratorDisableCommand(o), newAdministratorEnableCommand(o), newAdministratorRemoveCommand(o))
	return command
}

// administratorView is an administrator as the command line shows it. The link is there
// right after it was made, and never again.
type administratorView struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	DisplayName string     `json:"displayName"`
	Role        store.Role `json:"role"`
	SignsIn     string     `json:"signsInWith"` // password, OpenID Connect, nothing yet
	Issuer      string     `json:"issuer,omitzero"`
	CreatedAt   time.Time  `json:"createdDateTime"`
	SignedInAt  time.Time  `json:"lastSignInDateTime,omitzero"`
	DisabledAt  time.Time  `json:"disabledDateTime,omitzero"`
	Link        string     `json:"link,omitzero"`
	LinkExpires time.Time  `json:"linkExpiresDateTime,omitzero"`
}

func administratorViewOf(a store.Administrator) administratorView {
	view := administratorView{
		ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, Role: a.Role, SignsIn: "nothing yet", Issuer: a.Issuer,
		CreatedAt: a.CreatedAt, SignedInAt: a.SignedInAt, DisabledAt: a.DisabledAt,
	}
	switch {
	case a.Subject != "":
		view.SignsIn = "OpenID Connect"
	case !a.PasswordHash.IsZero():
		view.SignsIn = "password"
	}
	return view
}

// people opens the sign-in of people, with the settings of the database.
func (w *workspace) people(ctx context.Context) (*auth.People, store.Settings, error) {
	kept, err := w.store.Settings(ctx)
	if err != nil {
		return nil, kept, err
	}
	people, err := auth.NewPeople(auth.PeopleConfig{Store: w.store, Settings: func() store.SignInSettings { return kept.SignIn }})
	return people, kept, err
}

func (w *workspace) administrator(ctx context.Context, name string) (store.Administrator, error) {
	found, err := w.store.Administrator(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return found, fmt.Errorf("there is no administrator with the id or name %q; \"usher administrator list\" shows who there is", name)
	}
	return found, err
}

func newAdministratorListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the administrators", Example: "  usher administrator list", Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				found, err := w.store.Administrators(ctx)
				if err != nil {
					return err
				}
				views := make([]administratorView, len(found))
				for i, administrator := range found {
					views[i] = administratorViewOf(administrator)
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeAdministrators(out, views) })
			})
		},
	}
}

func writeAdministrators(out io.Writer, views []administratorView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		with, last := view.SignsIn, "never"
		if !view.DisabledAt.IsZero() {
			with = "disabled " + view.DisabledAt.Format(time.DateOnly)
		}
		if !view.SignedInAt.IsZero() {
			last = view.SignedInAt.Format(time.RFC3339)
		}
		rows[i] = []string{view.Name, view.DisplayName, string(view.Role), with, last}
	}
	return writeTable(out, []string{"NAME", "DISPLAY NAME", "ROLE", "SIGNS IN WITH", "LAST SIGN-IN"}, rows)
}

// linkFlags say what links begin with.
type linkFlags struct {
	base string
}

func (f *linkFlags) register(command *cobra.Command) {
	command.Flags().StringVar(&f.base, "base-url", "", "scheme and host under which the portal is reached, for the link; by default the public URL of the settings, or http://127.0.0.1:8080")
}

// check refuses a base that no link can begin with.
func (f *linkFlags) check() error {
	if err := settings.Check(store.Settings{PublicURL: f.base}); err != nil {
		return &exitError{exitUsage, fmt.Errorf("--base-url is scheme and host, such as https://usher.contoso.com, not %q", f.base)}
	}
	return nil
}

// withLink adds a link to a view.
func (f *linkFlags) withLink(view administratorView, link auth.Link, kept store.Settings) administratorView {
	base := f.base
	if base == "" {
		base = kept.PublicURL
	}
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	view.Link, view.LinkExpires = link.URL(base), link.Expires
	return view
}

func writeLink(out io.Writer, done string, view administratorView) error {
	_, err := fmt.Fprintf(out, "%s %s (%s)\nThis link lets %s in. It is good once, until %s, and is not shown again:\n  %s\n",
		done, view.Name, view.Role, view.Name, view.LinkExpires.Format(time.RFC3339), view.Link)
	return err
}

func newAdministratorAddCommand(o *options) *cobra.Command {
	var (
		role, displayName string
		links             linkFlags
	)
	command := &cobra.Command{
		Use:   "add NAME --role ROLE",
		Short: "Add an administrator and show a link, this once",
		Long: `Add lets a person sign in to the portal, by the name given, such as an e-mail
address. The link that it shows is good for seven days and once; with it the person
chooses a password. Who signs in with OpenID Connect need not be added.`,
		Example: "  usher administrator add ann@contoso.com --role administrator --base-url https://usher.contoso.com\n" +
			"  usher administrator add bob@contoso.com --role reader --display-name 'Bob Okafor' -o json",
		Args: arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := links.check(); err != nil {
				return err
			}
			return o.withNew(command, func(ctx context.Context, w *workspace) error {
				people, kept, err := w.people(ctx)
				if err != nil {
					return err
				}
				link, err := people.Invite(ctx, auth.CommandLine(actor()), auth.Invitation{Name: given[0], DisplayName: displayName, Role: store.Role(role)})
				if input, ok := errors.AsType[*auth.InputError](err); ok && input.Field == "role" {
					return &exitError{exitUsage, fmt.Errorf("--role: %w", err)}
				}
				if err != nil {
					return err
				}
				administrator, err := w.administrator(ctx, link.Name)
				if err != nil {
					return err
				}
				view := links.withLink(administratorViewOf(administrator), link, kept)
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return writeLink(out, "added", view) })
			})
		},
	}
	command.Flags().StringVar(&role, "role", "", "reader, operator or administrator")
	command.Flags().StringVar(&displayName, "display-name", "", "name to show; by default the name that is signed in with")
	links.register(command)
	return command
}

func newAdministratorLinkCommand(o *options) *cobra.Command {
	var links linkFlags
	command := &cobra.Command{
		Use:   "link NAME",
		Short: "Show a link that lets an administrator in, this once",
		Long: `Link makes a link with which an administrator chooses a password, the first one or
another one, and is signed in: the way back in for whoever forgot it, and when nobody
can sign in. It is good once; links from before are not good any more. Using it ends
the sessions from before.`,
		Example: "  usher administrator link ann@contoso.com --base-url https://usher.contoso.com",
		Args:    arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := links.check(); err != nil {
				return err
			}
			return o.onAdministrator(command, given[0], func(ctx context.Context, people *auth.People, kept store.Settings, found store.Administrator) error {
				link, err := people.NewLink(ctx, auth.CommandLine(actor()), found.ID)
				if errors.Is(err, store.ErrConflict) {
					return fmt.Errorf("administrator %q is disabled; \"usher administrator enable %s\" lets them in again", found.Name, quoted(found.Name))
				}
				if err != nil {
					return err
				}
				view := links.withLink(administratorViewOf(found), link, kept)
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return writeLink(out, "made a link for", view) })
			})
		},
	}
	links.register(command)
	return command
}

// onAdministrator opens the workspace and an administrator.
func (o *options) onAdministrator(command *cobra.Command, name string,
	work func(ctx context.Context, people *auth.People, kept store.Settings, found store.Administrator) error,
) error {
	return o.with(command, func(ctx context.Context, w *workspace) error {
		people, kept, err := w.people(ctx)
		if err != nil {
			return err
		}
		found, err := w.administrator(ctx, name)
		if err != nil {
			return err
		}
		return work(ctx, people, kept, found)
	})
}

// changeAdministrator changes an administrator and tells about it.
func (o *options) changeAdministrator(command *cobra.Command, name, done string, change func(ctx context.Context, people *auth.People, by auth.Visitor, id string) error) error {
	return o.onAdministrator(command, name, func(ctx context.Context, people *auth.People, _ store.Settings, found store.Administrator) error {
		if err := change(ctx, people, auth.CommandLine(actor()), found.ID); err != nil {
			return err
		}
		after, err := people.Store.Administrator(ctx, found.ID)
		if errors.Is(err, store.ErrNotFound) {
			after, err = found, nil // removed
		}
		if err != nil {
			return err
		}
		view := administratorViewOf(after)
		return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "%s %s (%s)\n", done, view.Name, view.Role)
			return err
		})
	})
}

func newAdministratorRoleCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "role NAME ROLE", Short: "Give an administrator another role",
		Long: `Role gives an administrator the role reader, operator or administrator, which holds
from their next request on. The role of somebody who signs in with OpenID Connect
comes from the provider, when the settings name a claim for it.`,
		Example: "  usher administrator role bob@contoso.com operator", Args: arguments("NAME", "ROLE"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.changeAdministrator(command, given[0], "changed the role of", func(ctx context.Context, people *auth.People, by auth.Visitor, id string) error {
				return people.SetRole(ctx, by, id, store.Role(given[1]))
			})
		},
	}
}

func newAdministratorDisableCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "disable NAME", Short: "Keep an administrator out",
		Long:    "Disable keeps an administrator out, at once: their sessions end, and links are not good any more.",
		Example: "  usher administrator disable bob@contoso.com", Args: arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.changeAdministrator(command, given[0], "disabled", func(ctx context.Context, people *auth.People, by auth.Visitor, id string) error {
				return people.Disable(ctx, by, id)
			})
		},
	}
}

func newAdministratorEnableCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "enable NAME", Short: "Let an administrator in again", Example: "  usher administrator enable bob@contoso.com", Args: arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.changeAdministrator(command, given[0], "enabled", func(ctx context.Context, people *auth.People, by auth.Visitor, id string) error {
				return people.Enable(ctx, by, id)
			})
		},
	}
}

func newAdministratorRemoveCommand(o *options) *cobra.Command {
	var sure bool
	command := &cobra.Command{
		Use: "remove NAME", Short: "Remove an administrator",
		Long: `Remove removes an administrator; their sessions end at once. What they did stays in
the audit log. Whom the OpenID provider still lets in comes back with the next
sign-in: disable those, or take away their role there.`,
		Example: "  usher administrator remove bob@contoso.com --yes", Args: arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := confirm(command, sure, fmt.Sprintf("Remove the administrator %s?", given[0])); err != nil {
				return err
			}
			return o.changeAdministrator(command, given[0], "removed", func(ctx context.Context, people *auth.People, by auth.Visitor, id string) error {
				return people.Remove(ctx, by, id)
			})
		},
	}
	command.Flags().BoolVar(&sure, "yes", false, "do not ask")
	return command
}

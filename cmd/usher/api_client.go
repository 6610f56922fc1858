package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/store"
)

func newAPIClientCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use: "api-client", Short: "Let programs use the API of usher serve",
		Long: `A program signs in to the API with the id of an API client and a secret, or with
an assertion that it signs with its private key, and gets an access token for an
hour. A client has a role:

  reader         reads everything but secrets
  operator       a reader who may run, pause and retry
  administrator  may do everything

The names of Microsoft Graph's permissions stand for the role that they need:
Directory.Read.All for reader, Synchronization.ReadWrite.All for administrator.`,
	}
	command.AddCommand(newAPIClientCreateCommand(o), newAPIClientListCommand(o), newAPIClientRotateCommand(o), newAPIClientRevokeCommand(o))
	return command
}

// apiClientView is a client as the command line shows it. The secret is there right
// after it was made, and never again.
type apiClientView struct {
	Name      string       `json:"name"`
	ClientID  string       `json:"clientId"`
	TenantID  string       `json:"tenantId"`
	Role      store.Role   `json:"role"`
	Secret    string       `json:"clientSecret,omitzero"`
	Secrets   []secretView `json:"secrets,omitzero"`
	PublicKey bool         `json:"publicKey"`
	CreatedAt time.Time    `json:"createdDateTime"`
	RevokedAt time.Time    `json:"revokedDateTime,omitzero"`
}

// secretView is a secret without its text.
type secretView struct {
	Hint      string    `json:"hint"`
	CreatedAt time.Time `json:"createdDateTime"`
	ExpiresAt time.Time `json:"expiresDateTime,omitzero"`
}

func (w *workspace) apiClientView(ctx context.Context, client store.APIClient) (apiClientView, error) {
	tenant, err := w.store.Tenant(ctx)
	if err != nil {
		return apiClientView{}, err
	}
	view := apiClientView{
		Name: client.Name, ClientID: client.ID, TenantID: tenant, Role: client.Role, PublicKey: client.PublicKey != "",
		CreatedAt: client.CreatedAt, RevokedAt: client.RevokedAt,
	}
	secrets, err := w.store.APISecrets(ctx, client.ID)
	for _, secret := range secrets {
		view.Secrets = append(view.Secrets, secretView{Hint: secret.Hint + "...", CreatedAt: secret.CreatedAt, ExpiresAt: secret.ExpiresAt})
	}
	return view, err
}

func newAPIClientCreateCommand(o *options) *cobra.Command {
	var role, keyFile string
	command := &cobra.Command{
		Use:   "create NAME --role ROLE",
		Short: "Make a client and show its secret, this once",
		Long: `Create makes a client of the API. Its secret is shown now and never again; only a
hash of it is kept. With --public-key the client has no secret and signs its
assertions with the private key that belongs to the certificate or public key.`,
		Example: "  usher api-client create terraform --role administrator\n  usher api-client create dashboard --role reader -o json\n" +
			"  usher api-client create ci --role operator --public-key ci.pem",
		Args: arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			parsed, err := auth.ParseRole(role)
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("--role: %w", err)}
			}
			return o.withNew(command, func(ctx context.Context, w *workspace) error {
				view, err := w.createAPIClient(ctx, given[0], parsed, keyFile)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return writeNewSecret(out, "made", view) })
			})
		},
	}
	command.Flags().StringVar(&role, "role", "", "reader, operator or administrator, or the name of a permission of Microsoft Graph")
	command.Flags().StringVar(&keyFile, "public-key", "", "PEM file with the certificate or public key that verifies the client's assertions")
	return command
}

func (w *workspace) apiClients() auth.Clients { return auth.Clients{Store: w.store} }

func (w *workspace) createAPIClient(ctx context.Context, name string, role store.Role, keyFile string) (apiClientView, error) {
	key, err := readPublicKey(keyFile)
	if err != nil {
		return apiClientView{}, err
	}
	issued, err := w.apiClients().Create(ctx, actor(), name, role, key)
	if input, ok := errors.AsType[*auth.InputError](err); ok && input.Field == "name" {
		return apiClientView{}, fmt.Errorf("%w; \"usher api-client rotate %s\" gives it a new secret", err, quoted(name))
	}
	if err != nil {
		return apiClientView{}, err
	}
	return w.issuedView(ctx, issued)
}

// issuedView is a client with its new secret.
func (w *workspace) issuedView(ctx context.Context, issued auth.Issued) (apiClientView, error) {
	view, err := w.apiClientView(ctx, issued.Client)
	view.Secret = issued.Secret.Reveal()
	return view, err
}

// readPublicKey reads a public key; without a file there is none.
func readPublicKey(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("read the public key: %w", err)
	}
	key, err := auth.CheckPublicKey(string(text))
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// writeNewSecret shows how the client signs in.
func writeNewSecret(out io.Writer, done string, view apiClientView) error {
	text := fmt.Sprintf("%s API client %s (%s)\ntenant id:     %s\nclient id:     %s\n", done, view.Name, view.Role, view.TenantID, view.ClientID)
	if view.Secret == "" {
		text += "it signs in with assertions signed with its private key\n"
	} else {
		text += "client secret: " + view.Secret + "\nKeep the secret now: it is not shown again.\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

func newAPIClientListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the clients of the API", Example: "  usher api-client list", Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				clients, err := w.store.APIClients(ctx)
				if err != nil {
					return err
				}
				views := make([]apiClientView, 0, len(clients))
				for _, client := range clients {
					view, err := w.apiClientView(ctx, client)
					if err != nil {
						return err
					}
					views = append(views, view)
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeAPIClients(out, views) })
			})
		},
	}
}

func writeAPIClients(out io.Writer, views []apiClientView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		proof := strconv.Itoa(len(view.Secrets)) + " secrets"
		switch {
		case !view.RevokedAt.IsZero():
			proof = "revoked " + view.RevokedAt.Format(time.DateOnly)
		case view.PublicKey:
			proof = "public key"
		case len(view.Secrets) == 1:
			proof = "secret " + view.Secrets[0].Hint
		}
		rows[i] = []string{view.Name, string(view.Role), proof, view.CreatedAt.Format(time.DateOnly), view.ClientID, view.TenantID}
	}
	return writeTable(out, []string{"NAME", "ROLE", "SIGNS IN WITH", "MADE", "CLIENT ID", "TENANT ID"}, rows)
}

func newAPIClientRotateCommand(o *options) *cobra.Command {
	var grace time.Duration
	var keyFile string
	command := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Give a client a new secret",
		Long: `Rotate gives a client a new secret and shows it, this once. The one from before
works for as long as --grace says, so that the program can be changed meanwhile.
With --public-key the client signs assertions from then on, and has no secret.`,
		Example: "  usher api-client rotate terraform --grace 24h\n  usher api-client rotate ci --public-key new.pem",
		Args:    arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			if grace < 0 {
				return &exitError{exitUsage, errors.New("--grace is not negative")}
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				view, err := w.rotateAPIClient(ctx, given[0], grace, keyFile)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return writeNewSecret(out, "renewed", view) })
			})
		},
	}
	command.Flags().DurationVar(&grace, "grace", 0, "how long the secret from before still works")
	command.Flags().StringVar(&keyFile, "public-key", "", "PEM file with the certificate or public key that verifies the client's assertions")
	return command
}

func (w *workspace) apiClient(ctx context.Context, name string) (store.APIClient, error) {
	client, err := w.store.APIClient(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return client, fmt.Errorf("there is no API client with the id or name %q; \"usher api-client list\" shows what there is", name)
	}
	return client, err
}

func (w *workspace) rotateAPIClient(ctx context.Context, name string, grace time.Duration, keyFile string) (apiClientView, error) {
	client, err := w.apiClient(ctx, name)
	if err != nil {
		return apiClientView{}, err
	}
	key, err := readPublicKey(keyFile)
	if err != nil {
		return apiClientView{}, err
	}
	issued, err := w.apiClients().Rotate(ctx, actor(), client.ID, grace, key)
	if errors.Is(err, auth.ErrRevoked) {
		return apiClientView{}, fmt.Errorf("API client %q was revoked; \"usher api-client create\" makes another one", client.Name)
	}
	if err != nil {
		return apiClientView{}, err
	}
	return w.issuedView(ctx, issued)
}

func newAPIClientRevokeCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "revoke NAME", Short: "End what a client may",
		Long:    "Revoke ends what a client may, at once: its access tokens stop working as well. It cannot be undone.",
		Example: "  usher api-client revoke terraform",
		Args:    arguments("NAME"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				client, err := w.apiClient(ctx, given[0])
				if err != nil {
					return err
				}
				if client, err = w.apiClients().Revoke(ctx, actor(), client.ID); err != nil {
					return err
				}
				view, err := w.apiClientView(ctx, client)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "revoked API client %s (%s)\n", client.Name, client.ID)
					return err
				})
			})
		},
	}
}

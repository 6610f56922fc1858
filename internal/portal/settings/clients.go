package settings

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// clientsData is the list of programs that may use the API, and of those that might.
type clientsData struct {
	Rows   []clientRow
	Tenant string
}

// clientRow is a client of the API.
type clientRow struct {
	Name    string
	Path    string
	ID      string
	Role    store.Role
	State   page.State
	SignsIn string
	Created time.Time
	Revoked time.Time
}

func clientsHead() page.Head {
	h := head("API clients")
	h.Lead = "Programs that use the API, such as Terraform or a script."
	return h
}

func clientPath(id string) string { return clientsPath + "/" + url.PathEscape(id) }

func (a *Area) clientActs() auth.Clients { return auth.Clients{Store: a.Store} }

func (a *Area) showClients(ctx context.Context, _ *page.Request) (page.Answer, error) {
	all, err := a.Store.APIClients(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	secrets := map[string][]store.APISecret{}
	for _, client := range all {
		if secrets[client.ID], err = a.Store.APISecrets(ctx, client.ID); err != nil {
			return page.Answer{}, err
		}
	}
	tenant, err := a.Store.Tenant(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	return a.clients.Show(clientsHead(), newClientsData(all, secrets, tenant, time.Now())), nil
}

// newClientsData lists those first that may sign in.
func newClientsData(all []store.APIClient, secrets map[string][]store.APISecret, tenant string, now time.Time) clientsData {
	data := clientsData{Tenant: tenant}
	var revoked []clientRow
	for _, client := range all {
		row := newClientRow(client, secrets[client.ID], now)
		if client.Revoked() {
			revoked = append(revoked, row)
			continue
		}
		data.Rows = append(data.Rows, row)
	}
	data.Rows = append(data.Rows, revoked...)
	return data
}

// nothing is what a client signs in with that has nothing.
const nothing = "Nothing"

func newClientRow(client store.APIClient, secrets []store.APISecret, now time.Time) clientRow {
	row := clientRow{
		Name: client.Name, Path: clientPath(client.ID), ID: client.ID, Role: client.Role, Created: client.CreatedAt, Revoked: client.RevokedAt,
		State: page.State{Text: "May sign in", Colour: "success"}, SignsIn: nothing,
	}
	good := 0
	for _, secret := range secrets {
		if !expired(secret, now) {
			good++
		}
	}
	switch {
	case client.Revoked():
		row.State = page.State{Text: "Revoked", Colour: "secondary"}
	case client.PublicKey != "" && good > 0:
		row.SignsIn = "Public key, and " + page.Plural(good, "secret", "secrets")
	case client.PublicKey != "":
		row.SignsIn = "Public key"
	case good > 0:
		row.SignsIn = page.Plural(good, "secret", "secrets")
	}
	return row
}

func expired(secret store.APISecret, now time.Time) bool {
	return !secret.ExpiresAt.IsZero() && secret.ExpiresAt.Before(now)
}

// newClientData is the form that makes a client.
type newClientData struct {
	Fields []page.Field
	Key    page.Field
	Faults page.Faults // of the form as a whole
}

func newClientHead() page.Head {
	h := head("New API client", page.Link{Text: "API clients", Path: clientsPath})
	h.Lead = "It signs in with its client id and a secret, which is shown once, or with assertions that it signs with its private key."
	return h
}

// keyField is the field of a certificate or public key.
func keyField(value string) page.Field {
	return page.Field{
		Name: "publicKey", Label: "Certificate or public key (PEM)", Type: "textarea", Rows: 5, Value: value, Placeholder: "-----BEGIN CERTIFICATE-----",
		Help: "For a client that signs assertions. Never the private key: it is not to leave its owner.",
	}
}

func newNewClientData(name string, role store.Role, key string, faults page.Faults) newClientData {
	return newClientData{
		Faults: whole(faults), Key: faults.Of(keyField(key)),
		Fields: faulty(faults,
			page.Field{Name: "name", Label: "Name", Value: name, Required: true, Placeholder: "terraform", Help: "As the audit log has it."},
			page.Field{Name: "role", Label: "Role", Type: "select", Options: roleOptions(role)},
		),
	}
}

func (a *Area) askClient(context.Context, *page.Request) (page.Answer, error) {
	return a.newClient.Show(newClientHead(), newNewClientData("", store.RoleReader, "", nil)), nil
}

// keyAgain is the key that a form shows again. Whoever sent a private key shall not get
// it back as a page.
func keyAgain(faults page.Faults, key string) string {
	if faults["publicKey"] != "" {
		return ""
	}
	return key
}

func (a *Area) createClient(ctx context.Context, r *page.Request) (page.Answer, error) {
	name, role, key := r.Value("name"), store.Role(r.Value("role")), r.Value("publicKey")
	issued, err := a.clientActs().Create(ctx, by(r).Actor(), name, role, key)
	err = refused(err)
	if faults, ok := page.FaultsOf(err); ok {
		return a.newClient.Show(newClientHead(), newNewClientData(name, role, keyAgain(faults, key), faults)).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.showSecret(ctx, r, issued, false)
}

// secretData is what a client signs in with, right after it was made: in the answer to
// the form, and nowhere again.
type secretData struct {
	Name     string
	Path     string
	Role     store.Role
	ClientID string
	Tenant   string
	Token    string // address of the token endpoint
	Secret   string // empty for a client with a public key
	Renewed  bool
}

func secretHead(data secretData) page.Head {
	title := "API client " + data.Name + " was made"
	if data.Renewed {
		title = "API client " + data.Name + " was renewed"
	}
	return head(title, page.Link{Text: "API clients", Path: clientsPath})
}

func (a *Area) showSecret(ctx context.Context, r *page.Request, issued auth.Issued, renewed bool) (page.Answer, error) {
	tenant, err := a.Store.Tenant(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data := newSecretData(issued, tenant, r.Address())
	data.Renewed = renewed
	return a.secret.Show(secretHead(data), data), nil
}

func newSecretData(issued auth.Issued, tenant, address string) secretData {
	client := issued.Client
	return secretData{
		Name: client.Name, Path: clientPath(client.ID), Role: client.Role, ClientID: client.ID, Tenant: tenant, Token: address + "/" + tenant + "/oauth2/v2.0/token",
		Secret: issued.Secret.Reveal(),
	}
}

// clientData is one client.
type clientData struct {
	clientRow

	Tenant  string
	Key     bool // it has a public key
	Secrets []secretRow
	Grace   page.Field
	NewKey  page.Field
	Faults  page.Faults // of the form as a whole
}

// secretRow is a secret of a client without its text.
type secretRow struct {
	Hint    string
	Created time.Time
	Expires time.Time
	Expired bool
}

func clientHead(name string) page.Head {
	return head(name, page.Link{Text: "API clients", Path: clientsPath})
}

// graces are how long what a client had before may go on working.
func graces() [][2]string {
	return [][2]string{{"0s", "Nothing: it stops working at once"}, {"1h", "One hour"}, {"24h", "One day"}, {"168h", "Seven days"}, {"720h", "30 days"}}
}

func (a *Area) clientOf(ctx context.Context, r *page.Request) (store.APIClient, error) {
	found, err := a.Store.APIClient(ctx, r.Path("client"))
	if errors.Is(err, store.ErrNotFound) {
		return found, page.NotFound("There is no such API client.")
	}
	return found, err
}

func (a *Area) showClient(ctx context.Context, r *page.Request) (page.Answer, error) {
	client, err := a.clientOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.clientPage(ctx, client, "24h", "", nil)
}

func (a *Area) clientPage(ctx context.Context, client store.APIClient, grace, key string, faults page.Faults) (page.Answer, error) {
	secrets, err := a.Store.APISecrets(ctx, client.ID)
	if err != nil {
		return page.Answer{}, err
	}
	tenant, err := a.Store.Tenant(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	answer := a.client.Show(clientHead(client.Name), newClientDataOf(client, secrets, tenant, grace, key, faults, time.Now()))
	if len(faults) > 0 {
		answer = answer.With(http.StatusUnprocessableEntity)
	}
	return answer, nil
}

func newClientDataOf(client store.APIClient, secrets []store.APISecret, tenant, grace, key string, faults page.Faults, now time.Time) clientData {
	data := clientData{
		clientRow: newClientRow(client, secrets, now), Tenant: tenant, Key: client.PublicKey != "", Faults: whole(faults), NewKey: faults.Of(keyField(key)),
		Grace: faults.Of(page.Field{
			Name: "grace", Label: "What it has now works on for", Type: "select", Options: page.Options(grace, graces()...),
			Help: "Time to change the program.",
		}),
	}
	if data.Key {
		data.Grace.Help = "Of secrets; a public key is replaced at once."
	}
	for _, secret := range secrets {
		data.Secrets = append(data.Secrets, secretRow{secret.Hint + "…", secret.CreatedAt, secret.ExpiresAt, expired(secret, now)})
	}
	return data
}

func (a *Area) rotateClient(ctx context.Context, r *page.Request) (page.Answer, error) {
	client, err := a.clientOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	grace, err := time.ParseDuration(r.Value("grace"))
	if err != nil {
		err = page.Invalid("grace", "Choose how long what it has now works on.")
	}
	var issued auth.Issued
	if err == nil {
		if answer, confirmed, err := a.askCutOff(ctx, r, client, grace); !confirmed {
			return answer, err
		}
		issued, err = a.clientActs().Rotate(ctx, by(r).Actor(), client.ID, grace, r.Value("publicKey"))
		err = refused(err)
	}
	if faults, ok := page.FaultsOf(err); ok {
		return a.clientPage(ctx, client, r.Value("grace"), keyAgain(faults, r.Value("publicKey")), faults)
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.showSecret(ctx, r, issued, true)
}

// askCutOff asks before what a client has stops working at once, unless there is nothing
// to ask. A public key that is not one is refused later.
func (a *Area) askCutOff(ctx context.Context, r *page.Request, client store.APIClient, grace time.Duration) (answer page.Answer, confirmed bool, err error) {
	key := r.Value("publicKey")
	if client.Revoked() || grace < 0 {
		return answer, true, nil // refused later
	}
	if key != "" {
		if _, err := auth.CheckPublicKey(key); err != nil {
			return answer, true, nil //nolint:nilerr // told by whoever uses the key
		}
	}
	secrets, err := a.Store.APISecrets(ctx, client.ID)
	if err != nil {
		return answer, false, err
	}
	row := newClientRow(client, secrets, time.Now())
	var ends string
	switch {
	case grace == 0 && row.SignsIn != nothing:
		ends = row.SignsIn
	case client.PublicKey != "":
		ends = "Public key"
	default:
		return answer, true, nil
	}
	answer, confirmed = a.ask(r, clientHead("Rotate "+client.Name), newCutOff(row, ends, grace.String(), key))
	return answer, confirmed, nil
}

// revocationData is what ends when a client is revoked.
type revocationData struct {
	clientRow

	Confirmation page.Confirmation
}

func newRevocationData(client store.APIClient, secrets []store.APISecret, now time.Time) revocationData {
	row := newClientRow(client, secrets, now)
	return revocationData{row, page.Confirm("revoke", row.ID, row.Name, row.Role, row.SignsIn)}
}

func revocationHead(of clientRow) page.Head {
	return head("Revoke "+of.Name, page.Link{Text: "API clients", Path: clientsPath}, page.Link{Text: of.Name, Path: of.Path})
}

func (a *Area) askRevocation(ctx context.Context, r *page.Request) (page.Answer, error) {
	client, err := a.clientOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	secrets, err := a.Store.APISecrets(ctx, client.ID)
	if err != nil {
		return page.Answer{}, err
	}
	data := newRevocationData(client, secrets, time.Now())
	return a.revocation.Show(revocationHead(data.clientRow), data), nil
}

func (a *Area) revokeClient(ctx context.Context, r *page.Request) (page.Answer, error) {
	client, err := a.clientOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if client.Revoked() {
		return page.Redirect(clientsPath, page.Caution("%s was revoked already.", client.Name)), nil
	}
	secrets, err := a.Store.APISecrets(ctx, client.ID)
	if err != nil {
		return page.Answer{}, err
	}
	data := newRevocationData(client, secrets, time.Now())
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.revocation.Show(revocationHead(data.clientRow), data).With(http.StatusConflict), nil
	}
	if _, err := a.clientActs().Revoke(ctx, by(r).Actor(), client.ID); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(clientsPath, page.Success("%s was revoked: it and its access tokens are refused from now on.", client.Name)), nil
}

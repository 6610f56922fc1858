package graphapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

// A client of the API is an object of the directory as far as it can own others: the
// Terraform provider azuread makes the caller the owner of what it creates, by the
// claim oid of its access token. It is sent as a service principal without roles, and
// it is none that can be listed, changed or assigned to.

// clientLister is what the API needs to know of its clients.
type clientLister interface {
	// APIClients returns all clients, revoked ones too.
	APIClients(ctx context.Context) ([]store.APIClient, error)
}

// clientEntity makes an API client what is sent.
func (a *api) clientEntity(client store.APIClient) entity {
	return entity{
		"@odata.type": "#microsoft.graph.servicePrincipal", "id": client.ObjectID, "appId": client.ID, "displayName": client.Name,
		"appDisplayName": client.Name, "appOwnerOrganizationId": a.TenantID, "servicePrincipalType": "Application",
		"accountEnabled": !client.Revoked(), "appRoles": []any{}, "servicePrincipalNames": []string{client.ID}, "tags": []any{},
		"createdDateTime": moment(client.CreatedAt), "deletedDateTime": nil,
	}
}

// findClient returns the API client whose tokens have this object id.
func (a *api) findClient(ctx context.Context, id string) (store.APIClient, error) {
	clients, err := a.Store.APIClients(ctx)
	if err != nil {
		return store.APIClient{}, err
	}
	at := slices.IndexFunc(clients, func(c store.APIClient) bool { return c.ObjectID != "" && strings.EqualFold(c.ObjectID, id) })
	if at < 0 {
		return store.APIClient{}, notFound(id)
	}
	return clients[at], nil
}

// isAbsent reports whether an error says that an object is not there.
func isAbsent(err error) bool {
	told, ok := errors.AsType[*Error](err)
	return ok && told.Status == http.StatusNotFound
}

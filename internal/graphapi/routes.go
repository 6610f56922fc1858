package graphapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/usher-id/usher/internal/store"
)

// graphRoutes is what is served below /v1.0 and /beta, one function for each family.
func (a *api) graphRoutes() []route {
	return slices.Concat(a.serviceRoutes(), a.domainRoutes(), a.userRoutes(), a.groupRoutes(), a.ownerRoutes(), a.objectRoutes(), a.applicationRoutes(),
		a.principalRoutes(), a.assignmentRoutes(), a.galleryRoutes(), a.deltaRoutes(), a.synchronizationRoutes(), a.logRoutes())
}

// ownRoutes is what is served below /usher/v1.
func (a *api) ownRoutes() []route { return a.usherRoutes() }

// serviceRoutes are those that belong to no family.
func (a *api) serviceRoutes() []route {
	return []route{
		// Whether a part of the batch is allowed is decided part by part.
		post("$batch", store.RoleReader, a.batch),
		get("organization", a.listOrganizations),
		get("organization/{organization}", a.getOrganization),
		get("me", nobody),
		get("me/{relation}", nobody),
		get("me/{relation}/{object}", nobody),
	}
}

// nobody answers whoever asks for themselves: a client of the API is a program.
func nobody(context.Context, *request) (response, error) {
	return response{}, &Error{
		Status: http.StatusBadRequest, Code: codeBadSegment, Message: "/me request is only valid with delegated authentication flow.",
	}
}

func (a *api) organizations() resource {
	return resource{set: "organization", kind: newKind("organization", "displayName", "verifiedDomains", "tenantType", "createdDateTime")}
}

func (a *api) organization() entity {
	return entity{"id": a.TenantID, "displayName": "Usher", "verifiedDomains": []any{}, "tenantType": "AAD", "createdDateTime": nil}
}

func (a *api) listOrganizations(ctx context.Context, r *request) (response, error) {
	return r.answerPage(ctx, collection{resource: a.organizations(), after: listed(a.organization())})
}

func (a *api) getOrganization(ctx context.Context, r *request) (response, error) {
	id, err := r.text("organization")
	if err != nil {
		return response{}, err
	}
	if id != a.TenantID {
		return response{}, notFound(id)
	}
	return r.answerEntity(ctx, a.organizations(), a.organization())
}

package graphapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"sync"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

func (a *api) principalRoutes() []route {
	return []route{
		get("servicePrincipals", a.listPrincipals),
		get("servicePrincipals/$count", a.countPrincipals),
		post("servicePrincipals", store.RoleAdministrator, a.createPrincipal),
		get("servicePrincipals/{principal}", a.getPrincipal),
		patch("servicePrincipals/{principal}", a.updatePrincipal),
		remove("servicePrincipals/{principal}", a.deletePrincipal),
		get("servicePrincipals/{principal}/memberOf", a.listGroupsOfPrincipal),
		get("servicePrincipals/{principal}/transitiveMemberOf", a.listGroupsOfPrincipal),
	}
}

// principalDetails are the properties of service principals that are kept as they
// came: Usher does nothing with them.
func principalDetails() []string {
	return []string{
		"accountEnabled", "alternativeNames", "appRoleAssignmentRequired", "customSecurityAttributes", "description", "homepage", "info", "loginUrl",
		"logoutUrl", "notes", "notificationEmailAddresses", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint", "replyUrls",
		"samlMetadataUrl", "samlSingleSignOnSettings", "tags", "tokenEncryptionKeyId",
	}
}

var principalKind = sync.OnceValue(func() kind { //nolint:gochecknoglobals // a table
	names := []string{
		"appId", "appDisplayName", "displayName", "appOwnerOrganizationId", "applicationTemplateId", "appRoles/", "servicePrincipalNames",
		"servicePrincipalType", "signInAudience", "createdDateTime", "deletedDateTime", "oauth2PermissionScopes", "keyCredentials",
		"passwordCredentials", "verifiedPublisher/",
	}
	for _, name := range principalDetails() {
		names = append(names, name+"/")
	}
	k := newKind("servicePrincipal", names...)
	k.advanced = true
	return k
})

func (a *api) principals() resource {
	return resource{set: "servicePrincipals", kind: principalKind(), expand: map[string]expander{
		"owners": a.expandOwners, "approleassignedto": a.expandAssignedTo,
	}}
}

// principalEntity makes a service principal what is sent.
func (a *api) principalEntity(ctx context.Context, r directory.Registration) (entity, error) {
	roles, err := a.Store.Roles(ctx, r.ID)
	e := entity{
		"@odata.type": "#microsoft.graph.servicePrincipal", "id": r.ID, "appId": r.AppID, "appDisplayName": r.DisplayName,
		"displayName": r.DisplayName, "appOwnerOrganizationId": a.TenantID, "applicationTemplateId": a.galleryID(r),
		"appRoles": roleEntities(roles), "servicePrincipalNames": []string{r.AppID}, "servicePrincipalType": "Application",
		"signInAudience": "AzureADMyOrg", "createdDateTime": moment(r.CreatedAt), "deletedDateTime": nil, "oauth2PermissionScopes": []any{},
		"keyCredentials": []any{}, "passwordCredentials": []any{}, "verifiedPublisher": nil,
	}
	parseDetails(r.PrincipalDetails).into(e, principalDetails())
	for name, standard := range map[string]any{
		"accountEnabled": true, "appRoleAssignmentRequired": r.TemplateID != "", "alternativeNames": []any{}, "replyUrls": []any{},
		"notificationEmailAddresses": []any{}, "tags": []any{},
	} {
		if e[name] == nil {
			e[name] = standard
		}
	}
	return e, err
}

func (a *api) principalCollection(r *request) collection {
	c := collection{resource: a.principals()}
	c.after = func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			all, err := a.principalCandidates(ctx, r)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, one := range all {
				if !one.Principal || one.ID <= position {
					continue
				}
				if e, err := a.principalEntity(ctx, one); !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
	return c
}

// principalCandidates returns the applications that a filter may match: one alone
// where the filter demands its id.
func (a *api) principalCandidates(ctx context.Context, r *request) ([]directory.Registration, error) {
	if r.query.filter != nil {
		for _, name := range []string{"appId", "id"} {
			if wanted, demanded := r.query.filter.equality(name); demanded {
				found, err := either(wanted, func(id string) (directory.Registration, error) { return a.Store.Registration(ctx, id) })
				if _, absent := errors.AsType[*Error](err); absent {
					return nil, nil
				}
				return []directory.Registration{found}, err
			}
		}
	}
	return a.Store.Registrations(ctx)
}

func (a *api) listPrincipals(ctx context.Context, r *request) (response, error) {
	return r.answerPage(ctx, a.principalCollection(r))
}

func (a *api) countPrincipals(ctx context.Context, r *request) (response, error) {
	return r.answerCount(ctx, a.principalCollection(r))
}

func (a *api) getPrincipal(ctx context.Context, r *request) (response, error) {
	found, err := findPrincipal(ctx, a.Store, r.key("principal"))
	if err != nil {
		return response{}, err
	}
	e, err := a.principalEntity(ctx, found)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.principals(), e)
}

// createPrincipal makes the service principal of an application that has none.
func (a *api) createPrincipal(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	appID, _, err := member[string](f, "appId")
	if err != nil || appID == "" {
		return response{}, badRequest("A value is required for property 'appId' of resource 'ServicePrincipal'.")
	}
	owners, err := bound(f, "owners")
	if err != nil {
		return response{}, err
	}
	var made directory.Registration
	err = r.edit(ctx, "Add service principal", func(e store.Editor) (string, string, error) {
		found, err := findApplication(ctx, e, segment{text: appID, alternate: "appid"})
		if _, absent := errors.AsType[*Error](err); absent {
			return "", "", badRequest("The appId '%s' of the service principal does not reference a valid application object.", appID)
		}
		if err != nil {
			return "", "", err
		}
		if found.Principal {
			return "", "", &Error{
				Status: http.StatusConflict, Code: codeConflict,
				Message: "The service principal cannot be created, updated, or restored because the service principal name " + found.AppID + " is already in use.",
			}
		}
		found.Principal = true
		if made, err = applyPrincipal(found, f); err != nil {
			return "", "", err
		}
		if err := e.UpdateRegistration(ctx, made); err != nil {
			return "", "", nameTaken(err)
		}
		return found.DisplayName, "", a.addOwners(ctx, e, found.ID, owners)
	})
	if err != nil {
		return response{}, err
	}
	e, err := a.principalEntity(ctx, made)
	if err != nil {
		return response{}, err
	}
	answer, err := r.answerEntity(ctx, a.principals(), e)
	answer.status = http.StatusCreated
	answer.header = http.Header{"Location": {r.link("/servicePrincipals/" + made.ID)}}
	return answer, err
}

// applyPrincipal returns the registration with what a body says about the service
// principal. The name is that of the application.
func applyPrincipal(r directory.Registration, f fields) (directory.Registration, error) {
	d := parseDetails(r.PrincipalDetails)
	if err := d.take(f, principalDetails(), "ServicePrincipal"); err != nil {
		return r, err
	}
	for _, name := range []string{"accountEnabled", "appRoleAssignmentRequired"} {
		if _, there, err := member[*bool](f, name); there && err != nil {
			return r, badValue(name, "ServicePrincipal", "")
		}
	}
	var err error
	r.PrincipalDetails, err = d.text()
	return r, err
}

func (a *api) updatePrincipal(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Update service principal", func(e store.Editor) (string, string, error) {
		found, err := findPrincipal(ctx, e, r.key("principal"))
		if err != nil {
			return "", "", err
		}
		changed, err := applyPrincipal(found, f)
		if err != nil {
			return "", "", err
		}
		if name, there, err := member[string](f, "displayName"); err != nil || there && (name == "" || !storable(name)) {
			return "", "", badValue("displayName", "ServicePrincipal", "")
		} else if there {
			changed.DisplayName = name
		}
		return found.DisplayName, "properties " + strings.Join(sortedNames(f), ", "), nameTaken(e.UpdateRegistration(ctx, changed))
	})
	return noContent(), err
}

// deletePrincipal removes a service principal with its assignments, job and
// connections; the application object stays, and may get another one.
func (a *api) deletePrincipal(ctx context.Context, r *request) (response, error) {
	err := r.edit(ctx, "Remove service principal", func(e store.Editor) (string, string, error) {
		found, err := findPrincipal(ctx, e, r.key("principal"))
		if err != nil {
			return "", "", err
		}
		roles, err := e.Roles(ctx, found.ID)
		if err != nil {
			return "", "", err
		}
		if err := e.RemoveApplication(ctx, found.ID); err != nil {
			return "", "", err
		}
		bare := found
		bare.ID, bare.Principal, bare.PrincipalDetails, bare.TemplateID = newID(), false, "", ""
		if err := e.AddRegistration(ctx, bare, inert(bare.ID), mapping.Schema{}); err != nil {
			return "", "", err
		}
		for _, role := range roles {
			role.ApplicationID, role.TargetID, role.License = bare.ID, "", ""
			if err := e.PutRole(ctx, role); err != nil {
				return "", "", err
			}
		}
		return found.DisplayName, found.ID, nil
	})
	return noContent(), err
}

// listGroupsOfPrincipal answers with none: service principals are no members here.
func (a *api) listGroupsOfPrincipal(ctx context.Context, r *request) (response, error) {
	if _, err := findPrincipal(ctx, a.Store, r.key("principal")); err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, collection{resource: a.objects(), after: listed()})
}

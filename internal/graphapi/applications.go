package graphapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

func (a *api) applicationRoutes() []route {
	return a.byUniqueName([]route{
		get("applications", a.listRegistrations),
		get("applications/$count", a.countApplications),
		post("applications", store.RoleAdministrator, a.createApplication),
		get("applications/{application}", a.getRegistration),
		patch("applications/{application}", a.updateApplication),
		remove("applications/{application}", a.deleteApplication),
		get("applications/{application}/extensionProperties", a.listExtensions),
		post("applications/{application}/extensionProperties", store.RoleAdministrator, a.createExtension),
		get("applications/{application}/extensionProperties/{extension}", a.getExtension),
		remove("applications/{application}/extensionProperties/{extension}", a.deleteExtension),
	})
}

// applicationDetails are the properties of application objects that are kept as they
// came: Usher does nothing with them.
func applicationDetails() []string {
	return []string{
		"api", "certification", "defaultRedirectUri", "description", "groupMembershipClaims", "identifierUris", "info", "isDeviceOnlyAuthSupported",
		"isFallbackPublicClient", "notes", "oauth2RequirePostResponse", "optionalClaims", "parentalControlSettings", "publicClient",
		"requestSignatureVerification", "requiredResourceAccess", "samlMetadataUrl", "serviceManagementReference", "signInAudience", "spa", "tags",
		"tokenEncryptionKeyId", "uniqueName", "verifiedPublisher", "web",
	}
}

var applicationKind = sync.OnceValue(func() kind { //nolint:gochecknoglobals // a table
	names := []string{
		"appId", "applicationTemplateId", "displayName", "createdDateTime", "deletedDateTime", "appRoles/", "publisherDomain", "addIns", "keyCredentials",
		"passwordCredentials",
	}
	for _, name := range applicationDetails() {
		names = append(names, name+"/")
	}
	k := newKind("application", names...)
	k.advanced = true
	return k
})

func (a *api) applications() resource {
	return resource{set: "applications", kind: applicationKind(), expand: map[string]expander{"owners": a.expandOwners}}
}

// registrationEntity makes an application object what is sent.
func (a *api) registrationEntity(ctx context.Context, r directory.Registration) (entity, error) {
	roles, err := a.Store.Roles(ctx, r.ID)
	return a.applicationObject(r, roles), err
}

// applicationObject is registrationEntity with the roles given.
func (a *api) applicationObject(r directory.Registration, roles []directory.AppRole) entity {
	e := entity{
		"@odata.type": "#microsoft.graph.application", "id": r.ObjectID, "appId": r.AppID, "displayName": r.DisplayName,
		"applicationTemplateId": a.galleryID(r), "createdDateTime": moment(r.CreatedAt), "deletedDateTime": nil, "publisherDomain": nil,
		"appRoles": roleEntities(roles), "addIns": []any{}, "keyCredentials": []any{}, "passwordCredentials": []any{},
	}
	parseDetails(r.Details).into(e, applicationDetails())
	for _, name := range []string{"identifierUris", "tags", "requiredResourceAccess"} {
		if e[name] == nil {
			e[name] = []any{}
		}
	}
	if e["signInAudience"] == nil {
		e["signInAudience"] = "AzureADMyOrg"
	}
	return e
}

// galleryID returns the id of the template of the gallery that an application was
// made from, null for none.
func (a *api) galleryID(r directory.Registration) any {
	if a.Runner == nil || r.TemplateID == "" {
		return nil
	}
	template, err := a.Runner.Gallery.Find(r.TemplateID)
	if err != nil {
		return nil
	}
	return template.Descriptor.GalleryID
}

func (a *api) applicationCollection(ctx context.Context) (collection, error) {
	all, err := a.Store.Registrations(ctx)
	if err != nil {
		return collection{}, err
	}
	items := make([]entity, 0, len(all))
	for _, one := range all {
		e, err := a.registrationEntity(ctx, one)
		if err != nil {
			return collection{}, err
		}
		items = append(items, e)
	}
	return collection{resource: a.applications(), after: listed(items...)}, nil
}

func (a *api) listRegistrations(ctx context.Context, r *request) (response, error) {
	c, err := a.applicationCollection(ctx)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, c)
}

func (a *api) countApplications(ctx context.Context, r *request) (response, error) {
	c, err := a.applicationCollection(ctx)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, c)
}

func (a *api) getRegistration(ctx context.Context, r *request) (response, error) {
	found, err := findApplication(ctx, a.Store, r.key("application"))
	if err != nil {
		return response{}, err
	}
	e, err := a.registrationEntity(ctx, found)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.applications(), e)
}

// inert is the job of an application that was not made from a template: it is never
// run, and nobody sees it.
func inert(applicationID string) provisioning.Job {
	return provisioning.Job{
		ID: "none." + strings.ReplaceAll(applicationID, "-", "") + "." + newID(), ApplicationID: applicationID, Draft: true,
		Schedule: provisioning.Schedule{Interval: 40 * time.Minute, State: provisioning.ScheduleDisabled},
		Status:   provisioning.Status{Code: provisioning.NotConfigured},
	}
}

func (a *api) createApplication(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	registration := directory.Registration{Application: directory.Application{
		ID: newID(), ObjectID: newID(), AppID: newID(), CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}}
	registration, err = applyApplication(registration, f)
	if err != nil {
		return response{}, err
	}
	roles, given, err := rolesOf(f, registration.ID)
	if err != nil {
		return response{}, err
	}
	owners, err := bound(f, "owners")
	if err != nil {
		return response{}, err
	}
	if err := a.checkApplicationName(ctx, registration); err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Add application", func(e store.Editor) (string, string, error) {
		if err := e.AddRegistration(ctx, registration, inert(registration.ID), mapping.Schema{}); err != nil {
			return "", "", nameTaken(err)
		}
		if given {
			if err := replaceRoles(ctx, e, registration.ID, roles); err != nil {
				return "", "", err
			}
		}
		return registration.DisplayName, "", a.addOwners(ctx, e, registration.ObjectID, owners)
	})
	if err != nil {
		return response{}, err
	}
	e, err := a.registrationEntity(ctx, registration)
	if err != nil {
		return response{}, err
	}
	answer, err := r.answerEntity(ctx, a.applications(), e)
	answer.status = http.StatusCreated
	answer.header = http.Header{"Location": {r.link("/applications/" + registration.ObjectID)}}
	return answer, err
}

// checkApplicationName checks that no other application has the unique name. Two that
// take it at the same time both get it, and then are found by their ids alone.
func (a *api) checkApplicationName(ctx context.Context, r directory.Registration) error {
	named, err := a.uniquelyNamed(ctx, uniqueNameOf(r))
	if err == nil && slices.ContainsFunc(named, func(other directory.Registration) bool { return other.ID != r.ID }) {
		err = taken("uniqueName")
	}
	return err
}

// nameTaken tells a conflict of the store as Microsoft Graph tells it.
func nameTaken(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return taken("displayName")
	}
	return err
}

// applyApplication returns the registration with what a body says about the
// application object.
func applyApplication(r directory.Registration, f fields) (directory.Registration, error) {
	name, there, err := member[string](f, "displayName")
	if err != nil {
		return r, badValue("displayName", "Application", "")
	}
	if there {
		r.DisplayName = name
	}
	if r.DisplayName == "" || len(r.DisplayName) > 256 || !printableText(r.DisplayName) {
		return r, badValue("displayName", "Application", "It must have from 1 to 256 characters.")
	}
	d := parseDetails(r.Details)
	if err := d.take(f, applicationDetails(), "Application"); err != nil {
		return r, err
	}
	r.Details, err = d.text()
	return r, err
}

func (a *api) updateApplication(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	if err := a.checkRenamedApplication(ctx, r, f); err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Update application", func(e store.Editor) (string, string, error) {
		found, err := findApplication(ctx, e, r.key("application"))
		if err != nil {
			return "", "", err
		}
		roles, given, err := rolesOf(f, found.ID)
		if err != nil {
			return "", "", err
		}
		changed, err := applyApplication(found, f)
		if err != nil {
			return "", "", err
		}
		if err := e.UpdateRegistration(ctx, changed); err != nil {
			return "", "", nameTaken(err)
		}
		if given {
			err = replaceRoles(ctx, e, found.ID, roles)
		}
		return found.DisplayName, "properties " + strings.Join(sortedNames(f), ", "), err
	})
	return noContent(), err
}

func (a *api) checkRenamedApplication(ctx context.Context, r *request, f fields) error {
	if _, named := f["uniquename"]; !named {
		return nil
	}
	found, err := findApplication(ctx, a.Store, r.key("application"))
	if err != nil {
		return err
	}
	if found, err = applyApplication(found, f); err != nil {
		return err
	}
	return a.checkApplicationName(ctx, found)
}

func (a *api) deleteApplication(ctx context.Context, r *request) (response, error) {
	err := r.edit(ctx, "Delete application", func(e store.Editor) (string, string, error) {
		found, err := findApplication(ctx, e, r.key("application"))
		if err != nil {
			return "", "", err
		}
		return found.DisplayName, "", e.DeleteApplication(ctx, found.ID)
	})
	return noContent(), err
}

// extensions is how directory extensions are sent.
func (a *api) extensions() resource {
	return resource{set: "applications/extensionProperties", kind: newKind("extensionProperty",
		"name", "dataType", "targetObjects", "isMultiValued", "appDisplayName", "isSyncedFromOnPremises", "deletedDateTime")}
}

func extensionEntity(x directory.ExtensionProperty, application string) entity {
	return entity{
		"id": x.ID, "name": x.Name, "dataType": x.DataType, "targetObjects": x.TargetObjects, "isMultiValued": x.Multivalued,
		"appDisplayName": application, "isSyncedFromOnPremises": false, "deletedDateTime": nil,
	}
}

func (a *api) extensionEntities(ctx context.Context, r *request) ([]entity, error) {
	found, err := findApplication(ctx, a.Store, r.key("application"))
	if err != nil {
		return nil, err
	}
	declared, err := a.Store.Extensions(ctx, found.ID)
	items := make([]entity, 0, len(declared))
	for _, x := range declared {
		items = append(items, extensionEntity(x, found.DisplayName))
	}
	return items, err
}

func (a *api) listExtensions(ctx context.Context, r *request) (response, error) {
	items, err := a.extensionEntities(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, collection{resource: a.extensions(), after: listed(items...)})
}

func (a *api) getExtension(ctx context.Context, r *request) (response, error) {
	id, err := r.text("extension")
	if err != nil {
		return response{}, err
	}
	items, err := a.extensionEntities(ctx, r)
	if err != nil {
		return response{}, err
	}
	for _, item := range items {
		if item.id() == strings.ToLower(id) {
			return r.answerEntity(ctx, a.extensions(), item)
		}
	}
	return response{}, notFound(id)
}

func (a *api) createExtension(ctx context.Context, r *request) (response, error) {
	var body struct {
		Name          string   `json:"name"`
		DataType      string   `json:"dataType"`
		TargetObjects []string `json:"targetObjects"`
		Multivalued   bool     `json:"isMultiValued"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	if !slices.Contains([]string{"Binary", "Boolean", "DateTime", "Integer", "LargeInteger", "String"}, body.DataType) {
		return response{}, badValue("dataType", "ExtensionProperty", "It is one of Binary, Boolean, DateTime, Integer, LargeInteger and String.")
	}
	for _, target := range body.TargetObjects {
		if target != "User" {
			return response{}, badValue("targetObjects", "ExtensionProperty", "Extensions of User are kept here.")
		}
	}
	if len(body.TargetObjects) == 0 {
		return response{}, badRequest("A value is required for property 'targetObjects' of resource 'ExtensionProperty'.")
	}
	x := directory.ExtensionProperty{
		ID: newID(), DataType: body.DataType, TargetObjects: []string{"User"}, Multivalued: body.Multivalued,
	}
	var application string
	err := r.edit(ctx, "Add extension property", func(e store.Editor) (string, string, error) {
		found, err := findApplication(ctx, e, r.key("application"))
		if err != nil {
			return "", "", err
		}
		application, x.ApplicationID = found.DisplayName, found.ID
		x.Name = "extension_" + strings.ReplaceAll(found.AppID, "-", "") + "_" + body.Name
		if !directory.IsExtensionName(x.Name) {
			return "", "", badValue("name", "ExtensionProperty", "It has letters, digits and underscores.")
		}
		err = e.AddExtension(ctx, x)
		if errors.Is(err, store.ErrConflict) {
			err = taken("name")
		}
		return found.DisplayName, x.Name, err
	})
	if err != nil {
		return response{}, err
	}
	answer := extensionEntity(x, application)
	answer["@odata.context"] = r.context("applications/extensionProperties/$entity")
	return created(answer, r.base+r.path+"/"+x.ID), nil
}

func (a *api) deleteExtension(ctx context.Context, r *request) (response, error) {
	id, err := r.text("extension")
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Delete extension property", func(e store.Editor) (string, string, error) {
		found, err := findApplication(ctx, e, r.key("application"))
		if err != nil {
			return "", "", err
		}
		return found.DisplayName, id, e.RemoveExtension(ctx, found.ID, strings.ToLower(id))
	})
	return noContent(), err
}

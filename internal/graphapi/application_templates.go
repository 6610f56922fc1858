package graphapi

import (
	"context"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) galleryRoutes() []route {
	return []route{
		get("applicationTemplates", a.listGallery),
		get("applicationTemplates/$count", a.countGallery),
		get("applicationTemplates/{template}", a.getGalleryTemplate),
		post("applicationTemplates/{template}/instantiate", store.RoleAdministrator, a.instantiate),
	}
}

func (a *api) gallery() resource {
	return resource{set: "applicationTemplates", kind: newKind("applicationTemplate",
		"displayName", "description", "publisher", "homePageUrl", "logoUrl", "categories", "supportedProvisioningTypes", "supportedSingleSignOnModes")}
}

func galleryEntity(d connector.Descriptor) entity {
	return entity{
		"id": d.GalleryID, "displayName": d.Name, "description": text(d.Description), "publisher": text(d.Name), "homePageUrl": nil, "logoUrl": nil,
		"categories": []string{}, "supportedProvisioningTypes": []string{"sync"}, "supportedSingleSignOnModes": []string{},
	}
}

func (a *api) galleryCollection() collection {
	items := []entity{}
	if a.Runner != nil {
		for _, template := range a.Runner.Gallery {
			items = append(items, galleryEntity(template.Descriptor))
		}
	}
	return collection{resource: a.gallery(), after: listed(items...)}
}

func (a *api) listGallery(ctx context.Context, r *request) (response, error) {
	return r.answerPage(ctx, a.galleryCollection())
}

func (a *api) countGallery(ctx context.Context, r *request) (response, error) {
	return r.answerCount(ctx, a.galleryCollection())
}

// galleryTemplate returns the template of the path, by its id in the gallery.
func (a *api) galleryTemplate(r *request) (connector.Template, error) {
	id, err := r.text("template")
	if err != nil {
		return connector.Template{}, err
	}
	if a.Runner != nil {
		for _, template := range a.Runner.Gallery {
			if strings.EqualFold(template.Descriptor.GalleryID, id) || strings.EqualFold(template.Descriptor.TemplateID, id) {
				return template, nil
			}
		}
	}
	return connector.Template{}, notFound(id)
}

func (a *api) getGalleryTemplate(ctx context.Context, r *request) (response, error) {
	template, err := a.galleryTemplate(r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.gallery(), galleryEntity(template.Descriptor))
}

// instantiate makes an application with its service principal and the draft of its
// job from a template.
func (a *api) instantiate(ctx context.Context, r *request) (response, error) {
	var body struct {
		DisplayName string `json:"displayName"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	template, err := a.galleryTemplate(r)
	if err != nil {
		return response{}, err
	}
	if body.DisplayName == "" {
		body.DisplayName = template.Descriptor.Name
	}
	if len(body.DisplayName) > 256 || !printableText(body.DisplayName) {
		return response{}, badValue("displayName", "Application", "It must have from 1 to 256 characters.")
	}
	instance := template.Instantiate(body.DisplayName, time.Now().UTC().Truncate(time.Microsecond))
	instance.Job.Draft = true
	registration := directory.Registration{
		Application: instance.Application, Principal: true, PrincipalDetails: `{"tags":["WindowsAzureActiveDirectoryIntegratedApp"]}`,
	}
	err = r.edit(ctx, "Add application", func(e store.Editor) (string, string, error) {
		return body.DisplayName, "template " + template.Descriptor.TemplateID, nameTaken(e.AddRegistration(ctx, registration, instance.Job, instance.Schema))
	})
	if err != nil {
		return response{}, err
	}
	application, err := a.registrationEntity(ctx, registration)
	if err != nil {
		return response{}, err
	}
	principal, err := a.principalEntity(ctx, registration)
	if err != nil {
		return response{}, err
	}
	answer := entity{
		"@odata.context": r.context("microsoft.graph.applicationServicePrincipal"), "application": application, "servicePrincipal": principal,
	}
	return created(answer, r.link("/servicePrincipals/"+registration.ID)), nil
}

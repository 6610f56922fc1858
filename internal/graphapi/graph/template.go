package graph

import (
	"slices"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/mapping"
)

// Template is Graph's synchronizationTemplate: what a job can be made from.
type Template struct {
	ID            string             `json:"id"`
	ApplicationID string             `json:"applicationId"` // id of the application template in the gallery
	Default       bool               `json:"default"`
	Description   string             `json:"description"`
	Discoverable  bool               `json:"discoverable"`
	FactoryTag    string             `json:"factoryTag"`
	Metadata      []mapping.Metadata `json:"metadata"`
	Schema        *mapping.Schema    `json:"schema,omitempty"` // only when it was asked for by $expand
}

// NewTemplate makes the resource of a template of the gallery.
func NewTemplate(template connector.Template) Template {
	descriptor := template.Descriptor
	return Template{
		ID: descriptor.TemplateID, ApplicationID: descriptor.GalleryID, Default: true, Description: descriptor.Description,
		Discoverable: true, FactoryTag: descriptor.TemplateID,
		Metadata: []mapping.Metadata{
			{Key: "GalleryApplicationIdentifier", Value: descriptor.GalleryID},
			{Key: "GalleryApplicationKey", Value: descriptor.TemplateID},
			{Key: "IsOAuthEnabled", Value: "False"},
			{Key: "IsSynchronizationAgentAssignmentRequired", Value: "False"},
			{Key: "IsSynchronizationAgentRequired", Value: "False"},
			{Key: "IsSynchronizationInPreview", Value: "False"},
			{Key: "ConfigurationFields", Value: keysOf(descriptor.Settings)},
		},
	}
}

// FilterOperator is Graph's filterOperatorSchema. The typed clients know the id
// alone, others the name, so both are there.
type FilterOperator struct {
	ID                        string                  `json:"id"`
	Name                      string                  `json:"name"`
	Arity                     string                  `json:"arity"`                     // Binary or Unary
	MultivaluedComparisonType string                  `json:"multivaluedComparisonType"` // All or Any
	SupportedAttributeTypes   []mapping.AttributeType `json:"supportedAttributeTypes"`
}

// Directory returns a directory of a schema by its id or name.
func Directory(schema mapping.Schema, id string) (mapping.Directory, bool) {
	index := slices.IndexFunc(schema.Directories, func(d mapping.Directory) bool { return d.ID == id || d.Name == id })
	if index < 0 {
		return mapping.Directory{}, false
	}
	return schema.Directories[index], true
}

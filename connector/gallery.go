package connector

import (
	"fmt"
	"slices"
	"strings"
)

// Gallery is the list of applications that can be added.
type Gallery []Template

// Find returns the template with this id, gallery id, alias or name, whatever the
// letter case. The error lists what there is.
func (g Gallery) Find(name string) (Template, error) {
	ids := make([]string, len(g))
	for i, template := range g {
		descriptor := template.Descriptor
		names := append([]string{descriptor.TemplateID, descriptor.GalleryID, descriptor.Name}, descriptor.Aliases...)
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return template, nil
		}
		ids[i] = descriptor.TemplateID
	}
	return Template{}, fmt.Errorf("the gallery has no application %q; it has %s", name, strings.Join(ids, ", "))
}

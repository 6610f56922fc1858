package salesforce

import (
	_ "embed"

	"github.com/usher-id/usher/mapping"
)

// schemaDocument is the default synchronization schema: the one that Microsoft
// Entra ID gives its Salesforce application.
//
//go:embed schema_salesforce.json
var schemaDocument []byte

// DefaultSchema returns the default synchronization schema, a fresh copy. Its
// mappings are exactly those of the document; the list of attributes that a user
// can have in Salesforce is longer by [ExtendedAttributes], none of which is
// mapped to begin with.
func DefaultSchema() mapping.Schema {
	schema, err := mapping.Parse(schemaDocument)
	if err != nil {
		panic("the schema that is built in cannot be read: " + err.Error()) // a test reads it
	}
	for d := range schema.Directories {
		for o := range schema.Directories[d].Objects {
			object := &schema.Directories[d].Objects[o]
			if schema.Directories[d].Name == targetDirectory && object.Name == objectUser {
				object.Attributes = append(object.Attributes, ExtendedAttributes()...)
			}
		}
	}
	return schema
}

// targetDirectory is the name of the target in the document.
const targetDirectory = "salesforce.com"

// ExtendedAttributes returns the attributes of a user that this connector
// provisions beyond those of the document: other fields of User, entitlements and
// the freezing of the sign-in.
func ExtendedAttributes() []mapping.AttributeDefinition {
	texts := []struct {
		name   string
		length int
	}{
		{attributeUserRoleName, 80},
		{"MiddleName", 40},
		{"Suffix", 40},
		{"Fax", 40},
		{"Extension", 40},
		{"AboutMe", 1000},
		{"SenderEmail", 80},
		{"SenderName", 80},
		{"Signature", 1333},
		{"DigestFrequency", 40},
		{"DefaultGroupNotificationFrequency", 40},
		{"CallCenterId", 18},
	}
	var definitions []mapping.AttributeDefinition
	for _, text := range texts {
		definitions = append(definitions, extended(text.name, mapping.StringType, "", text.length))
	}
	for _, name := range featureLicenses() {
		definitions = append(definitions, extended(name, mapping.BooleanType, "", 0))
	}
	definitions = append(definitions,
		extended(attributeIsFrozen, mapping.BooleanType, "", 0), extended("ReceivesAdminInfoEmails", mapping.BooleanType, "", 0),
		extended("ReceivesInfoEmails", mapping.BooleanType, "", 0), extended("ForecastEnabled", mapping.BooleanType, "", 0),
		extended("DelegatedApproverId", mapping.ReferenceType, objectUser, 0))
	for _, kind := range entitlements() {
		// The document has PermissionSets itself.
		if kind.attribute != attributePermissionSets {
			definitions = append(definitions, extended(kind.attribute, mapping.ReferenceType, kind.reference, 0))
		}
	}
	return definitions
}

func extended(name string, kind mapping.AttributeType, references string, length int) mapping.AttributeDefinition {
	_, many := findEntitlement(name)
	definition := mapping.AttributeDefinition{
		Name: name, Type: kind, Multivalued: many, Mutability: mapping.ReadWrite, MaxLength: length,
		ReferencedObjects: []mapping.ReferencedObject{}, Metadata: []mapping.Metadata{},
	}
	if references != "" {
		definition.ReferencedObjects = append(definition.ReferencedObjects, mapping.ReferencedObject{ReferencedObjectName: references})
	}
	return definition
}

// featureLicenses lists the flags of User that take a feature licence and are not
// in the document.
func featureLicenses() []string {
	var names []string
	for _, feature := range []string{
		"SFContent", "Knowledge", "Interaction", "Support", "Mobile", "ChatterAnswers", "JigsawProspecting", "LiveAgent",
		"SiteforceContributor", "SiteforcePublisher", "Avantgo", "Wireless",
	} {
		names = append(names, "UserPermissions"+feature+"User")
	}
	return append(names, "UserPermissionsWorkDotComUserFeature")
}

// userMapping returns the mapping of users, which the schema has by test.
func userMapping(schema mapping.Schema) *mapping.ObjectMapping {
	return &schema.SynchronizationRules[0].ObjectMappings[0]
}

// defaultAttributes returns the target attributes that the default mapping
// writes, those to read when nobody says otherwise.
func defaultAttributes() []string {
	var names []string
	for _, row := range userMapping(DefaultSchema()).AttributeMappings {
		names = append(names, row.TargetAttributeName)
	}
	return names
}

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

// DefaultSchema returns the default synchronization schema, a fresh copy.
func DefaultSchema() mapping.Schema {
	schema, err := mapping.Parse(schemaDocument)
	if err != nil {
		panic("the schema that is built in cannot be read: " + err.Error()) // a test reads it
	}
	return schema
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

package salesforce

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/expr"
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

// SandboxSchema returns the default schema for a sandbox: as [DefaultSchema], and
// with a suffix every Username ends with a dot and the suffix, as Salesforce
// itself renames the users when it copies an org. The name of the sandbox is the
// usual suffix. An empty suffix leaves usernames as they are.
func SandboxSchema(suffix string) mapping.Schema {
	schema := DefaultSchema()
	suffix = strings.TrimPrefix(strings.TrimSpace(suffix), ".")
	if suffix == "" {
		return schema
	}
	rows := userMapping(schema).AttributeMappings
	i := slices.IndexFunc(rows, func(row mapping.AttributeMapping) bool { return row.TargetAttributeName == attributeUsername })
	rows[i].Source = appended(rows[i].Source, "."+suffix)
	return schema
}

// appended returns Append(source, "suffix").
func appended(source *expr.Source, suffix string) *expr.Source {
	quoted := strconv.Quote(suffix)
	return &expr.Source{
		Expression: "Append(" + source.Expression + ", " + quoted + ")", Name: "Append", Type: "Function",
		Parameters: []expr.Parameter{
			{Key: "source", Value: source},
			{Key: "suffix", Value: &expr.Source{Expression: quoted, Name: suffix, Parameters: []expr.Parameter{}, Type: "Constant"}},
		},
	}
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

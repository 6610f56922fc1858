package scim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// BulkRequestSchema is the schema that a bulk request names (RFC 7644, section 3.7).
const BulkRequestSchema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

// BulkRequest is several operations in one request.
type BulkRequest struct {
	Schemas      []string        `json:"schemas"`
	FailOnErrors int             `json:"failOnErrors,omitzero"` // how many failures end the request; 0: none does
	Operations   []BulkOperation `json:"Operations"`
}

// BulkOperation is one of them. Data is the resource, as it came.
type BulkOperation struct {
	Method string          `json:"method"`
	BulkID string          `json:"bulkId,omitzero"`
	Path   string          `json:"path"`
	Data   json.RawMessage `json:"data,omitzero"`
}

// Check returns what is wrong with the form of a request that creates resources at a
// path, such as "/Users", and nothing else; nil when nothing is. The data is not looked
// at, beyond whether there is some.
func (b BulkRequest) Check(path string, limit int) error {
	if !named(b.Schemas, BulkRequestSchema) {
		return fmt.Errorf("schemas must name %s", BulkRequestSchema)
	}
	if len(b.Operations) == 0 || len(b.Operations) > limit {
		return fmt.Errorf("operations must be from 1 to %d, not %d", limit, len(b.Operations))
	}
	seen := map[string]bool{}
	for i, operation := range b.Operations {
		at := fmt.Sprintf("operation %d", i+1)
		switch {
		case !strings.EqualFold(operation.Method, "POST"):
			return fmt.Errorf("%s: the method must be POST, not %.20q", at, operation.Method)
		case !strings.EqualFold(strings.TrimRight(operation.Path, "/"), path):
			return fmt.Errorf("%s: the path must be %s, not %.60q", at, path, operation.Path)
		case operation.BulkID == "" || len(operation.BulkID) > 256:
			return fmt.Errorf("%s: it needs a bulkId of at most 256 characters", at)
		case seen[operation.BulkID]:
			return fmt.Errorf("%s: the bulkId %q is that of another operation", at, operation.BulkID)
		case len(operation.Data) == 0 || string(operation.Data) == "null":
			return fmt.Errorf("%s: it has no data", at)
		}
		seen[operation.BulkID] = true
	}
	return nil
}

// named reports whether a schema is in a list. Names of schemas are compared whatever
// their letter case (RFC 7643, section 2.1).
func named(schemas []string, schema string) bool {
	for _, name := range schemas {
		if strings.EqualFold(name, schema) {
			return true
		}
	}
	return false
}

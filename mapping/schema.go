package mapping

import (
	"strconv"
	"strings"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/scope"
)

// Schema is Graph's synchronizationSchema: which objects and attributes both
// directories have, and how the one becomes the other. Members that this package
// does not know are kept in Unknown, here and in the parts, and written again.
//
// What Usher has beyond Graph stands in members whose name starts with "@usher.":
// annotations of OData, which clients of Graph that do not know them leave alone.
type Schema struct {
	ID                   string      `json:"id"`
	Version              string      `json:"version"`
	Directories          []Directory `json:"directories"`
	SynchronizationRules []Rule      `json:"synchronizationRules"`
	Unknown              Unknown     `json:"-"`
}

// Directory is Graph's directoryDefinition.
type Directory struct {
	ID      string             `json:"id"`
	Name    string             `json:"name"`
	Objects []ObjectDefinition `json:"objects"`
	Unknown Unknown            `json:"-"`
}

// ObjectDefinition is Graph's objectDefinition: one type of object.
type ObjectDefinition struct {
	Name       string                `json:"name"`
	Attributes []AttributeDefinition `json:"attributes"`
	Metadata   []Metadata            `json:"metadata"`
	Unknown    Unknown               `json:"-"`
}

// Metadata is a key with a value, as Graph attaches them to definitions.
type Metadata struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// AttributeDefinition is Graph's attributeDefinition.
type AttributeDefinition struct {
	Name              string             `json:"name"`
	Type              AttributeType      `json:"type"`
	Anchor            bool               `json:"anchor"`
	CaseExact         bool               `json:"caseExact"`
	DefaultValue      *string            `json:"defaultValue"`
	Multivalued       bool               `json:"multivalued"`
	Mutability        Mutability         `json:"mutability"`
	Required          bool               `json:"required"`
	ReferencedObjects []ReferencedObject `json:"referencedObjects"`
	Metadata          []Metadata         `json:"metadata"`
	Unfilterable      bool               `json:"@usher.unfilterable,omitzero"` // the target does not look accounts up by it
	Unknown           Unknown            `json:"-"`
}

// maximumLength is the key of the metadata that holds how many characters an
// attribute holds (Microsoft Graph, attributeDefinition).
const maximumLength = "MaximumLength"

// MaximumLength returns the metadata of an attribute that holds so many characters.
func MaximumLength(length int) Metadata { return Metadata{maximumLength, strconv.Itoa(length)} }

// MaximumLength returns how many characters the attribute holds, 0 when that is not
// known.
func (a AttributeDefinition) MaximumLength() int {
	for _, metadata := range a.Metadata {
		if metadata.Key == maximumLength {
			length, err := strconv.Atoi(strings.Trim(metadata.Value, `" `))
			if err == nil && length > 0 {
				return length
			}
		}
	}
	return 0
}

// Mutability says what can be done with an attribute, by Graph's names.
type Mutability string

// The mutabilities.
const (
	ReadWrite Mutability = "ReadWrite"
	ReadOnly  Mutability = "ReadOnly"
	Immutable Mutability = "Immutable" // set when the account is created, never changed
	WriteOnly Mutability = "WriteOnly" // cannot be read, so a change of it alone is not noticed
)

// AttributeType is Graph's attributeType.
type AttributeType string

// The attribute types.
const (
	StringType    AttributeType = "String"
	IntegerType   AttributeType = "Integer"
	ReferenceType AttributeType = "Reference"
	BinaryType    AttributeType = "Binary"
	BooleanType   AttributeType = "Boolean"
	DateTimeType  AttributeType = "DateTime"
)

// ReferencedObject names a type that a reference can point to.
type ReferencedObject struct {
	ReferencedObjectName string  `json:"referencedObjectName"`
	ReferencedProperty   *string `json:"referencedProperty"`
}

// Rule is Graph's synchronizationRule.
type Rule struct {
	ID                  string          `json:"id"`
	Name                string          `json:"name"`
	Priority            int             `json:"priority"`
	Editable            bool            `json:"editable"`
	SourceDirectoryName string          `json:"sourceDirectoryName"`
	TargetDirectoryName string          `json:"targetDirectoryName"`
	ObjectMappings      []ObjectMapping `json:"objectMappings"`
	Metadata            []Metadata      `json:"metadata"`
	Unknown             Unknown         `json:"-"`
}

// ObjectMapping is Graph's objectMapping: one type of source object to one type
// of target object.
type ObjectMapping struct {
	Name              *string            `json:"name"`
	Enabled           bool               `json:"enabled"`
	FlowTypes         FlowTypes          `json:"flowTypes"`
	SourceObjectName  string             `json:"sourceObjectName"`
	TargetObjectName  string             `json:"targetObjectName"`
	Scope             *scope.Filter      `json:"scope"`
	AttributeMappings []AttributeMapping `json:"attributeMappings"`
	Metadata          []Metadata         `json:"metadata"`
	RoleRanking       []string           `json:"@usher.roleRanking,omitempty"` // display names of app roles, the one that counts most first
	Tests             []Test             `json:"@usher.tests,omitempty"`
	Unknown           Unknown            `json:"-"`
}

// AttributeMapping is Graph's attributeMapping: where one target attribute comes
// from. Without a Source only DefaultValue counts.
type AttributeMapping struct {
	TargetAttributeName string       `json:"targetAttributeName"`
	Source              *expr.Source `json:"source"`
	DefaultValue        *string      `json:"defaultValue"`
	MatchingPriority    int          `json:"matchingPriority"` // 0: not used for matching; the lowest is tried first
	FlowType            FlowType     `json:"flowType"`
	FlowBehavior        FlowBehavior `json:"flowBehavior"`
	// ExportMissingReferences empties a reference while the object that it is to
	// point to has no account; without it what the target holds stays meanwhile.
	ExportMissingReferences bool    `json:"exportMissingReferences"`
	ClearWhenNull           bool    `json:"@usher.clearWhenNull,omitzero"` // a source without a value gives the default or, without one, empties the attribute
	Unknown                 Unknown `json:"-"`
}

// FlowType says when an attribute flows.
type FlowType string

// The flow types.
const (
	FlowAlwaysType    FlowType = "Always"
	ObjectAddOnly     FlowType = "ObjectAddOnly"     // only when the account is created
	MultiValueAddOnly FlowType = "MultiValueAddOnly" // values are added, none is taken away; with a single value as AttributeAddOnly
	ValueAddOnly      FlowType = "ValueAddOnly"      // as MultiValueAddOnly
	AttributeAddOnly  FlowType = "AttributeAddOnly"  // only while the target has no value
)

// FlowBehavior says whether a value is written although it did not change. Usher
// compares with what the target holds, so a value that differs is always written;
// with FlowAlways an equal one is written too whenever the account is written for
// another reason.
type FlowBehavior string

// The flow behaviours.
const (
	FlowWhenChanged FlowBehavior = "FlowWhenChanged"
	FlowAlways      FlowBehavior = "FlowAlways"
)

package graph

import (
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// FilterOperators returns the operators of scoping filters as Graph lists them. A
// negative operator has to hold for all values of an attribute that has several,
// the others for any of them.
func FilterOperators() []FilterOperator {
	operators := scope.Operators()
	result := make([]FilterOperator, len(operators))
	for i, operator := range operators {
		schema := FilterOperator{ID: operator.Name, Name: operator.Name, Arity: "Binary", MultivaluedComparisonType: "Any"}
		if operator.Unary {
			schema.Arity = "Unary"
		}
		if negative(operator.Name) {
			schema.MultivaluedComparisonType = "All"
		}
		for _, kind := range operator.Kinds {
			schema.SupportedAttributeTypes = append(schema.SupportedAttributeTypes, attributeType(kind))
		}
		if slices.Contains(operator.Kinds, attr.Boolean) && slices.Contains(operator.Kinds, attr.String) {
			schema.SupportedAttributeTypes = append(schema.SupportedAttributeTypes, mapping.BinaryType)
		}
		result[i] = schema
	}
	return result
}

func negative(name string) bool {
	return strings.HasPrefix(name, "NOT ") || strings.HasPrefix(name, "!")
}

func attributeType(kind attr.Kind) mapping.AttributeType {
	switch kind { //nolint:exhaustive // operators name these kinds alone.
	case attr.Integer:
		return mapping.IntegerType
	case attr.Boolean:
		return mapping.BooleanType
	}
	return mapping.StringType
}

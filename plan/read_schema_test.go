package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// readRows reads attribute mappings, one a line: "Target <- expression", or "Target"
// alone without a source, then what else there is to say, each after "|":
// "default TEXT", "matching 1", "clear when null", "export missing references", a
// flow type or FlowAlways.
func readRows(text string) ([]mapping.AttributeMapping, error) {
	var rows []mapping.AttributeMapping
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		parts := strings.Split(line, "|")
		row := mapping.AttributeMapping{FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged}
		target, expression, found := strings.Cut(parts[0], "<-")
		row.TargetAttributeName = strings.TrimSpace(target)
		if found {
			node, err := expr.Parse(strings.TrimSpace(expression))
			if err != nil {
				return nil, fmt.Errorf("row %s: %w", row.TargetAttributeName, err)
			}
			source := expr.ToSource(node)
			row.Source = &source
		}
		for _, part := range parts[1:] {
			if err := option(&row, strings.TrimSpace(part)); err != nil {
				return nil, fmt.Errorf("row %s: %w", row.TargetAttributeName, err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func option(row *mapping.AttributeMapping, text string) error {
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case word == "default":
		value := unquoted(rest)
		row.DefaultValue = &value
	case word == "matching":
		priority, err := strconv.Atoi(rest)
		if err != nil {
			return fmt.Errorf("matching priority %q is no number", rest)
		}
		row.MatchingPriority = priority
	case text == "clear when null":
		row.ClearWhenNull = true
	case text == "export missing references":
		row.ExportMissingReferences = true
	case text == string(mapping.FlowAlways):
		row.FlowBehavior = mapping.FlowAlways
	default:
		row.FlowType = mapping.FlowType(text)
	}
	return nil
}

// readAttributes reads attributes of the target, one a line: its name, its type and,
// where they hold, Required, Multivalued, CaseExact, ReadOnly, Immutable,
// WriteOnly and "-> TYPE" for what a reference refers to.
func readAttributes(text string) ([]mapping.AttributeDefinition, error) {
	var definitions []mapping.AttributeDefinition
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) == 1 {
			return nil, fmt.Errorf("attribute %s has no type", fields[0])
		}
		definition := mapping.AttributeDefinition{Name: fields[0], Type: mapping.AttributeType(fields[1]), Mutability: mapping.ReadWrite}
		for i, word := range fields[2:] {
			switch word {
			case "Required":
				definition.Required = true
			case "Multivalued":
				definition.Multivalued = true
			case "CaseExact":
				definition.CaseExact = true
			case "->":
				definition.ReferencedObjects = []mapping.ReferencedObject{{ReferencedObjectName: strings.Join(fields[i+3:], " ")}}
			case "ReadOnly", "Immutable", "WriteOnly":
				definition.Mutability = mapping.Mutability(word)
			}
		}
		definitions = append(definitions, definition)
	}
	return definitions, nil
}

// readFilter reads scoping filters, one a line: its title, ":" and its clauses,
// divided by ";". A clause is an attribute, an operator and a value. A title that
// starts with "input " or "category " makes it one of these kinds.
func readFilter(text string) (*scope.Filter, error) {
	lines, err := pairs(text)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	filter := &scope.Filter{}
	for _, line := range lines {
		group := scope.FilterGroup{Name: line.name}
		for _, clause := range divided(line.value) {
			group.Clauses = append(group.Clauses, clauseOf(clause))
		}
		switch {
		case strings.HasPrefix(line.name, "input "):
			filter.InputFilterGroups = append(filter.InputFilterGroups, group)
		case strings.HasPrefix(line.name, "category "):
			filter.CategoryFilterGroups = append(filter.CategoryFilterGroups, group)
		default:
			filter.Groups = append(filter.Groups, group)
		}
	}
	return filter, nil
}

// clauseOf takes the longest operator that fits, because NOT EQUALS starts as
// NOT does and & is one, too.
func clauseOf(text string) scope.Clause {
	attribute, rest, _ := strings.Cut(text, " ")
	operator := ""
	for _, candidate := range scope.Operators() {
		if (rest == candidate.Name || strings.HasPrefix(rest, candidate.Name+" ")) && len(candidate.Name) > len(operator) {
			operator = candidate.Name
		}
	}
	clause := scope.Clause{SourceOperandName: attribute, OperatorName: operator}
	if value := strings.TrimSpace(strings.TrimPrefix(rest, operator)); value != "" {
		clause.TargetOperand = &scope.Operand{Values: []string{value}}
	}
	return clause
}

// readAccounts reads accounts of the target: a line "account ID" and below it a line
// "attribute: value" for each attribute, with the type that the definitions give.
func readAccounts(text string, definitions []mapping.AttributeDefinition) ([]attr.Object, error) {
	var accounts []attr.Object
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if id, found := strings.CutPrefix(line, "account "); found {
			accounts = append(accounts, attr.New("User", id, nil))
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found || len(accounts) == 0 {
			return nil, fmt.Errorf("line %q is neither \"account ID\" nor \"attribute: value\" below one", line)
		}
		read, err := accountValue(name, strings.TrimSpace(value), definitions)
		if err != nil {
			return nil, err
		}
		last := &accounts[len(accounts)-1]
		*last = last.With(name, read)
	}
	return accounts, nil
}

func accountValue(name, text string, definitions []mapping.AttributeDefinition) (attr.Value, error) {
	index := slices.IndexFunc(definitions, func(d mapping.AttributeDefinition) bool { return d.Name == name })
	if index < 0 {
		return attr.Value{}, fmt.Errorf("the target has no attribute %q", name)
	}
	definition := definitions[index]
	if !definition.Multivalued {
		return single(definition, text)
	}
	var values []attr.Value
	for _, part := range divided(text) {
		value, err := single(definition, part)
		if err != nil {
			return attr.Value{}, err
		}
		values = append(values, value)
	}
	return attr.Values(values...), nil
}

func single(definition mapping.AttributeDefinition, text string) (attr.Value, error) {
	switch definition.Type {
	case mapping.BooleanType:
		return attr.Bool(text == "True"), nil
	case mapping.IntegerType:
		number, err := strconv.ParseInt(text, 10, 64)
		return attr.Int(number), err
	case mapping.ReferenceType:
		return attr.RefTo(attr.Ref{Type: definition.ReferencedObjects[0].ReferencedObjectName, ID: text}), nil
	case mapping.DateTimeType:
		var value attr.Value
		err := json.Unmarshal([]byte(`{"@time":`+strconv.Quote(text)+`}`), &value)
		return value, err
	case mapping.StringType, mapping.BinaryType:
	}
	return attr.Text(unquoted(text)), nil
}

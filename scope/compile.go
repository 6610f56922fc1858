package scope

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
)

// CompiledFilter is a Filter made ready for judging many people. The zero
// CompiledFilter lets everyone pass. It is safe for concurrent use.
type CompiledFilter struct {
	groups, inputGroups []compiledGroup
}

type compiledGroup struct {
	name    string
	clauses []compiledClause
}

type compiledClause struct {
	clause Clause
	holds  test // nil for IS NULL and IS NOT NULL
}

// Result is what a filter says of one person.
type Result struct {
	Failed      []string // why no group holds, a text for each clause that is false; empty when the person passes
	OnlyByInput bool     // the scoping groups hold, only input groups do not
}

// refused returns why an attribute cannot be used in scoping filters, empty when
// it can. The list is Microsoft Entra's.
func refused(attribute string) string {
	switch attribute {
	case "appRoleAssignments", "members", "manager", "userType", "IsMemberOf", "proxyAddresses":
		return "Microsoft Entra's scoping filters do not offer multi-valued attributes, references, userType or group membership"
	case "createdDateTime", "deletedDateTime", "employeeHireDate", "employeeLeaveDateTime":
		return "scoping filters do not offer dates"
	case "":
		return "a clause must name a source attribute"
	}
	return ""
}

// Compile checks the filter and makes it ready. The error joins one error for
// every clause that is wrong, each with the title of its filter.
func Compile(filter Filter) (CompiledFilter, error) {
	groups, err := compileGroups(filter.Groups)
	inputGroups, inputErr := compileGroups(filter.InputFilterGroups)
	if err := errors.Join(err, inputErr); err != nil {
		return CompiledFilter{}, err
	}
	return CompiledFilter{groups, inputGroups}, nil
}

func compileGroups(groups []FilterGroup) ([]compiledGroup, error) {
	var faults []error
	compiled := make([]compiledGroup, 0, len(groups))
	for _, group := range groups {
		result := compiledGroup{name: group.Name}
		for _, clause := range group.Clauses {
			holds, err := compileClause(clause)
			if err != nil {
				faults = append(faults, fmt.Errorf("scoping filter %q: %w", group.Name, err))
				continue
			}
			result.clauses = append(result.clauses, compiledClause{clause, holds})
		}
		compiled = append(compiled, result)
	}
	return compiled, errors.Join(faults...)
}

func compileClause(clause Clause) (test, error) {
	if why := refused(clause.SourceOperandName); why != "" {
		return nil, fmt.Errorf("attribute %q: %s", clause.SourceOperandName, why)
	}
	index := slices.IndexFunc(Operators(), func(o Operator) bool { return o.Name == clause.OperatorName })
	if index < 0 {
		return nil, fmt.Errorf("attribute %q: there is no operator %q; there are %s", clause.SourceOperandName, clause.OperatorName, operatorNames())
	}
	if clause.OperatorName == "IS NULL" || clause.OperatorName == "IS NOT NULL" {
		return nil, nil //nolint:nilnil // these two are decided by the absence of the value, not by a test on it.
	}
	if !Operators()[index].Unary && clause.Value() == "" {
		return nil, fmt.Errorf("attribute %q: operator %s needs a value", clause.SourceOperandName, clause.OperatorName)
	}
	holds, err := compileOperator(clause.OperatorName, clause.Value())
	if err != nil {
		return nil, fmt.Errorf("attribute %q %s: %w", clause.SourceOperandName, clause.OperatorName, err)
	}
	return holds, nil
}

func operatorNames() string {
	names := make([]string, 0, len(Operators()))
	for _, operator := range Operators() {
		names = append(names, operator.Name)
	}
	return strings.Join(names, ", ")
}

// Attributes returns the source attributes that the filter reads.
func (f CompiledFilter) Attributes() []string {
	var names []string
	for _, group := range slices.Concat(f.groups, f.inputGroups) {
		for _, clause := range group.clauses {
			if !slices.Contains(names, clause.clause.SourceOperandName) {
				names = append(names, clause.clause.SourceOperandName)
			}
		}
	}
	return names
}

// Judge tells whether someone with these attributes passes.
func (f CompiledFilter) Judge(attributes attr.Object) Result {
	failed := judgeGroups(f.groups, attributes)
	failedInput := judgeGroups(f.inputGroups, attributes)
	return Result{Failed: append(failed, failedInput...), OnlyByInput: len(failed) == 0 && len(failedInput) > 0}
}

// judgeGroups returns nothing when a group holds or there is no group, else a
// text for each clause that is false.
func judgeGroups(groups []compiledGroup, attributes attr.Object) []string {
	var failed []string
	for _, group := range groups {
		count := len(failed)
		for _, clause := range group.clauses {
			if text := clause.judge(attributes.Get(clause.clause.SourceOperandName)); text != "" {
				failed = append(failed, fmt.Sprintf("scoping filter %q: %s", group.name, text))
			}
		}
		if len(failed) == count {
			return nil
		}
	}
	return failed
}

// judge returns why the clause is false, empty when it holds. A missing or empty
// value makes every clause false but IS NULL.
func (c compiledClause) judge(value attr.Value) string {
	name := c.clause.SourceOperandName
	if c.holds == nil {
		if value.IsEmpty() == (c.clause.OperatorName == "IS NULL") {
			return ""
		}
		return c.falseText(value)
	}
	if value.IsEmpty() {
		return c.falseText(value)
	}
	holds, err := c.holds(value)
	switch {
	case err != nil:
		return fmt.Sprintf("clause on %s cannot be decided: %s", name, err)
	case holds:
		return ""
	}
	return c.falseText(value)
}

func (c compiledClause) falseText(value attr.Value) string {
	clause := c.clause.SourceOperandName + " " + c.clause.OperatorName
	if c.clause.Value() != "" {
		clause += " " + c.clause.Value()
	}
	if value.IsEmpty() {
		return fmt.Sprintf("clause %q is false because %s has no value", clause, c.clause.SourceOperandName)
	}
	return fmt.Sprintf("clause %q is false because %s is %q", clause, c.clause.SourceOperandName, value)
}

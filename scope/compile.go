package scope

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
)

// CompiledFilter is a Filter made ready for judging many people. The zero
// CompiledFilter lets everyone pass. It is safe for concurrent use.
type CompiledFilter struct {
	groups, inputGroups, categoryGroups []compiledGroup
}

type compiledGroup struct {
	name    string
	clauses []compiledClause
}

type compiledClause struct {
	clause Clause
	holds  test // nil for IS NULL and IS NOT NULL
}

// Fault is one thing that is wrong with a filter.
type Fault struct {
	Path    string // place in the filter: "groups[0].clauses[2]"
	Group   string // title of the scoping filter that it stands in
	Message string
}

// String returns the message with the title of the filter.
func (f Fault) String() string { return fmt.Sprintf("scoping filter %q: %s", f.Group, f.Message) }

// Result is what a filter says of one person.
type Result struct {
	Failed      []string // why no group holds, a text for each clause that is false; empty when the person passes
	Undecided   string   // why it is not certain that the person does not pass; empty when it is
	OnlyByInput bool     // the scoping groups hold, only input or category groups do not
}

// Refused returns why an attribute cannot be used in scoping filters, empty when
// it can. The list is Microsoft Entra's ("Scoping users or groups to be
// provisioned with scoping filters").
func Refused(attribute string) string {
	switch attribute {
	case "appRoleAssignments":
		return "it holds role assignments; whoever is assigned is in scope already, and a role cannot be filtered by, as in Microsoft Entra ID"
	case "members", "IsMemberOf":
		return "scoping filters do not see group membership, as in Microsoft Entra ID; assign the group to the application instead"
	case "manager":
		return "it is a reference, and scoping filters take attributes with a value of their own, as in Microsoft Entra ID"
	case "userType":
		return "Microsoft Entra ID does not offer it to scoping filters; guests have #EXT# in originalUserPrincipalName"
	case "proxyAddresses", "otherMails":
		return "it may have several values, and scoping filters take attributes with one, as in Microsoft Entra ID"
	case "createdDateTime", "deletedDateTime", "employeeHireDate", "employeeLeaveDateTime":
		return "it is a date, and scoping filters do not take dates, as in Microsoft Entra ID"
	case "":
		return "a clause must name a source attribute"
	}
	return ""
}

// Compile checks the filter and makes it ready. The error joins one error for
// every clause that is wrong, each with the title of its filter.
func Compile(filter Filter) (CompiledFilter, error) {
	compiled, faults := compileFilter(filter)
	if len(faults) == 0 {
		return compiled, nil
	}
	joined := make([]error, len(faults))
	for i, fault := range faults {
		joined[i] = errors.New(fault.String())
	}
	return CompiledFilter{}, errors.Join(joined...)
}

// Faults returns everything that is wrong with the filter, in the order of the
// document.
func (f Filter) Faults() []Fault {
	_, faults := compileFilter(f)
	return faults
}

func compileFilter(filter Filter) (compiled CompiledFilter, faults []Fault) {
	for _, part := range []struct {
		member string
		from   []FilterGroup
		to     *[]compiledGroup
	}{
		{"groups", filter.Groups, &compiled.groups},
		{"inputFilterGroups", filter.InputFilterGroups, &compiled.inputGroups},
		{"categoryFilterGroups", filter.CategoryFilterGroups, &compiled.categoryGroups},
	} {
		for i, group := range part.from {
			result := compiledGroup{name: group.Name}
			for j, clause := range group.Clauses {
				holds, err := compileClause(clause)
				if err != nil {
					path := fmt.Sprintf("%s[%d].clauses[%d]", part.member, i, j)
					faults = append(faults, Fault{path, group.Name, err.Error()})
				}
				result.clauses = append(result.clauses, compiledClause{clause, holds})
			}
			*part.to = append(*part.to, result)
		}
	}
	return compiled, faults
}

func compileClause(clause Clause) (test, error) {
	if why := Refused(clause.SourceOperandName); why != "" {
		return nil, fmt.Errorf("attribute %q: %s", clause.SourceOperandName, why)
	}
	operator, found := FindOperator(clause.OperatorName)
	switch {
	case !found:
		return nil, fmt.Errorf("attribute %q: there is no operator %q; there are %s", clause.SourceOperandName, clause.OperatorName, operatorNames())
	case operator.Name == isNull || operator.Name == isNotNull:
		return nil, nil //nolint:nilnil // these two are decided by the absence of the value, not by a test on it.
	case !operator.Unary && clause.Value() == "":
		return nil, fmt.Errorf("attribute %q: operator %s needs a value", clause.SourceOperandName, clause.OperatorName)
	case !operator.Unary && len(clause.TargetOperand.Values) > 1:
		return nil, fmt.Errorf("attribute %q: operator %s takes one value, not %d; write a scoping filter for each of them", clause.SourceOperandName, clause.OperatorName, len(clause.TargetOperand.Values))
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
	for _, group := range slices.Concat(f.groups, f.inputGroups, f.categoryGroups) {
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
	groups := judgeGroups(f.groups, attributes)
	input, category := judgeGroups(f.inputGroups, attributes), judgeGroups(f.categoryGroups, attributes)
	result := Result{Failed: slices.Concat(groups.failed, input.failed, category.failed)}
	result.OnlyByInput = len(groups.failed) == 0 && len(result.Failed) > 0
	// A filter that is false whatever the others are decides alone.
	for _, outcome := range []groupsOutcome{groups, input, category} {
		if len(outcome.failed) > 0 && outcome.undecided == "" {
			return result
		}
		result.Undecided = cmp.Or(result.Undecided, outcome.undecided)
	}
	return result
}

// groupsOutcome is what a list of groups says of one person.
type groupsOutcome struct {
	failed    []string // why no group holds; empty when one does or there is none
	undecided string   // why that is not certain: a clause that could not be decided and would change it
}

func judgeGroups(groups []compiledGroup, attributes attr.Object) groupsOutcome {
	var outcome groupsOutcome
	for _, group := range groups {
		failed, undecided, isFalse := group.judge(attributes)
		if len(failed) == 0 {
			return groupsOutcome{}
		}
		outcome.failed = append(outcome.failed, failed...)
		if !isFalse {
			outcome.undecided = cmp.Or(outcome.undecided, undecided)
		}
	}
	return outcome
}

// judge returns a text for each clause that does not hold, the first one that
// could not be decided, and whether a clause is certainly false.
func (g compiledGroup) judge(attributes attr.Object) (failed []string, undecided string, isFalse bool) {
	for _, clause := range g.clauses {
		text, decided := clause.judge(attributes.Get(clause.clause.SourceOperandName))
		if text == "" {
			continue
		}
		text = fmt.Sprintf("scoping filter %q: %s", g.name, text)
		failed = append(failed, text)
		if decided {
			isFalse = true
		} else {
			undecided = cmp.Or(undecided, text)
		}
	}
	return failed, undecided, isFalse
}

// judge returns why the clause does not hold, empty when it does. A missing or
// empty value makes every clause false but IS NULL. A clause that cannot be
// decided, such as a pattern that takes too long, is not false.
func (c compiledClause) judge(value attr.Value) (why string, decided bool) {
	name := c.clause.SourceOperandName
	if c.holds == nil {
		if value.IsEmpty() == (c.clause.OperatorName == isNull) {
			return "", true
		}
		return c.falseText(value), true
	}
	if value.IsEmpty() {
		return c.falseText(value), true
	}
	switch items := value.Items(); {
	case value.Kind() == attr.List && len(items) == 1:
		value = items[0]
	case value.Kind() == attr.List:
		return fmt.Sprintf("clause on %s cannot be decided: it has %d values, and a clause looks at one", name, len(items)), false
	}
	holds, err := c.holds(value)
	switch {
	case err != nil:
		return fmt.Sprintf("clause on %s cannot be decided: %s", name, err), false
	case holds:
		return "", true
	}
	return c.falseText(value), true
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

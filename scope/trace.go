package scope

import (
	"slices"

	"github.com/usher-id/usher/attr"
)

// TracedClause is one clause of a filter with what it says of one person.
type TracedClause struct {
	Filter    string     `json:"filter"` // title of the scoping filter
	Kind      string     `json:"kind"`   // groups, inputFilterGroups or categoryFilterGroups
	Attribute string     `json:"attribute"`
	Operator  string     `json:"operator"`
	Operand   string     `json:"operand,omitzero"` // what the value is compared with
	Value     attr.Value `json:"value"`
	Holds     bool       `json:"holds"`
	Why       string     `json:"why,omitzero"` // it does not hold, or cannot be decided
}

// Trace tells of every clause whether it holds for someone with these attributes.
// Somebody passes when, for each kind, all clauses of one filter hold or there is no
// filter.
func (f CompiledFilter) Trace(attributes attr.Object) []TracedClause {
	return slices.Concat(
		traceGroups("groups", f.groups, attributes),
		traceGroups("inputFilterGroups", f.inputGroups, attributes),
		traceGroups("categoryFilterGroups", f.categoryGroups, attributes),
	)
}

func traceGroups(kind string, groups []compiledGroup, attributes attr.Object) []TracedClause {
	var traced []TracedClause
	for _, group := range groups {
		for _, clause := range group.clauses {
			value := attributes.Get(clause.clause.SourceOperandName)
			why, _ := clause.judge(value)
			traced = append(traced, TracedClause{
				Filter: group.name, Kind: kind, Attribute: clause.clause.SourceOperandName, Operator: clause.clause.OperatorName,
				Operand: clause.clause.Value(), Value: value, Holds: why == "", Why: why,
			})
		}
	}
	return traced
}

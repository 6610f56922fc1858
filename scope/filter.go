package scope

// Filter is Graph's filter: who is in scope by attributes. Someone is in scope
// when any of the Groups holds; without groups, everyone is.
//
// The other two kinds of group are experimental in Graph and work in the same
// way, with one difference: whoever stops to pass them is left alone, not
// deprovisioned. CategoryFilterGroups say who belongs to this object mapping at
// all.
type Filter struct {
	Groups               []FilterGroup `json:"groups"`
	InputFilterGroups    []FilterGroup `json:"inputFilterGroups,omitempty"`
	CategoryFilterGroups []FilterGroup `json:"categoryFilterGroups,omitempty"`
}

// FilterGroup is one titled scoping filter. It holds when all its clauses hold.
type FilterGroup struct {
	Name    string   `json:"name"`
	Clauses []Clause `json:"clauses"`
}

// Clause is Graph's filterClause: attribute, operator and, for binary operators,
// the value to compare with.
type Clause struct {
	OperatorName      string   `json:"operatorName"`
	SourceOperandName string   `json:"sourceOperandName"`
	TargetOperand     *Operand `json:"targetOperand"`
}

// Operand is Graph's filterOperand: the values to compare with.
type Operand struct {
	Values []string `json:"values"`
}

// Value returns the first value, empty for a unary clause.
func (c Clause) Value() string {
	if c.TargetOperand == nil || len(c.TargetOperand.Values) == 0 {
		return ""
	}
	return c.TargetOperand.Values[0]
}

package soql

import "strings"

// Query is one SELECT statement, also when it stands inside another.
type Query struct {
	Columns []Column
	From    Source
	Scope   string // USING SCOPE name, or empty
	Where   Condition
	With    string // SECURITY_ENFORCED, USER_MODE or SYSTEM_MODE, or empty
	GroupBy []Operand
	Having  Condition
	OrderBy []Order
	Limit   *int
	Offset  *int
	For     string // VIEW, REFERENCE or UPDATE, or empty
}

// Source is the object after FROM, or the child relationship in a nested query.
type Source struct {
	Name     string
	Alias    string
	Position Position
}

// Column is one entry of the SELECT list: exactly one of the members is set.
type Column struct {
	Operand Operand  // a field or a function
	Fields  FieldSet // FIELDS(...)
	Child   *Query   // (SELECT … FROM relationship)
	TypeOf  *TypeOf  // TYPEOF relationship …
	Alias   string   // only for operands
}

// TypeOf selects fields by the type of the record that a polymorphic
// relationship leads to.
type TypeOf struct {
	Path     []string
	Branches []Branch  // at least one
	Else     []Operand // empty if there is no ELSE
	Position Position
}

// Branch is WHEN object THEN fields.
type Branch struct {
	Object   string
	Fields   []Operand
	Position Position // of the object
}

// FieldSet is the argument of FIELDS().
type FieldSet string

// The field sets of the language; the empty one means that the column is none.
const (
	FieldsAll      FieldSet = "ALL"
	FieldsStandard FieldSet = "STANDARD"
	FieldsCustom   FieldSet = "CUSTOM"
)

// Operand is a field path, or a function of one. COUNT() has an empty path.
type Operand struct {
	Function string // in upper case, or empty
	Path     []string
	Position Position
}

// Name is the path with dots, in the spelling of the query.
func (o Operand) Name() string { return strings.Join(o.Path, ".") }

// IsZero tells whether there is no operand at all.
func (o Operand) IsZero() bool { return o.Function == "" && len(o.Path) == 0 }

// IsAggregate tells whether the operand sums up many rows.
func (o Operand) IsAggregate() bool {
	switch o.Function {
	case "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX":
		return true
	}
	return false
}

// Condition is And, Or, Not, Comparison or Membership.
type Condition interface{ condition() }

// And holds when all terms hold. It has at least two.
type And struct{ Terms []Condition }

// Or holds when one of the terms holds. It has at least two.
type Or struct{ Terms []Condition }

// Not turns its term around.
type Not struct{ Term Condition }

// Comparison is a field, an operator and one value.
type Comparison struct {
	Operand  Operand
	Operator Operator
	Value    Literal
}

// Membership is a field, IN, NOT IN, INCLUDES or EXCLUDES, and a list of values or a query.
type Membership struct {
	Operand  Operand
	Operator Operator
	Values   []Literal
	Query    *Query
}

func (And) condition()        {}
func (Or) condition()         {}
func (Not) condition()        {}
func (Comparison) condition() {}
func (Membership) condition() {}

// Operator is written as in a query, in upper case; <> is read as !=.
type Operator string

// The operators of the language.
const (
	Equal          Operator = "="
	NotEqual       Operator = "!="
	Less           Operator = "<"
	LessOrEqual    Operator = "<="
	Greater        Operator = ">"
	GreaterOrEqual Operator = ">="
	Like           Operator = "LIKE"
	In             Operator = "IN"
	NotIn          Operator = "NOT IN"
	Includes       Operator = "INCLUDES"
	Excludes       Operator = "EXCLUDES"
)

// LiteralKind tells how a literal was written.
type LiteralKind int

// The kinds of literals.
const (
	Null LiteralKind = iota
	Boolean
	String
	Number
	Date
	DateTime
	DateLiteral // TODAY, LAST_N_DAYS:7
)

// Literal is a value in a query.
type Literal struct {
	Kind LiteralKind
	// Raw is true or false, the number, the date, the name of the date literal
	// in upper case, or the string with \\ \_ and \% still escaped.
	Raw string
	// Count is n of LAST_N_DAYS:n and its kin.
	Count    int
	Position Position
}

// Text is the content of a string literal, with nothing escaped.
func (l Literal) Text() string {
	if !strings.Contains(l.Raw, `\`) {
		return l.Raw
	}
	var text strings.Builder
	for i := 0; i < len(l.Raw); i++ {
		if l.Raw[i] == '\\' && i+1 < len(l.Raw) {
			i++
		}
		text.WriteByte(l.Raw[i])
	}
	return text.String()
}

// Order is one entry of ORDER BY. NullsLast is only true when it was written,
// because the default is NULLS FIRST for both directions.
type Order struct {
	Operand    Operand
	Descending bool
	NullsLast  bool
}

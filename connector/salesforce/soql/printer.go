package soql

import (
	"strconv"
	"strings"
)

// String prints the query on one line, keywords in upper case. Parsing the
// result gives the same tree, positions aside.
func (q *Query) String() string {
	var b strings.Builder
	q.print(&b)
	return b.String()
}

// Quote returns text as a string literal of the language.
func Quote(text string) string {
	return Literal{Kind: String, Raw: strings.ReplaceAll(text, `\`, `\\`)}.String()
}

func (q *Query) print(b *strings.Builder) {
	b.WriteString("SELECT ")
	for i, column := range q.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		column.print(b)
	}
	b.WriteString(" FROM ")
	b.WriteString(q.From.Name)
	printWord(b, " ", q.From.Alias)
	printWord(b, " USING SCOPE ", q.Scope)
	printCondition(b, " WHERE ", q.Where)
	printWord(b, " WITH ", q.With)
	if len(q.GroupBy) > 0 {
		b.WriteString(" GROUP BY ")
		printOperands(b, q.GroupBy)
	}
	printCondition(b, " HAVING ", q.Having)
	for i, order := range q.OrderBy {
		b.WriteString(pick(i == 0, " ORDER BY ", ", "))
		b.WriteString(order.String())
	}
	printCount(b, " LIMIT ", q.Limit)
	printCount(b, " OFFSET ", q.Offset)
	printWord(b, " FOR ", q.For)
}

func (c Column) print(b *strings.Builder) {
	switch {
	case c.Child != nil:
		b.WriteByte('(')
		c.Child.print(b)
		b.WriteByte(')')
	case c.Fields != "":
		b.WriteString("FIELDS(" + string(c.Fields) + ")")
	case c.TypeOf != nil:
		c.TypeOf.print(b)
	default:
		b.WriteString(c.Operand.String())
		printWord(b, " ", c.Alias)
	}
}

func (t *TypeOf) print(b *strings.Builder) {
	b.WriteString("TYPEOF " + strings.Join(t.Path, "."))
	for _, branch := range t.Branches {
		b.WriteString(" WHEN " + branch.Object + " THEN ")
		printOperands(b, branch.Fields)
	}
	if len(t.Else) > 0 {
		b.WriteString(" ELSE ")
		printOperands(b, t.Else)
	}
	b.WriteString(" END")
}

func printOperands(b *strings.Builder, operands []Operand) {
	for i, operand := range operands {
		b.WriteString(pick(i == 0, "", ", "))
		b.WriteString(operand.String())
	}
}

// String prints the operand as it stands in a query.
func (o Operand) String() string {
	if o.Function == "" {
		return o.Name()
	}
	return o.Function + "(" + o.Name() + ")"
}

// String prints the order as it stands in a query.
func (o Order) String() string {
	return o.Operand.String() + pick(o.Descending, " DESC", "") + pick(o.NullsLast, " NULLS LAST", "")
}

// String prints the literal as it stands in a query.
func (l Literal) String() string {
	switch l.Kind {
	case String:
		return "'" + stringEscaper().Replace(l.Raw) + "'"
	case DateLiteral:
		if counted, _ := dateLiteral(l.Raw); counted {
			return l.Raw + ":" + strconv.Itoa(l.Count)
		}
	case Null, Boolean, Number, Date, DateTime:
	}
	return l.Raw
}

// stringEscaper escapes what Literal.Raw does not keep escaped.
func stringEscaper() *strings.Replacer {
	return strings.NewReplacer(`'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`)
}

// printCondition prints a condition behind a word, or nothing if there is none.
func printCondition(b *strings.Builder, before string, condition Condition) {
	if condition == nil {
		return
	}
	b.WriteString(before)
	switch c := condition.(type) {
	case And:
		printTerms(b, " AND ", c.Terms)
	case Or:
		printTerms(b, " OR ", c.Terms)
	case Not:
		b.WriteString("NOT ")
		printTerm(b, c.Term)
	case Comparison:
		b.WriteString(c.Operand.String() + " " + string(c.Operator) + " " + c.Value.String())
	case Membership:
		c.print(b)
	}
}

func (m Membership) print(b *strings.Builder) {
	b.WriteString(m.Operand.String() + " " + string(m.Operator) + " (")
	if m.Query != nil {
		m.Query.print(b)
	}
	for i, value := range m.Values {
		b.WriteString(pick(i > 0, ", ", ""))
		b.WriteString(value.String())
	}
	b.WriteByte(')')
}

// printTerms joins terms by a word.
func printTerms(b *strings.Builder, word string, terms []Condition) {
	for i, term := range terms {
		b.WriteString(pick(i > 0, word, ""))
		printTerm(b, term)
	}
}

// printTerm puts parentheses around everything that joins conditions.
func printTerm(b *strings.Builder, term Condition) {
	switch term.(type) {
	case And, Or, Not:
		printCondition(b, "(", term)
		b.WriteByte(')')
	default:
		printCondition(b, "", term)
	}
}

// printWord prints a word behind another, or nothing if it is empty.
func printWord(b *strings.Builder, before, word string) {
	if word != "" {
		b.WriteString(before + word)
	}
}

// printCount prints a number behind a word, or nothing if there is none.
func printCount(b *strings.Builder, before string, n *int) {
	if n != nil {
		b.WriteString(before + strconv.Itoa(*n))
	}
}

// pick chooses one of two texts.
func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

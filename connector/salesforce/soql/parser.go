package soql

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the language, from the SOQL and SOSL Reference.
const (
	MaximumLength       = 100_000 // characters of a statement
	MaximumStringLength = 4_000   // characters of one string in a WHERE clause
	maximumDepth        = 60      // nested parentheses and queries; protects the stack
)

// Parse reads one query. The error, if any, is an *Error.
func Parse(text string) (*Query, error) {
	if utf8.RuneCountInString(text) > MaximumLength {
		return nil, &Error{Code: CodeMalformedQuery, Message: "SOQL statements cannot be longer than 100000 characters.", Query: text}
	}
	tokens, err := newLexer(text).tokens()
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens}
	query, err := p.query(false)
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return query, nil
}

type parser struct {
	text   string
	tokens []token
	at     int
	depth  int
}

// peek looks at the next token.
func (p *parser) peek() token { return p.tokens[p.at] }

// ahead looks n tokens further without passing the end.
func (p *parser) ahead(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

// take goes past the next token, but never past the end.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

// accept takes the words if they come next, all of them or none.
func (p *parser) accept(words ...string) bool {
	for i, word := range words {
		if !p.ahead(i).is(word) {
			return false
		}
	}
	p.at += len(words)
	return true
}

// expect takes one word or fails.
func (p *parser) expect(word string) error {
	if !p.accept(word) {
		return p.unexpected()
	}
	return nil
}

// unexpected is the fault of the next token, in the words of Salesforce.
func (p *parser) unexpected() error {
	t := p.peek()
	text := t.text
	if t.kind == tokenString {
		text = Literal{Raw: text}.Text()
	}
	return p.fault(t.position, "unexpected token: '"+text+"'")
}

// fault is an error at a place of the query.
func (p *parser) fault(position Position, message string) error {
	return &Error{Code: CodeMalformedQuery, Message: message, Position: position, Query: p.text}
}

// enter counts nesting; leave must follow.
func (p *parser) enter() error {
	if p.depth++; p.depth > maximumDepth {
		return p.fault(p.peek().position, "the query is nested too deeply")
	}
	return nil
}

// leave ends what enter began.
func (p *parser) leave() { p.depth-- }

// query reads a statement; nested ones cannot have children.
func (p *parser) query(nested bool) (*Query, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	query := &Query{}
	for {
		column, err := p.column(nested)
		if err != nil {
			return nil, err
		}
		query.Columns = append(query.Columns, column)
		if !p.accept(",") {
			break
		}
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	if err := p.source(query); err != nil {
		return nil, err
	}
	return query, p.clauses(query)
}

// column reads one entry of the SELECT list.
func (p *parser) column(nested bool) (Column, error) {
	switch {
	case p.peek().is("("):
		if nested {
			return Column{}, p.unexpected()
		}
		p.take()
		child, err := p.query(true)
		if err != nil {
			return Column{}, err
		}
		return Column{Child: child}, p.expect(")")
	case p.peek().is("FIELDS") && p.ahead(1).is("("):
		return p.fieldSet()
	case p.peek().is("TYPEOF") && p.ahead(1).kind == tokenName && !p.ahead(1).is("FROM"):
		typeOf, err := p.typeOf()
		return Column{TypeOf: typeOf}, err
	}
	operand, err := p.operand()
	if err != nil {
		return Column{}, err
	}
	column := Column{Operand: operand}
	if next := p.peek(); next.kind == tokenName && !isReserved(next.text) {
		column.Alias = p.take().text
	}
	return column, nil
}

// fieldSet reads FIELDS(…), whose two first tokens were seen.
func (p *parser) fieldSet() (Column, error) {
	p.at += 2
	name := p.peek()
	set := FieldSet(strings.ToUpper(name.text))
	switch set {
	case FieldsAll, FieldsStandard, FieldsCustom:
		p.take()
		return Column{Fields: set}, p.expect(")")
	}
	return Column{}, p.unexpected()
}

// operand reads a field path, or FUNCTION(path), or COUNT().
func (p *parser) operand() (Operand, error) {
	first := p.peek()
	if first.kind == tokenName && p.ahead(1).is("(") && first.text != "" {
		p.at += 2
		operand := Operand{Function: strings.ToUpper(first.text), Position: first.position}
		if p.accept(")") {
			if operand.Function != "COUNT" {
				p.at--
				return Operand{}, p.unexpected()
			}
			return operand, nil
		}
		inner, err := p.operand()
		if err != nil {
			return Operand{}, err
		}
		if inner.Function != "" {
			return Operand{}, p.fault(inner.Position, "unexpected token: '"+inner.Function+"'")
		}
		operand.Path = inner.Path
		return operand, p.expect(")")
	}
	// Relationships may be named like a word of the language: Group.Name, Order.Id.
	if first.kind != tokenName || isReserved(first.text) && !p.ahead(1).is(".") {
		return Operand{}, p.unexpected()
	}
	operand := Operand{Position: first.position, Path: []string{p.take().text}}
	for p.accept(".") {
		if p.peek().kind != tokenName {
			return Operand{}, p.unexpected()
		}
		operand.Path = append(operand.Path, p.take().text)
	}
	return operand, nil
}

// source reads the object name. Every word is allowed here, because there is an
// object named Group.
func (p *parser) source(query *Query) error {
	name := p.peek()
	if name.kind != tokenName {
		return p.unexpected()
	}
	p.take()
	query.From = Source{Name: name.text, Position: name.position}
	as := p.accept("AS")
	if next := p.peek(); next.kind == tokenName && !isReserved(next.text) {
		query.From.Alias = p.take().text
	} else if as {
		return p.unexpected()
	}
	return nil
}

// clauses reads everything behind FROM, in the only order that the language knows.
func (p *parser) clauses(query *Query) error {
	for _, clause := range []func(*Query) error{
		p.scope, p.where, p.with, p.groupBy, p.orderBy, p.limits, p.purpose,
	} {
		if err := clause(query); err != nil {
			return err
		}
	}
	return nil
}

// scope reads USING SCOPE.
func (p *parser) scope(query *Query) error {
	if !p.accept("USING", "SCOPE") {
		return nil
	}
	if p.peek().kind != tokenName {
		return p.unexpected()
	}
	query.Scope = p.take().text
	return nil
}

// where reads WHERE.
func (p *parser) where(query *Query) (err error) {
	if p.accept("WHERE") {
		query.Where, err = p.condition()
	}
	return err
}

// with reads the security mode.
func (p *parser) with(query *Query) error {
	if !p.accept("WITH") {
		return nil
	}
	for _, mode := range []string{"SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"} {
		if p.accept(mode) {
			query.With = mode
			return nil
		}
	}
	return p.unexpected()
}

// groupBy reads GROUP BY and HAVING.
func (p *parser) groupBy(query *Query) (err error) {
	if p.accept("GROUP", "BY") {
		for {
			operand, err := p.operand()
			if err != nil {
				return err
			}
			query.GroupBy = append(query.GroupBy, operand)
			if !p.accept(",") {
				break
			}
		}
	}
	if p.accept("HAVING") {
		query.Having, err = p.condition()
	}
	return err
}

// orderBy reads ORDER BY.
func (p *parser) orderBy(query *Query) error {
	if !p.accept("ORDER", "BY") {
		return nil
	}
	for {
		operand, err := p.operand()
		if err != nil {
			return err
		}
		order := Order{Operand: operand}
		if !p.accept("ASC") {
			order.Descending = p.accept("DESC")
		}
		if !p.accept("NULLS", "FIRST") {
			order.NullsLast = p.accept("NULLS", "LAST")
		}
		query.OrderBy = append(query.OrderBy, order)
		if !p.accept(",") {
			return nil
		}
	}
}

// limits reads LIMIT and OFFSET.
func (p *parser) limits(query *Query) (err error) {
	if p.accept("LIMIT") {
		if query.Limit, err = p.count(); err != nil {
			return err
		}
	}
	if p.accept("OFFSET") {
		query.Offset, err = p.count()
	}
	return err
}

// count reads a whole number from 0.
func (p *parser) count() (*int, error) {
	t := p.peek()
	n, err := strconv.Atoi(t.text)
	if t.kind != tokenNumber || err != nil || n < 0 {
		return nil, p.unexpected()
	}
	p.take()
	return &n, nil
}

// purpose reads FOR VIEW and its kin.
func (p *parser) purpose(query *Query) error {
	if !p.accept("FOR") {
		return nil
	}
	for _, purpose := range []string{"VIEW", "REFERENCE", "UPDATE"} {
		if p.accept(purpose) {
			query.For = purpose
			return nil
		}
	}
	return p.unexpected()
}

// isReserved tells whether a word cannot be the name of a field or an alias.
func isReserved(word string) bool {
	return slices.Contains([]string{
		"AND", "AS", "ASC", "DESC", "EXCLUDES", "FOR", "FROM", "GROUP", "HAVING", "IN", "INCLUDES", "LIKE",
		"LIMIT", "NOT", "NULL", "NULLS", "OFFSET", "OR", "ORDER", "SELECT", "USING", "WHERE", "WITH",
	}, strings.ToUpper(word))
}

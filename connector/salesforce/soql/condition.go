package soql

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// condition reads terms joined by AND, or terms joined by OR. The language does
// not rank the two: mixing them without parentheses is a fault at the second
// kind of word.
func (p *parser) condition() (Condition, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if !unconfirmed.NotBeforeAnyTerm && p.accept("NOT") {
		term, err := p.term()
		return Not{Term: term}, err
	}
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	for _, word := range []string{"AND", "OR"} {
		if !p.peek().is(word) {
			continue
		}
		terms := []Condition{first}
		for p.accept(word) {
			term, err := p.term()
			if err != nil {
				return nil, err
			}
			terms = append(terms, term)
		}
		if word == "AND" {
			return And{Terms: terms}, nil
		}
		return Or{Terms: terms}, nil
	}
	return first, nil
}

// term reads a comparison or a condition in parentheses.
func (p *parser) term() (Condition, error) {
	if unconfirmed.NotBeforeAnyTerm && p.accept("NOT") {
		term, err := p.term()
		return Not{Term: term}, err
	}
	if p.accept("(") {
		inner, err := p.condition()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	operand, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.comparison(operand)
}

// comparison reads the operator and what stands behind it.
func (p *parser) comparison(operand Operand) (Condition, error) {
	switch {
	case p.accept("IN"):
		return p.membership(operand, In)
	case p.accept("NOT", "IN"):
		return p.membership(operand, NotIn)
	case p.accept("INCLUDES"):
		return p.membership(operand, Includes)
	case p.accept("EXCLUDES"):
		return p.membership(operand, Excludes)
	}
	operator := Operator(strings.ToUpper(p.peek().text))
	switch operator {
	case "<>":
		operator = NotEqual
	case Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Like:
	default:
		return nil, p.unexpected()
	}
	p.take()
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	return Comparison{Operand: operand, Operator: operator, Value: value}, nil
}

// membership reads a list of values, or a query with IN and NOT IN.
func (p *parser) membership(operand Operand, operator Operator) (Condition, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	member := Membership{Operand: operand, Operator: operator}
	if p.peek().is("SELECT") && (operator == In || operator == NotIn) {
		query, err := p.query(true)
		if err != nil {
			return nil, err
		}
		member.Query = query
		return member, p.expect(")")
	}
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		member.Values = append(member.Values, value)
		if !p.accept(",") {
			return member, p.expect(")")
		}
	}
}

// literal reads one value.
func (p *parser) literal() (Literal, error) {
	t := p.peek()
	literal := Literal{Raw: t.text, Position: t.position}
	switch t.kind {
	case tokenString:
		literal.Kind = String
		if utf8.RuneCountInString(t.text) > MaximumStringLength {
			return Literal{}, p.fault(t.position, "String literal is too long: at most 4000 characters are allowed")
		}
	case tokenNumber:
		literal.Kind = Number
	case tokenDate:
		literal.Kind = Date
	case tokenDateTime:
		literal.Kind = DateTime
	case tokenName:
		return p.wordLiteral(literal)
	case tokenEnd, tokenSymbol:
		return Literal{}, p.unexpected()
	}
	p.take()
	return literal, nil
}

// wordLiteral reads TRUE, FALSE, NULL and the date literals.
func (p *parser) wordLiteral(literal Literal) (Literal, error) {
	upper := strings.ToUpper(literal.Raw)
	switch upper {
	case "NULL":
		p.take()
		literal.Kind, literal.Raw = Null, "null"
		return literal, nil
	case "TRUE", "FALSE":
		p.take()
		literal.Kind, literal.Raw = Boolean, strings.ToLower(upper)
		return literal, nil
	}
	counted, known := dateLiteral(upper)
	if !known {
		return Literal{}, p.unexpected()
	}
	literal.Kind, literal.Raw = DateLiteral, upper
	p.take()
	if !counted {
		return literal, nil
	}
	if err := p.expect(":"); err != nil {
		return Literal{}, err
	}
	n, err := strconv.Atoi(p.peek().text)
	if p.peek().kind != tokenNumber || err != nil || n < 0 {
		return Literal{}, p.unexpected()
	}
	p.take()
	literal.Count = n
	return literal, nil
}

// dateLiteral tells whether a word is a date literal, and whether it takes a
// count. Fiscal periods are those of the calendar.
func dateLiteral(word string) (counted, known bool) {
	switch word {
	case "TODAY", "YESTERDAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS":
		return false, true
	}
	for _, prefix := range []string{"LAST_", "THIS_", "NEXT_"} {
		period, ok := strings.CutPrefix(word, prefix)
		if !ok {
			continue
		}
		switch period {
		case "WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR":
			return false, true
		case "N_DAYS", "N_WEEKS", "N_MONTHS", "N_QUARTERS", "N_YEARS", "N_FISCAL_QUARTERS", "N_FISCAL_YEARS":
			return true, prefix != "THIS_"
		}
	}
	if period, ok := strings.CutSuffix(word, "_AGO"); ok {
		switch period {
		case "N_DAYS", "N_WEEKS", "N_MONTHS", "N_QUARTERS", "N_YEARS", "N_FISCAL_QUARTERS", "N_FISCAL_YEARS":
			return true, true
		}
	}
	return false, false
}

package graphapi

import (
	"strconv"
	"strings"
	"time"
)

// The grammar of $filter, as far as clients of Microsoft Graph use it:
//
//	or      = and { "or" and }
//	and     = not { "and" not }
//	not     = [ "not" ] term
//	term    = "(" or ")" | call | path "/any(" name ":" or ")" | path test
//	test    = ( "eq" | "ne" | "gt" | "ge" | "lt" | "le" ) literal | "in" "(" literal { "," literal } ")"
//	call    = ( "startswith" | "endswith" | "contains" ) "(" path "," literal ")"
//	literal = 'text' | number | true | false | null | guid | date
//
// Keywords, functions and names are taken whatever their letter case.

// Limits of a filter: more than any client sends, and little to work off.
const (
	maxFilterLength = 16 << 10
	maxFilterDepth  = 32
	maxFilterTerms  = 500
)

// operator is a comparison or function of a filter.
type operator string

const (
	opEqual        operator = "eq"
	opNotEqual     operator = "ne"
	opGreater      operator = "gt"
	opGreaterEqual operator = "ge"
	opLess         operator = "lt"
	opLessEqual    operator = "le"
	opIn           operator = "in"
	opStartsWith   operator = "startswith"
	opEndsWith     operator = "endswith"
	opContains     operator = "contains"
	opAny          operator = "any"
	opAnd          operator = "and"
	opOr           operator = "or"
	opNot          operator = "not"
)

// filter is a node of the tree of a $filter. And, or, not and any have their parts in
// below; the others compare what is at path with literals.
type filter struct {
	op       operator
	path     []string // inside of any, the range variable stands first
	variable string   // of any
	literals []literal
	below    []filter
}

// literal is a constant of a filter: nil, a bool, a string, a float64 or a time.Time.
// A text that was not quoted, such as a GUID, is a string.
type literal struct {
	value any
}

// parseFilter reads a $filter.
func parseFilter(text string) (filter, error) {
	if len(text) > maxFilterLength {
		return filter{}, badRequest("The filter is longer than %d characters.", maxFilterLength)
	}
	tokens, err := lexFilter(text)
	if err != nil {
		return filter{}, err
	}
	p := filterParser{tokens: tokens}
	tree, err := p.or(0)
	if err != nil {
		return filter{}, err
	}
	if !p.at("") {
		return filter{}, p.unexpected("the end")
	}
	return tree, nil
}

type filterParser struct {
	tokens []filterToken
	terms  int
}

// at reports whether the next token is this word or sign; the empty text is the end.
func (p *filterParser) at(word string) bool {
	next := p.tokens[0]
	return next.kind != quotedToken && strings.EqualFold(next.text, word)
}

func (p *filterParser) take() filterToken {
	next := p.tokens[0]
	if next.kind != endToken {
		p.tokens = p.tokens[1:]
	}
	return next
}

func (p *filterParser) unexpected(wanted string) error {
	next := p.tokens[0]
	found := strconv.Quote(next.text)
	if next.kind == endToken {
		found = "the end"
	}
	return badRequest("Invalid filter clause: at position %d there is %s instead of %s.", next.position, found, wanted)
}

func (p *filterParser) expect(sign string) error {
	if !p.at(sign) {
		return p.unexpected(strconv.Quote(sign))
	}
	p.take()
	return nil
}

func (p *filterParser) or(depth int) (filter, error)  { return p.chain(opOr, depth, p.and) }
func (p *filterParser) and(depth int) (filter, error) { return p.chain(opAnd, depth, p.not) }

// chain reads parts that are joined by one keyword.
func (p *filterParser) chain(op operator, depth int, part func(depth int) (filter, error)) (filter, error) {
	first, err := part(depth)
	if err != nil || !p.at(string(op)) {
		return first, err
	}
	node := filter{op: op, below: []filter{first}}
	for p.at(string(op)) {
		p.take()
		next, err := part(depth)
		if err != nil {
			return filter{}, err
		}
		node.below = append(node.below, next)
	}
	return node, nil
}

func (p *filterParser) not(depth int) (filter, error) {
	if p.terms++; depth > maxFilterDepth || p.terms > maxFilterTerms {
		return filter{}, badRequest("Invalid filter clause: it is nested more than %d deep or has more than %d terms.", maxFilterDepth, maxFilterTerms)
	}
	if p.at("not") && !p.followedBy("eq") {
		p.take()
		part, err := p.not(depth + 1)
		return filter{op: opNot, below: []filter{part}}, err
	}
	return p.term(depth)
}

// followedBy reports whether the token after the next one is this word.
func (p *filterParser) followedBy(word string) bool {
	return len(p.tokens) > 1 && strings.EqualFold(p.tokens[1].text, word)
}

func (p *filterParser) term(depth int) (filter, error) {
	if p.at("(") {
		p.take()
		inner, err := p.or(depth + 1)
		if err != nil {
			return filter{}, err
		}
		return inner, p.expect(")")
	}
	if p.tokens[0].kind != wordToken {
		return filter{}, p.unexpected("a property")
	}
	name := p.take()
	if p.at("(") {
		return p.call(name, depth)
	}
	return p.test(strings.Split(name.text, "/"))
}

// call reads what stands after the name of a function.
func (p *filterParser) call(name filterToken, depth int) (filter, error) {
	path, last := splitLast(name.text)
	if strings.EqualFold(last, "any") && len(path) > 0 {
		return p.any(path, depth)
	}
	op := operator(strings.ToLower(name.text))
	if op != opStartsWith && op != opEndsWith && op != opContains {
		return filter{}, unsupportedQuery("Invalid filter clause: the function %q is not known; there are startsWith, endsWith, contains and any.", name.text)
	}
	p.take()
	if p.tokens[0].kind != wordToken {
		return filter{}, p.unexpected("a property")
	}
	node := filter{op: op, path: strings.Split(p.take().text, "/")}
	if err := p.expect(","); err != nil {
		return filter{}, err
	}
	value, err := p.literal()
	if err != nil {
		return filter{}, err
	}
	if _, isText := value.value.(string); !isText {
		return filter{}, badRequest("Invalid filter clause: %s compares with a text in single quotes.", name.text)
	}
	node.literals = []literal{value}
	return node, p.expect(")")
}

// any reads name:condition) after "any(".
func (p *filterParser) any(path []string, depth int) (filter, error) {
	p.take()
	if p.tokens[0].kind != wordToken {
		return filter{}, p.unexpected("the name of a range variable")
	}
	node := filter{op: opAny, path: path, variable: strings.ToLower(p.take().text)}
	if err := p.expect(":"); err != nil {
		return filter{}, err
	}
	condition, err := p.or(depth + 1)
	if err != nil {
		return filter{}, err
	}
	node.below = []filter{condition}
	return node, p.expect(")")
}

// test reads a comparison of what is at a path.
func (p *filterParser) test(path []string) (filter, error) {
	if p.tokens[0].kind != wordToken {
		return filter{}, p.unexpected("an operator")
	}
	op := operator(strings.ToLower(p.tokens[0].text))
	switch op {
	case opEqual, opNotEqual, opGreater, opGreaterEqual, opLess, opLessEqual:
		p.take()
		value, err := p.literal()
		return filter{op: op, path: path, literals: []literal{value}}, err
	case opIn:
		p.take()
		values, err := p.list()
		return filter{op: op, path: path, literals: values}, err
	default:
		return filter{}, p.unexpected("one of eq, ne, gt, ge, lt, le, in")
	}
}

func (p *filterParser) list() ([]literal, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []literal
	for {
		value, err := p.literal()
		if err != nil {
			return nil, err
		}
		if values = append(values, value); len(values) > maxFilterTerms {
			return nil, badRequest("Invalid filter clause: a list has more than %d values.", maxFilterTerms)
		}
		if !p.at(",") {
			return values, p.expect(")")
		}
		p.take()
	}
}

func (p *filterParser) literal() (literal, error) {
	next := p.tokens[0]
	switch next.kind {
	case quotedToken:
		p.take()
		return literal{next.text}, nil
	case wordToken:
		p.take()
		return literal{constant(next.text)}, nil
	default:
		return literal{}, p.unexpected("a value")
	}
}

// constant reads a value that was not quoted.
func constant(text string) any {
	switch strings.ToLower(text) {
	case "null":
		return nil
	case "true":
		return true
	case "false":
		return false
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text[:1], "-0123456789") {
		return number
	}
	if at, ok := parseMoment(text); ok {
		return at
	}
	return text
}

// parseMoment reads a date with or without a time of day.
func parseMoment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// splitLast splits a path into its last name and those before it.
func splitLast(path string) (before []string, last string) {
	names := strings.Split(path, "/")
	return names[:len(names)-1], names[len(names)-1]
}

// each calls visit for every node of the tree.
func (f filter) each(visit func(filter)) {
	visit(f)
	for _, below := range f.below {
		below.each(visit)
	}
}

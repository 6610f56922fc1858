package expr

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Parse reads the text of an expression. Its error is a [*FaultError] that lists
// every fault of the syntax with line and column. It does not know functions or
// attributes; that is the work of [Check].
func Parse(text string) (Node, error) {
	found := &faults{}
	node := parse(text, found)
	if err := found.err(); err != nil {
		return Node{}, err
	}
	return node, nil
}

// Read parses and checks an expression. Its error is a [*FaultError] with all that
// is wrong. Where the syntax is at fault, names of functions and attributes are
// checked as far as they can be read, and nothing else, which would be noise.
func Read(text string, environment Environment) (Node, error) {
	c := &checker{environment: environment}
	node := parse(text, &c.faults)
	if len(c.faults.list) == 0 {
		return node, Check(node, environment)
	}
	c.names(node, slices.Clone(c.faults.list))
	return Node{}, c.faults.err()
}

// parse returns what it could read, and adds the faults of the syntax.
func parse(text string, found *faults) Node {
	if length := utf8.RuneCountInString(text); length > MaxLength {
		found.add(Position{1, 1}, "the expression has %d characters, more than the %d that are allowed", length, MaxLength)
		return Node{}
	}
	p := &parser{lexer: lexer{text: text, pos: Position{1, 1}, faults: found, operand: true}, faults: found}
	p.step()
	if p.token.kind == tokenEnd {
		p.faults.add(p.token.pos, "the expression is empty")
		return Node{}
	}
	node := p.expression()
	if p.token.kind != tokenEnd && !p.failed {
		p.faults.add(p.token.pos, "%s", p.unexpected("the end of the expression"))
	}
	return node
}

// parser is a recursive descent over the tokens, one token ahead.
type parser struct {
	lexer  lexer
	token  token
	faults *faults
	depth  int
	failed bool // gave up because of the depth: what follows would be noise
	ended  bool // reported that the text ends too early
}

func (p *parser) step() { p.token = p.lexer.next() }

func (p *parser) at(sign string) bool { return p.token.kind == tokenSign && p.token.text == sign }

// expression reads one argument: joined operands, or a comparison of two.
func (p *parser) expression() Node {
	left := p.concat()
	if p.token.kind != tokenSign || !isComparison(p.token.text) {
		return left
	}
	node := Node{Kind: Compare, Name: p.token.text, Pos: left.Pos}
	p.step()
	node.Args = []Node{left, p.concat()}
	for p.token.kind == tokenSign && isComparison(p.token.text) {
		p.faults.add(p.token.pos, "comparisons cannot be chained: nest IIF instead")
		p.step()
		p.concat()
	}
	return node
}

func (p *parser) concat() Node {
	first := p.operand()
	if !p.at("&") {
		return first
	}
	node := Node{Kind: Concat, Args: []Node{first}, Pos: first.Pos}
	for p.at("&") {
		p.step()
		node.Args = append(node.Args, p.operand())
	}
	return node
}

func (p *parser) operand() Node {
	t := p.token
	switch t.kind {
	case tokenAttribute:
		p.step()
		return Node{Kind: Attribute, Name: t.text, Pos: t.pos}
	case tokenText:
		p.step()
		return Node{Kind: Text, Text: t.text, Pos: t.pos}
	case tokenNumber:
		p.step()
		return Node{Kind: Number, Number: t.number, Pos: t.pos}
	case tokenWord:
		p.step()
		if p.at("(") {
			return p.call(t)
		}
		return Node{Kind: Keyword, Name: t.text, Pos: t.pos}
	case tokenSign:
		if t.text == "(" {
			return p.group()
		}
	case tokenEnd:
	}
	if !p.failed {
		p.faults.add(t.pos, "%s", p.unexpected("a value"))
		p.ended = t.kind == tokenEnd
		p.recover()
	}
	return Node{Pos: t.pos}
}

// group reads an expression in parentheses, which have no node of their own.
func (p *parser) group() Node {
	opening := p.token.pos
	if !p.enter(opening) {
		return Node{Pos: opening}
	}
	defer p.leave()
	p.step()
	node := p.expression()
	p.closing(opening)
	return node
}

// call reads the arguments of a function; the current token is the "(".
func (p *parser) call(name token) Node {
	node := Node{Kind: Call, Name: name.text, Pos: name.pos}
	opening := p.token.pos
	if !p.enter(opening) {
		return node
	}
	defer p.leave()
	p.step()
	for p.token.kind != tokenEnd {
		if p.at(",") || p.at(")") {
			if p.at(",") || len(node.Args) > 0 {
				node.Args = append(node.Args, Node{Pos: p.token.pos})
			}
		} else {
			node.Args = append(node.Args, p.expression())
			p.separated()
		}
		if !p.at(",") {
			break
		}
		p.step()
	}
	p.closing(opening)
	return node
}

// separated makes sure that an argument is followed by a comma or the end, and
// otherwise reports it and goes on behind the next one.
func (p *parser) separated() {
	if p.at(",") || p.at(")") || p.token.kind == tokenEnd || p.failed {
		return
	}
	p.faults.add(p.token.pos, "%s", p.unexpected("a comma or )"))
	p.recover()
}

func (p *parser) closing(opening Position) {
	switch {
	case p.at(")"):
		p.step()
	case !p.failed && !p.ended && !p.lexer.unclosed:
		p.faults.add(opening, "the ( here has no closing )")
	}
}

func (p *parser) enter(at Position) bool {
	if p.depth++; p.depth <= maxDepth {
		return true
	}
	if !p.failed {
		p.faults.add(at, "calls are nested more than %d deep", maxDepth)
	}
	p.failed = true
	p.token = token{kind: tokenEnd, pos: at}
	p.lexer.offset = len(p.lexer.text)
	return false
}

func (p *parser) leave() { p.depth-- }

// recover skips to the comma or parenthesis that ends the argument at hand.
func (p *parser) recover() {
	for depth := 0; p.token.kind != tokenEnd; p.step() {
		switch {
		case p.at("("):
			depth++
		case p.at(")") && depth > 0:
			depth--
		case depth == 0 && (p.at(")") || p.at(",")):
			return
		}
	}
}

// unexpected describes the current token where something else was wanted.
func (p *parser) unexpected(wanted string) string {
	t := p.token
	switch t.kind {
	case tokenEnd:
		return "the expression ends where " + wanted + " is expected"
	case tokenWord:
		switch t.text {
		case "AND", "OR", "And", "Or", "and", "or":
			return "there is no " + t.text + ": nest one IIF in another"
		}
		return fmt.Sprintf("%s stands where %s is expected", shorten(t.text), wanted)
	case tokenSign:
		return fmt.Sprintf("%s stands where %s is expected", t.text, wanted)
	case tokenAttribute:
		return fmt.Sprintf("[%s] stands where %s is expected", shorten(t.text), wanted)
	case tokenText:
		return fmt.Sprintf("the text %q stands where %s is expected", shorten(t.text), wanted)
	case tokenNumber:
		return fmt.Sprintf("the number %d stands where %s is expected", t.number, wanted)
	}
	return wanted + " is expected"
}

package expr

import "slices"

// Kind says what a [Node] is.
type Kind uint8

// The kinds of node. The zero Kind is Omitted: an argument that was left out,
// which is not the same as an empty text.
const (
	Omitted   Kind = iota
	Attribute      // [name]: an attribute of the source object
	Text           // "text"
	Number         // 1000, -10, &HF7
	Keyword        // a bare word: vbTextCompare, UTF8, IgnoreAttributeFlow
	Call           // Name(arguments)
	Compare        // left = right, and the other five comparisons
	Concat         // left & right & ...
)

// Position is a place in the text of an expression. Line and column start at 1
// and count characters; the zero Position belongs to a node that was not parsed.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Node is one node of an expression's tree. It is a value that nobody changes
// after it is made. Compare trees with [Equal].
type Node struct {
	Kind   Kind
	Name   string // attribute, function or keyword name; the operator of a Compare
	Text   string // value of a Text
	Number int64  // value of a Number
	Args   []Node // arguments of a Call, both sides of a Compare, parts of a Concat
	Pos    Position
}

// Equal reports whether two trees are the same, wherever their text stood.
func Equal(a, b Node) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.Text == b.Text && a.Number == b.Number &&
		slices.EqualFunc(a.Args, b.Args, Equal)
}

// walk calls visit for the node and everything below it, parents first.
func (n Node) walk(visit func(Node)) {
	visit(n)
	for _, arg := range n.Args {
		arg.walk(visit)
	}
}

// isText reports whether the node is this very text constant.
func (n Node) isText(text string) bool { return n.Kind == Text && n.Text == text }

// isComparison reports whether the name is a comparison operator.
func isComparison(name string) bool {
	switch name {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

package expr

// Source is Graph's attributeMappingSource: an expression as a tree. Expression is
// the text of the whole (sub)expression; Name is the attribute's name, the
// constant's text or the function's name, by Type.
type Source struct {
	Expression string      `json:"expression"`
	Name       string      `json:"name"`
	Parameters []Parameter `json:"parameters"`
	Type       string      `json:"type"` // Attribute, Constant or Function
}

// Parameter is one named argument of a function in a Source.
type Parameter struct {
	Key   string  `json:"key"`
	Value *Source `json:"value"`
}

package soql

// What no public source confirms about the grammar. Correct it here when a real
// org shows otherwise.
const (
	// notBeforeAnyTerm lets NOT stand before any term, as in A = 1 AND NOT B = 2.
	// Otherwise it begins a condition or a pair of parentheses, and is followed by
	// one term only, which is the one form that the examples of the reference have.
	notBeforeAnyTerm = false
)

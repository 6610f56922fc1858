package expr

import "time"

// Limits of one expression and of one evaluation. An expression that goes over
// one ends in an error; none is ever cut short silently.
const (
	// MaxLength is the length of an expression in characters, as Microsoft
	// Entra's provisioning limits it.
	MaxLength = 10_000

	maxDepth     = 100       // calls and parentheses inside one another
	maxFaults    = 50        // faults that one parse or check reports
	maxText      = 1 << 20   // bytes of any text that is read or produced
	maxItems     = 10_000    // values of any list that is produced
	maxWork      = 16 << 20  // bytes read and produced in one evaluation
	maxRegexText = 100_000   // characters that a pattern is matched against
	maxPattern   = MaxLength // characters of a pattern made at run time

	regexMatchTimeout = 250 * time.Millisecond // one match
	regexTotalTimeout = time.Second            // all matches of one evaluation
)

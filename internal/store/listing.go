package store

import (
	"fmt"
	"strconv"
)

// Page asks for a part of a list. The zero Page is the first part.
type Page struct {
	// Cursor is where the part begins: Next or Previous of a Listing of the same list.
	// It is opaque; one that no list gave out is ErrInvalid.
	Cursor string
	Limit  int // at most so many items; 0: 50, and never more than 500
}

// Size returns how many items the page holds at most.
func (p Page) Size() int {
	const usual, most = 50, 500
	if p.Limit <= 0 {
		return usual
	}
	return min(p.Limit, most)
}

// Listing is a part of a list.
type Listing[T any] struct {
	Items []T
	Next  string // cursor of the part after, empty when there is none

	// Previous is the cursor of the part before, empty when there is none.
	Previous string
}

// Count is a number that is not counted to its end when it is large.
type Count struct {
	Number int
	More   bool // there are more than that
}

// String says how many there are: "12", "more than 10000".
func (c Count) String() string {
	if c.More {
		return fmt.Sprintf("more than %d", c.Number)
	}
	return strconv.Itoa(c.Number)
}

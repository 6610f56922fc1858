package soql

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Position is a place in the text of a query. Offset counts bytes from 0; Row
// and Column count from 1, Column in characters.
type Position struct {
	Offset, Row, Column int
}

// Error is a fault in the text of a query, in the words of Salesforce.
type Error struct {
	Code     string   // always CodeMalformedQuery when made by Parse
	Message  string   // without the excerpt
	Position Position // zero when the fault has no place
	Query    string   // the whole text
}

// CodeMalformedQuery is the errorCode of every fault of grammar.
const CodeMalformedQuery = "MALFORMED_QUERY"

// Error returns the message below the excerpt of the query.
func (e *Error) Error() string {
	if e.Position.Row == 0 {
		return e.Message
	}
	return Excerpt(e.Query, e.Position) + e.Message
}

// Excerpt shows where position lies: a line break, the row of the query, a
// caret below the column, and "ERROR at Row:r:Column:c". A message follows.
func Excerpt(query string, position Position) string {
	row := query
	for range position.Row - 1 {
		_, row, _ = strings.Cut(row, "\n")
	}
	row, _, _ = strings.Cut(row, "\n")
	return fmt.Sprintf("\n%s\n%s^\nERROR at Row:%d:Column:%d\n",
		row, strings.Repeat(" ", max(position.Column-1, 0)), position.Row, position.Column)
}

// positionAt computes rows and columns only when a token is made, which keeps
// the lexer's inner loops on bytes.
func (l *lexer) positionAt(offset int) Position {
	for l.lineScan < offset {
		next := strings.IndexByte(l.text[l.lineScan:offset], '\n')
		if next < 0 {
			break
		}
		l.row++
		l.lineScan += next + 1
		l.lineStart = l.lineScan
		l.columnScan, l.column = l.lineStart, 0
	}
	l.column += utf8.RuneCountInString(l.text[l.columnScan:offset])
	l.columnScan = offset
	return Position{Offset: offset, Row: l.row, Column: l.column + 1}
}

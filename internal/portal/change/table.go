package change

// Table is a list of several changes.
type Table struct {
	Label string // what the list is of, for screen readers
	Rows  []View

	Dates        bool // show when each was
	Applications bool // show of which application each is

	// Values shows what differs with old and new value, folded away; otherwise the names
	// alone are shown.
	Values bool
}

// mostListed is how many attributes of one change a table shows with their values.
const mostListed = 12

// Listed returns the attributes that a table shows.
func (v View) Listed() []Property { return v.Properties[:min(mostListed, len(v.Properties))] }

// Unlisted returns how many attributes more there are than a table shows.
func (v View) Unlisted() int { return len(v.Properties) - len(v.Listed()) }

// MarkedAfter returns the table with the entries marked as new that are later in the log
// than one.
func (t Table) MarkedAfter(entry int64) Table {
	rows := make([]View, len(t.Rows))
	for i, row := range t.Rows {
		row.New = row.Entry > entry
		rows[i] = row
	}
	t.Rows = rows
	return t
}

package csv

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/usher-id/usher/nearest"
)

// layout says which columns a kind of file may have.
type layout struct {
	required []string
	optional []string
	more     func(column string) bool // accepts columns that cannot be listed; may be nil
}

func (l layout) accepts(column string) bool {
	return slices.Contains(l.required, column) || slices.Contains(l.optional, column) || l.more != nil && l.more(column)
}

// nearest returns the column that somebody who wrote name probably meant, "" when
// none is near.
func (l layout) nearest(name string) string {
	return nearest.Name(name, slices.Concat(l.required, l.optional))
}

// table is one reading of one file.
type table struct {
	file    string
	layout  layout
	form    *faultList     // faults in the form of the file
	faults  *faultList     // faults in what it says
	columns []string       // the header
	index   map[string]int // by column
}

// row is one row of a table.
type row struct {
	table *table
	cells []cell
	whole bool // false when it has a fault in its form, so that cells may be missing
	line  int
}

// cell returns the row's value in a column, an empty cell where it has none.
func (r row) cell(column string) cell {
	if i, ok := r.table.index[column]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return cell{line: r.line}
}

// name returns a value that names something, without the spaces around it.
func (r row) name(column string) string { return strings.TrimSpace(r.cell(column).text) }

// boolean returns the value of a column of true and false. An empty one is the
// fallback.
func (r row) boolean(column string, fallback bool) bool {
	c := r.cell(column)
	switch strings.ToLower(strings.TrimSpace(c.text)) {
	case "":
		return fallback
	case "true":
		return true
	case "false":
		return false
	}
	r.fault(column, "%s is %q; want true or false", column, c.text)
	return fallback
}

// fault reports something wrong with the row's value in a column.
func (r row) fault(column, format string, args ...any) {
	c := r.cell(column)
	r.table.faults.add(r.table.file, c.line, c.column, format, args...)
}

// rows reads a file and calls each for every row until it returns false. Faults in
// the form of the file go to one list, those that each reports to the other. The sum
// identifies what was read, for comparison with a later reading; it is 0 when each
// ended the reading.
func (s *Source) rows(
	ctx context.Context, file string, l layout, form, faults *faultList, each func(row) bool,
) (sum uint64, err error) {
	in, err := s.open(file)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var digest maphash.Hash
	digest.SetSeed(s.seed)
	t := &table{file: file, layout: l, form: form, faults: faults}
	scan := newScanner(io.TeeReader(in, &digest), func(line, column int, format string, args ...any) {
		form.add(file, line, column, format, args...)
	})
	if scan.utf16() {
		form.add(file, 1, 1, "the file is UTF-16; save it as UTF-8")
		return 0, nil
	}
	ended, err := t.read(ctx, scan, each)
	if err != nil || !ended {
		return 0, err
	}
	return digest.Sum64(), nil
}

// read reads header and rows. It reports whether it came to the end of the file.
func (t *table) read(ctx context.Context, scan *scanner, each func(row) bool) (ended bool, err error) {
	header, whole, err := scan.row(nil)
	if errors.Is(err, io.EOF) {
		t.form.add(t.file, 1, 1, "the file is empty; want a header with %s", strings.Join(t.layout.required, ", "))
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", t.file, err)
	}
	if t.header(header); !whole {
		return true, nil
	}
	cells := make([]cell, 0, len(header))
	for number := 0; !t.form.full() && !t.faults.full(); number++ {
		if number%1024 == 0 && ctx.Err() != nil {
			return false, fmt.Errorf("read %s: %w", t.file, context.Cause(ctx))
		}
		cells, whole, err = scan.row(cells)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", t.file, err)
		}
		if len(cells) > 0 && !each(t.row(cells, whole)) {
			return false, nil
		}
	}
	return true, nil
}

// header takes in the first row and reports unknown, repeated and missing columns.
func (t *table) header(cells []cell) {
	t.index = make(map[string]int, len(cells))
	for i, c := range cells {
		column := strings.TrimSpace(c.text)
		t.columns = append(t.columns, column)
		_, repeated := t.index[column]
		switch {
		case repeated:
			t.form.add(t.file, c.line, c.column, "column %s is there twice", column)
		case t.layout.accepts(column):
			t.index[column] = i
		case len(cells) == 1 && strings.ContainsAny(column, ";\t"):
			t.form.add(t.file, c.line, c.column, "the columns must be separated by commas")
			return
		default:
			t.unknown(c, column)
		}
	}
	for _, column := range t.layout.required {
		if _, ok := t.index[column]; !ok {
			t.form.add(t.file, 1, 0, "column %s is missing", column)
		}
	}
}

func (t *table) unknown(c cell, column string) {
	if near := t.layout.nearest(column); near != "" {
		t.form.add(t.file, c.line, c.column, "unknown column %q; did you mean %s?", column, near)
		return
	}
	t.form.add(t.file, c.line, c.column, "unknown column %q", column)
}

// row makes a row of at least one value and checks their number.
func (t *table) row(cells []cell, whole bool) row {
	first := cells[0].line
	switch {
	case !whole:
	case len(cells) < len(t.columns):
		t.form.add(t.file, first, 0, "short row: %d values, the header has %d columns", len(cells), len(t.columns))
		whole = false
	case len(cells) > len(t.columns):
		extra := cells[len(t.columns)]
		t.form.add(t.file, extra.line, extra.column, "%d values, the header has %d columns", len(cells), len(t.columns))
		whole = false
	}
	return row{table: t, cells: cells, whole: whole, line: first}
}

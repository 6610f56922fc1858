package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

// sequence is a query whose rows have an order, and that is read in parts.
type sequence[T any] struct {
	columns    string // what scan reads
	from       string // the tables
	where      conditions
	within     conditions // those of where that an index serves; only for bounded
	order      []string   // columns that the rows are in the order of; together they are unique
	descending bool
	scan       func(rows *sql.Rows) (T, error)
	place      func(item T) []any // values of the columns of order, each a string or an int64
	number     int                // among the sequences of a list, which tells rows of the same place apart
}

// sorted makes the database sort the rows: an index in the order of the list is of no
// use where few rows are selected by something else.
func (q sequence[T]) sorted() sequence[T] {
	order := slices.Clone(q.order)
	var none T
	for i, value := range q.place(none) {
		order[i] += ` || ''`
		if _, text := value.(string); !text {
			order[i] = "(" + q.order[i] + " + 0)"
		}
	}
	q.order = order
	return q
}

// text returns the query for the rows after a cursor, or, backward, before it, and its
// arguments. Without a place it begins at the beginning, or the end. Of the rows of
// several sequences in the same place, those of the earlier sequence come first.
func (q sequence[T]) text(at cursor, limit int) (string, []any) {
	where := q.where.clone()
	sign, direction := " >", " asc"
	if at.Backward != q.descending {
		sign, direction = " <", " desc"
	}
	if at.Backward && q.number < at.Sequence || !at.Backward && q.number > at.Sequence {
		sign += "="
	}
	if len(at.Place) > 0 {
		where.addPlace(q.order, sign+" ", at.Place)
	}
	text := "select " + q.columns + " from " + q.from
	if len(where.texts) > 0 {
		text += " where " + strings.Join(where.texts, " and ")
	}
	return text + " order by " + strings.Join(q.order, direction+", ") + direction + " limit " + where.argument(int64(limit)), where.arguments
}

// addPlace adds how the columns compare to a place.
func (c *conditions) addPlace(columns []string, sign string, place []any) {
	marks := make([]string, len(place))
	for i, value := range place {
		marks[i] = c.argument(value)
	}
	c.texts = append(c.texts, "("+strings.Join(columns, ", ")+")"+sign+"("+strings.Join(marks, ", ")+")")
}

func (c *conditions) clone() conditions {
	return conditions{slices.Clone(c.texts), slices.Clone(c.arguments)}
}

func (q sequence[T]) rows(ctx context.Context, s session, at cursor, limit int) ([]T, error) {
	items := make([]T, 0, limit)
	text, arguments := q.text(at, limit)
	err := s.each(ctx, func(rows *sql.Rows) error {
		item, err := q.scan(rows)
		items = append(items, item)
		return err
	}, text, arguments...)
	return items, err
}

// listing returns a part of a list that is made of one sequence, or of several of the
// same order.
func listing[T any](ctx context.Context, s session, page store.Page, sequences ...sequence[T]) (store.Listing[T], error) {
	var none T
	q := sequences[0]
	at, err := decodeCursor(page.Cursor, q.place(none))
	if err != nil {
		return store.Listing[T]{}, err
	}
	size := page.Size()
	items, err := merged(ctx, s, at, size+1, sequences)
	if err != nil {
		return store.Listing[T]{}, err
	}
	if at.Backward && len(items) <= size {
		// What is left before is less than a part: the first part is a whole one.
		at = cursor{}
		if items, err = merged(ctx, s, at, size+1, sequences); err != nil {
			return store.Listing[T]{}, err
		}
	}
	found := cut(items, at, size, func(item numbered[T]) position { return position{q.place(item.item), item.number} }, nil)
	result := store.Listing[T]{Items: make([]T, len(found.Items)), Next: found.Next, Previous: found.Previous}
	for i, item := range found.Items {
		result.Items[i] = item.item
	}
	return result, nil
}

// cut makes a listing of rows that were read from a cursor on, one more than belong to
// it if there are so many. Looked is up to where was looked, if that was not the end.
func cut[T any](items []T, at cursor, size int, place func(T) position, looked []any) store.Listing[T] {
	more := len(items) > size
	items = items[:min(size, len(items))]
	reached := position{Place: looked}
	if more {
		reached = place(items[size-1])
	}
	found := store.Listing[T]{Items: items}
	if len(reached.Place) > 0 {
		onward := cursor{at.Backward, reached}.String()
		if found.Next = onward; at.Backward {
			found.Next, found.Previous = "", onward
		}
	}
	if len(at.Place) == 0 {
		return found
	}
	begin := reached
	if len(items) > 0 {
		begin = place(items[0])
	}
	if len(begin.Place) == 0 {
		begin = at.position
	}
	back := cursor{!at.Backward, begin}.String()
	if at.Backward {
		slices.Reverse(found.Items)
		found.Next = back
	} else {
		found.Previous = back
	}
	return found
}

// bounded is like listing for a sequence with conditions that no index serves: for one
// part it looks at so many of the rows that are within, 0 for any number. The part may
// then hold less than was asked for and have a part after it.
func bounded[T any](ctx context.Context, s session, page store.Page, looked int, q sequence[T]) (store.Listing[T], error) {
	if looked == 0 || len(q.where.texts) == len(q.within.texts) {
		return listing(ctx, s, page, q)
	}
	var none T
	at, err := decodeCursor(page.Cursor, q.place(none))
	if err != nil {
		return store.Listing[T]{}, err
	}
	reached, err := q.reach(ctx, s, at, looked)
	switch {
	case err != nil:
		return store.Listing[T]{}, err
	case len(reached) == 0:
		return listing(ctx, s, page, q)
	}
	sign := " <= "
	if at.Backward != q.descending {
		sign = " >= "
	}
	q.where = q.where.clone()
	q.where.addPlace(q.order, sign, reached)
	items, err := q.rows(ctx, s, at, page.Size()+1)
	return cut(items, at, page.Size(), func(item T) position { return position{Place: q.place(item)} }, reached), err
}

// reach returns the place of the row that lies so many rows after the cursor, nil when
// there are not so many.
func (q sequence[T]) reach(ctx context.Context, s session, at cursor, rows int) ([]any, error) {
	q.where, q.columns = q.within, strings.Join(q.order, ", ")
	text, arguments := q.text(at, 1)
	var none T
	place := q.place(none)
	targets := make([]any, len(place))
	for i, value := range place {
		targets[i] = new(int64)
		if _, text := value.(string); text {
			targets[i] = new(string)
		}
	}
	found, err := s.one(ctx, targets, text+" offset "+strconv.Itoa(rows-1), arguments...)
	if err != nil || !found {
		return nil, err
	}
	for i, target := range targets {
		switch value := target.(type) {
		case *string:
			place[i] = *value
		case *int64:
			place[i] = *value
		}
	}
	return place, nil
}

// numbered is a row of a list with the number of its sequence.
type numbered[T any] struct {
	item   T
	number int
}

// merged returns the first rows of all sequences in the direction of the cursor.
func merged[T any](ctx context.Context, s session, at cursor, limit int, sequences []sequence[T]) ([]numbered[T], error) {
	var all []numbered[T]
	for number, q := range sequences {
		q.number = number
		items, err := q.rows(ctx, s, at, limit)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			all = append(all, numbered[T]{item, number})
		}
	}
	if len(sequences) > 1 {
		q := sequences[0]
		slices.SortFunc(all, func(a, b numbered[T]) int {
			order, numbers := comparePlaces(q.place(a.item), q.place(b.item)), cmp.Compare(a.number, b.number)
			if q.descending {
				order = -order
			}
			if order = cmp.Or(order, numbers); at.Backward {
				return -order
			}
			return order
		})
	}
	return all[:min(limit, len(all))], nil
}

func comparePlaces(a, b []any) int {
	for i := range a {
		order := 0
		switch value := a[i].(type) {
		case string:
			other, _ := b[i].(string)
			order = strings.Compare(value, other)
		case int64:
			other, _ := b[i].(int64)
			order = cmp.Compare(value, other)
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// position is where a row is in a list. Rows of several sequences can have the same
// place, as what began at the same moment does, and the number of its sequence then
// tells one apart.
type position struct {
	Place    []any `json:"p"`
	Sequence int   `json:"s,omitzero"`
}

// cursor is a position in a list and the direction in which to go on from there.
type cursor struct {
	Backward bool `json:"b,omitzero"`
	position
}

// String returns the cursor as it is given out.
func (c cursor) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		return "" // texts and numbers have JSON
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// decodeCursor reads a cursor of a list whose places look like the one given.
func decodeCursor(text string, like []any) (cursor, error) {
	var c cursor
	if text == "" {
		return c, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		err = decoder.Decode(&c)
		if _, more := decoder.Token(); err == nil && !errors.Is(more, io.EOF) {
			return cursor{}, foreignCursor()
		}
	}
	if err != nil || len(c.Place) != len(like) {
		return cursor{}, foreignCursor()
	}
	for i, value := range c.Place {
		switch like[i].(type) {
		case string:
			text, ok := value.(string)
			if !ok || checkText("cursor", text) != nil {
				return cursor{}, foreignCursor()
			}
		default:
			number, ok := value.(json.Number)
			if !ok {
				return cursor{}, foreignCursor()
			}
			if c.Place[i], err = number.Int64(); err != nil {
				return cursor{}, foreignCursor()
			}
		}
	}
	return c, nil
}

func foreignCursor() error {
	return errorf(store.ErrInvalid, "the position in the list, which is not one that this list gave out; begin with the first page")
}

// capped counts the rows of a query, which must not have a limit, up to a number.
func (s session) capped(ctx context.Context, most int, text string, arguments ...any) (store.Count, error) {
	count, err := s.count(ctx, fmt.Sprintf(`select count(*) from (%s limit %d) counted`, text, most+1), arguments...)
	return countOf(count, most), err
}

func countOf(count, most int) store.Count {
	return store.Count{Number: min(count, most), More: count > most}
}

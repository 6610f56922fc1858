package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// idQuery reads ids: what follows select, and what comes after that. Its parameter $1 is
// an id, and only those after it are read.
type idQuery struct{ column, from string }

// ids returns the ids after an id, in their order, at most so many if that is not 0.
// Reading them as one text costs a tenth of reading each in a row of its own.
func (s session) ids(ctx context.Context, most int, q idQuery, after string, arguments ...any) ([]string, error) {
	var (
		count  int
		joined sql.NullString
	)
	ordered := `select ` + q.column + ` as id ` + q.from + ` order by ` + q.column
	text := `select count(*), string_agg(` + q.column + `, ',') ` + q.from
	if most > 0 {
		ordered += fmt.Sprintf(" limit %d", most)
		text = `select count(*), string_agg(id, ',') from (` + ordered + `) part`
	}
	arguments = append([]any{after}, arguments...)
	if _, err := s.one(ctx, []any{&count, &joined}, text, slices.Clone(arguments)...); err != nil || count == 0 {
		return nil, err
	}
	ids := strings.Split(joined.String, ",")
	if len(ids) != count { // ids with commas
		return s.texts(ctx, ordered, arguments...)
	}
	if !slices.IsSorted(ids) { // the order in which they are joined is that of an index, as a rule
		slices.Sort(ids)
	}
	return ids, nil
}

// seek returns where an id is, or would be, among ids in order, not before a place: it is
// mostly near.
func seek(ids []string, at int, id string) int {
	for range 4 {
		if at == len(ids) || ids[at] >= id {
			return at
		}
		at++
	}
	step := 1
	for at+step <= len(ids) && ids[at+step-1] < id {
		at += step
		step *= 2
	}
	end := min(at+step-1, len(ids))
	found, _ := slices.BinarySearch(ids[at:end], id)
	return at + found
}

// merge returns the ids that two lists in order have, each once, in order.
func merge(a, b []string) []string {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	all := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch strings.Compare(a[0], b[0]) {
		case -1:
			all, a = append(all, a[0]), a[1:]
		case 1:
			all, b = append(all, b[0]), b[1:]
		default:
			all, a, b = append(all, a[0]), a[1:], b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// without returns the ids of a list in order that another one in order does not have.
func without(ids, others []string) []string {
	if len(others) == 0 || len(ids) == 0 {
		return ids
	}
	left := make([]string, 0, len(ids))
	at := 0
	for _, id := range ids {
		if at = seek(others, at, id); at == len(others) || others[at] != id {
			left = append(left, id)
		}
	}
	return left
}

package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// idsAtOnce is how many ids are read as one text.
const idsAtOnce = 20_000

// ids runs a query of ids, named id, after the id $1, in their order, and returns at most
// so many of them, all when that is 0. Reading them in one row costs a tenth of reading
// each in a row of its own.
func (s session) ids(ctx context.Context, most int, text string, after string, arguments ...any) ([]string, error) {
	var all []string
	for {
		size := idsAtOnce
		if most > 0 {
			size = min(size, most-len(all))
		}
		part, err := s.idsPart(ctx, text, size, append([]any{after}, arguments...))
		all = append(all, part...)
		if err != nil || len(part) < size || len(all) == most {
			return all, err
		}
		after = part[len(part)-1]
	}
}

func (s session) idsPart(ctx context.Context, text string, size int, arguments []any) ([]string, error) {
	var (
		count  int
		joined sql.NullString
	)
	limited := fmt.Sprintf("%s limit %d", text, size)
	if _, err := s.one(ctx, []any{&count, &joined}, `select count(*), string_agg(id, ',') from (`+limited+`) part`, slices.Clone(arguments)...); err != nil || count == 0 {
		return nil, err
	}
	ids := strings.Split(joined.String, ",")
	if len(ids) != count { // ids with commas
		return s.texts(ctx, limited, arguments...)
	}
	if !slices.IsSorted(ids) { // what a query in order is joined in is no promise
		slices.Sort(ids)
	}
	return ids, nil
}

// seek returns where an id is, or would be, among ids in order, not before a place.
func seek(ids []string, at int, id string) int {
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

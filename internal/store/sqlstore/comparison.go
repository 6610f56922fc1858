package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// mostComparisons is how many comparisons of a plan are listed.
const mostComparisons = 20

// BeginComparison keeps a comparison; see store.Comparisons.
func (s *Store) BeginComparison(ctx context.Context, c store.Comparison) error {
	return s.database.write(ctx, "keep a comparison", func(t *tx) error {
		known, err := t.texts(ctx, `select key from plans where key = $1 and created_at > 0`, c.PlanKey)
		if err == nil && len(known) == 0 {
			err = notFound("plan", c.PlanKey)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `insert into comparisons (id, plan_key, ready, content) values ($1, $2, $3, '')`, c.ID, c.PlanKey, false)
		return err
	})
}

// AddDifferences adds to a comparison; see store.Comparisons.
func (s *Store) AddDifferences(ctx context.Context, id string, differences []store.FoundDifference) error {
	values := make([]any, 0, 5*len(differences))
	for _, d := range differences {
		content, err := encodeJSON("what a comparison says of somebody", d.Difference)
		if err != nil {
			return err
		}
		values = append(values, id, int64(d.Number), string(d.Likeness), searchText(d.Person.Name, d.Person.ID, d.Account.Name, d.Account.ID), clean(content))
	}
	return s.database.batch(ctx, "keep a part of a comparison", func(t *tx) error {
		return t.insert(ctx, insertion{into: `comparison_rows (comparison_id, number, likeness, search, content)`, width: 5}, values)
	})
}

// FinishComparison makes a comparison seen; see store.Comparisons.
func (s *Store) FinishComparison(ctx context.Context, c store.Comparison, audits ...journal.Audit) error {
	content, err := encodeJSON("comparison", c)
	if err != nil {
		return err
	}
	return s.database.write(ctx, "keep a comparison", func(t *tx) error {
		count, err := t.exec(ctx, `update comparisons set ready = $1, content = $2 where id = $3`, true, clean(content), c.ID)
		if err == nil && count == 0 {
			err = notFound("comparison", c.ID)
		}
		if err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// Comparison returns a comparison; see store.Comparisons.
func (s *Store) Comparison(ctx context.Context, id string) (store.Comparison, error) {
	found, err := s.comparisons(ctx, `select content from comparisons where id = $1 and ready`, id)
	switch {
	case err != nil:
		return store.Comparison{}, wrapped("read the comparison "+id, err)
	case len(found) == 0:
		return store.Comparison{}, notFound("comparison", id)
	}
	return found[0], nil
}

// Comparisons returns the comparisons of a plan; see store.Comparisons.
func (s *Store) Comparisons(ctx context.Context, planKey string) ([]store.Comparison, error) {
	found, err := s.comparisons(ctx, `select content from comparisons where plan_key = $1 and ready order by id desc limit $2`, planKey, int64(mostComparisons))
	return found, wrapped("list the comparisons of a plan", err)
}

func (s *Store) comparisons(ctx context.Context, text string, arguments ...any) ([]store.Comparison, error) {
	var found []store.Comparison
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var c store.Comparison
		var content string
		err := rows.Scan(&content)
		if err == nil {
			err = decodeJSON("comparison", content, &c)
		}
		found = append(found, c)
		return err
	}, text, arguments...)
	return found, err
}

// FindDifferences returns what a comparison says; see store.Comparisons.
func (s *Store) FindDifferences(ctx context.Context, search store.DifferenceSearch, page store.Page) (store.Listing[store.FoundDifference], error) {
	const what = "read a comparison"
	q := sequence[int64]{
		columns: "number", from: "comparison_rows", order: []string{"number"}, place: func(number int64) []any { return []any{number} },
		scan: func(rows *sql.Rows) (int64, error) {
			var number int64
			err := rows.Scan(&number)
			return number, err
		},
	}
	q.within.add(`comparison_id = ?`, search.Comparison)
	q.where = q.within.clone()
	q.where.addText(`likeness = ?`, string(search.Likeness))
	if search.Text != "" {
		q.where.addPart(search.Text)
	}
	found, err := bounded(ctx, s.database.queries(), page, maxLookedInIndex, q)
	if err != nil {
		return store.Listing[store.FoundDifference]{}, wrapped(what, err)
	}
	items, err := s.differencesAt(ctx, search.Comparison, found.Items)
	return store.Listing[store.FoundDifference]{Items: items, Next: found.Next, Previous: found.Previous}, wrapped(what, err)
}

// differencesAt returns what a comparison says at some numbers, which are in order.
func (s *Store) differencesAt(ctx context.Context, id string, numbers []int64) ([]store.FoundDifference, error) {
	var items []store.FoundDifference
	for chunk := range slices.Chunk(numbers, 100) {
		var c conditions
		of, marks := c.argument(id), make([]string, len(chunk))
		for i, number := range chunk {
			marks[i] = c.argument(number)
		}
		err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
			var d store.FoundDifference
			var content string
			err := rows.Scan(&d.Number, &content)
			if err == nil {
				err = decodeJSON("what a comparison says of somebody", content, &d.Difference)
			}
			items = append(items, d)
			return err
		}, `select number, content from comparison_rows where comparison_id = `+of+` and number in (`+strings.Join(marks, ", ")+`) order by number`, c.arguments...)
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// RemoveComparison removes a comparison; see store.Comparisons.
func (s *Store) RemoveComparison(ctx context.Context, id string, audits ...journal.Audit) error {
	const what = "remove a comparison"
	if err := s.database.write(ctx, what, func(t *tx) error { // nobody sees it any more
		count, err := t.exec(ctx, `update comparisons set ready = $1 where id = $2 and ready`, false, id)
		if err != nil || count == 0 {
			return err
		}
		return t.appendAudits(ctx, audits)
	}); err != nil {
		return err
	}
	if err := s.drain(ctx, what, `delete from comparison_rows where comparison_id = $1 and number in
		(select number from comparison_rows where comparison_id = $1 order by number limit $2)`, id); err != nil {
		return err
	}
	return s.database.write(ctx, what, func(t *tx) error {
		_, err := t.exec(ctx, `delete from comparisons where id = $1`, id)
		return err
	})
}

package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
)

// itemPlace is the place of an item in its plan.
type itemPlace struct{ sourceID, attribute string }

// FindPlanItems returns items of a plan; see store.Plans.
func (s *Store) FindPlanItems(ctx context.Context, search store.PlanItemSearch, page store.Page) (store.Listing[engine.PlanItem], error) {
	const what = "list items of a plan"
	q := sequence[itemPlace]{
		columns: "source_id, attribute", from: "plan_items", order: []string{"source_id", "attribute"},
		scan: func(rows *sql.Rows) (itemPlace, error) {
			var p itemPlace
			err := rows.Scan(&p.sourceID, &p.attribute)
			return p, err
		},
		place: func(p itemPlace) []any { return []any{p.sourceID, p.attribute} },
	}
	q.within.add(`plan_key = ?`, search.Key)
	q.where = q.within.clone()
	if len(search.Actions) > 0 {
		q.where.add(`action in list(?)`, texts(search.Actions))
	}
	if len(search.States) > 0 {
		q.where.add(`state in list(?)`, texts(search.States))
	}
	q.where.addText(`code = ?`, search.Code)
	if search.Text != "" {
		q.where.addPart(search.Text)
	}
	session := s.database.queries()
	found, err := bounded(ctx, session, page, maxLookedInIndex, q)
	if err != nil {
		return store.Listing[engine.PlanItem]{}, wrapped(what, err)
	}
	items, err := s.itemsAt(ctx, search.Key, found.Items)
	return store.Listing[engine.PlanItem]{Items: items, Next: found.Next, Previous: found.Previous}, wrapped(what, err)
}

// itemsAt returns the items at some places of a plan, in their order.
func (s *Store) itemsAt(ctx context.Context, key string, places []itemPlace) ([]engine.PlanItem, error) {
	items := make([]engine.PlanItem, 0, len(places))
	for chunk := range slices.Chunk(places, 100) {
		query := engine.ItemQuery{All: true, Limit: pageSize}
		for _, p := range chunk {
			if len(query.SourceIDs) == 0 || query.SourceIDs[len(query.SourceIDs)-1] != p.sourceID {
				query.SourceIDs = append(query.SourceIDs, p.sourceID)
			}
		}
		for {
			found, err := s.Engine().PlanItems(ctx, key, query)
			if err != nil {
				return nil, err
			}
			for _, item := range found {
				if slices.Contains(chunk, itemPlace{item.Change.Source.ID, item.Attribute}) {
					items = append(items, item)
				}
			}
			if len(found) < query.Limit {
				break
			}
			query.After = found[len(found)-1]
		}
	}
	return items, nil
}

// planItemText is what an item of a plan is searched by.
func planItemText(item engine.PlanItem) string {
	person, account := item.Change.Source, item.Change.Target
	return searchText(person.Name, person.ID, account.Name, account.ID)
}

// fillPlanItems fills in what items of plans are filtered and searched by.
func fillPlanItems(ctx context.Context, t *tx) error {
	var keys []string
	err := t.each(ctx, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	}, `select key from plans`)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := fillItemsOf(ctx, t, key); err != nil {
			return err
		}
	}
	return nil
}

func fillItemsOf(ctx context.Context, t *tx, key string) error {
	type row struct {
		itemPlace

		code, search string
	}
	var after itemPlace
	for {
		var found []row
		err := t.each(ctx, func(rows *sql.Rows) error {
			var r row
			var content string
			if err := rows.Scan(&r.sourceID, &r.attribute, &content); err != nil {
				return err
			}
			var item engine.PlanItem
			err := decodeJSON("an item of a plan", content, &item)
			r.code, r.search = item.Change.Reason.Code, planItemText(item)
			found = append(found, r)
			return err
		}, `select source_id, attribute, content from plan_items where plan_key = $1 and (source_id, attribute) > ($2, $3) order by source_id, attribute limit $4`,
			key, after.sourceID, after.attribute, int64(pageSize))
		if err != nil {
			return err
		}
		for _, r := range found {
			if _, err := t.exec(ctx, `update plan_items set code = $1, search = $2 where plan_key = $3 and source_id = $4 and attribute = $5`,
				clean(r.code), r.search, key, r.sourceID, r.attribute); err != nil {
				return err
			}
		}
		if len(found) < pageSize {
			return nil
		}
		after = found[len(found)-1].itemPlace
	}
}

package administration

import (
	"context"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
)

// Comparisons returns the comparisons of a plan, the newest first, and no more than 20.
func (s *Service) Comparisons(ctx context.Context, p engine.Plan) ([]store.Comparison, error) {
	return s.Store.Comparisons(ctx, p.Key)
}

// Comparison returns a comparison of a plan by its id; without an id the latest one.
// None is store.ErrNotFound.
func (s *Service) Comparison(ctx context.Context, p engine.Plan, id string) (store.Comparison, error) {
	if id == "" {
		made, err := s.Comparisons(ctx, p)
		if err == nil && len(made) == 0 {
			err = store.ErrNotFound
		}
		if err != nil {
			return store.Comparison{}, err
		}
		return made[0], nil
	}
	c, err := s.Store.Comparison(ctx, id)
	if err == nil && c.PlanKey != p.Key {
		return store.Comparison{}, store.ErrNotFound
	}
	return c, err
}

// Differences yields what a comparison says of the people who are selected, in its order.
func (s *Service) Differences(ctx context.Context, search store.DifferenceSearch) iter.Seq2[store.FoundDifference, error] {
	return func(yield func(store.FoundDifference, error) bool) {
		for part := (store.Page{Limit: differenceBatch}); ; {
			found, err := s.Store.FindDifferences(ctx, search, part)
			if err != nil {
				yield(store.FoundDifference{}, err)
				return
			}
			for _, difference := range found.Items {
				if !yield(difference, nil) {
					return
				}
			}
			if part.Cursor = found.Next; part.Cursor == "" {
				return
			}
		}
	}
}

package sqlstore

import (
	"fmt"
	"iter"
)

// pageSize is how many rows a sequence reads at a time.
const pageSize = 500

// pages makes a sequence of the pages that read returns, each after the last item
// of the one before. Between two pages no connection is in use, so that whoever
// ranges may be slow and may use the store.
func pages[T any](what string, read func(last T, started bool, limit int) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last T
		for started := false; ; started = true {
			page, err := read(last, started, pageSize)
			if err != nil {
				var none T
				yield(none, fmt.Errorf("%s: %w", what, err))
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			last = page[len(page)-1]
		}
	}
}

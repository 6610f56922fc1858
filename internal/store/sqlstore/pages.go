package sqlstore

import (
	"fmt"
	"iter"
)

// pageSize is how many rows a sequence reads at a time.
const pageSize = 500

// nextPageSize returns how many rows a sequence reads after so many: less in the
// beginning, because many look at nothing but its first items.
func nextPageSize(count int) int {
	for _, size := range []int{100, 200} {
		if count < size {
			return size - count
		}
	}
	return pageSize - count%pageSize
}

// pages makes a sequence of the pages that read returns, each after the last item
// of the one before. Between two pages no connection is in use, so that whoever
// ranges may be slow and may use the store.
func pages[T any](what string, read func(last T, started bool, limit int) ([]T, error)) iter.Seq2[T, error] {
	return firstPages(what, 0, read)
}

// firstPages is like pages and ends after limit items, if limit is not 0.
func firstPages[T any](what string, limit int, read func(last T, started bool, limit int) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last T
		count := 0
		for started := false; ; started = true {
			size := nextPageSize(count)
			if limit > 0 {
				size = min(size, limit-count)
			}
			page, err := read(last, started, size)
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
			count += len(page)
			if len(page) < size || count == limit {
				return
			}
			last = page[len(page)-1]
		}
	}
}

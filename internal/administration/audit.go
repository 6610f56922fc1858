package administration

import (
	"context"
	"iter"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// auditsPart is how many audit records are read at once.
const auditsPart = 500

// Audits yields the audit records that are selected, the newest first. It reads them in
// parts: what is written meanwhile is not among them.
func (s *Service) Audits(ctx context.Context, search store.AuditSearch) iter.Seq2[journal.Audit, error] {
	return func(yield func(journal.Audit, error) bool) {
		for part := (store.Page{Limit: auditsPart}); ; {
			found, err := s.Store.FindAudits(ctx, search, part)
			if err != nil {
				yield(journal.Audit{}, err)
				return
			}
			for _, audit := range found.Items {
				if !yield(audit, nil) {
					return
				}
			}
			if found.Next == "" {
				return
			}
			part.Cursor = found.Next
		}
	}
}

package administration

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Cause is a reason for which changes fail, with what is known about it.
type Cause struct {
	Code        string
	Explanation journal.Explanation // what it means, and what to do about it
	Message     string              // what the target said of one of them
	Count       int                 // failed changes, of people and of references
	First       time.Time           // when the oldest of them failed first
	Next        time.Time           // when the first of them is tried again
}

// Causes groups what failed and is tried again by its cause, the most frequent first.
func (s *Service) Causes(ctx context.Context, app Application) ([]Cause, error) {
	byCode := make(map[string]*Cause)
	for escrow, err := range s.Store.Escrows(ctx, app.Job.ID) {
		if err != nil {
			return nil, err
		}
		cause, known := byCode[escrow.Code]
		if !known {
			cause = &Cause{Code: escrow.Code, Explanation: s.Catalogue.Explain(escrow.Code), Message: escrow.Message, First: escrow.First, Next: escrow.Next}
			byCode[escrow.Code] = cause
		}
		cause.Count++
		if escrow.First.Before(cause.First) {
			cause.First = escrow.First
		}
		if escrow.Next.Before(cause.Next) {
			cause.Next = escrow.Next
		}
	}
	causes := make([]Cause, 0, len(byCode))
	for _, cause := range byCode {
		causes = append(causes, *cause)
	}
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return causes, nil
}

// Failures yields what failed and is tried again, in the order of people's ids; those
// with one code, or all of them when it is empty.
func (s *Service) Failures(ctx context.Context, app Application, code string) iter.Seq2[engine.Escrow, error] {
	return func(yield func(engine.Escrow, error) bool) {
		for escrow, err := range s.Store.Escrows(ctx, app.Job.ID) {
			if err == nil && code != "" && escrow.Code != code {
				continue
			}
			if !yield(escrow, err) || err != nil {
				return
			}
		}
	}
}

// Retry makes failed changes due at once: those of some people, those with one code, or
// all, and returns how many. A cycle that tries them follows within seconds.
func (a Acts) Retry(ctx context.Context, app Application, which store.Retry) (int, error) {
	count, err := a.Store.RetryNow(ctx, app.Job.ID, which, func(count int) journal.Audit {
		return a.Record(ActivityRetry, app.DisplayName, counted(count, "change", "changes"))
	})
	if err != nil {
		return 0, err
	}
	a.wake(ctx, app.ID)
	return count, nil
}

// Leavers yields the people who left and whose accounts are kept for a grace period, in
// the order of when it ends.
func (s *Service) Leavers(ctx context.Context, app Application) iter.Seq2[engine.Leaver, error] {
	return s.Store.Leavers(ctx, app.Job.ID)
}

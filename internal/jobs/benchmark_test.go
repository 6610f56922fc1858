package jobs_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkChangeToAccount measures the time from the commit of a change in the
// directory until the account has changed, event-driven, with a target that answers
// at once. Changes come at uneven moments, one after the other.
//
//	go test -run '^$' -bench ChangeToAccount -benchtime 100x ./internal/jobs
func BenchmarkChangeToAccount(b *testing.B) {
	for name, postgres := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, worldOptions{people: 200, postgres: postgres})
			w.service(b, nil)
			await(b, "the initial cycle is over", func() bool { return w.status(b).Status.InitialDone })
			var took []time.Duration
			for b.Loop() {
				round := len(took)
				time.Sleep(time.Duration(round*37%500) * time.Millisecond) // anywhere between two looks at the feed
				surname := fmt.Sprintf("Round%d", round)
				must(b, w.store.PutUser(b.Context(), person(round%200, surname)))
				began := time.Now()
				await(b, "the account has changed", func() bool { return w.surname(round%200) == surname })
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds(), "s-median")
			b.ReportMetric(took[len(took)*95/100].Seconds(), "s-p95")
			b.ReportMetric(took[len(took)-1].Seconds(), "s-most")
		})
	}
}

package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func dispatchTests() []test {
	return []test{
		{"a job is leased to one holder at a time", func(t *testing.T, w *world) {
			t.Helper()
			lease := func(holder string, duration time.Duration) bool {
				t.Helper()
				taken, err := w.Lease(w.ctx(), w.job, holder, duration)
				w.must(err)
				return taken
			}
			w.equal("a free job", lease("one", time.Hour), true)
			w.equal("a job that another one has", lease("two", time.Hour), false)
			w.must(w.Release(w.ctx(), w.job, "two"))
			w.equal("after a release by who does not have it", lease("two", time.Hour), false)
			w.equal("kept until just now", lease("one", -time.Second), true)
			w.equal("a lease that is over", lease("two", time.Hour), true)
			w.equal("who lost it", lease("one", time.Hour), false)
			w.must(w.Release(w.ctx(), w.job, "two"))
			w.equal("after a release", lease("one", time.Hour), true)
			_, err := w.Lease(w.ctx(), "nothing", "one", time.Hour)
			w.wantError(err, store.ErrNotFound)
		}},
		{"of many who want a job one gets it", func(t *testing.T, w *world) {
			t.Helper()
			got := make([]int, 8)
			together(len(got), func(number int) {
				taken, err := w.Lease(t.Context(), w.job, strconv.Itoa(number), time.Hour)
				if err != nil {
					t.Error(err)
				}
				if taken {
					got[number] = 1
				}
			})
			sum := 0
			for _, one := range got {
				sum += one
			}
			w.equal("holders", sum, 1)
		}},
		{"retries and grace periods that came due are counted", func(t *testing.T, w *world) {
			t.Helper()
			start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			var escrows []engine.Escrow
			for i, id := range []string{"ana", "ben", "cleo"} {
				escrows = append(escrows, engine.Escrow{SourceID: id, Attempts: 1, First: start, Next: start.Add(time.Duration(i) * time.Hour)})
			}
			w.putUsers("boss")
			w.report("boss", "ana")
			w.connect(true, "ana", "boss")
			reference := engine.Reference{SourceID: "ana", Attribute: "ManagerId", Referenced: "boss"}
			w.commit(w.begin(), engine.Commit{Escrows: escrows, Waiting: []engine.Reference{reference}, Leavers: []engine.Leaver{
				{SourceID: "dora", Since: start, Due: start.Add(time.Hour)}, {SourceID: "eli", Since: start, Due: start.Add(2 * time.Hour)},
			}})
			w.commit(w.begin(), engine.Commit{Refused: []engine.FailedReference{{
				Reference: reference, Escrow: engine.Escrow{Attempts: 1, First: start, Next: start.Add(time.Hour)},
			}}})
			count, err := w.CountDue(w.ctx(), w.job, start, start.Add(time.Hour))
			w.must(err)
			w.equal("due after the first until the second", count, engine.Due{Escrows: 1, References: 1, Leavers: 1})
			count, err = w.CountDue(w.ctx(), w.job, time.Time{}, start.Add(3*time.Hour))
			w.must(err)
			w.equal("due at all", count, engine.Due{Escrows: 3, References: 1, Leavers: 2})
		}},
		{"what was told is replaced by who knows it", func(t *testing.T, w *world) {
			t.Helper()
			told, err := w.Told(w.ctx(), w.job)
			w.must(err)
			w.equal("told", told, provisioning.Told{})
			next := provisioning.Told{Quarantine: provisioning.Quarantine{Reason: provisioning.TooManyDeletes}, Held: 7, At: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
			written, err := w.Tell(w.ctx(), w.job, next)
			w.must(err)
			w.equal("for the first time", written, true)
			written, err = w.Tell(w.ctx(), w.job, next)
			w.must(err)
			w.equal("by who knows an older state", written, false)
			told, err = w.Told(w.ctx(), w.job)
			w.must(err)
			next.Version = 1
			w.equal("told", told, next)
			written, err = w.Tell(w.ctx(), w.job, told)
			w.must(err)
			w.equal("by who knows the newest state", written, true)
			_, err = w.Tell(w.ctx(), "nothing", told)
			w.wantError(err, store.ErrNotFound)
		}},
	}
}

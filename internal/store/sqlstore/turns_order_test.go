package sqlstore

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A batch of 10 ms is followed by edits of 4 ms until they had as much, and then by the
// next batch; no batch, however long, keeps the next one waiting for ever.
func TestEditsHaveTheTimeThatTheBatchBeforeHad(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		batch time.Duration
		edits int
		want  string
	}{
		{10 * time.Millisecond, 2, "edit1 edit2 batch"},
		{10 * time.Millisecond, 5, "edit1 edit2 edit3 batch edit4 edit5"},
		{time.Minute, 20, "edit1 edit2 edit3 edit4 edit5 edit6 edit7 edit8 edit9 edit10 edit11 edit12 edit13 batch" +
			" edit14 edit15 edit16 edit17 edit18 edit19 edit20"},
	} {
		t.Run(fmt.Sprint(test.batch, " ", test.edits), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var (
					order    turns
					mutex    sync.Mutex
					group    sync.WaitGroup
					sequence []string
				)
				run := func(name string, queue int, took time.Duration) {
					if err := order.take(t.Context(), &turn{queue: queue}); err != nil {
						t.Error(err)
						return
					}
					defer order.end()
					mutex.Lock()
					sequence = append(sequence, name)
					mutex.Unlock()
					time.Sleep(took)
				}
				group.Go(func() { run("first", batchTurn, test.batch) })
				synctest.Wait()
				group.Go(func() { run("batch", batchTurn, time.Millisecond) })
				synctest.Wait()
				for i := range test.edits {
					group.Go(func() { run(fmt.Sprint("edit", i+1), editTurn, 4*time.Millisecond) })
					synctest.Wait()
				}
				group.Wait()
				if got := strings.Join(sequence, " "); got != "first "+test.want {
					t.Errorf("the turns are %s, want first %s", got, test.want)
				}
			})
		})
	}
}

// Who wants a transaction of its own keeps its place while others share one.
func TestOnlyEditsShareATransaction(t *testing.T) {
	t.Parallel()
	alone, edit := &turn{queue: editTurn}, &turn{queue: editTurn, do: func(*tx) error { return nil }}
	order := turns{}
	order.queues[editTurn] = []*turn{alone, edit}
	if others := order.others(); len(others) != 1 || others[0] != edit {
		t.Errorf("%d share a transaction, want the edit alone", len(others))
	}
	if left := order.queues[editTurn]; len(left) != 1 || left[0] != alone {
		t.Errorf("%d wait, want the one that wants to be alone", len(left))
	}
}

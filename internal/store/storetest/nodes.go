package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
)

func nodeTests() []test {
	return []test{{"nodes are known while they serve", func(t *testing.T, w *world) {
		t.Helper()
		node := func(id string, started, seen int) store.Node {
			return store.Node{ID: id, Host: "host of " + id, Version: "1.0", StartedAt: noon(started), SeenAt: noon(seen)}
		}
		w.must(w.NoteNode(w.ctx(), node("b", 2, 2)))
		w.must(w.NoteNode(w.ctx(), node("a", 1, 3)))
		w.must(w.NoteNode(w.ctx(), node("b", 2, 4)))
		nodes, err := w.Nodes(w.ctx())
		w.must(err)
		w.equal("nodes, the oldest first", nodes, []store.Node{node("a", 1, 3), node("b", 2, 4)})
		w.equal("served", []bool{nodes[1].Serves(noon(4)), nodes[1].Serves(noon(4).Add(store.NodeGone))}, []bool{true, false})
		w.must(w.ForgetNode(w.ctx(), "b"))
		w.must(w.ForgetNode(w.ctx(), "nothing"))
		late := node("c", 5, 5)
		late.SeenAt = noon(3).Add(25 * time.Hour)
		w.must(w.NoteNode(w.ctx(), late))
		nodes, err = w.Nodes(w.ctx())
		w.must(err)
		w.equal("those heard of in a day", nodes, []store.Node{late})
		state, err := w.DatabaseState(w.ctx())
		w.must(err)
		if state.Kind == "" || state.Version == "" || state.Bytes < 100_000 || state.Migrations != state.Known || state.Migration == "" || state.MigratedAt.IsZero() {
			t.Errorf("the state of the database is %+v", state)
		}
	}}}
}

package engine_test

import (
	"testing"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
)

func TestAnswerLostThenOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	u := w.join(t, "brief", "")
	w.grant(t, "brief")
	down := false
	_, err := w.twist(t, engine.Run{}, twisted{apply: func(cs []plan.Change, do func() []connector.Outcome) []connector.Outcome {
		out := do()
		for i := range out {
			out[i] = connector.Outcome{Err: &connector.Error{Kind: connector.Ambiguous, Message: "lost"}}
		}
		down = true
		return out
	}, fail: func() error {
		if down {
			return &connector.Error{Kind: connector.Unavailable, Message: "down"}
		}
		return nil
	}})
	t.Log(err)
	w.must(t, w.store.RemoveUser(t.Context(), u.ID))
	_, err = w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if w.inUse(u.UserPrincipalName) {
		t.Error("the answer to the creation was lost in an outage, the person left meanwhile: the account stays in use")
	}
}

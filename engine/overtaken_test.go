package engine_test

import (
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/expr"
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

func TestOneOfTwoPeopleTakesOverTheAccountOfSomebodyWhoIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.join(t, "old", "")
	w.grant(t, "old")
	w.cycle(t)
	account, found := w.org.User("old@contoso.example")
	if !found {
		t.Fatal("no account was made")
	}
	w.must(t, w.store.PurgeUser(t.Context(), "old"))
	w.cycle(t)
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	_, object, err := schema.UserMapping()
	w.must(t, err)
	for i, row := range object.AttributeMappings {
		if row.TargetAttributeName == "Username" {
			object.AttributeMappings[i].Source = &expr.Source{Expression: "[mail]", Name: "mail", Type: expr.SourceAttribute}
		}
	}
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	for _, id := range []string{"first", "second"} {
		user := w.join(t, id, "")
		user.Attributes = user.Attributes.With("mail", attr.Text(account.Username))
		w.must(t, w.store.PutUser(t.Context(), user))
		w.grant(t, id)
	}
	run := w.cycle(t)
	if got := run.Counts.Codes[plan.CodeDuplicateSource]; got != 1 || run.Counts.Enabled != 1 {
		t.Errorf("%+v, want one person to take the account over and one to fail with %s", run.Counts, plan.CodeDuplicateSource)
	}
}

package engine_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// A target quotes what it refuses. A value that the mapping redacts is not to be seen
// there either.
func TestWhatIsRedactedIsNotQuotedByTheTarget(t *testing.T) {
	t.Parallel()
	const canary = "Canary-4711"
	w := newWorld(t, worldOptions{users: 60})
	w.remap(t, "FirstName", `Redact([givenName])`)
	user := w.team(t, 1)[0]
	user.Attributes = user.Attributes.With("givenName", attr.Text(canary))
	w.put(t, user)
	quote := twisted{apply: func(changes []plan.Change, _ func() []connector.Outcome) []connector.Outcome {
		outcomes := make([]connector.Outcome, len(changes))
		for n, change := range changes {
			outcomes[n].TargetID = change.Target.ID
			for _, field := range change.Fields {
				if field.New.String() == canary {
					outcomes[n].Err = &connector.Error{Kind: connector.Invalid, Message: "bad value for FirstName: " + canary, Err: errors.New(strings.ToUpper(canary))}
				}
			}
		}
		return outcomes
	}}
	var seen strings.Builder
	_, err := w.twist(t, engine.Run{Report: func(change plan.Change) { seen.WriteString(change.String()) }}, quote)
	w.must(t, err)
	for entry, err := range w.store.Entries(t.Context(), journal.Query{JobID: w.job.ID}) {
		w.must(t, err)
		text, err := json.Marshal(entry)
		w.must(t, err)
		seen.Write(text)
	}
	escrow, err := w.store.Escrow(t.Context(), w.job.ID, user.ID)
	w.must(t, err)
	if escrow.IsZero() {
		t.Fatal("nothing failed")
	}
	seen.WriteString(escrow.Message)
	if strings.Contains(strings.ToLower(seen.String()), strings.ToLower(canary)) {
		t.Errorf("a redacted value is told in the text of a failure: %s", seen.String()[max(0, strings.Index(strings.ToLower(seen.String()), strings.ToLower(canary))-300):])
	}
}

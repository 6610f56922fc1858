package connectortest_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/connectortest"
	"github.com/usher-id/usher/plan"
)

// target answers every change with success and remembers it.
type target struct {
	connector.Connector

	applied []string
}

func (*target) Describe() connector.Descriptor {
	return connector.Descriptor{Capabilities: connector.Capabilities{NameAttribute: "Name"}}
}

func (c *target) Apply(_ context.Context, changes []plan.Change) []connector.Outcome {
	outcomes := make([]connector.Outcome, len(changes))
	for i, change := range changes {
		outcomes[i].TargetID = change.Desired.Get("Name").String()
		c.applied = append(c.applied, outcomes[i].TargetID)
	}
	return outcomes
}

func batch(names ...string) []plan.Change {
	changes := make([]plan.Change, len(names))
	for i, name := range names {
		changes[i] = connectortest.NewChange(plan.Create, "", attr.Object{}.With("Name", attr.Text(name)))
	}
	return changes
}

func TestFaultsOfApply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   connectortest.Fault
		applied []string         // by both batches
		kinds   []connector.Kind // of the outcomes of both batches, in order
	}{
		{
			"the second batch fails before",
			connectortest.Fault{Nth: 2, Kind: connectortest.FailBefore},
			[]string{"a", "b"},
			[]connector.Kind{"", "", connector.Unavailable, connector.Unavailable},
		},
		{
			"the first answer is lost",
			connectortest.Fault{Kind: connectortest.LoseAnswer},
			[]string{"a", "b", "c", "d"},
			[]connector.Kind{connector.Ambiguous, connector.Ambiguous, "", ""},
		},
		{
			"half of the first batch is done",
			connectortest.Fault{Kind: connectortest.Partial, After: 1},
			[]string{"a", "c", "d"},
			[]connector.Kind{"", connector.Unavailable, "", ""},
		},
		{
			"every batch fails",
			connectortest.Fault{Kind: connectortest.FailBefore, Times: -1},
			nil,
			[]connector.Kind{connector.Unavailable, connector.Unavailable, connector.Unavailable, connector.Unavailable},
		},
		{
			"one change fails",
			connectortest.Fault{Name: "B", Kind: connectortest.FailBefore, Err: &connector.Error{Kind: connector.Conflict}},
			[]string{"a", "c", "d"},
			[]connector.Kind{"", connector.Conflict, "", ""},
		},
		{
			"the answer for one change is lost",
			connectortest.Fault{Name: "c", Kind: connectortest.LoseAnswer},
			[]string{"a", "b", "c", "d"},
			[]connector.Kind{"", "", connector.Ambiguous, ""},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.fault.Operation = connectortest.Apply
			inner := &target{}
			faulty := connectortest.WithFaults(inner, test.fault)
			outcomes := slices.Concat(faulty.Apply(t.Context(), batch("a", "b")), faulty.Apply(t.Context(), batch("c", "d")))
			if diff := cmp.Diff(test.applied, inner.applied); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			for i, outcome := range outcomes {
				if want := test.kinds[i]; want == "" && outcome.Err != nil || want != "" && !errors.Is(outcome.Err, want) {
					t.Errorf("outcome %d is %v, want the kind %q", i, outcome.Err, string(want))
				}
			}
			if faulty.Hits() == 0 {
				t.Error("the fault hit nothing")
			}
		})
	}
}

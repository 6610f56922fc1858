package mappings

import (
	"testing"

	"github.com/usher-id/usher/mapping"
)

// TestFlowsAreOfferedOnce offers ValueAddOnly, which means what MultiValueAddOnly does,
// only where a mapping has it.
func TestFlowsAreOfferedOnce(t *testing.T) {
	t.Parallel()
	for flow, want := range map[mapping.FlowType]int{mapping.FlowAlwaysType: 4, mapping.MultiValueAddOnly: 4, mapping.ValueAddOnly: 5} {
		options, chosen := flowOptions(string(flow)), ""
		for _, option := range options {
			if option.Selected {
				chosen = option.Value
			}
		}
		if len(options) != want || chosen != string(flow) {
			t.Errorf("%s is chosen of %d, want %s of %d", chosen, len(options), flow, want)
		}
	}
}

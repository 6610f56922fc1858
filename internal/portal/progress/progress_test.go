package progress

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/provisioning"
)

func TestViewsOfProgress(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name  string
		noted provisioning.Progress
		want  View
	}{
		{
			"half way",
			provisioning.Progress{Began: began, At: began.Add(10 * time.Second), Expected: 200, Counts: provisioning.Counts{Created: 98, Failed: 2, Calls: 4}},
			View{One: "person", Many: "people", Label: "Cycle", Done: 100, Expected: 200, Share: "50 %", Rate: "10.0", Left: "10 seconds", Calls: 4, Failed: 2, Began: began},
		},
		{
			"more than was expected",
			provisioning.Progress{Began: began, At: began.Add(10 * time.Second), Expected: 50, Counts: provisioning.Counts{Updated: 100}},
			View{One: "person", Many: "people", Label: "Cycle", Done: 100, Expected: 100, Share: "100 %", Rate: "10.0", Left: "0 seconds", Began: began},
		},
		{
			"fast",
			provisioning.Progress{Began: began, At: began.Add(time.Second), Expected: 12_345, Counts: provisioning.Counts{Unchanged: 12_345}},
			View{One: "person", Many: "people", Label: "Cycle", Done: 12_345, Expected: 12_345, Share: "100 %", Rate: "12,345", Left: "0 seconds", Began: began},
		},
		{
			"nothing expected",
			provisioning.Progress{Began: began, At: began, Expected: -1},
			View{One: "person", Many: "people", Label: "Cycle", Rate: "0.0", Began: began},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, New(test.noted, "Cycle", "person", "people")); diff != "" {
				t.Errorf("view (-want +got):\n%s", diff)
			}
		})
	}
}

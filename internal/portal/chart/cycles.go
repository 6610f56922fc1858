package chart

import (
	"slices"
	"strings"

	"github.com/usher-id/usher/provisioning"
)

// Cycles draws what the cycles of a job did, the oldest first; given are they the newest
// first, as the store has them. Path gives the page of a cycle.
func Cycles(id, title string, newest []provisioning.CycleRecord, path func(cycleID string) string) Figure {
	s := Spec{
		ID: id, Title: title, Wide: true, Description: "A bar for each cycle, with the accounts that it failed with, made, changed and took away. The newest is on the right.", Column: "Cycle",
		Series: []Series{
			{Name: "failed", Tone: Failure}, {Name: "held", Tone: Held}, {Name: "removed", Tone: Third}, {Name: "updated", Tone: First}, {Name: "created", Tone: Success},
		},
	}
	for _, cycle := range slices.Backward(newest) {
		counts := cycle.Counts
		at := cycle.Began.UTC()
		s.Points = append(s.Points, Point{Label: at.Format("2 Jan 15:04"), Name: strings.TrimSpace(string(cycle.Kind) + " cycle of " + at.Format("2006-01-02 15:04 UTC")), Path: path(cycle.CycleID)})
		for i, count := range []int{counts.Failed + counts.Refused, counts.Staged, counts.Disabled + counts.Deleted, counts.Updated + counts.Enabled + counts.References, counts.Created} {
			s.Series[i].Values = append(s.Series[i].Values, float64(count))
		}
	}
	return StackedBars(s)
}

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// writeSummary writes the figures of a cycle: what was done, and the reasons of
// what was not, each with an explanation.
func writeSummary(out io.Writer, catalogue journal.Catalogue, run provisioning.Run, dryRun bool) error {
	var text strings.Builder
	counts := run.Counts
	seconds := run.Ended.Sub(run.Began).Seconds()
	title := string(run.Kind) + " cycle"
	if dryRun {
		title += ", dry run: nothing was written"
	}
	fmt.Fprintf(&text, "%s: %s\n", title, run.State)
	fmt.Fprintf(&text, "  collected %d   created %d   updated %d   disabled %d   enabled %d   unchanged %d   skipped %d   failed %d\n",
		counts.Collected, counts.Created, counts.Updated, counts.Disabled, counts.Enabled, counts.Unchanged, counts.Skipped, counts.Failed)
	if counts.References > 0 {
		fmt.Fprintf(&text, "  %d references (managers) written after both accounts existed\n", counts.References)
	}
	if counts.Staged > 0 {
		fmt.Fprintf(&text, "  %d removals held by the removal guard\n", counts.Staged)
	}
	written := "written"
	if dryRun {
		written = "to write"
	}
	fmt.Fprintf(&text, "  %.2f s, %s%d API calls%s, %s %s\n", seconds, perSecond(counts.Collected, seconds),
		counts.Calls, perUser(counts.Calls, counts.Collected), counted(counts.Writes, "row", "rows"), written)
	writeSeats(&text, run.Seats, dryRun)
	codes := slices.SortedFunc(maps.Keys(counts.Codes), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts.Codes[b], counts.Codes[a]), cmp.Compare(a, b))
	})
	for _, code := range codes {
		explanation := catalogue.Explain(code)
		fmt.Fprintf(&text, "  %6d  %s: %s", counts.Codes[code], code, explanation.Text)
		if explanation.Advice != "" {
			fmt.Fprintf(&text, " -> %s", explanation.Advice)
		}
		text.WriteByte('\n')
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}

// writeSeats writes of which licences a dry run needs seats, and of any cycle those
// of which there are not enough.
func writeSeats(text *strings.Builder, demands []provisioning.SeatDemand, dryRun bool) {
	for _, demand := range demands {
		switch short := demand.Short(); {
		case short > 0:
			fmt.Fprintf(text, "  %s: %d too few\n", demand, short)
		case dryRun:
			fmt.Fprintf(text, "  %s\n", demand)
		}
	}
}

// perSecond and perUser say nothing about a cycle that had nobody to look at.
func perSecond(collected int, seconds float64) string {
	if collected == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f users a second, ", float64(collected)/max(seconds, 0.001))
}

func perUser(calls int64, collected int) string {
	if collected == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.3f per user)", float64(calls)/float64(collected))
}

// counted is a number with the noun, or the end of the sentence, that fits it.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

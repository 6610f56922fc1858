package insights

import (
	"math"
	"slices"

	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// series returns a value for each step, beginning with none.
func (s span) series(name string, tone chart.Tone, begin float64) chart.Series {
	values := make([]float64, len(s.steps))
	for i := range values {
		values[i] = begin
	}
	return chart.Series{Name: name, Tone: tone, Values: values}
}

// actionSeries counts what was done to accounts, and what failed of it.
func (s span) actionSeries(tallies []store.Tally) []chart.Series {
	failed, removed := s.series("failed", chart.Failure, 0), s.series("disabled or deleted", chart.Third, 0)
	enabled, updated, created := s.series("enabled", chart.Second, 0), s.series("updated", chart.First, 0), s.series("created", chart.Success, 0)
	for _, tally := range tallies {
		at := s.index(tally.Began)
		if at < 0 {
			continue
		}
		count := float64(tally.Count)
		switch {
		case tally.Status == plan.Failure:
			failed.Values[at] += count
		case !done(tally):
		case tally.Action == plan.Create:
			created.Values[at] += count
		case tally.Action == plan.Update:
			updated.Values[at] += count
		case tally.Action == plan.Enable:
			enabled.Values[at] += count
		default:
			removed.Values[at] += count
		}
	}
	return []chart.Series{failed, removed, enabled, updated, created}
}

// done reports whether a tally is of changes that were made.
func done(tally store.Tally) bool {
	return tally.Action.Writes() && (tally.Status == plan.Success || tally.Status == plan.Warning)
}

// statusSeries counts what became of everyone who was looked at.
func (s span) statusSeries(tallies []store.Tally) []chart.Series {
	all := []chart.Series{
		s.series("failure", chart.Failure, 0), s.series("held", chart.Held, 0), s.series("warning", chart.Warning, 0), s.series("skipped", chart.Skipped, 0), s.series("success", chart.Success, 0),
	}
	statuses := []plan.Status{plan.Failure, plan.Staged, plan.Warning, plan.Skipped, plan.Success}
	for _, tally := range tallies {
		at, kind := s.index(tally.Began), slices.Index(statuses, tally.Status)
		if at >= 0 && kind >= 0 {
			all[kind].Values[at] += float64(tally.Count)
		}
	}
	return all
}

// rateSeries is how many of 100 changes were made, where any were tried.
func (s span) rateSeries(tallies []store.Tally) []chart.Series {
	made, tried := s.series("", "", 0), s.series("", "", 0)
	for _, tally := range tallies {
		at := s.index(tally.Began)
		if at < 0 || !done(tally) && tally.Status != plan.Failure {
			continue
		}
		tried.Values[at] += float64(tally.Count)
		if done(tally) {
			made.Values[at] += float64(tally.Count)
		}
	}
	rate := s.series("success rate", chart.Success, math.NaN())
	for at := range rate.Values {
		if tried.Values[at] > 0 {
			rate.Values[at] = 100 * made.Values[at] / tried.Values[at]
		}
	}
	return []chart.Series{rate}
}

// durationSeries is how long the cycles took that began in a step, in seconds.
func (s span) durationSeries(cycles []provisioning.CycleRecord) []chart.Series {
	median, longest := s.series("median", chart.First, math.NaN()), s.series("longest", chart.Second, math.NaN())
	taken := make([][]float64, len(s.steps))
	for _, cycle := range cycles {
		if at := s.index(cycle.Began); at >= 0 && !cycle.Ended.Before(cycle.Began) {
			taken[at] = append(taken[at], cycle.Ended.Sub(cycle.Began).Seconds())
		}
	}
	for at, seconds := range taken {
		if len(seconds) > 0 {
			slices.Sort(seconds)
			median.Values[at], longest.Values[at] = seconds[len(seconds)/2], seconds[len(seconds)-1]
		}
	}
	return []chart.Series{median, longest}
}

// latencySeries is how long it took from a change of the directory to the account, in
// seconds. What the cycles of a step have measured cannot be joined exactly: the median
// is that of the cycles' medians, each as often as people were changed.
func (s span) latencySeries(cycles []provisioning.CycleRecord) []chart.Series {
	median, most, longest := s.series("median", chart.First, math.NaN()), s.series("95 of 100", chart.Second, math.NaN()), s.series("longest", chart.Third, math.NaN())
	medians := make([][]weighted, len(s.steps))
	for _, cycle := range cycles {
		at := s.index(cycle.Began)
		if at < 0 || cycle.Latency.Count == 0 {
			continue
		}
		medians[at] = append(medians[at], weighted{cycle.Latency.Median.Seconds(), cycle.Latency.Count})
		most.Values[at] = greater(most.Values[at], cycle.Latency.P95.Seconds())
		longest.Values[at] = greater(longest.Values[at], cycle.Latency.Max.Seconds())
	}
	for at, values := range medians {
		median.Values[at] = medianOf(values)
	}
	return []chart.Series{median, most, longest}
}

// weighted is a value with how often it counts.
type weighted struct {
	value float64
	count int
}

// medianOf returns the value in the middle, NaN of none.
func medianOf(values []weighted) float64 {
	slices.SortFunc(values, func(a, b weighted) int {
		if a.value < b.value {
			return -1
		}
		return 1
	})
	total := 0
	for _, each := range values {
		total += each.count
	}
	passed := 0
	for _, each := range values {
		if passed += each.count; 2*passed >= total {
			return each.value
		}
	}
	return math.NaN()
}

// greater returns the greater of two values, the second where the first is not known.
func greater(known, value float64) float64 {
	if math.IsNaN(known) {
		return value
	}
	return math.Max(known, value)
}

// callSeries counts the requests that Usher made of the targets.
func (s span) callSeries(cycles []provisioning.CycleRecord) []chart.Series {
	calls := s.series("requests", chart.First, 0)
	for _, cycle := range cycles {
		if at := s.index(cycle.Began); at >= 0 {
			calls.Values[at] += float64(cycle.Counts.Calls)
		}
	}
	return []chart.Series{calls}
}

// budgetSeries is what everybody together used of the requests that a target allows a
// day, as it told.
func (s span) budgetSeries(cycles []provisioning.CycleRecord) []chart.Series {
	used, limit := s.series("used by everybody", chart.First, math.NaN()), s.series("allowed a day", chart.Failure, math.NaN())
	for _, cycle := range cycles {
		if at := s.index(cycle.Began); at >= 0 && cycle.Quota.Limit > 0 {
			used.Values[at] = greater(used.Values[at], float64(cycle.Quota.Used))
			limit.Values[at] = greater(limit.Values[at], float64(cycle.Quota.Limit))
		}
	}
	return []chart.Series{used, limit}
}

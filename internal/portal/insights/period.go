package insights

import (
	"time"

	"github.com/usher-id/usher/internal/portal/chart"
)

// period is a time that is looked at, in steps that are counted together.
type period struct {
	Name   string // in the query
	Text   string
	length time.Duration
	step   time.Duration // whole hours, and a part of a day or a day
	column string        // what a step is, as the heading of a table
}

// periods are those to choose from; the first is shown unless another one is chosen.
func periods() []period {
	const day = 24 * time.Hour
	return []period{
		{"24h", "Last 24 hours", day, time.Hour, "Hour (UTC)"},
		{"7d", "Last 7 days", 7 * day, 6 * time.Hour, "Six hours from (UTC)"},
		{"30d", "Last 30 days", 30 * day, day, "Day (UTC)"},
	}
}

// periodNamed returns a period by its name. False: there is none.
func periodNamed(name string) (period, bool) {
	for _, p := range periods() {
		if p.Name == name || name == "" {
			return p, true
		}
	}
	return period{}, false
}

// span are the steps of a period, up to the one that holds now.
type span struct {
	period

	steps []time.Time // when each begins
}

func (p period) until(now time.Time) span {
	last := now.UTC().Truncate(p.step)
	s := span{period: p}
	for at := last.Add(p.step - p.length); !at.After(last); at = at.Add(p.step) {
		s.steps = append(s.steps, at)
	}
	return s
}

func (s span) since() time.Time { return s.steps[0] }

func (s span) end() time.Time { return s.steps[len(s.steps)-1].Add(s.step) }

// index returns the step that a moment is in, -1 for none.
func (s span) index(at time.Time) int {
	if at.Before(s.since()) || !at.Before(s.end()) {
		return -1
	}
	return int(at.Sub(s.since()) / s.step)
}

// points are the steps as a chart has them.
func (s span) points() []chart.Point {
	points := make([]chart.Point, len(s.steps))
	for i, step := range s.steps {
		points[i] = chart.Point{Label: step.Format("2 Jan"), Name: step.Format("2006-01-02 15:04")}
		if s.step < 6*time.Hour {
			points[i].Label = step.Format("15:04")
		}
		if s.step >= 24*time.Hour {
			points[i].Name = step.Format(time.DateOnly)
		}
	}
	return points
}

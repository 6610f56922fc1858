package status

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

const (
	homeRefresh     = 30 * time.Second
	overviewRefresh = 10 * time.Second
	// liveEvery is how often a stream looks at the job.
	liveEvery = time.Second
)

// live is a cycle that runs, as it is shown.
type live struct {
	Running  bool
	Title    string
	Phase    string
	Done     int
	Expected int // 0 when it is not known
	Share    string
	Rate     string
	Left     string // empty when it cannot be told
	Calls    int64
	Failed   int
	Began    time.Time
}

// phases are what a cycle does, in words.
func phases(name string) string {
	switch name {
	case "roles":
		return "reading the roles of the application"
	case "removals":
		return "looking for people who left"
	case "people":
		return "provisioning people"
	case "references":
		return "writing managers"
	}
	return name
}

func kindTitle(kind provisioning.CycleKind) string {
	switch kind {
	case provisioning.Initial:
		return "Initial cycle"
	case provisioning.Incremental:
		return "Incremental cycle"
	case provisioning.OnDemand:
		return "Provision on demand"
	case provisioning.FromPlan:
		return "Plan being applied"
	}
	return string(kind)
}

func newLive(p provisioning.Progress) live {
	shown := live{
		Running: true, Title: kindTitle(p.Kind), Phase: phases(p.Phase), Done: p.Done(), Expected: max(p.Expected, 0), Calls: p.Counts.Calls,
		Failed: p.Counts.Failed, Began: p.Began, Rate: fmt.Sprintf("%.1f", p.Rate()),
	}
	if shown.Expected > 0 {
		shown.Expected = max(shown.Expected, shown.Done)
		shown.Share = page.Percent(shown.Done, shown.Expected)
	}
	if left, known := p.Left(); known {
		shown.Left = page.Duration(left.Round(time.Second))
	}
	return shown
}

// streamLive sends the part of the overview that changes while a cycle runs.
func (a *Area) streamLive(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Events(liveEvery, func(ctx context.Context) ([]page.Event, error) {
		now, err := a.load(ctx, app.ID)
		if err != nil {
			return nil, err
		}
		html, err := a.overview.Part(r, overviewHead(now.app), "now", now.data)
		return []page.Event{{Name: "now", HTML: html}}, err
	}), nil
}

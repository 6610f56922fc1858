package status

import (
	"context"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/progress"
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
	progress.View

	Running bool
	Title   string
	Phase   string
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
		return "Preview being applied"
	}
	return string(kind)
}

func newLive(p provisioning.Progress) live {
	return live{progress.New(p, "Progress of the cycle", "object", "objects"), true, kindTitle(p.Kind), phases(p.Phase)}
}

// streamLive sends the parts of the overview that change while a cycle runs.
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
		if err != nil {
			return nil, err
		}
		watermark, err := a.overview.Part(r, overviewHead(now.app), "watermark", now.data)
		return []page.Event{{Name: "now", HTML: html}, {Name: "watermark", HTML: watermark}}, err
	}), nil
}

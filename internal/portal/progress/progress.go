// Package progress shows how far something that runs has come, a cycle or a long act: a
// bar, how many are done, how fast, how long it takes yet, and how it stands or ended. It
// is the same wherever the portal shows it. It reads nothing and does not know what runs.
package progress

import (
	"embed"
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// Files has the template part {{template "progress" .View}}, for page.Parse.
//
//go:embed *.tmpl
var Files embed.FS

// View is how far something has come.
type View struct {
	One, Many string // what is counted: "person", "people"
	Label     string // of the bar
	Done      int
	Expected  int // 0 when it is not known
	Share     string
	Rate      string // a second
	Left      string // empty when it cannot be told
	Calls     int64  // below 0 for what calls nobody
	Failed    int
	Began     time.Time
}

// New makes a view of what is noted, of things that are called so.
func New(p provisioning.Progress, label, one, many string) View {
	view := View{
		One: one, Many: many, Label: label, Done: p.Done(), Expected: max(p.Expected, 0), Rate: rateText(p.Rate()),
		Calls: p.Counts.Calls, Failed: p.Counts.Failed, Began: p.Began,
	}
	if view.Expected > 0 {
		view.Expected = max(view.Expected, view.Done)
		view.Share = page.Percent(view.Done, view.Expected)
	}
	if left, known := p.Left(); known {
		view.Left = page.Duration(left.Round(time.Second))
	}
	return view
}

// Local returns the view of something that calls no application.
func (v View) Local() View {
	v.Calls = -1
	return v
}

// rateText writes a rate, without a fraction that nobody would see.
func rateText(rate float64) string {
	if rate >= 100 {
		return page.Number(int(rate))
	}
	return fmt.Sprintf("%.1f", rate)
}

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/usher-id/usher/engine"
)

// progressBar shows how far a cycle has come, on a terminal only.
type progressBar struct {
	bar    *progressbar.ProgressBar
	total  int
	began  time.Time
	last   time.Time
	latest engine.Progress
}

// newProgressBar makes a bar for about total people; it shows nothing when w is
// not a terminal.
func newProgressBar(w io.Writer, total int) *progressBar {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &progressBar{}
	}
	return &progressBar{
		total: total, began: time.Now(),
		bar: progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish()),
	}
}

// observe draws the state, ten times a second at most.
func (p *progressBar) observe(progress engine.Progress) {
	if p.bar == nil {
		return
	}
	p.latest = progress
	if time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.draw()
}

func (p *progressBar) draw() {
	p.last = time.Now()
	counts := p.latest.Counts
	done := counts.Objects()
	rate := float64(done) / max(0.001, time.Since(p.began).Seconds())
	p.bar.Describe(fmt.Sprintf("%-10s %d/%d  %.0f/s  %d calls  %d failed", p.latest.Phase, done, max(p.total, done), rate, counts.Calls, counts.Failed))
	_ = p.bar.Set(min(done, p.total)) // A bar that cannot be drawn is no reason to stop.
}

// finish draws the last state, which may have come too soon after the one before, and
// takes the bar away.
func (p *progressBar) finish() {
	if p.bar == nil {
		return
	}
	p.draw()
	_ = p.bar.Finish() // As above.
}

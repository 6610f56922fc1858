package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// pageSize is how many people are read from the directory at a time.
const pageSize = 500

// findRemovals looks for leavers among the accounts in use, puts them on the list
// and lets the guard count them, before anything is written. It does no target
// I/O.
func (c *cycle) findRemovals(ctx context.Context) error {
	c.progress.phase("removals")
	collection := c.collection()
	collection.Connected, collection.Disabled = true, c.job.Settings.DeletesKnown()
	look := func(items []*item) error {
		var found []Removal
		for _, i := range items {
			if c.asked.DryRun && i.subject.Removal.State == RemovalStaged {
				continue // a cycle leaves it on the list
			}
			if c.removal(i) {
				c.found += fresh(i)
				found = append(found, Removal{SourceID: i.subject.User.ID, State: RemovalPlanned, Reason: i.whyRemoved(c.target.ActiveAttribute), Since: c.began})
			}
		}
		if len(found) == 0 {
			return nil
		}
		if c.asked.DryRun {
			c.dryRemovals = append(c.dryRemovals, found...)
			return nil
		}
		return c.Removals.Plan(ctx, c.cycle, found)
	}
	if err := c.pages(ctx, collection, func(items []*item) error { return look(c.withoutLeftBehind(items)) }); err != nil {
		return fmt.Errorf("look for removals: %w", err)
	}
	left, err := c.readPage(ctx, c.leftBehind())
	if err == nil {
		err = look(left)
	}
	if err != nil {
		return fmt.Errorf("look for removals among what earlier cycles left behind: %w", err)
	}
	return c.guard(ctx)
}

// withoutLeftBehind leaves out whom earlier cycles left behind: they are looked at apart.
func (c *cycle) withoutLeftBehind(items []*item) []*item {
	return slices.DeleteFunc(items, func(i *item) bool {
		_, left := c.attempts.targets[i.subject.User.ID]
		return left
	})
}

// guard holds all removals of the cycle when they are too many.
func (c *cycle) guard(ctx context.Context) error {
	held, err := c.judgeRemovals(ctx, c.found)
	if err != nil {
		return err
	}
	c.held = held
	if c.held != "" {
		shrinkage, err := c.Directory.Shrinkage(ctx)
		if err != nil {
			return fmt.Errorf("look up what imports removed: %w", err)
		}
		if shrinkage.Suspicious() && shrinkage.At.After(c.job.Status.LastSuccess.Began) {
			c.held += "; " + shrinkage.String()
		}
	}
	if c.draft != nil {
		c.draft.plan.Guard, c.held = c.held, "" // they are planned, and applying them has to be allowed
	}
	if c.held == "" || c.asked.DryRun {
		return nil
	}
	c.log.WarnContext(ctx, "removals are held", "reason", c.held, "removals", c.found)
	if err := c.Removals.Hold(ctx, c.cycle); err != nil {
		return fmt.Errorf("hold removals: %w", err)
	}
	return nil
}

// countHeld finds out how many removals wait for an administrator at the end.
func (c *cycle) countHeld(ctx context.Context) error {
	if c.asked.DryRun {
		return nil
	}
	count, err := c.Removals.Count(ctx, c.job.ID)
	if err != nil {
		return fmt.Errorf("count held removals: %w", err)
	}
	c.staged = count.Staged
	return nil
}

// people provisions everyone who was collected, leavers first.
func (c *cycle) people(ctx context.Context) error {
	dispatcher := c.newDispatcher(ctx)
	err := c.feed(ctx, dispatcher)
	return dispatcher.close(err)
}

func (c *cycle) feed(ctx context.Context, d *dispatcher) error {
	if c.kind == provisioning.OnDemand {
		return c.feedAsked(ctx, d)
	}
	c.progress.phase("removals")
	if err := c.feedRemovals(ctx, d); err != nil {
		return err
	}
	c.progress.phase("people")
	if err := c.feedLeftBehind(ctx, d); err != nil {
		return err
	}
	if err := c.feedExpired(ctx, d); err != nil {
		return err
	}
	d.inOrder = true
	collection := c.collection()
	collection.After = c.resumed
	return c.pages(ctx, collection, func(items []*item) error {
		c.progress.collected(len(items))
		for _, i := range items {
			if _, left := c.attempts.targets[i.subject.User.ID]; left || c.renewed[i.subject.User.ID] || c.takenAway(i) {
				continue // handed on before: left behind, held for long, with the list of removals, or long ago
			}
			if err := d.add(i, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// feedLeftBehind hands on whose account an earlier cycle may have made without a
// record, and who is still to have it.
func (c *cycle) feedLeftBehind(ctx context.Context, d *dispatcher) error {
	items, err := c.readPage(ctx, c.leftBehind())
	if err != nil {
		return fmt.Errorf("read what earlier cycles left behind: %w", err)
	}
	for _, i := range items {
		if c.takenAway(i) || c.removal(i) && !c.isHeld(i) {
			continue // with the list of removals
		}
		if err := d.add(i, false); err != nil {
			return err
		}
	}
	return nil
}

// feedRemovals hands on who is on the list of removals and not held. Whoever came
// back into scope meanwhile goes along and is provisioned as usual.
func (c *cycle) feedRemovals(ctx context.Context, d *dispatcher) error {
	if c.asked.DryRun {
		return c.feedDryRemovals(ctx, d)
	}
	states := []RemovalState{RemovalAllowed, RemovalPlanned}
	after := ""
	for {
		removals, err := c.Removals.List(ctx, c.job.ID, states, after, pageSize)
		if err != nil {
			return fmt.Errorf("list removals: %w", err)
		}
		items, err := c.readPage(ctx, sourceIDs(removals))
		if err != nil {
			return err
		}
		for _, i := range items {
			if c.defers(i) {
				continue
			}
			if err := d.add(i, true); err != nil {
				return err
			}
		}
		if len(removals) < pageSize {
			return nil
		}
		after = removals[len(removals)-1].SourceID
	}
}

// defers reports whether the removal of somebody failed before and is not due yet.
func (c *cycle) defers(i *item) bool {
	escrow := i.subject.Escrow
	if c.kind != provisioning.Incremental || !i.removalFailed() || !escrow.Next.After(c.began) {
		return false
	}
	if c.deferred == nil {
		c.deferred = make(map[string]bool)
	}
	c.deferred[i.subject.User.ID] = true
	return true
}

func (c *cycle) feedDryRemovals(ctx context.Context, d *dispatcher) error {
	allowed, err := c.allowed(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(c.dryRemovals))
	for _, removal := range c.dryRemovals {
		known[removal.SourceID] = true
	}
	if c.held != "" {
		c.dryRemovals, known = nil, nil
	}
	for _, removal := range allowed {
		if !known[removal.SourceID] {
			c.dryRemovals = append(c.dryRemovals, removal)
		}
	}
	for from := 0; from < len(c.dryRemovals); from += pageSize {
		page := c.dryRemovals[from:min(from+pageSize, len(c.dryRemovals))]
		if err := c.feedUsers(ctx, d, sourceIDs(page), true); err != nil {
			return err
		}
	}
	return nil
}

// allowed returns all removals that an administrator lets go ahead.
func (c *cycle) allowed(ctx context.Context) ([]Removal, error) {
	var allowed []Removal
	for after := ""; ; after = allowed[len(allowed)-1].SourceID {
		page, err := c.Removals.List(ctx, c.job.ID, []RemovalState{RemovalAllowed}, after, pageSize)
		if err != nil {
			return nil, fmt.Errorf("list removals: %w", err)
		}
		allowed = append(allowed, page...)
		if len(page) < pageSize {
			return allowed, nil
		}
	}
}

func sourceIDs(removals []Removal) []string {
	ids := make([]string, len(removals))
	for i, removal := range removals {
		ids[i] = removal.SourceID
	}
	return ids
}

// feedAsked hands on the people of an on-demand run.
func (c *cycle) feedAsked(ctx context.Context, d *dispatcher) error {
	c.progress.phase("people")
	c.progress.collected(len(c.asked.Users))
	items, err := c.readPage(ctx, c.asked.Users)
	if err != nil {
		return err
	}
	if err := c.guardAsked(ctx, items); err != nil {
		return err
	}
	return addAll(d, items, false)
}

func (c *cycle) feedUsers(ctx context.Context, d *dispatcher, ids []string, leavers bool) error {
	items, err := c.readPage(ctx, ids)
	if err != nil {
		return err
	}
	return addAll(d, items, leavers)
}

func addAll(d *dispatcher, items []*item, leavers bool) error {
	for _, i := range items {
		if err := d.add(i, leavers); err != nil {
			return err
		}
	}
	return nil
}

// takenAway reports whether the person's account is, or is being, taken away: the
// list of removals takes care of it.
func (c *cycle) takenAway(i *item) bool {
	switch {
	case i.verdict.In && (!i.inactive || i.subject.Removal.State == RemovalRejected), i.verdict.Kept, i.subject.Connection.IsZero():
		return false
	case len(i.subject.Accepted) > 0 && !c.removal(i):
		return false // what the target leads for has to be noted as over
	case i.leave.Action == plan.Skip, !i.keptUntil.IsZero(), c.deferred[i.subject.User.ID]:
		return false
	}
	return !c.removal(i) || !c.isHeld(i)
}

// isHeld reports whether the guard, in this cycle or in an earlier one, keeps the
// removal back.
func (c *cycle) isHeld(i *item) bool {
	switch i.subject.Removal.State {
	case RemovalAllowed:
		return false
	case RemovalStaged:
		return true
	case RemovalPlanned, RemovalRejected: // the latter is no removal any more
	}
	return c.held != ""
}

func (c *cycle) collection() Collection {
	return Collection{
		JobID: c.job.ID, Kind: c.kind, Everyone: c.job.Settings.SyncAll,
		Since: c.job.Watermark, Until: c.until, Due: c.began, Overdue: c.job.Settings.UnconfirmedBefore(c.began), Limit: pageSize,
	}
}

// pagesAhead is how many pages are read and judged while earlier ones are worked
// off.
const pagesAhead = 3

// page is a page of people that is being read and judged.
type page struct {
	items []*item
	err   error
	ready chan struct{} // closed when items and err are set
}

// pages reads a collection page by page, judges everyone and hands the pages on in
// their order. Pages are read ahead, a few at a time.
func (c *cycle) pages(ctx context.Context, collection Collection, take func([]*item) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var readers errgroup.Group
	defer readers.Wait() //nolint:errcheck // the readers leave their errors with the pages.
	defer cancel()
	pages := make(chan *page, pagesAhead)
	readers.Go(func() error {
		defer close(pages)
		c.readPages(ctx, collection, pages, &readers)
		return nil
	})
	for p := range pages {
		<-p.ready
		if p.err != nil {
			return p.err
		}
		if err := take(p.items); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readPages starts the reading of one page after the other, until there are no more
// or the context ends.
func (c *cycle) readPages(ctx context.Context, collection Collection, pages chan<- *page, readers *errgroup.Group) {
	for {
		ids, err := c.Directory.Collect(ctx, collection)
		p := &page{ready: make(chan struct{})}
		if err != nil {
			p.err = fmt.Errorf("collect people: %w", err)
			close(p.ready)
		} else {
			readers.Go(func() error {
				defer close(p.ready)
				p.items, p.err = c.readPage(ctx, ids)
				return nil
			})
		}
		select {
		case pages <- p:
		case <-ctx.Done():
			return
		}
		if err != nil || len(ids) < collection.Limit {
			return
		}
		collection.After = ids[len(ids)-1]
	}
}

func (c *cycle) readPage(ctx context.Context, ids []string) ([]*item, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	subjects, err := c.Directory.Subjects(ctx, c.job.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	items := make([]*item, len(subjects))
	for n, subject := range subjects {
		items[n] = c.judge(subject)
	}
	return items, nil
}

// pause waits, unless the context ends before.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

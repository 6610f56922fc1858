package sqlstore

import (
	"context"
	"sync"
	"time"
)

// assignedCounts remembers how many users are assigned to applications. Counting them
// costs as much as there are, and pages ask for it again and again. A count holds until
// the change feed has something that may alter it, whoever made that change: the feed is
// written in the transaction that changes the directory.
type assignedCounts struct {
	mutex sync.Mutex
	known map[string]*assignedCount // by application
}

// assignedCount is the count of an application.
type assignedCount struct {
	turn chan struct{} // holds one value while nobody counts, so that all who ask wait for one count

	number  int
	nested  bool      // groups inside assigned groups were looked into
	head    int64     // of the change feed, before it was counted or looked at; 0: never
	counted time.Time // when
}

const (
	// countHolds is how long a count is trusted at most: much shorter than anything that it
	// is compared with is kept.
	countHolds = time.Hour
	// mostSifted is how many changes of the feed are looked through for one that matters;
	// after more of them it is counted anew.
	mostSifted = 1000
)

// of returns the count of an application, which may not have been counted yet.
func (c *assignedCounts) of(applicationID string) *assignedCount {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	count, found := c.known[applicationID]
	if !found {
		count = &assignedCount{turn: make(chan struct{}, 1)}
		count.turn <- struct{}{}
		c.known[applicationID] = count
	}
	return count
}

// forget drops the count of an application that there is not.
func (c *assignedCounts) forget(applicationID string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.known, applicationID)
}

// CountAssigned counts who is assigned, without deleted users; see
// store.Assignments.
func (s *Store) CountAssigned(ctx context.Context, applicationID string) (int, error) {
	const what = "count who is assigned"
	session := s.database.queries()
	job, found, err := session.job(ctx, `select `+jobColumns+` from jobs j join fences f on f.job_id = j.id where j.application_id = $1`, applicationID)
	if err != nil {
		return 0, wrapped(what, err)
	}
	if !found {
		s.assigned.forget(applicationID)
		number, err := session.countAssigned(ctx, applicationID, false)
		return number, wrapped(what, err)
	}
	count := s.assigned.of(applicationID)
	select {
	case <-count.turn:
		defer func() { count.turn <- struct{}{} }()
	case <-ctx.Done():
		return 0, wrapped(what, ctx.Err())
	}
	return count.number, wrapped(what, count.renew(ctx, session, applicationID, job.Settings.NestedGroups))
}

// renew makes the count the one of now.
func (c *assignedCount) renew(ctx context.Context, s session, applicationID string, nested bool) error {
	head, err := s.count(ctx, `select value from counters where name = 'changes'`)
	if err != nil {
		return err
	}
	holds := c.head > 0 && c.nested == nested && time.Since(c.counted) < countHolds && int64(head)-c.head <= mostSifted
	if holds && int64(head) > c.head {
		altered, err := s.count(ctx, altersAssigned, c.head, int64(head), applicationID)
		if err != nil {
			return err
		}
		holds = altered == 0
	}
	if !holds {
		number, err := s.countAssigned(ctx, applicationID, nested)
		if err != nil {
			return err
		}
		c.number, c.nested, c.counted = number, nested, time.Now()
	}
	c.head = int64(head)
	return nil
}

// altersAssigned is whether one of the changes between two positions of the feed may
// alter who is assigned to an application. A change of a user does when the history
// says that the user was ever removed, restored or purged; a new one is assigned by
// changes of their own. Owners and roles do not.
const altersAssigned = `select count(*) from (select 1 from changes c
	where c.sequence > $1 and c.sequence <= $2 and (c.application_id = '' or c.application_id = $3)
	and c.kind not in ('` + ownerChange + `', '` + roleChange + `') and (c.kind <> '` + userChange + `' or exists (
		select 1 from user_changes h where h.user_id = c.user_id and h.kind in ('removed', 'restored', 'purged')))
	limit 1) altering`

// countAssigned counts the living users who are assigned to an application.
func (s session) countAssigned(ctx context.Context, applicationID string, nested bool) (int, error) {
	p := standings{session: s, applicationID: applicationID, nested: nested}
	if err := p.open(ctx); err != nil {
		return 0, err
	}
	lists, err := p.assignedLists(ctx, "", 0)
	if err != nil {
		return 0, err
	}
	people, err := p.undeleted(ctx, onLists(lists))
	return len(people), err
}

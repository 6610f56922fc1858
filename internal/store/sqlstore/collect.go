package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Head returns the position of the newest change; see engine.Directory. A number is
// taken from the counter under a lock that lasts until the transaction ends, so all
// changes up to a number that can be seen can be seen, too.
func (c cycles) Head(ctx context.Context) (directory.Cursor, error) {
	head, err := c.database().queries().count(ctx, `select value from counters where name = 'changes'`)
	if err != nil {
		return 0, fmt.Errorf("read the head of the change feed: %w", err)
	}
	return directory.Cursor(head), nil
}

// Shrinkage returns what an import removed; see engine.Directory.
func (c cycles) Shrinkage(ctx context.Context) (directory.Shrinkage, error) {
	var (
		shrinkage directory.Shrinkage
		at        int64
	)
	found, err := c.database().queries().one(ctx, []any{&at, &shrinkage.Before, &shrinkage.Removed}, `select at, before, removed from shrinkage where id = 'users'`)
	if err != nil || !found {
		return shrinkage, err
	}
	shrinkage.At = moment(at)
	return shrinkage, nil
}

// The queries below have the parameters $1 the job, $2 the id to begin after and
// $3 how many ids, in this order.

const (
	// Who is gone is a possible leaver whatever the account was left as: nothing else
	// ever looks at them again. So is whose account the target leads for: it may be in use.
	collectEnabled = `select source_id from connections c where job_id = $1 and source_id > $2 and ` + possibleLeaver + ` order by source_id limit $3`

	collectConnected = `select source_id from connections c where job_id = $1 and source_id > $2 order by source_id limit $3`

	possibleLeaver = `(c.enabled or not exists (select 1 from users u where u.id = c.source_id)
		or exists (select 1 from acceptances l where l.job_id = c.job_id and l.source_id = c.source_id))`

	collectEveryone = `select id from users where id > $2
		union
		select source_id from connections where job_id = $1 and source_id > $2
		order by 1 limit $3`

	// $4 and $5 bound the changes; $6 is when an escrow must be due, and $7 since when a
	// value must be waiting. In the order of the parts: who is touched in person; members
	// of groups that were assigned, unassigned, removed, restored or made another kind of
	// group; who has a role that changed, through a group and in person; whose escrow is due; whose grace period is over and whose removal
	// is neither kept for another try nor on the list of removals since before; whose
	// value waits for long. SQLite takes the tables of a cross join in
	// the order in which they stand: the changes, which are few, come first.
	collectTouched = touchedInPerson + `
		union
		select m.member_id from changes c cross join members m
			where c.sequence > $4 and c.sequence <= $5 and c.group_id <> '' and c.user_id = '' and c.kind <> 'member'
			and m.group_id = c.group_id and m.member_type = 'User' and m.member_id > $2
			and (c.application_id = (select application_id from jobs where id = $1)
				or c.application_id = '' and exists (select 1 from assignments a
					where a.application_id = (select application_id from jobs where id = $1) and a.principal_id = c.group_id))
		union
		select m.member_id from changes c cross join assignments a cross join members m
			where c.sequence > $4 and c.sequence <= $5 and c.app_role_id <> ''
			and a.application_id = c.application_id and a.app_role_id = c.app_role_id and a.principal_type = 'Group'
			and m.group_id = a.principal_id and m.member_type = 'User' and m.member_id > $2
			and c.application_id = (select application_id from jobs where id = $1)
		union
		` + touchedOtherwise

	touchedInPerson = `select user_id as id from changes
			where sequence > $4 and sequence <= $5 and user_id > $2
			and (application_id = '' or application_id = (select application_id from jobs where id = $1))`

	touchedOtherwise = `select a.principal_id from changes c cross join assignments a
			where c.sequence > $4 and c.sequence <= $5 and c.app_role_id <> ''
			and a.application_id = c.application_id and a.app_role_id = c.app_role_id and a.principal_type = 'User' and a.principal_id || '' > $2
			and c.application_id = (select application_id from jobs where id = $1)
		union
		select source_id from escrows where job_id = $1 and next_at <= $6 and source_id || '' > $2
		union
		select l.source_id from leavers l where l.job_id = $1 and l.due_at <= $6 and l.source_id || '' > $2
			and not exists (select 1 from escrows e where e.job_id = l.job_id and e.source_id = l.source_id)
			and not exists (select 1 from removals r where r.job_id = l.job_id and r.source_id = l.source_id and r.since < $6)
		union
		select source_id from connections where job_id = $1 and pending_since > 0 and pending_since <= $7 and source_id || '' > $2`
)

// touchedQuery returns the query for who is touched: everybody, only who has an
// account that may be taken away, or only who has any account.
func touchedQuery(collection engine.Collection, nested bool) string {
	touched := collectTouched
	if nested {
		touched = collectTouchedNested
	}
	switch {
	case !collection.Connected:
		return touched + ` order by 1 limit $3`
	case collection.Disabled:
		return `select touched.id from (` + touched + `) touched cross join connections c
			where c.job_id = $1 and c.source_id = touched.id order by 1 limit $3`
	}
	return `select touched.id from (` + touched + `) touched cross join connections c
		where c.job_id = $1 and c.source_id = touched.id and ` + possibleLeaver + ` order by 1 limit $3`
}

const (
	// aheadIDs is how many ids Collect reads at a time where it has to sort: the cost of
	// a page does not grow with what there is, and the memory stays bounded.
	aheadIDs = 100_000
	// firstAhead is how many it reads at first where whoever looks at everyone may soon
	// have seen enough, and a part costs less than all.
	firstAhead = 2000
)

// aheadKey is the place of what was read ahead: a job goes through its leavers and
// through everybody at about the same time.
type aheadKey struct {
	jobID     string
	connected bool
}

// aheadPart is a sorted run of the ids of one collection.
type aheadPart struct {
	collection engine.Collection // without Limit, After and the times, which are not to be compared with ==
	due        int64
	overdue    int64
	after      string   // the id that the run begins after
	ids        []string // what was not returned yet
	complete   bool     // there is nothing after the run
}

// Collect returns who a cycle has to look at; see engine.Directory.
//
// All users and all connections are read in the order of an index. Other
// collections have to be sorted, so a long run of ids is read and the pages that
// follow are cut from it; whoever begins again, or elsewhere, gets a fresh one.
func (c cycles) Collect(ctx context.Context, collection engine.Collection) ([]string, error) {
	ids, err := c.collect(ctx, collection)
	if err != nil {
		return nil, fmt.Errorf("collect users: %w", err)
	}
	return ids, nil
}

func (c cycles) collect(ctx context.Context, collection engine.Collection) ([]string, error) {
	session := c.database().queries()
	job, after, limit := collection.JobID, collection.After, collection.Limit
	switch {
	case limit <= 0:
		return nil, errorf(store.ErrInvalid, "a limit of %d", limit)
	case collection.Kind == provisioning.Incremental:
		return c.ahead(ctx, collection)
	case collection.Kind != provisioning.Initial:
		return nil, errorf(store.ErrInvalid, "the kind of cycle %q collects nobody", collection.Kind)
	case collection.Connected && collection.Disabled:
		return session.texts(ctx, collectConnected, job, after, int64(limit))
	case collection.Connected:
		return session.texts(ctx, collectEnabled, job, after, int64(limit))
	case collection.Everyone:
		return session.texts(ctx, collectEveryone, job, after, int64(limit))
	}
	return c.ahead(ctx, collection)
}

// ahead returns a page of a long run, which it reads if it is not there.
func (c cycles) ahead(ctx context.Context, collection engine.Collection) ([]string, error) {
	limit, after := collection.Limit, collection.After
	place := aheadKey{collection.JobID, collection.Connected}
	part := aheadPart{collection: collection, due: micros(collection.Due), overdue: micros(collection.Overdue), after: after}
	part.collection.Limit, part.collection.After, part.collection.Due = 0, "", time.Time{}
	part.collection.Overdue = time.Time{}

	known, ok := c.store.ahead.take(place)
	switch {
	case ok && after != "" && known.follows(part) && (len(known.ids) >= limit || known.complete):
		part = known
	default:
		var err error
		if part.ids, part.complete, err = c.readAhead(ctx, collection); err != nil {
			return nil, err
		}
	}
	page := part.ids[:min(limit, len(part.ids))]
	if len(page) == limit {
		part.ids, part.after = part.ids[limit:], page[limit-1]
		c.store.ahead.put(place, part)
	}
	return page, nil
}

// readAhead reads a long run, of at least as many ids as the collection's limit if there
// are so many.
func (c cycles) readAhead(ctx context.Context, collection engine.Collection) (ids []string, complete bool, err error) {
	size := max(c.store.aheadIDs, collection.Limit)
	if collection.Kind == provisioning.Initial {
		if collection.After == "" {
			size = max(c.store.firstAhead, collection.Limit)
		}
		err = c.database().read(ctx, "read ahead", func(s session) error {
			ids, complete, err = s.assignedOrConnected(ctx, collection.JobID, collection.After, size)
			return err
		})
		return ids, complete, err
	}
	session := c.database().queries()
	nested, err := session.nests(ctx, collection.JobID)
	if err != nil {
		return nil, false, err
	}
	ids, err = session.texts(ctx, touchedQuery(collection, nested), collection.JobID, collection.After, int64(size),
		int64(collection.Since), int64(collection.Until), micros(collection.Due), micros(collection.Overdue))
	return ids, len(ids) < size, err
}

// assignedOrConnected returns the ids of people after an id who are assigned or have an
// account, deleted ones too, in order, at least so many if there are so many.
func (s session) assignedOrConnected(ctx context.Context, jobID, after string, size int) (ids []string, complete bool, err error) {
	p, err := openStandings(ctx, s, jobID)
	if err != nil {
		return nil, false, err
	}
	for len(ids) < size && !complete {
		lists, err := p.assignedLists(ctx, after, size)
		if err != nil {
			return nil, false, err
		}
		connected, err := p.list(ctx, nil, idQuery{"source_id", `from connections where job_id = $2 and source_id > $1`}, after, size, jobID)
		if err != nil {
			return nil, false, err
		}
		lists, after = cutOff(append(lists, connected)) // groups among the members are not on them, so they may be short
		ids, complete = append(ids, onLists(lists)...), after == ""
	}
	return ids, complete, nil
}

// follows reports whether the run is of the same collection as other and goes on
// where other begins.
func (p aheadPart) follows(other aheadPart) bool {
	return p.collection == other.collection && p.due == other.due && p.overdue == other.overdue && p.after == other.after
}

func (r *readAhead) take(place aheadKey) (aheadPart, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	part, ok := r.parts[place]
	delete(r.parts, place)
	return part, ok
}

func (r *readAhead) put(place aheadKey, part aheadPart) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.parts[place] = part
}

package sqlstore

import (
	"context"
	"database/sql"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// events is a sequence of events, the newest first.
type events = sequence[placed[directory.Event]]

// FindEvents returns what happened to a user or group; see store.History.
func (s *Store) FindEvents(ctx context.Context, kind directory.ObjectKind, id string, page store.Page) (store.Listing[directory.Event], error) {
	what := "list what happened to " + id
	id = clean(id)
	session := s.database.queries()
	sequences := []events{changeEvents(kind, id), creationEvent(kind, id)}
	sequences = append(sequences, membershipEvents("member_id", "group_id", id)...)
	if kind == directory.GroupObject {
		for _, q := range membershipEvents("group_id", "member_id", id) {
			q.where.addCondition(`group_id <> member_id`) // is told already
			sequences = append(sequences, q)
		}
	}
	sequences = append(sequences, assignmentEvents(id)...)
	found, err := listing(ctx, session, page, sequences...)
	if err != nil {
		return store.Listing[directory.Event]{}, wrapped(what, err)
	}
	result := unplaced(found)
	return result, wrapped(what, nameMemberships(ctx, session, result.Items, func(e *directory.Event) *directory.Membership { return &e.Membership }))
}

func newEvents(columns, from, at, id string, scan func(rows *sql.Rows) (placed[directory.Event], error)) events {
	return events{
		columns: columns, from: from, order: []string{at, id}, descending: true, scan: scan, place: byMomentAndID[directory.Event],
	}
}

// changeEvents are the changes of an object itself.
func changeEvents(kind directory.ObjectKind, id string) events {
	table, column := changesTable(kind)
	q := newEvents(objectChangeColumns, table, "at", "id", func(rows *sql.Rows) (placed[directory.Event], error) {
		c, err := scanObjectChange(rows)
		event := directory.Event{At: c.at, Kind: c.kind, Actor: c.actor, Properties: shownProperties(c.properties)}
		return placed[directory.Event]{event, []any{micros(c.at), c.id}}, err
	})
	q.where.add(column+` = ?`, id)
	return q
}

// shownProperties leaves out what only the history itself needs.
func shownProperties(properties []directory.PropertyChange) []directory.PropertyChange {
	shown := make([]directory.PropertyChange, 0, len(properties))
	for _, p := range properties {
		if p.Name != createdProperty {
			shown = append(shown, p)
		}
	}
	return shown
}

// creationEvent is when an object came to be that is there.
func creationEvent(kind directory.ObjectKind, id string) events {
	table := "users"
	if kind == directory.GroupObject {
		table = "groups"
	}
	q := newEvents("created_at, id", table, "created_at", "id", func(rows *sql.Rows) (placed[directory.Event], error) {
		var (
			at int64
			id string
		)
		err := rows.Scan(&at, &id)
		return placed[directory.Event]{directory.Event{At: moment(at), Kind: directory.ObjectCreated}, []any{at, id}}, err
	})
	q.where.add(`id = ?`, id)
	q.where.addCondition(`created_at > 0`)
	return q
}

// membershipEvents are the beginnings and ends of memberships, of whom a column names.
// The other column tells memberships that last apart.
func membershipEvents(column, other, id string) []events {
	part := func(columns, table, end, key string, kind directory.EventKind) events {
		q := newEvents(columns+`, `+key, table, end, key, func(rows *sql.Rows) (placed[directory.Event], error) {
			var (
				since, until int64
				id           string
			)
			e := directory.Event{Kind: kind}
			m := &e.Membership
			err := rows.Scan(append(membershipTargets(m, &since, &until), &id)...)
			m.Since, m.Until = moment(since), moment(until)
			at := since
			if e.At, e.Actor = m.Since, m.BegunBy; kind == directory.MemberLeft {
				e.At, e.Actor, at = m.Until, m.EndedBy, until
			}
			return placed[directory.Event]{e, []any{at, id}}, err
		})
		q.where.add(column+` = ?`, id)
		return q
	}
	current := part(nowMembers, "members", "since", other, directory.MemberJoined)
	current.where.addCondition(`since > 0`)
	return append([]events{current}, past(func(end string, kind directory.EventKind) events {
		return part(membershipColumns, "past_members", end, "id", kind)
	}, directory.MemberJoined, directory.MemberLeft)...)
}

// assignmentEvents are the beginnings and ends of assignments of an object.
func assignmentEvents(id string) []events {
	part := func(columns, table, end string, kind directory.EventKind) events {
		q := newEvents(columns+`, id`, table, end, "id", func(rows *sql.Rows) (placed[directory.Event], error) {
			var key string
			r, err := scanTenure(rows, &key)
			e := directory.Event{At: r.Since, Kind: kind, Actor: r.BegunBy, Assignment: r}
			if kind == directory.RoleTaken {
				e.At, e.Actor = r.Until, r.EndedBy
			}
			return placed[directory.Event]{e, []any{micros(e.At), key}}, err
		})
		q.where.add(`principal_id = ?`, id)
		return q
	}
	current := part(nowTenures, "assignments", "since", directory.RoleGiven)
	current.where.addCondition(`since > 0`)
	return append([]events{current}, past(func(end string, kind directory.EventKind) events {
		return part(tenureColumns, "past_assignments", end, kind)
	}, directory.RoleGiven, directory.RoleTaken)...)
}

// past are both ends of what is over. What was over at once is not told.
func past(part func(end string, kind directory.EventKind) events, begun, ended directory.EventKind) []events {
	began, over := part("since", begun), part("until", ended)
	began.where.addCondition(`since > 0`, `since <> until`)
	over.where.addCondition(`since <> until`)
	return []events{began, over}
}

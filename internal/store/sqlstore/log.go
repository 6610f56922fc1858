package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// How many entries are looked at for one part of a list: in an index that holds what
// is looked at, and in the log itself.
const (
	maxLookedInIndex = 50_000
	maxLookedInLog   = 10_000
)

// maxCounted is up to how many entries are counted.
const maxCounted = 10_000

// maxSearched is how long the text may be that an entry or a record is searched by.
const maxSearched = 1000

// entryPlace is the place of an entry in a list.
type entryPlace struct{ at, id int64 }

// entrySequence returns the sequence of the entries that a query selects, and how many
// of them may be looked at.
func entrySequence(query journal.Query) (q sequence[entryPlace], looked int) {
	q = sequence[entryPlace]{
		columns: "at, id", from: "entries", descending: true,
		scan: func(rows *sql.Rows) (entryPlace, error) {
			var p entryPlace
			err := rows.Scan(&p.at, &p.id)
			return p, err
		},
	}
	q.within.addText(`source_id = ?`, query.SourceID)
	q.within.addText(`cycle_id = ?`, query.CycleID)
	q.within.addText(`plan_id = ?`, query.PlanID)
	looked = maxLookedInIndex
	if len(q.within.texts) > 0 || query.JobID != "" || query.TargetID != "" {
		looked = maxLookedInLog
	}
	if len(q.within.texts) > 0 {
		q.order, q.place = []string{"id"}, func(p entryPlace) []any { return []any{p.id} }
	} else {
		q.order, q.place = []string{"at", "id"}, func(p entryPlace) []any { return []any{p.at, p.id} }
		q.within.addSpan(query.Since, query.Until)
		query.Since, query.Until = time.Time{}, time.Time{}
	}
	q.where = q.within.clone()
	q.where.addEntryFilters(query)
	q.where.addSpan(query.Since, query.Until)
	if query.After > 0 {
		q.where.add(`id > ?`, query.After)
	}
	return q, looked
}

// FindEntries returns entries; see store.Logs.
func (s *Store) FindEntries(ctx context.Context, query journal.Query, page store.Page) (store.Listing[journal.Entry], error) {
	const what = "read the provisioning log"
	session := s.database.queries()
	q, looked := entrySequence(query)
	found, err := bounded(ctx, session, page, looked, q)
	if err != nil {
		return store.Listing[journal.Entry]{}, wrapped(what, err)
	}
	entries, err := session.entriesByID(ctx, found.Items)
	return store.Listing[journal.Entry]{Items: entries, Next: found.Next, Previous: found.Previous}, wrapped(what, err)
}

// entriesByID returns entries in the order of their places. One that was removed
// meanwhile is left out.
func (s session) entriesByID(ctx context.Context, places []entryPlace) ([]journal.Entry, error) {
	entries := make([]journal.Entry, 0, len(places))
	for chunk := range slices.Chunk(places, 100) {
		var c conditions
		marks := make([]string, len(chunk))
		for i, p := range chunk {
			marks[i] = c.argument(p.id)
		}
		found, err := s.entries(ctx, `select `+entryColumns+` from entries where id in (`+strings.Join(marks, ", ")+`)`, c.arguments...)
		if err != nil {
			return nil, err
		}
		for _, p := range chunk {
			if i := slices.IndexFunc(found, func(e journal.Entry) bool { return e.ID == p.id }); i >= 0 {
				entries = append(entries, found[i])
			}
		}
	}
	return entries, nil
}

// CountEntries counts entries; see store.Logs.
func (s *Store) CountEntries(ctx context.Context, query journal.Query) (store.Count, error) {
	const what = "count entries of the provisioning log"
	session := s.database.queries()
	q, looked := entrySequence(query)
	reached, err := q.reach(ctx, session, cursor{}, looked)
	if err != nil {
		return store.Count{}, wrapped(what, err)
	}
	if len(reached) > 0 && len(q.where.texts) > len(q.within.texts) {
		q.where.addPlace(q.order, " >= ", reached)
	} else {
		reached = nil
	}
	text := "select 1 from entries"
	if len(q.where.texts) > 0 {
		text += " where " + strings.Join(q.where.texts, " and ")
	}
	count, err := session.capped(ctx, maxCounted, text, q.where.arguments...)
	count.More = count.More || len(reached) > 0
	return count, wrapped(what, err)
}

// Entry returns one entry; see store.Logs.
func (s *Store) Entry(ctx context.Context, id int64) (journal.Entry, error) {
	found, err := s.database.queries().entriesByID(ctx, []entryPlace{{id: id}})
	if err == nil && len(found) == 0 {
		err = notFound("entry", strconv.FormatInt(id, 10))
	}
	if err != nil {
		return journal.Entry{}, err
	}
	return found[0], nil
}

// FindAudits returns audit records; see store.Logs.
func (s *Store) FindAudits(ctx context.Context, search store.AuditSearch, page store.Page) (store.Listing[journal.Audit], error) {
	q := sequence[journal.Audit]{
		columns: auditColumns, from: "audits", order: []string{"id"}, descending: true, scan: scanAudit,
		place: func(a journal.Audit) []any { return []any{a.ID} },
	}
	q.where.addText(`actor = ?`, search.Actor)
	q.where.addText(`activity = ?`, search.Activity)
	if search.Text != "" {
		q.where.addPart(search.Text)
	}
	q.where.addSpan(search.Since, search.Until)
	found, err := bounded(ctx, s.database.queries(), page, maxLookedInLog, q)
	return found, wrapped("read the audit log", err)
}

// searchText is what an entry or a record is searched by.
func searchText(texts ...string) string {
	return clip(clean(strings.ToLower(strings.Join(texts, "\n"))), maxSearched)
}

// fillSearched fills in what audit records are searched by.
func fillSearched(ctx context.Context, t *tx) error {
	for after := int64(0); ; {
		audits, err := t.audits(ctx, `select `+auditColumns+` from audits where id > $1 order by id limit $2`, after, int64(pageSize))
		if err != nil {
			return err
		}
		for _, a := range audits {
			after = a.ID
			if _, err := t.exec(ctx, `update audits set search = $1 where id = $2`, searchText(a.Activity, a.Actor, a.Subject, a.Detail), a.ID); err != nil {
				return err
			}
		}
		if len(audits) < pageSize {
			return nil
		}
	}
}

package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Entries yields entries of the provisioning log; see store.Journal. The sequence
// may be ranged over more than once, and the store may be used meanwhile.
func (s *Store) Entries(ctx context.Context, query journal.Query) iter.Seq2[journal.Entry, error] {
	return firstPages("read the provisioning log", query.Limit, func(last journal.Entry, started bool, limit int) ([]journal.Entry, error) {
		text, arguments := entriesText(query, last.ID, started, limit)
		return s.database.queries().entries(ctx, text, arguments...)
	})
}

func (s session) entries(ctx context.Context, text string, arguments ...any) ([]journal.Entry, error) {
	var entries []journal.Entry
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			e            journal.Entry
			at, duration int64
			change       string
		)
		if err := rows.Scan(&e.ID, &at, &e.JobID, &e.ApplicationID, &e.CycleID, &duration, &e.InitiatedBy, &e.PlanID, &change); err != nil {
			return err
		}
		e.At, e.Duration = moment(at), time.Duration(duration)
		if err := decodeJSON("a change of the provisioning log", change, &e.Change); err != nil {
			return err
		}
		entries = append(entries, e)
		return nil
	}, text, arguments...)
	return entries, err
}

// conditions gathers the conditions of a query and their arguments.
type conditions struct {
	texts     []string
	arguments []any
}

// add adds a condition; "?" in it stands for the argument.
func (c *conditions) add(text string, argument any) {
	c.arguments = append(c.arguments, argument)
	c.texts = append(c.texts, strings.ReplaceAll(text, "?", "$"+strconv.Itoa(len(c.arguments))))
}

// text returns the conditions, of which there must be one, as they stand in a query.
func (c *conditions) text() string { return strings.Join(c.texts, " and ") }

// argument adds an argument and returns what stands for it.
func (c *conditions) argument(argument any) string {
	c.arguments = append(c.arguments, argument)
	return "$" + strconv.Itoa(len(c.arguments))
}

// addCondition adds conditions without arguments.
func (c *conditions) addCondition(texts ...string) { c.texts = append(c.texts, texts...) }

func (c *conditions) addText(text, argument string) {
	if argument != "" {
		c.add(text, clean(argument))
	}
}

// entriesText returns the query for one page of entries.
func entriesText(query journal.Query, last int64, started bool, limit int) (string, []any) {
	var c conditions
	c.addText(`source_id = ?`, query.SourceID)
	c.addText(`cycle_id = ?`, query.CycleID)
	c.addText(`plan_id = ?`, query.PlanID)
	c.addEntryFilters(query)
	c.addSpan(query.Since, query.Until)
	if query.Before > 0 {
		c.add(`id < ?`, query.Before)
	}
	if query.After > 0 {
		c.add(`id > ?`, query.After)
	}
	order := "desc"
	if query.OldestFirst {
		order = "asc"
	}
	switch {
	case started && query.OldestFirst:
		c.add(`id > ?`, last)
	case started:
		c.add(`id < ?`, last)
	}
	where := ""
	if len(c.texts) > 0 {
		where = " where " + strings.Join(c.texts, " and ")
	}
	c.arguments = append(c.arguments, int64(limit))
	return "select " + entryColumns + " from entries" + where + " order by id " + order + " limit $" + strconv.Itoa(len(c.arguments)), c.arguments
}

// addEntryFilters adds what a query asks of entries besides the person, the cycle, the
// plan and the time.
func (c *conditions) addEntryFilters(query journal.Query) {
	c.addText(`target_id = ?`, query.TargetID)
	c.addText(`application_id = ?`, query.ApplicationID)
	c.addText(`job_id = ?`, query.JobID)
	c.addText(`code = ?`, query.Code)
	if query.Name != "" {
		c.addPart(query.Name)
	}
	if len(query.Actions) > 0 {
		c.add(`action in list(?)`, texts(query.Actions))
	}
	if len(query.Statuses) > 0 {
		c.add(`status in list(?)`, texts(query.Statuses))
	}
}

// addSpan adds from when to when something was, a zero time for no limit.
func (c *conditions) addSpan(since, until time.Time) {
	if !since.IsZero() {
		c.add(`at >= ?`, since.UnixMicro())
	}
	if !until.IsZero() {
		c.add(`at <= ?`, until.UnixMicro())
	}
}

// addPart adds that a text is part of what is searched by, whatever the letter case.
func (c *conditions) addPart(text string) {
	c.add(`strpos(search, ?) > 0`, strings.ToLower(clean(text)))
}

func texts[T ~string](values []T) []string {
	result := make([]string, len(values))
	for i, value := range values {
		result[i] = string(value)
	}
	return result
}

// Audits yields audit records; see store.Journal.
func (s *Store) Audits(ctx context.Context, limit int) iter.Seq2[journal.Audit, error] {
	return firstPages("read the audit log", limit, func(last journal.Audit, started bool, size int) ([]journal.Audit, error) {
		before := int64(math.MaxInt64)
		if started {
			before = last.ID
		}
		return s.database.queries().audits(ctx, `select `+auditColumns+` from audits
			where id < $1 order by id desc limit $2`, before, int64(size))
	})
}

const auditColumns = `id, at, activity, actor, subject, detail`

func scanAudit(rows *sql.Rows) (journal.Audit, error) {
	var (
		a  journal.Audit
		at int64
	)
	err := rows.Scan(&a.ID, &at, &a.Activity, &a.Actor, &a.Subject, &a.Detail)
	a.At = moment(at)
	return a, err
}

func (s session) audits(ctx context.Context, text string, arguments ...any) ([]journal.Audit, error) {
	var audits []journal.Audit
	err := s.each(ctx, func(rows *sql.Rows) error {
		audit, err := scanAudit(rows)
		audits = append(audits, audit)
		return err
	}, text, arguments...)
	return audits, err
}

// Audit writes an act to the audit log; see store.Journal. Without a moment it
// happened now.
func (s *Store) Audit(ctx context.Context, audit journal.Audit) error {
	return s.database.write(ctx, "write to the audit log", func(t *tx) error {
		return t.appendAudits(ctx, []journal.Audit{audit})
	})
}

// record writes the audit records of an act about so many things.
func (t *tx) record(ctx context.Context, records []store.Record, count int) error {
	audits := make([]journal.Audit, len(records))
	for i, record := range records {
		audits[i] = record(count)
	}
	return t.appendAudits(ctx, audits)
}

// appendAudits numbers audit records, in place, and writes them.
func (t *tx) appendAudits(ctx context.Context, audits []journal.Audit) error {
	if len(audits) == 0 {
		return nil
	}
	last, err := t.next(ctx, "audits", len(audits))
	if err != nil {
		return fmt.Errorf("number the audit records: %w", err)
	}
	values := make([]any, 0, 7*len(audits))
	for i := range audits {
		a := &audits[i]
		if t.actor != directory.ByImport { // what an import did, it did before it is known whose it is
			t.actor = a.Actor
		}
		a.ID = last - int64(len(audits)-1-i)
		if a.At.IsZero() {
			a.At = now()
		}
		values = append(values, a.ID, micros(a.At), clean(a.Activity), clean(a.Actor), clean(a.Subject), clean(a.Detail),
			searchText(a.Activity, a.Actor, a.Subject, a.Detail))
	}
	return t.insert(ctx, insertion{into: `audits (id, at, activity, actor, subject, detail, search)`, width: 7}, values)
}

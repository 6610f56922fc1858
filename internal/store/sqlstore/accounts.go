package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
)

// maxLooked is how many accounts are looked at for one part of a list of those that
// are orphaned or not assigned, which no index has.
const maxLooked = 5000

// account is what a list of accounts needs of one.
type account struct {
	sourceID, name string
}

func placeOfAccount(a account) []any { return []any{a.name, a.sourceID} }

// FindAccounts returns accounts; see store.Accounts.
func (s *Store) FindAccounts(ctx context.Context, search store.AccountSearch, page store.Page) (store.Listing[engine.Subject], error) {
	what := "list accounts of job " + search.JobID
	session := s.database.queries()
	job, err := session.jobByID(ctx, search.JobID)
	if err != nil {
		return store.Listing[engine.Subject]{}, wrapped(what, err)
	}
	q := sequence[account]{
		columns: "c.source_id, c.name_key", from: "connections c", order: []string{"c.name_key", "c.source_id"}, place: placeOfAccount,
		scan: func(rows *sql.Rows) (account, error) {
			var a account
			err := rows.Scan(&a.sourceID, &a.name)
			return a, err
		},
	}
	q.within.add(`c.job_id = ?`, job.ID)
	q.where = q.within.clone()
	looked := 0
	switch search.State {
	case store.AllAccounts:
	case store.EnabledAccounts:
		q.where.addCondition(`c.enabled`)
	case store.DisabledAccounts:
		q.where.addCondition(`not c.enabled`)
	case store.OrphanedAccounts:
		looked = maxLooked
		q.where.addCondition(`not exists (select 1 from users u where u.id = c.source_id)`)
	case store.UnassignedAccounts:
		groups, err := session.assignedGroups(ctx, job.ID, job.Settings.NestedGroups)
		if err != nil {
			return store.Listing[engine.Subject]{}, wrapped(what, err)
		}
		looked = maxLooked
		q.where.addCondition(`exists (select 1 from users u where u.id = c.source_id)`, `not `+q.where.isAssigned("c.source_id", job.ApplicationID, groups))
	default:
		return store.Listing[engine.Subject]{}, errorf(store.ErrInvalid, "%s: the state %q", what, search.State)
	}
	if search.Text != "" {
		few, err := q.where.addAccounts(ctx, session, job.ID, search.Text)
		if err != nil {
			return store.Listing[engine.Subject]{}, wrapped(what, err)
		}
		if few {
			q, looked = q.sorted(), 0
		}
	}
	found, err := bounded(ctx, session, page, looked, q)
	if err != nil {
		return store.Listing[engine.Subject]{}, wrapped(what, err)
	}
	ids := store.Listing[string]{Next: found.Next, Previous: found.Previous}
	for _, a := range found.Items {
		ids.Items = append(ids.Items, a.sourceID)
	}
	subjects, err := s.subjectsOf(ctx, job.ID, ids)
	return subjects, wrapped(what, err)
}

// fewMatches is up to how many accounts that a search finds are named one by one in
// another query.
const fewMatches = 1000

// addAccounts adds that the account c is that of somebody whom a typed text finds, or has
// a name that begins with it, and reports whether they are few, so that it is better to
// begin with them.
func (c *conditions) addAccounts(ctx context.Context, s session, jobID, typed string) (few bool, err error) {
	var who conditions
	who.addWords("words", typed)
	if len(who.texts) == 0 {
		return false, nil
	}
	limit := who.argument(int64(fewMatches + 1))
	people, err := s.texts(ctx, `select id from users where `+who.text()+` limit `+limit, who.arguments...)
	if err != nil {
		return false, err
	}
	name := accountKey(typed)
	named, err := s.texts(ctx, `select source_id from connections where job_id = $1 and name_key >= $2 and name_key < $3 limit $4`,
		jobID, name, name+"\U0010FFFF", int64(fewMatches+1))
	if err != nil {
		return false, err
	}
	if len(people) <= fewMatches && len(named) <= fewMatches {
		c.add(`c.source_id in list(?)`, append(people, named...))
		return true, nil
	}
	var words conditions
	words.arguments = c.arguments
	words.addWords("who.words", typed)
	c.arguments = words.arguments
	c.addCondition(`(c.name_key >= ` + c.argument(name) + ` and c.name_key < ` + c.argument(name+"\U0010FFFF") + `
		or exists (select 1 from users who where who.id = c.source_id and ` + words.text() + `))`)
	return false, nil
}

// FailureGroups groups what failed; see store.Accounts.
func (s *Store) FailureGroups(ctx context.Context, jobID string) ([]store.FailureGroup, error) {
	var groups []store.FailureGroup
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			g           store.FailureGroup
			first, next int64
		)
		err := rows.Scan(&g.Code, &g.Count, &first, &next)
		g.First, g.Next = moment(first), moment(next)
		groups = append(groups, g)
		return err
	}, `select code, sum(number), min(first_at), min(next_at) from (
			select code, count(*) as number, min(first_at) as first_at, min(next_at) as next_at from escrows where job_id = $1 group by code
			union all
			select code, count(*), min(first_at), min(next_at) from waiting_references where job_id = $1 and attempts > 0 group by code
		) failed group by code order by sum(number) desc, code`, jobID)
	return groups, wrapped("group what failed", err)
}

// failureColumns are those of a store.FoundFailure of the person u with the account c.
const failureColumns = `f.code, f.message, f.attempts, f.first_at, f.next_at, coalesce(u.display_name, ''), coalesce(u.user_principal_name, ''), coalesce(c.target_name, '')`

// FindFailures returns what failed; see store.Accounts.
func (s *Store) FindFailures(ctx context.Context, jobID, code string, page store.Page) (store.Listing[store.FoundFailure], error) {
	people := sequence[store.FoundFailure]{
		columns: `f.source_id, '', ` + failureColumns,
		from:    `escrows f left join users u on u.id = f.source_id left join connections c on c.job_id = f.job_id and c.source_id = f.source_id`,
		order:   []string{"f.source_id", "substr(f.code, 1, 0)"},
		scan: func(rows *sql.Rows) (store.FoundFailure, error) {
			var (
				f           store.FoundFailure
				first, next int64
			)
			err := rows.Scan(&f.SourceID, &f.Attribute, &f.Code, &f.Message, &f.Attempts, &first, &next, &f.DisplayName, &f.Name, &f.AccountName)
			f.First, f.Next = moment(first), moment(next)
			return f, err
		},
		place: func(f store.FoundFailure) []any { return []any{f.SourceID, f.Attribute} },
	}
	people.where.add(`f.job_id = ?`, jobID)
	references := people
	references.columns = `f.source_id, f.attribute, ` + failureColumns
	references.from = strings.Replace(people.from, "escrows", "waiting_references", 1)
	references.order = []string{"f.source_id", "f.attribute"}
	references.where = conditions{}
	references.where.add(`f.job_id = ?`, jobID)
	references.where.addCondition(`f.attempts > 0`)
	people.where.addText(`f.code = ?`, code)
	references.where.addText(`f.code = ?`, code)
	found, err := listing(ctx, s.database.queries(), page, people, references)
	return found, wrapped("list what failed", err)
}

// dated is a person with a moment, which a list is in the order of.
type dated struct {
	sourceID string
	at       int64
}

// datedPeople is the sequence of a table of people, in the order of a moment.
func datedPeople(table, at, jobID string) sequence[dated] {
	q := sequence[dated]{
		columns: "source_id, " + at, from: table, order: []string{at, "source_id"},
		scan: func(rows *sql.Rows) (dated, error) {
			var d dated
			err := rows.Scan(&d.sourceID, &d.at)
			return d, err
		},
		place: func(d dated) []any { return []any{d.at, d.sourceID} },
	}
	q.where.add(`job_id = ?`, jobID)
	return q
}

func (s *Store) findDated(ctx context.Context, jobID string, page store.Page, q sequence[dated]) (store.Listing[engine.Subject], error) {
	found, err := listing(ctx, s.database.queries(), page, q)
	if err != nil {
		return store.Listing[engine.Subject]{}, err
	}
	ids := store.Listing[string]{Next: found.Next, Previous: found.Previous}
	for _, d := range found.Items {
		ids.Items = append(ids.Items, d.sourceID)
	}
	return s.subjectsOf(ctx, jobID, ids)
}

// FindRemovals returns accounts to be taken away; see store.Accounts.
func (s *Store) FindRemovals(ctx context.Context, jobID string, state engine.RemovalState, page store.Page) (store.Listing[engine.Subject], error) {
	q := datedPeople("removals", "since", jobID)
	q.where.add(`state = ?`, string(state))
	found, err := s.findDated(ctx, jobID, page, q)
	return found, wrapped("list removals", err)
}

// FindLeavers returns whose grace period runs; see store.Accounts.
func (s *Store) FindLeavers(ctx context.Context, jobID string, page store.Page) (store.Listing[engine.Subject], error) {
	found, err := s.findDated(ctx, jobID, page, datedPeople("leavers", "due_at", jobID))
	return found, wrapped("list leavers", err)
}

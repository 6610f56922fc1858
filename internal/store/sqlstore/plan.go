package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// DraftPlan keeps a plan that is being made; see engine.Plans.
func (c cycles) DraftPlan(ctx context.Context, p engine.Plan) error {
	sealed, err := c.store.sealPlan(p)
	if err != nil {
		return err
	}
	content, err := encodeJSON("plan", p)
	if err != nil {
		return err
	}
	return c.database().batch(ctx, "keep a plan of job "+p.JobID, func(t *tx) error {
		if _, err := t.jobByID(ctx, p.JobID); err != nil {
			return err
		}
		_, err := t.exec(ctx, `insert into plans (key, id, job_id, application_id, state, created_at, applied_at, applied_by, sealed, content)
			values ($1, '', $2, $3, $4, $5, 0, '', $6, $7)`,
			p.Key, p.JobID, p.ApplicationID, string(engine.PlanDraft), micros(p.At), sealed, clean(content))
		return err
	})
}

func planContext(key string) []byte { return []byte("plan\x00" + key) }

func (s *Store) sealPlan(p engine.Plan) (string, error) {
	if s.sealer == nil {
		return "", errNoSealer
	}
	sealed, err := s.sealer.Seal([]byte(p.Seal().Reveal()), planContext(p.Key))
	if err != nil {
		return "", fmt.Errorf("seal the secret of a plan: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

func (s *Store) openPlan(p engine.Plan, sealed string) (engine.Plan, error) {
	if s.sealer == nil {
		return p, errNoSealer
	}
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return p, fmt.Errorf("open the secret of a plan: %w", err)
	}
	plain, err := s.sealer.Open(data, planContext(p.Key))
	if err != nil {
		return p, fmt.Errorf("open the secret of a plan: %w", err)
	}
	return p.Sealed(provisioning.NewSecret(string(plain))), nil
}

// PutItems keeps items of a draft; see engine.Plans.
func (c cycles) PutItems(ctx context.Context, key string, items []engine.PlanItem) error {
	if len(items) == 0 {
		return nil
	}
	values := make([]any, 0, 10*len(items))
	name := func(item engine.PlanItem) string { return item.Change.Source.ID + "\x00" + item.Attribute }
	for _, item := range lastOf(items, name) {
		content, err := encodeJSON("an item of a plan", item)
		if err != nil {
			return err
		}
		values = append(values, key, item.Change.Source.ID, item.Attribute, item.Referenced, string(item.Change.Action), string(item.State), clean(item.Note), clean(content),
			clean(item.Change.Reason.Code), planItemText(item))
	}
	return c.database().batch(ctx, "keep items of a plan", func(t *tx) error {
		return t.insert(ctx, insertion{
			into: `plan_items (plan_key, source_id, attribute, referenced_id, action, state, note, content, code, search)`, width: 10,
			then: `on conflict (plan_key, source_id, attribute) do update set referenced_id = excluded.referenced_id, action = excluded.action,
				state = excluded.state, note = excluded.note, content = excluded.content,
				code = excluded.code, search = excluded.search`,
		}, values)
	})
}

// DiscardPlan removes a plan; see engine.Plans.
func (c cycles) DiscardPlan(ctx context.Context, key string) error {
	if err := c.database().batch(ctx, "discard a plan", func(t *tx) error {
		_, err := t.exec(ctx, hidePlan+` where key = $1`, key)
		return err
	}); err != nil {
		return err
	}
	return c.store.removeHidden(ctx, key)
}

// hidePlan makes a plan one that nobody sees, finishes or applies any more. Its items,
// which may be a hundred thousand, and then the plan are removed after that.
const hidePlan = `update plans set state = 'draft', id = '', created_at = 0`

// removedAtOnce is how many rows of something large are removed in one transaction, so
// that whoever wants to write waits for a moment only.
const removedAtOnce = 200

// removeHidden removes a plan that is hidden, with its items and comparisons.
func (s *Store) removeHidden(ctx context.Context, key string) error {
	comparisons, err := s.database.queries().texts(ctx, `select id from comparisons where plan_key = $1`, key)
	if err != nil {
		return wrapped("remove a plan", err)
	}
	for _, id := range comparisons {
		if err := s.RemoveComparison(ctx, id); err != nil {
			return err
		}
	}
	if err := s.drain(ctx, "remove items of a plan", `delete from plan_items where plan_key = $1 and (source_id, attribute) in
		(select source_id, attribute from plan_items where plan_key = $1 order by source_id, attribute limit $2)`, key); err != nil {
		return err
	}
	return s.database.batch(ctx, "remove a plan", func(t *tx) error {
		_, err := t.exec(ctx, `delete from plans where key = $1 and created_at = 0`, key)
		return err
	})
}

// drain repeats a statement that removes some rows of something, $1, and at most $2, each
// time in a transaction of its own, until there are no more.
func (s *Store) drain(ctx context.Context, what, text, of string) error {
	for {
		count := 0
		if err := s.database.batch(ctx, what, func(t *tx) (err error) {
			count, err = t.exec(ctx, text, of, int64(removedAtOnce))
			return err
		}); err != nil || count < removedAtOnce {
			return err
		}
	}
}

// getsAccount tells of the account of a referenced person whether it exists or comes to
// exist with the plan $1 of job $2.
const getsAccount = `(exists (select 1 from connections r where r.job_id = $2 and r.source_id = %[1]s)
	or exists (select 1 from plan_items p where p.plan_key = $1 and p.source_id = %[1]s and p.attribute = '' and p.state = 'open'))`

// PlanReferences plans references; see engine.Plans.
func (c cycles) PlanReferences(ctx context.Context, p engine.Plan, after engine.Reference, limit int) ([]engine.PlannedReference, error) {
	if after == (engine.Reference{}) {
		err := c.database().batch(ctx, "plan references", func(t *tx) error {
			_, err := t.exec(ctx, `delete from plan_items where plan_key = $1 and attribute <> '' and not `+
				fmt.Sprintf(getsAccount, "plan_items.referenced_id"), p.Key, p.JobID)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var found []engine.PlannedReference
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var (
			r   engine.PlannedReference
			old string
		)
		if err := rows.Scan(&r.SourceID, &r.Attribute, &r.Referenced, &old, &r.Connection.TargetID, &r.Connection.TargetName, &r.Name); err != nil {
			return err
		}
		r.Connection.SourceID = r.SourceID
		if err := json.Unmarshal([]byte(old), &r.Old); err != nil {
			return fmt.Errorf("read what the target held: %w", err)
		}
		found = append(found, r)
		return nil
	}, `select w.source_id, w.attribute, w.referenced_id, w.old_value, c.target_id, c.target_name, u.user_principal_name
		from waiting_references w
		join connections c on c.job_id = w.job_id and c.source_id = w.source_id and c.enabled
		join users u on u.id = w.source_id and u.manager_id = w.referenced_id
		where w.job_id = $2 and (w.source_id, w.attribute) > ($3, $4) and `+fmt.Sprintf(getsAccount, "w.referenced_id")+`
		and not exists (select 1 from plan_items p where p.plan_key = $1 and p.source_id = w.source_id and p.attribute in ('', w.attribute))
		order by w.source_id, w.attribute limit $5`, p.Key, p.JobID, after.SourceID, after.Attribute, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("look up references: %w", err)
	}
	return found, nil
}

// FinishPlan makes a draft ready; see engine.Plans.
func (c cycles) FinishPlan(ctx context.Context, p engine.Plan) error {
	content, err := encodeJSON("plan", p)
	if err != nil {
		return err
	}
	return c.database().batch(ctx, "keep a plan of job "+p.JobID, func(t *tx) error {
		count, err := t.exec(ctx, `update plans set id = $1, state = $2, content = $3 where key = $4 and state = 'draft' and created_at > 0`,
			p.ID, string(p.State), clean(content), p.Key)
		if err == nil && count == 0 {
			err = notFound("draft of a plan", p.Key)
		}
		return err
	})
}

// AdvancePlan writes how far a plan is applied; see engine.Plans.
func (c cycles) AdvancePlan(ctx context.Context, cycle engine.Cycle, p engine.Plan) error {
	return c.commit(ctx, "apply plan "+p.ID, cycle, func(t *tx) error {
		count, err := t.exec(ctx, `update plans set state = $1, applied_at = $2, applied_by = $3 where key = $4 and state <> 'applied' and created_at > 0`,
			string(p.State), micros(p.AppliedAt), clean(p.AppliedBy), p.Key)
		if err == nil && count == 0 {
			err = notFound("plan that is not applied yet", p.ID)
		}
		return err
	})
}

// putResults writes what became of items, with the batch that they are part of.
func (t *tx) putResults(ctx context.Context, key string, results []engine.ItemResult) error {
	for _, r := range results {
		if _, err := t.exec(ctx, `update plan_items set state = $1, note = $2 where plan_key = $3 and source_id = $4 and attribute = $5`,
			string(r.State), clean(r.Note), key, r.SourceID, r.Attribute); err != nil {
			return fmt.Errorf("note what became of an item of the plan: %w", err)
		}
	}
	return nil
}

// PlanItems returns items of a plan; see engine.Plans.
func (c cycles) PlanItems(ctx context.Context, key string, query engine.ItemQuery) ([]engine.PlanItem, error) {
	var w conditions
	w.add(`plan_key = ?`, key)
	if len(query.Actions) > 0 {
		w.add(`action in list(?)`, texts(query.Actions))
	}
	if len(query.States) > 0 {
		w.add(`state in list(?)`, texts(query.States))
	}
	if len(query.SourceIDs) > 0 {
		w.add(`source_id in list(?)`, query.SourceIDs)
	}
	switch {
	case query.All:
	case query.References:
		w.add(`attribute <> ?`, "")
	default:
		w.add(`attribute = ?`, "")
	}
	var items []engine.PlanItem
	text, arguments := w.pageText(`select content, state, note from plan_items`, query)
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var item engine.PlanItem
		var content string
		if err := rows.Scan(&content, &item.State, &item.Note); err != nil {
			return err
		}
		err := decodeJSON("an item of a plan", content, &item)
		items = append(items, item)
		return err
	}, text, arguments...)
	if err != nil {
		return nil, fmt.Errorf("read items of a plan: %w", err)
	}
	return items, nil
}

// pageText returns the query for one page of items.
func (c *conditions) pageText(text string, query engine.ItemQuery) (string, []any) {
	after := len(c.arguments)
	c.arguments = append(c.arguments, query.After.Change.Source.ID, query.After.Attribute, int64(query.Limit))
	return fmt.Sprintf("%s where %s and (source_id, attribute) > ($%d, $%d) order by source_id, attribute limit $%d", text, strings.Join(c.texts, " and "), after+1, after+2, after+3), c.arguments
}

const planColumns = `key, id, state, applied_at, applied_by, sealed, content`

func (s *Store) plans(ctx context.Context, text string, arguments ...any) ([]engine.Plan, error) {
	var found []engine.Plan
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			p                                   engine.Plan
			key, id, state, by, sealed, content string
			at                                  int64
		)
		if err := rows.Scan(&key, &id, &state, &at, &by, &sealed, &content); err != nil {
			return err
		}
		if err := decodeJSON("plan", content, &p); err != nil {
			return err
		}
		p.Key, p.ID, p.State, p.AppliedAt, p.AppliedBy = key, id, engine.PlanState(state), moment(at), by
		p, err := s.openPlan(p, sealed)
		found = append(found, p)
		return err
	}, text, arguments...)
	return found, err
}

// planPrefix is how many digits of a plan's id name it at least. A slip of the keyboard
// must not name a plan that somebody then applies.
const planPrefix = 8

// Plan returns a plan; see store.Plans.
func (s *Store) Plan(ctx context.Context, id string) (engine.Plan, error) {
	if len(id) < planPrefix {
		return engine.Plan{}, notFound("plan", id)
	}
	found, err := s.plans(ctx, `select `+planColumns+` from plans where state <> 'draft' and id >= $1 and id < $2 order by id limit 2`, id, id+"g")
	switch {
	case err != nil:
		return engine.Plan{}, fmt.Errorf("look up the plan %s: %w", id, err)
	case len(found) == 0:
		return engine.Plan{}, notFound("plan", id)
	case len(found) > 1:
		return engine.Plan{}, errorf(store.ErrConflict, "several plans begin with %s", id)
	}
	return found[0], nil
}

// Plans yields a job's plans; see store.Plans.
func (s *Store) Plans(ctx context.Context, jobID string) iter.Seq2[engine.Plan, error] {
	return pages("list plans", func(last engine.Plan, started bool, limit int) ([]engine.Plan, error) {
		before := "~" // after every key
		if started {
			before = last.Key
		}
		return s.plans(ctx, `select `+planColumns+` from plans where job_id = $1 and state <> 'draft' and key < $2 order by key desc limit $3`,
			jobID, before, int64(limit))
	})
}

// RemovePlan removes a plan; see store.Plans.
func (s *Store) RemovePlan(ctx context.Context, key string, audits ...journal.Audit) error {
	return s.database.batch(ctx, "remove a plan", func(t *tx) error {
		count, err := t.exec(ctx, `delete from plans where key = $1`, key)
		if err != nil || count == 0 {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// draftKept is how long a plan may take to be made. One that is older was broken off.
const draftKept = 24 * time.Hour

// RemovePlansBefore removes old plans; see store.Plans.
func (s *Store) RemovePlansBefore(ctx context.Context, before time.Time) (int, error) {
	var hidden []string
	err := s.database.batch(ctx, "remove old plans", func(t *tx) error {
		if _, err := t.exec(ctx, hidePlan+` where created_at < $1 or state = 'draft' and created_at < $2`, micros(before), micros(now().Add(-draftKept))); err != nil {
			return err
		}
		var err error
		hidden, err = t.texts(ctx, `select key from plans where created_at = 0`) // also those whose removal broke off
		return err
	})
	if err != nil {
		return 0, err
	}
	for n, key := range hidden {
		if err := s.removeHidden(ctx, key); err != nil {
			return n, err
		}
	}
	return len(hidden), nil
}

// CountPlanItems counts items by state; see store.Plans.
func (s *Store) CountPlanItems(ctx context.Context, key string) (map[engine.ItemState]int, error) {
	counts := make(map[engine.ItemState]int)
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var state engine.ItemState
		var count int
		err := rows.Scan(&state, &count)
		counts[state] = count
		return err
	}, `select state, count(*) from plan_items where plan_key = $1 group by state`, key)
	if err != nil {
		return nil, fmt.Errorf("count items of a plan: %w", err)
	}
	return counts, nil
}

package sqlstore

import (
	"context"
	"database/sql"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// SchemaDraft returns somebody's draft; see store.SchemaDrafts.
func (s *Store) SchemaDraft(ctx context.Context, jobID, owner string) (store.SchemaDraft, error) {
	what := "read the draft schema of job " + jobID
	draft := store.SchemaDraft{JobID: jobID, Owner: owner}
	var base, content string
	var changedAt int64
	found, err := s.database.queries().one(ctx, []any{&draft.Tag, &base, &content, &changedAt},
		`select tag, base, content, changed_at from schema_drafts where job_id = $1 and owner = $2`, jobID, clean(owner))
	if err != nil || !found {
		return store.SchemaDraft{}, wrapped(what, err)
	}
	draft.ChangedAt = moment(changedAt)
	if draft.Base, err = mapping.Parse([]byte(base)); err != nil {
		return draft, wrapped(what, err)
	}
	draft.Schema, err = mapping.Parse([]byte(content))
	return draft, wrapped(what, err)
}

// SchemaDrafts returns all drafts of a job; see store.SchemaDrafts.
func (s *Store) SchemaDrafts(ctx context.Context, jobID string) ([]store.SchemaDraft, error) {
	var drafts []store.SchemaDraft
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		draft := store.SchemaDraft{JobID: jobID}
		var changedAt int64
		err := rows.Scan(&draft.Owner, &draft.Tag, &changedAt)
		draft.ChangedAt = moment(changedAt)
		drafts = append(drafts, draft)
		return err
	}, `select owner, tag, changed_at from schema_drafts where job_id = $1 order by changed_at desc, owner`, jobID)
	return drafts, wrapped("list the draft schemas of job "+jobID, err)
}

// PutSchemaDraft keeps a draft; see store.SchemaDrafts.
func (s *Store) PutSchemaDraft(ctx context.Context, draft store.SchemaDraft, previous string) error {
	base, err := encodeJSON("synchronization schema", draft.Base)
	if err != nil {
		return err
	}
	content, err := encodeJSON("draft of a synchronization schema", draft.Schema)
	if err != nil {
		return err
	}
	owner := clean(draft.Owner)
	return s.database.write(ctx, "keep the draft schema of job "+draft.JobID, func(t *tx) error {
		text := `insert into schema_drafts (tag, base, content, changed_at, job_id, owner, impact) values ($1, $2, $3, $4, $5, $6, '')
			on conflict (job_id, owner) do nothing`
		arguments := []any{draft.Tag, clean(base), clean(content), micros(draft.ChangedAt), draft.JobID, owner}
		if previous != "" {
			text = `update schema_drafts set tag = $1, base = $2, content = $3, changed_at = $4, impact = '' where job_id = $5 and owner = $6 and tag = $7`
			arguments = append(arguments, previous)
		}
		count, err := t.exec(ctx, text, arguments...)
		if err != nil {
			return err
		}
		if count == 0 {
			return errorf(store.ErrConflict, "the draft was changed meanwhile")
		}
		_, err = t.exec(ctx, `delete from draft_changes where job_id = $1 and owner = $2`, draft.JobID, owner)
		return err
	})
}

// DiscardSchemaDraft removes a draft; see store.SchemaDrafts.
func (s *Store) DiscardSchemaDraft(ctx context.Context, jobID, owner, tag string) error {
	return s.database.write(ctx, "discard the draft schema of job "+jobID, func(t *tx) error {
		count, err := t.exec(ctx, `delete from schema_drafts where job_id = $1 and owner = $2 and tag = $3`, jobID, clean(owner), tag)
		if err == nil && count == 0 {
			err = errorf(store.ErrConflict, "the draft was changed meanwhile")
		}
		return err
	})
}

// DraftImpact returns what is known of the impact of a draft; see store.SchemaDrafts.
func (s *Store) DraftImpact(ctx context.Context, jobID, owner string) (store.DraftImpact, error) {
	_, impact, err := s.database.queries().draftImpact(ctx, jobID, clean(owner))
	return impact, wrapped("read the impact of the draft schema of job "+jobID, err)
}

func (s session) draftImpact(ctx context.Context, jobID, owner string) (tag string, impact store.DraftImpact, err error) {
	var content string
	found, err := s.one(ctx, []any{&tag, &content}, `select tag, impact from schema_drafts where job_id = $1 and owner = $2`, jobID, owner)
	if err != nil || !found || content == "" {
		return tag, impact, err
	}
	return tag, impact, decodeJSON("the impact", content, &impact)
}

// PutDraftImpact replaces it; see store.SchemaDrafts.
func (s *Store) PutDraftImpact(ctx context.Context, draft store.SchemaDraft, looked int, impact store.DraftImpact, changes []store.DraftChange) error {
	content, err := encodeJSON("the impact", impact)
	if err != nil {
		return err
	}
	owner := clean(draft.Owner)
	return s.database.write(ctx, "keep the impact of the draft schema of job "+draft.JobID, func(t *tx) error {
		if err := t.lockJob(ctx, draft.JobID); err != nil {
			return err
		}
		tag, known, err := t.draftImpact(ctx, draft.JobID, owner)
		if err != nil {
			return err
		}
		if tag != draft.Tag || known.Looked != looked {
			return errorf(store.ErrConflict, "the draft was changed, or somebody else looked on")
		}
		if _, err := t.exec(ctx, `update schema_drafts set impact = $1 where job_id = $2 and owner = $3`, clean(content), draft.JobID, owner); err != nil {
			return err
		}
		return t.addDraftChanges(ctx, draft.JobID, owner, changes)
	})
}

func (t *tx) addDraftChanges(ctx context.Context, jobID, owner string, changes []store.DraftChange) error {
	var last int64
	if _, err := t.one(ctx, []any{&last}, `select coalesce(max(number), 0) from draft_changes where job_id = $1 and owner = $2`, jobID, owner); err != nil {
		return err
	}
	values := make([]any, 0, 4*len(changes))
	for i, change := range changes {
		content, err := encodeJSON("a change", change)
		if err != nil {
			return err
		}
		values = append(values, jobID, owner, last+int64(i)+1, clean(content))
	}
	return t.insert(ctx, insertion{into: `draft_changes (job_id, owner, number, content)`, width: 4}, values)
}

// DraftChanges returns the changes that are kept; see store.SchemaDrafts.
func (s *Store) DraftChanges(ctx context.Context, jobID, owner string, after, limit int) ([]store.DraftChange, error) {
	var changes []store.DraftChange
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var change store.DraftChange
		var content string
		if err := rows.Scan(&change.Number, &content); err != nil {
			return err
		}
		changes = append(changes, change)
		return decodeJSON("a change", content, &changes[len(changes)-1])
	}, `select number, content from draft_changes where job_id = $1 and owner = $2 and number > $3 order by number limit $4`, jobID, clean(owner), after, limit)
	return changes, wrapped("list what the draft schema of job "+jobID+" changes", err)
}

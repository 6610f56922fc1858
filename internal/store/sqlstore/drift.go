package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Accept keeps acceptances; see store.Drift.
func (s *Store) Accept(ctx context.Context, jobID string, accepted []engine.Acceptance, audits ...journal.Audit) error {
	values := make([]any, 0, 6*len(accepted))
	for _, a := range lastOf(accepted, func(a engine.Acceptance) string { return a.SourceID + "\x00" + a.Attribute }) {
		values = append(values, jobID, a.SourceID, a.Attribute, clean(string(a.Wanted.AppendJSON(nil))), micros(a.At), clean(a.By))
	}
	return s.database.write(ctx, "accept changes of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		if err := t.insert(ctx, insertion{
			into: `acceptances (job_id, source_id, attribute, wanted, at, actor)`, width: 6,
			then: `on conflict (job_id, source_id, attribute) do update set wanted = excluded.wanted, at = excluded.at, actor = excluded.actor`,
		}, values); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// Retract ends acceptances; see store.Drift.
func (s *Store) Retract(ctx context.Context, jobID, attribute string, sourceIDs []string, records ...store.Record) (int, error) {
	count := 0
	err := s.database.write(ctx, "retract acceptances of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		job, err := t.jobByID(ctx, jobID)
		if err != nil {
			return err
		}
		text, arguments := `delete from acceptances where job_id = $1 and lower(attribute) = lower($2)`, []any{jobID, attribute}
		if len(sourceIDs) > 0 {
			text, arguments = text+` and source_id in list($3)`, append(arguments, sourceIDs)
		}
		ids, err := t.texts(ctx, text+` returning source_id`, arguments...)
		if err != nil {
			return err
		}
		for _, id := range ids { // the next cycle looks at them
			if err := t.touch(ctx, change{kind: userChange, userID: id, applicationID: job.ApplicationID}); err != nil {
				return err
			}
		}
		count = len(ids)
		return t.record(ctx, records, count)
	})
	return count, err
}

// Acceptances yields a job's acceptances; see store.Drift.
func (s *Store) Acceptances(ctx context.Context, jobID string) iter.Seq2[engine.Acceptance, error] {
	return pages("list acceptances", func(last engine.Acceptance, _ bool, limit int) ([]engine.Acceptance, error) {
		return s.database.queries().acceptances(ctx, `select source_id, attribute, wanted, at, actor from acceptances
			where job_id = $1 and (source_id, attribute) > ($2, $3) order by source_id, attribute limit $4`, jobID, last.SourceID, last.Attribute, int64(limit))
	})
}

func (s session) acceptances(ctx context.Context, text string, arguments ...any) ([]engine.Acceptance, error) {
	var found []engine.Acceptance
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			a      engine.Acceptance
			wanted string
			at     int64
		)
		if err := rows.Scan(&a.SourceID, &a.Attribute, &wanted, &at, &a.By); err != nil {
			return err
		}
		a.At = moment(at)
		if err := json.Unmarshal([]byte(wanted), &a.Wanted); err != nil {
			return fmt.Errorf("read an accepted value: %w", err)
		}
		found = append(found, a)
		return nil
	}, text, arguments...)
	return found, err
}

// retract ends the acceptances that a batch found to be over.
func (t *tx) retract(ctx context.Context, jobID string, over []engine.Acceptance) error {
	for _, a := range over {
		if _, err := t.exec(ctx, `delete from acceptances where job_id = $1 and source_id = $2 and attribute = $3`, jobID, a.SourceID, a.Attribute); err != nil {
			return fmt.Errorf("end an acceptance: %w", err)
		}
	}
	return nil
}

func (p *subjectPage) readAcceptances(ctx context.Context, s session) error {
	found, err := s.acceptances(ctx, `select source_id, attribute, wanted, at, actor from acceptances
		where job_id = $1 and source_id in list($2) order by source_id, attribute`, p.jobID, p.ids)
	for _, a := range found {
		subject := &p.subjects[p.places[a.SourceID]]
		subject.Accepted = append(subject.Accepted, a)
	}
	return err
}

// DriftCheck returns the latest check; see store.Drift.
func (s *Store) DriftCheck(ctx context.Context, jobID string) (check engine.DriftCheck, err error) {
	var content string
	found, err := s.database.queries().one(ctx, []any{&content}, `select content from drift_checks where job_id = $1`, jobID)
	if err != nil || !found {
		return check, err
	}
	err = decodeJSON("a check for drift", content, &check)
	return check, err
}

// PutDriftCheck replaces the latest check; see store.Drift.
func (s *Store) PutDriftCheck(ctx context.Context, jobID string, check engine.DriftCheck, audits ...journal.Audit) error {
	content, err := encodeJSON("a check for drift", check)
	if err != nil {
		return err
	}
	return s.database.write(ctx, "keep a check for drift of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `insert into drift_checks (job_id, content) values ($1, $2)
			on conflict (job_id) do update set content = excluded.content`, jobID, clean(content)); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// operationsKept is how long operations are kept.
const operationsKept = 30 * 24 * time.Hour

// BeginOperation keeps an operation; see store.Operations.
func (s *Store) BeginOperation(ctx context.Context, operation provisioning.Operation) error {
	content, err := encodeJSON("the operation", operation)
	if err != nil {
		return err
	}
	began := operation.Progress.Began
	return s.database.write(ctx, "begin operation "+operation.ID, func(t *tx) error {
		if err := t.operationTurn(ctx, operation.ApplicationID); err != nil {
			return err
		}
		running, err := t.texts(ctx, `select id from operations where `+operationsOf+` and kind = $2 and running and heard > $3`,
			operation.ApplicationID, string(operation.Kind), micros(provisioning.OperationHeard(began)))
		if err == nil && len(running) > 0 {
			err = errorf(store.ErrConflict, "operation %s of the same kind is running", running[0])
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `delete from operations where `+operationsOf+` and heard < $2`, operation.ApplicationID, micros(began.Add(-operationsKept))); err != nil {
			return err
		}
		_, err = t.exec(ctx, `insert into operations (id, application_id, kind, running, stop, began, heard, content) values ($1, nullif($2, ''), $3, $4, $5, $6, $7, $8)`,
			operation.ID, operation.ApplicationID, string(operation.Kind), operation.State == provisioning.OperationRunning, false,
			micros(began), micros(operation.Progress.At), clean(content))
		return err
	})
}

// operationsOf selects the operations of an application, those of the directory with an
// empty id.
const operationsOf = `(application_id = $1 or $1 = '' and application_id is null)`

// operationTurn makes operations of an application that begin at the same time take
// turns, by its row; those of the directory by a counter.
func (t *tx) operationTurn(ctx context.Context, applicationID string) error {
	if applicationID == "" {
		_, err := t.next(ctx, "edits", 0)
		return err
	}
	known, err := t.texts(ctx, `update applications set id = id where id = $1 returning id`, applicationID)
	if err == nil && len(known) == 0 {
		err = notFound("application", applicationID)
	}
	return err
}

// NoteOperation replaces what is known of an operation; see store.Operations.
func (s *Store) NoteOperation(ctx context.Context, operation provisioning.Operation) (stop bool, err error) {
	content, err := encodeJSON("the operation", operation)
	if err != nil {
		return false, err
	}
	err = s.database.write(ctx, "note operation "+operation.ID, func(t *tx) error {
		found, err := t.one(ctx, []any{&stop}, `update operations set running = $2, heard = $3, content = $4 where id = $1 returning stop`,
			operation.ID, operation.State == provisioning.OperationRunning, micros(operation.Progress.At), clean(content))
		if err == nil && !found {
			err = notFound("operation", operation.ID)
		}
		return err
	})
	return stop, err
}

// StopOperation asks for an operation to be stopped; see store.Operations.
func (s *Store) StopOperation(ctx context.Context, id string, audits ...journal.Audit) error {
	return s.database.write(ctx, "stop operation "+id, func(t *tx) error {
		known, err := t.texts(ctx, `update operations set stop = $2 where id = $1 returning id`, id, true)
		if err == nil && len(known) == 0 {
			err = notFound("operation", id)
		}
		if err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// Operation returns an operation; see store.Operations.
func (s *Store) Operation(ctx context.Context, id string) (provisioning.Operation, error) {
	found, err := s.operations(ctx, `select content from operations where id = $1`, id)
	if err == nil && len(found) == 0 {
		err = notFound("operation", id)
	}
	if err != nil {
		return provisioning.Operation{}, err
	}
	return found[0], nil
}

// Operations returns the operations of an application; see store.Operations.
func (s *Store) Operations(ctx context.Context, applicationID string, limit int) ([]provisioning.Operation, error) {
	return s.operations(ctx, `select content from operations where `+operationsOf+` order by began desc, id limit $2`, applicationID, limit)
}

func (s *Store) operations(ctx context.Context, text string, arguments ...any) ([]provisioning.Operation, error) {
	var found []provisioning.Operation
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var content string
		if err := rows.Scan(&content); err != nil {
			return err
		}
		var operation provisioning.Operation
		if err := decodeJSON("the operation", content, &operation); err != nil {
			return err
		}
		found = append(found, operation)
		return nil
	}, text, arguments...)
	return found, wrapped("read operations", err)
}

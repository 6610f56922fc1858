package administration

import (
	"context"
	"errors"
	"io"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// ExportLog writes the entries that the query selects as the three files of
// journal.CSVExport, and returns how many there were. Raw leaves values as they are that
// a spreadsheet would take for a formula.
func (s *Service) ExportLog(ctx context.Context, query journal.Query, raw bool, logs, steps, properties io.Writer) (int, error) {
	export, err := journal.NewCSVExport(s.Catalogue, logs, steps, properties)
	if err != nil {
		return 0, err
	}
	export.Raw = raw
	known := make(map[string]journal.Systems)
	count := 0
	for entry, err := range s.Store.Entries(ctx, query) {
		if err != nil {
			return count, err
		}
		systems, found := known[entry.ApplicationID]
		if !found {
			if systems, err = s.systems(ctx, entry.ApplicationID); err != nil {
				return count, err
			}
			known[entry.ApplicationID] = systems
		}
		if err := export.Add(entry, systems); err != nil {
			return count, err
		}
		count++
	}
	return count, export.Flush()
}

// systems names an application and what it provisions between; nothing is known of one
// that was removed.
func (s *Service) systems(ctx context.Context, applicationID string) (journal.Systems, error) {
	app, err := s.Store.Application(ctx, applicationID)
	if errors.Is(err, store.ErrNotFound) {
		return journal.Systems{}, nil
	}
	if err != nil {
		return journal.Systems{}, err
	}
	systems := journal.Systems{Application: app.DisplayName}
	job, err := s.Store.Job(ctx, app.ID)
	if err != nil {
		return systems, err
	}
	schema, err := s.Store.Schema(ctx, job.ID)
	if err != nil {
		return systems, err
	}
	if rule, _, err := schema.UserMapping(); err == nil { // a schema without one has no names
		systems.Source, systems.Target = rule.SourceDirectoryName, rule.TargetDirectoryName
	}
	return systems, nil
}

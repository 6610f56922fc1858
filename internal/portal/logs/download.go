package logs

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// download writes the entries that the filter selects, the newest first, while it reads
// them.
func (a *Area) download(ctx context.Context, r *page.Request) (page.Answer, error) {
	now := time.Now()
	query, faults := readFilter(r).query(now)
	if len(faults) > 0 {
		return page.Answer{}, &page.Fault{Status: 422, Title: "This cannot be looked for", Text: "The filter of the download has a fault.", Advice: "Correct the filter in the list first."}
	}
	switch format := r.Value("format"); format {
	case "csv":
		return page.Download(fileName(".csv", now), "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
			return journal.WriteCSV(w, a.Administration.Store.Entries(ctx, query), false)
		}), nil
	case "json":
		return page.Download(fileName(".jsonl", now), "application/jsonl", func(ctx context.Context, w io.Writer) error {
			return journal.WriteJSON(w, a.Administration.Store.Entries(ctx, query))
		}), nil
	case "zip":
		newest, err := a.Administration.Store.FindEntries(ctx, journal.Query{}, store.Page{Limit: 1})
		if err != nil {
			return page.Answer{}, err
		}
		for _, entry := range newest.Items {
			query.Before = entry.ID + 1
		}
		return page.Download(fileName(".zip", now), "application/zip", func(ctx context.Context, w io.Writer) error { return a.archive(ctx, w, query) }), nil
	default:
		return page.Answer{}, page.NotFound("There is no download as “%s”: it is csv, zip or json.", format)
	}
}

// archive writes the three files of a CSV export. An archive takes one file after the
// other, so the log is read once for each; entries that are written meanwhile are in
// none of them.
func (a *Area) archive(ctx context.Context, w io.Writer, query journal.Query) (err error) {
	archive := zip.NewWriter(w)
	for at, name := range []string{journal.LogsFile, journal.StepsFile, journal.PropertiesFile} {
		file, err := archive.Create(name)
		if err != nil {
			return fmt.Errorf("write the archive: %w", err)
		}
		outs := []io.Writer{io.Discard, io.Discard, io.Discard}
		outs[at] = file
		if _, err := a.Administration.ExportLog(ctx, query, false, outs[0], outs[1], outs[2]); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

package imports

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/progress"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// operationRefresh is how often a browser without scripts looks again.
const operationRefresh = 3 * time.Second

// operationData is how far an import is that runs in the background.
type operationData struct {
	Path     string
	State    page.State
	Running  bool
	Headline string
	Message  string // what was done, or what went wrong
	Progress progress.View
	By       string
	Took     string // once it is over
	Next     page.Link
}

func operationPath(id string) string { return Path + "/operations/" + url.PathEscape(id) }

func (a *Area) showOperation(ctx context.Context, r *page.Request) (page.Answer, error) {
	operation, err := a.Operations.Operation(ctx, r.Path("operation"))
	if errors.Is(err, store.ErrNotFound) || err == nil && operation.Kind != provisioning.Importing {
		return page.Answer{}, page.NotFound("There is no import “%s”.", r.Path("operation"))
	}
	if err != nil {
		return page.Answer{}, err
	}
	data := newOperationData(operation, time.Now())
	return a.operation.Show(operationHead(data.Running), data), nil
}

func operationHead(running bool) page.Head {
	h := head().Below("An import", Path, "Import")
	if running {
		h.Refresh = operationRefresh
	}
	return h
}

func newOperationData(operation provisioning.Operation, now time.Time) operationData {
	state := operation.StateAt(now)
	data := operationData{
		Path: operationPath(operation.ID), Running: state == provisioning.OperationRunning, Message: page.Sentence(operation.Message),
		Progress: progress.New(operation.Progress, "Rows of the files", "row", "rows").Local(), By: operation.By,
		Next: page.Link{Text: "Look at the files again", Path: uploadPath(operation.UploadID, operation.Replace)},
	}
	if !operation.Ended.IsZero() {
		data.Took = page.Duration(operation.Ended.Sub(operation.Progress.Began).Round(time.Millisecond))
	}
	switch state {
	case provisioning.OperationRunning:
		data.State, data.Headline = page.State{Text: "Under way", Colour: "info"}, "The files are imported"
	case provisioning.OperationDone:
		data.State, data.Headline, data.Next = page.State{Text: "Done", Colour: "success"}, "The files were imported", page.Link{Text: "Users", Path: "/users"}
	case provisioning.OperationStopped:
		data.State, data.Headline, data.Message = page.State{Text: "Stopped", Colour: "warning"}, "Nothing was imported", "The service ended before the import did."
	case provisioning.OperationBroken:
		data.State, data.Headline, data.Message = page.State{Text: "Broke off", Colour: "danger"}, "Nothing is heard of the import", "The process that did it has probably ended. Then nothing was imported."
	case provisioning.OperationFailed:
		data.State, data.Headline = page.State{Text: "Failed", Colour: "danger"}, "Nothing was imported"
		if operation.Refused == string(administration.ChangedMeanwhile) {
			data.Message = "Something changed meanwhile, and the files would not do any more what was confirmed. Look at what they do now, and confirm that."
		}
	}
	return data
}

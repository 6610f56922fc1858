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
		h.Refresh = progress.Refresh
	}
	return h
}

func newOperationData(operation provisioning.Operation, now time.Time) operationData {
	state := operation.StateAt(now)
	data := operationData{
		Path: operationPath(operation.ID), Running: state == provisioning.OperationRunning, Message: page.Sentence(operation.Message),
		State: progress.State(state), Took: progress.Took(operation),
		Progress: progress.New(operation.Progress, "Rows of the files", "row", "rows").Local(), By: operation.By,
		Next: page.Link{Text: "Look at the files again", Path: uploadPath(operation.UploadID, operation.Replace)},
	}
	switch state {
	case provisioning.OperationRunning:
		data.Headline = "The files are imported"
	case provisioning.OperationDone:
		data.Headline, data.Next = "The files were imported", page.Link{Text: "Users", Path: "/users"}
	case provisioning.OperationStopped:
		data.Headline, data.Message = "Nothing was imported", "The service ended before the import did."
	case provisioning.OperationBroken:
		data.Headline, data.Message = "Nothing is heard of the import", "The process that did it has probably ended. Then nothing was imported."
	case provisioning.OperationFailed:
		data.Headline = "Nothing was imported"
		if operation.Refused == string(administration.ChangedMeanwhile) {
			data.Message = "Something changed meanwhile, and the files would not do any more what was confirmed. Look at what they do now, and confirm that."
		}
	}
	return data
}

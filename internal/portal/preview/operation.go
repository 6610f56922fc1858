package preview

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

// operationData is how far an operation is.
type operationData struct {
	Path     string
	Stop     string
	ID       string
	Title    string
	Name     string // of the application
	By       string
	State    page.State
	Running  bool
	Phase    string
	Progress progress.View
	Took     string // once it is over
	Counts   provisioning.Counts
	Headline,
	Message string // what went wrong
	Advice string // what to do about it
	Next   []page.Link
}

func operationPath(app page.Application, id string) string {
	return app.Path("operations/" + url.PathEscape(id))
}

// operationTitle says what an operation does.
func operationTitle(kind provisioning.OperationKind) string {
	switch kind {
	case provisioning.MakingPlan:
		return "Make a preview"
	case provisioning.MakingUndo:
		return "Work out how to undo a cycle"
	case provisioning.ApplyingPlan:
		return "Apply a preview"
	case provisioning.FindingDrift:
		return "Look for drift"
	case provisioning.Assigning:
		return "Assign from a file"
	case provisioning.Importing:
		return "Import files"
	}
	return string(kind)
}

// phaseText says what goes on.
func phaseText(kind provisioning.OperationKind, phase string) string {
	switch phase {
	case "check":
		return "Checking the file again."
	case "assign":
		return "Assigning."
	case "":
		if kind == provisioning.Assigning {
			return "Beginning."
		}
		if kind == provisioning.ApplyingPlan {
			return "Waiting for the cycle that runs, then applying."
		}
		return "Signing in to the application."
	case "roles":
		return "Reading the roles of the application."
	case "removals":
		return "Looking for people who left."
	case "people":
		if kind == provisioning.ApplyingPlan {
			return "Writing accounts."
		}
		return "Comparing people with their accounts."
	case "references":
		return "Managers."
	case "log":
		return "Reading what the cycle wrote."
	case "accounts":
		return "Reading accounts."
	case "directory":
		return "Comparing with the directory."
	}
	return page.Sentence(phase)
}

func operationHead(app page.Application, operation provisioning.Operation, running bool) page.Head {
	menu, parent := "preview", "Preview"
	if operation.Kind == provisioning.FindingDrift {
		menu, parent = "drift", "Drift"
	}
	if operation.Kind == provisioning.Assigning {
		menu, parent = "users-and-groups", "Users and groups"
	}
	head := app.Of("", menu).Below(operationTitle(operation.Kind), app.Path(menu), parent)
	if running {
		head.Refresh = progress.Refresh
	}
	return head
}

func newOperationData(app page.Application, operation provisioning.Operation, now time.Time) operationData {
	state, noted := operation.StateAt(now), operation.Progress
	data := operationData{
		Path: operationPath(app, operation.ID), Stop: operationPath(app, operation.ID) + "/stop", ID: operation.ID, Title: operationTitle(operation.Kind), Name: app.DisplayName, By: operation.By,
		State: progress.State(state), Running: state == provisioning.OperationRunning, Phase: phaseText(operation.Kind, noted.Phase),
		Progress: progress.New(noted, "Progress", "person", "people"), Counts: noted.Counts,
		Message: page.Sentence(operation.Message), Took: progress.Took(operation),
	}
	if operation.Kind == provisioning.Assigning {
		data.Progress, data.Counts = progress.New(noted, "Progress", "assignment", "assignments").Local(), provisioning.Counts{} // no account is touched
	}
	if operation.Refused != "" {
		data.Message = named(data.Message)
	}
	return data.whatNext(app, operation, state)
}

// whatNext says what came of an operation that is over, and where to go.
func (d operationData) whatNext(app page.Application, operation provisioning.Operation, state provisioning.OperationState) operationData {
	again := page.Link{Text: "Make a new preview", Path: app.Path("preview")}
	applying := operation.Kind == provisioning.ApplyingPlan
	if operation.Kind == provisioning.FindingDrift {
		again = page.Link{Text: "Look again", Path: app.Path("drift")}
	}
	if operation.Kind == provisioning.Assigning {
		return d.whatNextOfFile(app, operation, state)
	}
	if operation.PlanID != "" {
		d.Next = append(d.Next, page.Link{Text: "Look at the preview", Path: planPath(app, operation.PlanID, "")})
	}
	switch state {
	case provisioning.OperationRunning:
	case provisioning.OperationDone:
		d.Headline = doneText(operation)
		if operation.PlanID == "" {
			d.Next = append(d.Next, again)
		}
	case provisioning.OperationStopped:
		d.Headline, d.Advice = "It was stopped.", "Nothing was kept of it. Begin again when it suits."
		if applying {
			d.Advice = "It stopped at the end of a batch. What it wrote until then stays; open the preview to go on with the rest, or to leave it."
		}
		d.Next = append(d.Next, again)
	case provisioning.OperationBroken:
		d.Headline, d.Message = "Nothing was heard of it for a while.", "The process that did it has probably ended."
		d.Advice = "Nothing was kept of it. Begin again."
		if applying {
			d.Advice = "What it wrote until then is in the preview and in the provisioning logs. Open the preview to go on with the rest."
		}
		d.Next = append(d.Next, again)
	case provisioning.OperationFailed:
		d.Headline, d.Advice = "It could not be done.", failedAdvice(administration.Code(operation.Refused), applying)
		d.Next = append(d.Next, again)
	}
	return d
}

// whatNextOfFile is whatNext for the assignments of a file.
func (d operationData) whatNextOfFile(app page.Application, operation provisioning.Operation, state provisioning.OperationState) operationData {
	all := page.Link{Text: "Users and groups", Path: app.Path("users-and-groups")}
	again := page.Link{Text: "Upload the file again", Path: app.Path("users-and-groups/upload")}
	done := page.Plural(operation.Progress.Counts.Unchanged, "assignment", "assignments")
	switch state {
	case provisioning.OperationRunning:
	case provisioning.OperationDone:
		d.Headline, d.Next = "The file was taken: "+done+" of it are made.", []page.Link{all}
	case provisioning.OperationStopped:
		d.Headline, d.Advice, d.Next = "It was stopped.", "Of the file, "+done+" are made and stay. The same file goes on with the rest.", []page.Link{again, all}
	case provisioning.OperationBroken:
		d.Headline, d.Message = "Nothing was heard of it for a while.", "The process that did it has probably ended."
		d.Advice, d.Next = "What was made until then stays. The same file goes on with the rest.", []page.Link{again, all}
	case provisioning.OperationFailed:
		d.Headline, d.Next = "It could not be done.", []page.Link{again, all}
		d.Advice = "Of the file, " + done + " are made and stay. Mend the cause, and upload it again: it goes on with the rest."
	}
	return d
}

func doneText(operation provisioning.Operation) string {
	switch {
	case operation.Kind == provisioning.FindingDrift && operation.PlanID == "":
		return "Nothing was changed in the application behind Usher's back."
	case operation.Kind == provisioning.ApplyingPlan:
		return "The preview was applied. It says what became of each change."
	case operation.Kind == provisioning.FindingDrift:
		return "Something was changed in the application. The preview lists it, and sets it right when it is applied."
	}
	return "The preview is ready. Nothing was written yet."
}

// failedAdvice says what to do where the message does not.
func failedAdvice(refused administration.Code, applying bool) string {
	switch refused {
	case administration.PlanRemovals:
		return "An administrator can allow the removals when the preview is applied."
	case administration.PlanSchema, administration.PlanAltered, administration.PlanTooOld, administration.PlanApplied, administration.NothingToUndo:
		return "Nothing was written."
	default:
	}
	if applying {
		return "What it wrote until then stays and is in the provisioning logs. Once the cause is mended, open the preview and go on."
	}
	return "Nothing was written. Mend the cause, and begin again."
}

func (a *Area) foundOperation(ctx context.Context, r *page.Request) (page.Application, provisioning.Operation, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return app, provisioning.Operation{}, err
	}
	operation, err := a.Administration.Operation(ctx, r.Path("operation"))
	if errors.Is(err, store.ErrNotFound) || err == nil && operation.ApplicationID != app.ID {
		fault := page.NotFound("%s has no operation “%s”.", app.DisplayName, page.Short(r.Path("operation"), 60))
		fault.Advice = "Only the last ones are kept. What came of it is under Preview and in the provisioning logs."
		return app, operation, fault
	}
	return app, operation, err
}

func (a *Area) showOperation(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, operation, err := a.foundOperation(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	now := time.Now()
	data := newOperationData(app, operation, now)
	if r.Partial("operation") && operation.StateAt(now) == provisioning.OperationDone && operation.PlanID != "" {
		return page.Redirect(planPath(app, operation.PlanID, ""), page.Success("%s", data.Headline)), nil
	}
	return a.operation.Show(operationHead(app, operation, data.Running), data), nil
}

func (a *Area) stop(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, operation, err := a.foundOperation(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if operation.StateAt(time.Now()) != provisioning.OperationRunning {
		return page.Redirect(operationPath(app, operation.ID), page.Caution("It was over already.")), nil
	}
	if err := r.Acts().StopOperation(ctx, app.Application, operation); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(operationPath(app, operation.ID), page.Success("It stops at the end of the batch that is under way.")), nil
}

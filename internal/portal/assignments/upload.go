package assignments

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// uploadData is the page for a file of assignments.
type uploadData struct {
	Confirmation page.Confirmation

	Path      string
	File      page.Field
	Faults    page.Faults
	Name      string        // of the file that is previewed, empty before
	Upload    string        // id under which the file is kept
	Long      bool          // it is made in the background
	Count     int           // assignments in it
	Rows      []uploadedRow // the first of them
	More      int           // further ones
	Foresight foresightView
}

// uploadedRow is an assignment of a file.
type uploadedRow struct {
	Line                  int
	Principal, Type, Role string
}

// rowsShown is how many rows of a file are shown before they are applied.
const rowsShown = 50

func uploadHead(app page.Application) page.Head {
	head := below(app, "Upload CSV")
	head.Lead = "Assign many users and groups at once. You see what the file does before it is done, and nothing is done when the file has faults."
	return head
}

func newUploadData(app page.Application) uploadData {
	return uploadData{Path: app.Path(menu), File: page.Field{
		Name: "file", Label: "CSV file", Type: "file", Required: true, Help: "Text in UTF-8, at most 16 MB and 100,000 assignments. Excel calls it “CSV UTF-8”.",
	}}
}

func (a *Area) askUpload(_ context.Context, _ *page.Request, app page.Application) (page.Answer, error) {
	return a.upload.Show(uploadHead(app), newUploadData(app)), nil
}

// uploadPurpose is what files of assignments are kept for.
func uploadPurpose(app page.Application) string { return "assignments of " + app.ID }

// preview keeps a file, and shows what it would do.
func (a *Area) preview(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	content, name, err := r.File("file")
	if err != nil {
		return a.faulty(app, err)
	}
	upload := store.NewUpload(r.Visitor.ID, uploadPurpose(app), store.UploadedFile{Field: "file", Name: name, Content: content})
	data, _, err := a.previewed(ctx, app, upload)
	if err != nil {
		return a.faulty(app, err)
	}
	if err := a.Administration.Store.KeepUpload(ctx, upload); err != nil {
		return page.Answer{}, err
	}
	return a.upload.Show(uploadHead(app), data), nil
}

// previewed returns what a file would do, and its rows with ids in place of names.
func (a *Area) previewed(ctx context.Context, app page.Application, upload store.Upload) (uploadData, []administration.AssignmentRow, error) {
	named, checked, err := a.read(ctx, app, upload.Files[0].Content)
	if err != nil {
		return uploadData{}, nil, err
	}
	change := administration.Reassignment{Add: make([]administration.NewAssignment, len(checked))}
	for i, each := range checked {
		change.Add[i] = each.NewAssignment
	}
	foresight, err := a.Administration.Foresee(ctx, app.Application, change)
	return newPreviewData(app, upload, named, checked, foresight), checked, err
}

// newPreviewData makes the page of a file: of its rows as they are, and with ids in place
// of names.
func newPreviewData(app page.Application, upload store.Upload, named, checked []administration.AssignmentRow, foresight administration.Foresight) uploadData {
	data := newUploadData(app)
	data.Name, data.Upload, data.Count, data.Long = upload.Files[0].Name, upload.ID, len(checked), len(checked) > administration.AssignedAtOnce
	for i, each := range checked[:min(len(checked), rowsShown)] {
		row := uploadedRow{Line: each.Line, Principal: named[i].Principal, Type: each.PrincipalType, Role: named[i].Role}
		if row.Role == "" {
			row.Role = "Default Access"
		}
		data.Rows = append(data.Rows, row)
	}
	data.More, data.Foresight = data.Count-len(data.Rows), newForesightView(app, foresight)
	data.Confirmation = confirmation(foresight, upload.ID, checked)
	return data
}

// read reads a file, and returns its rows as they are and with ids in place of names.
func (a *Area) read(ctx context.Context, app page.Application, content []byte) (named, checked []administration.AssignmentRow, err error) {
	if named, err = administration.ReadAssignments(bytes.NewReader(content)); err != nil {
		return nil, nil, err
	}
	checked, err = a.Administration.CheckAssignments(ctx, app.Application, named)
	return named, checked, err
}

// apply makes the assignments of a file that was previewed, if that still means what the
// page said that asked. It goes on with the ids that were confirmed: a name may have
// become somebody else's since.
func (a *Area) apply(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	owner := r.Visitor.ID
	upload, err := a.Administration.Store.Upload(ctx, owner, uploadPurpose(app), r.Value("upload"))
	if errors.Is(err, store.ErrNotFound) {
		return a.faulty(app, page.Invalid("file", "The file is not kept any more: it was taken already, or an hour went by. Choose it again."))
	}
	if err != nil {
		return page.Answer{}, err
	}
	data, rows, err := a.previewed(ctx, app, upload)
	if err != nil {
		return a.faulty(app, err)
	}
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.upload.Show(uploadHead(app), data).With(http.StatusConflict), nil
	}
	if data.Long {
		begun, err := a.Operations.AssignAll(ctx, r.Visitor.Actor(), app.Application, rows)
		if err != nil {
			return a.faulty(app, err)
		}
		a.Administration.ForgetUpload(ctx, upload)
		return page.Redirect(app.Path("operations/"+begun.ID), page.Notice{}), nil
	}
	added, err := r.Acts().AssignAll(ctx, app.Application, rows)
	if err != nil {
		return a.faulty(app, err)
	}
	a.Administration.ForgetUpload(ctx, upload)
	return page.Redirect(app.Path(menu), assigned(app, added, len(rows))), nil
}

// faulty shows what is wrong with a file.
func (a *Area) faulty(app page.Application, err error) (page.Answer, error) {
	faults, ok := page.FaultsOf(err)
	if !ok {
		return page.Answer{}, err
	}
	data := newUploadData(app)
	data.Faults = faults
	data.File = faults.Of(data.File)
	return refused(a.upload.Show(uploadHead(app), data)), nil
}

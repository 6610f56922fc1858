package assignments

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// uploadData is the page for a file of assignments.
type uploadData struct {
	Path      string
	File      page.Field
	Faults    page.Faults
	Name      string        // of the file that is previewed, empty before
	Content   string        // the same file, packed, to be sent back and applied
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

// preview shows what a file would do.
func (a *Area) preview(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	content, name, err := r.File("file")
	if err != nil {
		return a.faulty(app, err)
	}
	named, checked, err := a.read(ctx, app, content)
	if err != nil {
		return a.faulty(app, err)
	}
	data := newUploadData(app)
	data.Name, data.Count = name, len(checked)
	change := administration.Reassignment{}
	for i, each := range checked {
		change.Add = append(change.Add, each.NewAssignment)
		if i < rowsShown {
			row := uploadedRow{Line: each.Line, Principal: named[i].Principal, Type: each.PrincipalType, Role: named[i].Role}
			if row.Role == "" {
				row.Role = "Default Access"
			}
			data.Rows = append(data.Rows, row)
		}
	}
	data.More = data.Count - len(data.Rows)
	foresight, err := a.Administration.Foresee(ctx, app.Application, change)
	if err != nil {
		return page.Answer{}, err
	}
	data.Foresight = newForesightView(app, foresight)
	data.Content, err = pack(content)
	return a.upload.Show(uploadHead(app), data), err
}

// read reads a file, and returns its rows as they are and with ids in place of names.
func (a *Area) read(ctx context.Context, app page.Application, content []byte) (named, checked []administration.AssignmentRow, err error) {
	if named, err = administration.ReadAssignments(bytes.NewReader(content)); err != nil {
		return nil, nil, err
	}
	checked, err = a.Administration.CheckAssignments(ctx, app.Application, named)
	return named, checked, err
}

// apply makes the assignments of a file that was previewed.
func (a *Area) apply(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	content, err := unpack(r.Raw("content"))
	if err != nil {
		return a.faulty(app, page.Invalid("file", "The file was not sent back whole. Choose it again."))
	}
	rows, err := administration.ReadAssignments(bytes.NewReader(content))
	if err != nil {
		return a.faulty(app, err)
	}
	added, err := r.Acts().AssignAll(ctx, app.Application, rows)
	if err != nil {
		return a.faulty(app, err)
	}
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

// pack makes a file a text that a form can hold: the preview sends it along, so that the
// same file is applied and nobody has to keep it meanwhile.
func pack(content []byte) (string, error) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(content); err != nil {
		return "", err
	}
	if err := writer.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// mostUnpacked is how many bytes a file has that was uploaded.
const mostUnpacked = 16 << 20

func unpack(text string) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(reader, mostUnpacked+1))
	if err == nil && len(content) > mostUnpacked {
		err = errors.New("the file is too large")
	}
	return content, err
}

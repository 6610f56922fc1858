package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/source"
)

// purpose is what uploads of this area are kept for.
const purpose = "directory import"

// part is one of the files that make up a directory.
type part struct {
	Field string // of the form, and what the file is
	Label string
	Help  string
}

func parts() []part {
	return []part{
		{"users", "Users", "One row a person. The columns id and userPrincipalName are needed; the others have the names of Microsoft Graph's properties, and manager the user name of the manager."},
		{"groups", "Groups", "One row a group, with id and displayName."},
		{"members", "Members", "Who is in which group: group and member, by name or id."},
		{"assignments", "Assignments", "Who may use which application: application, principalType (User or Group), principal and role. The application has to be there, with its roles."},
	}
}

// formData is the page that files are chosen on.
type formData struct {
	Path    string
	Parts   []formPart
	Replace page.Field
	Faults  page.Faults
	Found   []fault // what is wrong with the files that were sent
	More    int     // further ones
}

// formPart is the field of a file with its sample.
type formPart struct {
	page.Field

	Sample string // path
}

// fault is something wrong with a file.
type fault struct {
	File, Place, Message string
}

// mostShown is how many faults, or names, a page shows.
const mostShown = 200

func newFormData() formData {
	data := formData{Path: Path, Replace: page.Field{
		Name: "replace", Label: "Remove who is not in the files", Type: "checkbox",
		Help: "For complete files alone: users who are in the directory and not in the file of users are removed, and so are groups and memberships of the files that are there. Whoever is removed loses their accounts. How many that would be is shown before it is done.",
	}}
	for _, p := range parts() {
		data.Parts = append(data.Parts, formPart{page.Field{Name: p.Field, Label: p.Label, Type: "file", Help: p.Help}, Path + "/samples/" + p.Field + ".csv"})
	}
	return data
}

func (a *Area) showForm(context.Context, *page.Request) (page.Answer, error) {
	return a.form.Show(head(), newFormData()), nil
}

// sample sends a file that shows what is expected.
func (a *Area) sample(_ context.Context, r *page.Request) (page.Answer, error) {
	content, err := files.ReadFile("samples/" + r.Path("file"))
	if err != nil {
		return page.Answer{}, page.NotFound("There is no sample “%s”.", r.Path("file"))
	}
	return page.Download(r.Path("file"), "text/csv; charset=utf-8", func(_ context.Context, w io.Writer) error {
		_, err := w.Write(content)
		return err
	}), nil
}

// upload checks what was sent and keeps it, and leads to what it would do.
func (a *Area) upload(ctx context.Context, r *page.Request) (page.Answer, error) {
	sent, err := sentFiles(r)
	if err == nil {
		err = a.check(ctx, sent, r.Checked("replace"))
	}
	if err != nil {
		return a.again(r, err)
	}
	upload := store.NewUpload(r.Visitor.ID, purpose, sent...)
	if err := a.Administration.Store.KeepUpload(ctx, upload); err != nil {
		return page.Answer{}, err
	}
	return page.Away(uploadPath(upload.ID, r.Checked("replace"))), nil
}

// sentFiles are the files of a form. Two of the same name would not be told apart, so then
// all are named after what they are.
func sentFiles(r *page.Request) ([]store.UploadedFile, error) {
	var sent []store.UploadedFile
	names := map[string]int{}
	for _, p := range parts() {
		if !r.Sent(p.Field) {
			continue
		}
		content, name, err := r.File(p.Field)
		if err != nil {
			return nil, err
		}
		names[name]++
		sent = append(sent, store.UploadedFile{Field: p.Field, Name: name, Content: content})
	}
	if len(sent) == 0 {
		return nil, page.Invalid("users", "Choose at least one file.")
	}
	if len(names) < len(sent) || names[""] > 0 {
		for i, file := range sent {
			sent[i].Name = file.Field + ".csv"
		}
	}
	return sent, nil
}

// check reads the files without taking anything in.
func (a *Area) check(ctx context.Context, sent []store.UploadedFile, replace bool) error {
	from, err := a.Open(sent, replace)
	if err != nil {
		return err
	}
	if replace && !from.Describe().Complete {
		return page.Invalid("replace", "Removing who is not in the files needs the file of users.")
	}
	for _, err := range from.Deltas(ctx, nil) {
		if err != nil {
			return err
		}
	}
	return nil
}

// again shows the form with what is wrong.
func (a *Area) again(r *page.Request, err error) (page.Answer, error) {
	data := newFormData()
	data.Replace.Checked = r.Checked("replace")
	if !data.told(err) {
		return page.Answer{}, err
	}
	return a.form.Show(head(), data).With(http.StatusUnprocessableEntity), nil
}

// told takes in what an error says of the files, and reports whether it says something
// of them.
func (d *formData) told(err error) bool {
	if found, ok := errors.AsType[source.Faults](err); ok {
		d.Found, d.More = newFaults(found)
		return true
	}
	faults, ok := page.FaultsOf(err)
	if !ok {
		return false
	}
	for i := range d.Parts {
		d.Parts[i].Field = faults.Of(d.Parts[i].Field)
		delete(faults, d.Parts[i].Name)
	}
	d.Replace = faults.Of(d.Replace)
	delete(faults, "replace")
	d.Faults = faults
	return true
}

func newFaults(found source.Faults) (shown []fault, more int) {
	for _, each := range found[:min(mostShown, len(found))] {
		shown = append(shown, fault{each.File, placeText(each), page.Sentence(each.Message)})
	}
	return shown, len(found) - len(shown)
}

func placeText(f source.Fault) string {
	switch {
	case f.Line == 0:
		return "the file as a whole"
	case f.Column == 0:
		return fmt.Sprintf("line %d", f.Line)
	}
	return fmt.Sprintf("line %d, character %d", f.Line, f.Column)
}

// importing says what is taken in.
func (a *Area) importing(upload store.Upload, replace bool) (administration.Importing, error) {
	from, err := a.Open(upload.Files, replace)
	return administration.Importing{From: from, Replace: replace}, err
}

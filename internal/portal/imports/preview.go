package imports

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// previewData is what an upload would do.
type previewData struct {
	Path         string
	Discard      string
	Again        string // to choose other files
	Replace      bool
	Confirmation page.Confirmation

	Files    []string
	Rows     []countRow
	Before   int
	Removed  []string
	MoreGone int // users who are removed beyond those named
	Left     int // users who would be left
	Unusual  bool
	Accesses []access
	Lost     int // accesses that somebody loses

	Restored    int // users who were deleted and come back
	StayDeleted int // users of the files who were deleted and stay so

	Act string // what the button says; empty when nothing differs
}

// countRow is what happens to the objects of a kind.
type countRow struct {
	Name                          string
	Read, Added, Changed, Removed int
}

// access is who gains or loses an application, or keeps it in other roles.
type access struct {
	Name, Path            string
	Gained, Lost, Changed int
	Who                   []movement
}

// movement is whose access changes in a way.
type movement struct {
	Text  string
	Names []string // the first of them
	More  int
}

func newAccess(effect store.AccessEffect) access {
	shown := access{Name: effect.DisplayName, Path: "/applications/" + effect.ApplicationID, Gained: effect.Gained, Lost: effect.Lost, Changed: effect.Changed}
	for _, each := range []struct {
		count     int
		one, many string
		names     []string
	}{
		{effect.Lost, "person loses it", "people lose it", effect.Losers},
		{effect.Changed, "person gets other roles", "people get other roles", effect.Changers},
	} {
		if each.count > 0 {
			shown.Who = append(shown.Who, movement{page.Plural(each.count, each.one, each.many), each.names, each.count - len(each.names)})
		}
	}
	return shown
}

func newPreviewData(upload store.Upload, effect store.ImportEffect, replace bool) previewData {
	data := previewData{
		Path: uploadPath(upload.ID, replace), Discard: Path + "/" + upload.ID + "/discard", Again: Path, Replace: replace, Before: effect.Before,
		Removed: effect.Removed, MoreGone: effect.Users.Removed - len(effect.Removed), Left: effect.Before + effect.Users.Created - effect.Users.Removed,
		Restored: effect.Restored, StayDeleted: effect.StayDeleted, Unusual: effect.Shrinkage.Suspicious(), Confirmation: confirmation(upload, effect, replace),
	}
	for _, file := range upload.Files {
		data.Files = append(data.Files, file.Name)
	}
	var added, changed, removed int
	for _, kind := range []struct {
		name  string
		count store.ImportCount
	}{{"Users", effect.Users}, {"Groups", effect.Groups}, {"Members", effect.Members}, {"Assignments", effect.Assignments}} {
		c := kind.count
		added, changed, removed = added+c.Created, changed+c.Updated, removed+c.Removed
		data.Rows = append(data.Rows, countRow{kind.name, c.Read, c.Created, c.Updated, c.Removed})
	}
	for _, each := range effect.Accesses {
		data.Lost += each.Lost
		data.Accesses = append(data.Accesses, newAccess(each))
	}
	if added+changed+removed > 0 {
		data.Act = "Import: " + countsText(added, changed, removed)
	}
	return data
}

// countsText counts what an import does.
func countsText(added, changed, removed int) string {
	return fmt.Sprintf("%s added, %s changed, %s removed", page.Number(added), page.Number(changed), page.Number(removed))
}

// confirmation stands for all that a preview shows, and for all that it is about.
func confirmation(upload store.Upload, effect store.ImportEffect, replace bool) page.Confirmation {
	effect.Shrinkage.At = time.Time{} // when it was looked at does not matter
	return page.Confirm(upload.ID, effect, replace)
}

// kept finds the upload of the path.
func (a *Area) kept(ctx context.Context, r *page.Request) (store.Upload, error) {
	upload, err := a.Administration.Store.Upload(ctx, r.Visitor.ID, purpose, r.Path("upload"))
	if errors.Is(err, store.ErrNotFound) {
		return upload, &page.Fault{
			Status: http.StatusNotFound, Title: "These files are not kept any more",
			Text:   "What is uploaded is kept for an hour, until it is imported, for whoever uploaded it alone.",
			Advice: "Choose the files again under Users > Import.",
		}
	}
	return upload, err
}

func (a *Area) showPreview(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.look(ctx, r, false)
}

// look shows what an upload would do now, and whether something else was confirmed.
func (a *Area) look(ctx context.Context, r *page.Request, changed bool) (page.Answer, error) {
	upload, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	what, err := a.importing(upload, r.Checked("replace"))
	if err != nil {
		return a.again(r, err)
	}
	effect, err := a.Administration.ForeseeImport(ctx, what)
	if err != nil {
		return a.again(r, err)
	}
	data := newPreviewData(upload, effect, what.Replace)
	data.Confirmation.Changed = changed
	answer := a.preview.Show(head().Below("What the files do", Path, "Import"), data)
	if changed {
		answer = answer.With(http.StatusConflict)
	}
	return answer, nil
}

// errOther says that an import would do something else than what was confirmed.
var errOther = &administration.Refusal{
	Code: administration.ChangedMeanwhile, Message: "it would not do any more what was confirmed: something changed meanwhile", Advice: "Look at it as it is now, and confirm that.",
}

// atOnce is how many bytes of files are imported while the browser waits: a moment's work.
const atOnce = 200_000

func long(upload store.Upload) bool {
	size := 0
	for _, file := range upload.Files {
		size += len(file.Content)
	}
	return size > atOnce
}

// confirm imports what was previewed, if it still does what was shown.
func (a *Area) confirm(ctx context.Context, r *page.Request) (page.Answer, error) {
	upload, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	what, err := a.importing(upload, r.Checked("replace"))
	if err != nil {
		return a.again(r, err)
	}
	what.Agree = func(effect store.ImportEffect) error {
		if _, ok := r.Confirms(confirmation(upload, effect, what.Replace)); !ok {
			return errOther
		}
		return nil
	}
	if long(upload) {
		begun, err := a.Operations.ImportDirectory(ctx, r.Visitor.Actor(), what, upload)
		if err != nil {
			return a.again(r, err)
		}
		return page.Away(operationPath(begun.ID)), nil
	}
	done, err := r.Acts().ImportDirectory(ctx, what)
	if errors.Is(err, errOther) {
		return a.look(ctx, r, true)
	}
	if err != nil {
		return a.again(r, err)
	}
	a.Administration.ForgetUpload(ctx, upload)
	return page.Redirect("/users", doneNotice(done)), nil
}

func doneNotice(done store.ImportEffect) page.Notice {
	var texts []string
	for _, kind := range []struct {
		name  string
		count store.ImportCount
	}{{"users", done.Users}, {"groups", done.Groups}, {"members", done.Members}, {"assignments", done.Assignments}} {
		if c := kind.count; c.Created+c.Updated+c.Removed > 0 {
			texts = append(texts, kind.name+" "+countsText(c.Created, c.Updated, c.Removed))
		}
	}
	if len(texts) == 0 {
		return page.Notice{Kind: "info", Text: "The directory was like that already: nothing changed."}
	}
	return page.Success("The files were imported: %s.", strings.Join(texts, "; "))
}

// discard forgets an upload.
func (a *Area) discard(ctx context.Context, r *page.Request) (page.Answer, error) {
	if _, err := a.Administration.Store.RemoveUpload(ctx, r.Visitor.ID, r.Path("upload")); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(Path, page.Notice{Kind: "info", Text: "The files were removed, and nothing was imported."}), nil
}

package storetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
)

func uploadTests() []test {
	return []test{
		{"an upload is there for its owner and its purpose alone", uploadsAreKept},
		{"an upload is removed once", uploadsAreRemoved},
		{"uploads are not kept for longer than an hour, nor more than a few of one person", uploadsExpire},
		{"an upload that is too large is refused", uploadsAreBounded},
	}
}

func anUpload(owner string) store.Upload {
	large := bytes.Repeat([]byte("ana@contoso.com,Ana\r\n\x00\xff"), 120_000) // in several parts
	return store.NewUpload(owner, "import",
		store.UploadedFile{Field: "users", Name: "people ü.csv", Content: large}, store.UploadedFile{Field: "groups", Name: "groups.csv", Content: []byte{}})
}

func (w *world) noUpload(owner, purpose, id string) {
	w.t.Helper()
	_, err := w.Upload(w.ctx(), owner, purpose, id)
	w.wantError(err, store.ErrNotFound)
}

func uploadsAreKept(t *testing.T, w *world) {
	t.Helper()
	upload := anUpload("ann")
	w.must(w.KeepUpload(w.ctx(), upload))
	w.must(w.KeepUpload(w.ctx(), anUpload("ben")))
	got, err := w.Upload(w.ctx(), "ann", "import", upload.ID)
	w.must(err)
	for i, file := range upload.Files {
		if i < len(got.Files) && !bytes.Equal(got.Files[i].Content, file.Content) { // too large to be compared by equal
			w.t.Errorf("%s comes back otherwise", file.Name)
		}
	}
	w.equal("upload", withoutContent(got), withoutContent(upload))
	w.noUpload("ben", "import", upload.ID)
	w.noUpload("ann", "another purpose", upload.ID)
	w.noUpload("ann", "import", "x")
}

func uploadsAreRemoved(t *testing.T, w *world) {
	t.Helper()
	upload := anUpload("ann")
	w.must(w.KeepUpload(w.ctx(), upload))
	for _, remove := range []struct {
		owner string
		want  bool
	}{{"ben", false}, {"ann", true}, {"ann", false}} {
		removed, err := w.RemoveUpload(w.ctx(), remove.owner, upload.ID)
		w.must(err)
		w.equal("removed by "+remove.owner, removed, remove.want)
	}
	w.noUpload("ann", "import", upload.ID)
}

func uploadsExpire(t *testing.T, w *world) {
	t.Helper()
	old := anUpload("ann")
	old.At = old.At.Add(-store.UploadsKept - time.Second)
	w.must(w.KeepUpload(w.ctx(), old))
	w.noUpload("ann", "import", old.ID)
	kept := make([]store.Upload, store.MostUploads+1)
	for i := range kept {
		kept[i] = anUpload("ann")
		kept[i].At = kept[i].At.Add(time.Duration(i-10) * time.Minute)
		w.must(w.KeepUpload(w.ctx(), kept[i]))
	}
	w.noUpload("ann", "import", kept[0].ID)
	_, err := w.Upload(w.ctx(), "ann", "import", kept[1].ID)
	w.must(err)
	w.must(w.RemoveUploads(w.ctx(), kept[2].At.Add(store.UploadsKept)))
	w.noUpload("ann", "import", kept[1].ID)
	_, err = w.Upload(w.ctx(), "ann", "import", kept[2].ID)
	w.must(err)
}

func uploadsAreBounded(t *testing.T, w *world) {
	t.Helper()
	upload := store.NewUpload("ann", "import", store.UploadedFile{Content: make([]byte, store.MaxUploadSize)}, store.UploadedFile{Content: []byte{1}})
	w.wantError(w.KeepUpload(w.ctx(), upload), store.ErrInvalid)
	w.noUpload("ann", "import", upload.ID)
}

func withoutContent(upload store.Upload) store.Upload {
	files := slices.Clone(upload.Files)
	for i := range files {
		files[i].Content = nil
	}
	upload.Files = files
	return upload
}

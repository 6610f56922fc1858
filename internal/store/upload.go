package store

import (
	"context"
	"crypto/rand"
	"time"
)

// What is kept of uploads.
const (
	UploadsKept   = time.Hour // how long
	MaxUploadSize = 64 << 20  // how many bytes the files of one may have in all
	MostUploads   = 5         // how many of one person; the oldest go
)

// Upload is what somebody uploaded and did not confirm yet. It is kept in the database,
// because another node may get the confirmation, and never changes: its id stands for
// what was shown of it.
type Upload struct {
	ID      string // cannot be guessed
	Owner   string // who uploaded it, and who alone can get it
	Purpose string // what for, such as "directory import"; it serves no other purpose
	At      time.Time
	Files   []UploadedFile
}

// UploadedFile is a file of an upload.
type UploadedFile struct {
	Field   string // what the file is in the upload, such as "users"
	Name    string // that it has where it came from
	Content []byte
}

// NewUpload returns an upload of now, which is not kept yet.
func NewUpload(owner, purpose string, files ...UploadedFile) Upload {
	return Upload{ID: rand.Text(), Owner: owner, Purpose: purpose, At: time.Now().UTC().Truncate(time.Microsecond), Files: files}
}

// Uploads keeps uploads between a preview and its confirmation, sealed.
type Uploads interface {
	// KeepUpload keeps an upload. One that is larger than MaxUploadSize is ErrInvalid.
	// What the owner uploaded before goes where it is more than MostUploads.
	KeepUpload(ctx context.Context, upload Upload) error

	// Upload returns an upload. One that somebody else made, that has another purpose, or
	// that is not kept any more is ErrNotFound.
	Upload(ctx context.Context, owner, purpose, id string) (Upload, error)

	// RemoveUpload removes an upload of an owner: it was used, or is not wanted. It
	// reports whether it was there, so that of two who use it one does.
	RemoveUpload(ctx context.Context, owner, id string) (bool, error)

	// RemoveUploads removes the uploads that are not kept any more at a moment.
	RemoveUploads(ctx context.Context, now time.Time) error
}

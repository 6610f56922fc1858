package sqlstore

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/usher-id/usher/internal/store"
)

// uploadPart is how many bytes of a file are in one row.
const uploadPart = 1 << 20

// uploadedFile is what is known of a file of an upload beside its parts.
type uploadedFile struct {
	Field string `json:"field"`
	Name  string `json:"name"`
}

// KeepUpload keeps an upload; see store.Uploads.
func (s *Store) KeepUpload(ctx context.Context, upload store.Upload) error {
	size, files := 0, make([]uploadedFile, len(upload.Files))
	for i, file := range upload.Files {
		size += len(file.Content)
		files[i] = uploadedFile{file.Field, file.Name}
	}
	if size > store.MaxUploadSize {
		return errorf(store.ErrInvalid, "an upload of %d bytes, of which %d are the most,", size, store.MaxUploadSize)
	}
	content, err := encodeJSON("the files of an upload", files)
	if err != nil {
		return err
	}
	parts, err := s.sealUpload(upload)
	if err != nil {
		return err
	}
	return s.database.batch(ctx, "keep an upload", func(t *tx) error {
		_, err := t.exec(ctx, `insert into uploads (id, owner, purpose, uploaded_at, files) values ($1, $2, $3, $4, $5)`,
			upload.ID, upload.Owner, upload.Purpose, micros(upload.At), clean(content))
		if err != nil {
			return err
		}
		if err := t.insert(ctx, insertion{into: `upload_parts (upload_id, file, part, sealed)`, width: 4}, parts); err != nil {
			return err
		}
		_, err = t.exec(ctx, `delete from uploads where owner = $1 and id not in
			(select id from uploads where owner = $1 order by uploaded_at desc, id limit $2)`, upload.Owner, int64(store.MostUploads))
		return err
	})
}

// sealUpload returns the rows of the parts of an upload.
func (s *Store) sealUpload(upload store.Upload) ([]any, error) {
	if s.sealer == nil {
		return nil, errNoSealer
	}
	var rows []any
	for i, file := range upload.Files {
		number := 0
		for part := range slices.Chunk(file.Content, uploadPart) {
			packed, err := compressed(part)
			if err != nil {
				return nil, err
			}
			sealed, err := s.sealer.Seal(packed, uploadContext(upload.ID, i, number))
			if err != nil {
				return nil, fmt.Errorf("seal an upload: %w", err)
			}
			rows = append(rows, upload.ID, int64(i), int64(number), base64.StdEncoding.EncodeToString(sealed))
			number++
		}
	}
	return rows, nil
}

// uploadContext binds a sealed part to its place.
func uploadContext(id string, file, part int) []byte {
	return fmt.Appendf(nil, "upload\x00%s\x00%d\x00%d", id, file, part)
}

func compressed(data []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress an upload: %w", err)
	}
	if _, err := writer.Write(data); err != nil {
		return nil, fmt.Errorf("compress an upload: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress an upload: %w", err)
	}
	return packed.Bytes(), nil
}

func decompressed(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("decompress an upload: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(reader, uploadPart))
	if err != nil {
		return nil, fmt.Errorf("decompress an upload: %w", err)
	}
	return data, nil
}

// Upload returns an upload; see store.Uploads.
func (s *Store) Upload(ctx context.Context, owner, purpose, id string) (store.Upload, error) {
	const what = "read an upload"
	var (
		upload  = store.Upload{ID: id, Owner: owner, Purpose: purpose}
		at      int64
		content string
	)
	found, err := s.database.queries().one(ctx, []any{&at, &content},
		`select uploaded_at, files from uploads where id = $1 and owner = $2 and purpose = $3 and uploaded_at >= $4`, id, owner, purpose, micros(now().Add(-store.UploadsKept)))
	if err == nil && !found {
		err = notFound("upload", id)
	}
	if err != nil {
		return store.Upload{}, wrapped(what, err)
	}
	var files []uploadedFile
	if err := decodeJSON("the files of an upload", content, &files); err != nil {
		return store.Upload{}, wrapped(what, err)
	}
	upload.At = moment(at)
	for _, file := range files {
		upload.Files = append(upload.Files, store.UploadedFile{Field: file.Field, Name: file.Name, Content: []byte{}})
	}
	err = s.database.queries().each(ctx, func(rows *sql.Rows) error { return s.openPart(rows, upload) },
		`select file, part, sealed from upload_parts where upload_id = $1 order by file, part`, id)
	if err != nil {
		return store.Upload{}, wrapped(what, err)
	}
	return upload, nil
}

// openPart adds a part to its file.
func (s *Store) openPart(rows *sql.Rows, upload store.Upload) error {
	var (
		file, part int
		sealed     string
	)
	if err := rows.Scan(&file, &part, &sealed); err != nil {
		return err
	}
	if s.sealer == nil {
		return errNoSealer
	}
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return fmt.Errorf("open an upload: %w", err)
	}
	packed, err := s.sealer.Open(data, uploadContext(upload.ID, file, part))
	if err != nil {
		return fmt.Errorf("open an upload: %w", err)
	}
	plain, err := decompressed(packed)
	if err != nil {
		return err
	}
	upload.Files[file].Content = append(upload.Files[file].Content, plain...)
	return nil
}

// RemoveUpload removes an upload; see store.Uploads.
func (s *Store) RemoveUpload(ctx context.Context, owner, id string) (bool, error) {
	removed := false
	err := s.database.write(ctx, "remove an upload", func(t *tx) error {
		count, err := t.exec(ctx, `delete from uploads where id = $1 and owner = $2`, id, owner)
		removed = count > 0
		return err
	})
	return removed, err
}

// RemoveUploads removes old uploads; see store.Uploads.
func (s *Store) RemoveUploads(ctx context.Context, now time.Time) error {
	return s.database.write(ctx, "remove old uploads", func(t *tx) error {
		_, err := t.exec(ctx, `delete from uploads where uploaded_at < $1`, micros(now.Add(-store.UploadsKept)))
		return err
	})
}

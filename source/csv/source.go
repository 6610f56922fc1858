// Package csv is the source that reads users, groups, members and assignments from
// CSV files.
//
// The files have a header that names the columns: the properties of Microsoft
// Graph's user and group. They are UTF-8, with or without a byte order mark; several
// values in one column are separated by semicolons; an empty value is none, except that
// accountEnabled must be true or false. A column that a file does not have is nothing
// that it speaks about: users and groups who exist keep what they have there, and new
// ones are enabled. All
// files are checked as a whole before the first delta is reported, and everything
// that is wrong is reported at once, with file, line and column. Files of any size
// are read row by row: what stays in memory are packed ids and hashes of names.
//
// It does not write to the directory. Creating, updating and removing is done by
// whoever takes the deltas in, and only after the sequence has ended without an
// error.
package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/source"
)

// Files names the files of a set, below one folder. An empty name leaves that file
// out.
type Files struct {
	Users       string
	Groups      string
	Members     string
	Assignments string
}

// With returns the files with another one of a kind: "users", "groups", "members" or
// "assignments". There is no other kind.
func (f Files) With(kind, name string) Files {
	switch kind {
	case "users":
		f.Users = name
	case "groups":
		f.Groups = name
	case "members":
		f.Members = name
	case "assignments":
		f.Assignments = name
	}
	return f
}

// StandardFiles are the names that a set of files usually has.
func StandardFiles() Files {
	return Files{Users: "users.csv", Groups: "groups.csv", Members: "members.csv", Assignments: "assignments.csv"}
}

// list returns the names in the order in which the files are read.
func (f Files) list() []string { return []string{f.Users, f.Groups, f.Members, f.Assignments} }

// Directory tells what is already known, so that a small file may name people and
// groups that are not in it.
type Directory interface {
	// FindUser returns the id of the user with this id or user principal name.
	FindUser(ctx context.Context, name string) (id string, found bool, err error)
	// FindGroup returns the id of the group with this id or display name.
	FindGroup(ctx context.Context, name string) (id string, found bool, err error)
}

// Config says what to read.
type Config struct {
	Folder string // files are opened below it and nowhere else

	// Contents are the files by name, in place of those of a folder.
	Contents map[string][]byte

	// Files are the files to read. The zero Files are those of the standard names that
	// the folder has.
	Files Files

	// Directory answers for names that are not in the files. Without it, managers and
	// members must be in the files, except that a set without a file of users (or
	// groups) passes their names on as they are.
	Directory Directory

	// Applications says whether assignments can be made. Without it, that is found out by
	// whoever takes them in.
	Applications Applications
}

// Applications knows the roles of applications.
type Applications interface {
	// CheckRole says what is wrong with a role of an application, each by name or id,
	// empty when it can be assigned.
	CheckRole(ctx context.Context, application, role string) (wrong string, err error)
}

// Source reads one set of CSV files.
type Source struct {
	root         *os.Root // nil when the files are in memory
	contents     map[string][]byte
	folder       string
	files        Files
	directory    Directory
	applications Applications
	seed         maphash.Seed
}

var _ source.Source = (*Source)(nil)

// Open opens the folder. It returns an error when the folder cannot be opened or has
// none of the files. Close the Source after use.
func Open(config Config) (*Source, error) {
	s := &Source{
		contents: config.Contents, folder: config.Folder, files: config.Files,
		directory: config.Directory, applications: config.Applications, seed: maphash.MakeSeed(),
	}
	if config.Contents != nil {
		return s, nil
	}
	root, err := os.OpenRoot(config.Folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder of CSV files: %w", err)
	}
	s.root = root
	if s.files == (Files{}) {
		s.files = present(root)
	}
	if s.files == (Files{}) {
		return nil, errors.Join(
			fmt.Errorf("read CSV files: %s has none of users.csv, groups.csv, members.csv and assignments.csv", config.Folder),
			root.Close(),
		)
	}
	return s, nil
}

// open opens a file of the set.
func (s *Source) open(name string) (io.ReadCloser, error) {
	if s.root != nil {
		return s.root.Open(name)
	}
	content, found := s.contents[name]
	if !found {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// present returns the standard files that the folder has.
func present(root *os.Root) Files {
	files := StandardFiles()
	for _, name := range []*string{&files.Users, &files.Groups, &files.Members, &files.Assignments} {
		if _, err := root.Stat(*name); errors.Is(err, fs.ErrNotExist) {
			*name = ""
		}
	}
	return files
}

// Close closes the folder.
func (s *Source) Close() error {
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}

// Describe describes the set. It is complete when it has the users and may name
// nobody else.
func (s *Source) Describe() source.Descriptor {
	name := "CSV files"
	if s.folder != "" {
		name += " in " + s.folder
	}
	return source.Descriptor{
		Name:     name,
		Complete: s.files.Users != "" && s.directory == nil,
	}
}

// Check reads all files and returns what is wrong with them as Faults, or the error
// of reading.
func (s *Source) Check(ctx context.Context) error {
	return newReading(s).validate(ctx)
}

// Deltas checks all files and then yields users, groups, members and assignments, in
// this order. References between them are resolved to ids. With anything wrong in
// any file it yields nothing but one error, which holds Faults. The cursor is not
// used: files are always read as a whole.
func (s *Source) Deltas(ctx context.Context, _ *source.Cursor) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		r := newReading(s)
		err := r.validate(ctx)
		if err == nil {
			err = r.report(ctx, func(d directory.Delta) bool { return yield(d, nil) })
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(directory.Delta{}, err)
		}
	}
}

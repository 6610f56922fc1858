package csv

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/usher-id/usher/directory"
)

// errEnough ends a reading because nobody wants more of it.
var errEnough = errors.New("reading ended early")

// errFull ends a validation that has found more than anybody wants to read.
var errFull = errors.New("too many faults")

// reading is one validation of the files and one report of what they say.
type reading struct {
	source *Source
	faults faultList
	users  *keys
	groups map[string]string   // display name or id to id
	shared map[string]int      // how many groups have a display name
	known  map[string]resolved // what the directory said
	roles  map[string]string   // what is wrong with a role of an application
	sums   map[string]uint64   // of the files as they were validated
}

// resolved is an object that a name stands for.
type resolved struct {
	id, kind string // kind is User or Group
}

const (
	userKind  = "User"
	groupKind = "Group"
)

func newReading(s *Source) *reading {
	return &reading{
		source: s,
		users:  newKeys(s.seed),
		groups: map[string]string{},
		shared: map[string]int{},
		known:  map[string]resolved{},
		roles:  map[string]string{},
		sums:   map[string]uint64{},
	}
}

// step reads one file with a function.
type step struct {
	file string
	read func(ctx context.Context, file string) error
}

// run takes the steps whose files are there, in order.
func run(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if s.file == "" {
			continue
		}
		if err := s.read(ctx, s.file); err != nil {
			return err
		}
	}
	return nil
}

// validate reads all files without reporting anything. What is wrong with them comes
// back as Faults.
func (r *reading) validate(ctx context.Context) error {
	files := r.source.files
	err := run(ctx, []step{
		{files.Users, r.collectUsers},
		{files.Groups, r.collectGroups},
		{files.Users, r.checkUsers},
		{files.Members, r.checkMembers},
		{files.Assignments, r.checkAssignments},
	})
	if err != nil && !errors.Is(err, errFull) {
		return err
	}
	if faults := r.faults.sorted(files.list()); len(faults) > 0 {
		return faults
	}
	return nil
}

// report reads all files again and hands on what they say. They must be as they were
// when they were validated.
func (r *reading) report(ctx context.Context, put func(directory.Delta) bool) error {
	files := r.source.files
	each := func(l layout, content func(context.Context, row) (directory.Content, error)) func(context.Context, string) error {
		return func(ctx context.Context, file string) error {
			return r.rows(ctx, file, l, func(row row) error {
				c, err := content(ctx, row)
				delta := directory.Delta{Operation: directory.Put, Content: c}
				switch c.(type) {
				case directory.User, directory.Group:
					delta.Only = row.table.columns
				}
				if err == nil && !put(delta) {
					err = errEnough
				}
				return err
			})
		}
	}
	return run(ctx, []step{
		{files.Users, each(usersLayout(), newUserMaker(r).user)},
		{files.Groups, each(groupsLayout(), r.group)},
		{files.Members, each(membersLayout(), r.member)},
		{files.Assignments, each(assignmentsLayout(), r.assignment)},
	})
}

// rows reads one file of the set to its end or to an error, and makes sure that it
// is the same as at the last reading.
func (r *reading) rows(ctx context.Context, file string, l layout, each func(row) error) error {
	var failure error
	form := &r.faults
	before, again := r.sums[file]
	if again {
		form = &faultList{} // they were found the first time
	}
	sum, err := r.source.rows(ctx, file, l, form, &r.faults, func(row row) bool {
		failure = each(row)
		return failure == nil
	})
	if err := errors.Join(failure, err); err != nil {
		return err
	}
	if r.faults.full() {
		return errFull
	}
	if again && before != sum {
		return fmt.Errorf("read %s: the file was changed while it was read; import it again", file)
	}
	r.sums[file] = sum
	return nil
}

// findUser resolves an id or user principal name.
func (r *reading) findUser(ctx context.Context, name string) (resolved, bool, error) {
	if row, ok := r.users.find(name); ok {
		return resolved{r.users.id(row), userKind}, true, nil
	}
	if r.source.directory == nil {
		return resolved{name, userKind}, r.source.files.Users == "", nil
	}
	return r.ask(ctx, name, userKind, r.source.directory.FindUser)
}

// findGroup resolves an id or display name.
func (r *reading) findGroup(ctx context.Context, name string) (resolved, bool, error) {
	if id, ok := r.groupID(name); ok {
		return resolved{id, groupKind}, true, nil
	}
	if r.source.directory == nil {
		return resolved{name, groupKind}, r.source.files.Groups == "", nil
	}
	return r.ask(ctx, name, groupKind, r.source.directory.FindGroup)
}

// groupID finds a group of the files by id or display name.
func (r *reading) groupID(name string) (string, bool) {
	if id, ok := r.groups[name]; ok {
		return id, true
	}
	id, ok := r.groups[strings.ToLower(name)]
	return id, ok
}

// ask asks the directory once for each name.
func (r *reading) ask(
	ctx context.Context, name, kind string, find func(context.Context, string) (string, bool, error),
) (resolved, bool, error) {
	question := kind + " " + name
	if answer, ok := r.known[question]; ok {
		return answer, answer.id != "", nil
	}
	id, found, err := find(ctx, name)
	if err != nil {
		return resolved{}, false, fmt.Errorf("look up %s %q in the directory: %w", strings.ToLower(kind), name, err)
	}
	if !found {
		id = ""
	}
	r.known[question] = resolved{id, kind}
	return resolved{id, kind}, found, nil
}

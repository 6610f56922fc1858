package sqlstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// importBatch is how many deltas of one kind an import looks at together.
const importBatch = 500

// Import takes in deltas; see store.Importer. Members and assignments may come
// before the users and groups that they name. A removal of what does not exist
// changes nothing. The error lists the first faults and wraps the error of each.
func (s *Store) Import(ctx context.Context, deltas iter.Seq2[directory.Delta, error], replace bool) (store.ImportReport, error) {
	var report store.ImportReport
	err := s.importing(ctx, deltas, replace, func(i *importer, work func() error) error {
		err := work()
		report = i.report
		return err
	})
	if err != nil {
		return store.ImportReport{}, err
	}
	return report, nil
}

// importing runs an import in a transaction. Around gets the import that is set up, and
// calls the work, which takes the deltas in. Imports of this process wait for one another
// here, where they hold no connection: the pool is for everybody else, too.
func (s *Store) importing(
	ctx context.Context, deltas iter.Seq2[directory.Delta, error], replace bool, around func(i *importer, work func() error) error,
) error {
	select {
	case s.importTurn <- struct{}{}:
		defer func() { <-s.importTurn }()
	case <-ctx.Done():
		return fmt.Errorf("import: wait for another import: %w", ctx.Err())
	}
	return s.database.batch(ctx, "import", func(t *tx) error {
		if text := s.database.dialect.unhurried; text != "" { // a source may be slow
			if _, err := t.exec(ctx, text); err != nil {
				return err
			}
		}
		t.actor = directory.ByImport
		i := &importer{tx: t, resolver: newResolver(t.session), replace: replace}
		if err := i.begin(ctx); err != nil {
			return err
		}
		return around(i, func() error { return i.take(ctx, deltas) })
	})
}

// take takes all deltas in.
func (i *importer) take(ctx context.Context, deltas iter.Seq2[directory.Delta, error]) error {
	for delta, err := range deltas {
		if err != nil {
			return err
		}
		if err := i.add(ctx, delta); err != nil {
			return err
		}
	}
	if err := i.finish(ctx); err != nil {
		return err
	}
	return i.faults.err()
}

// importer takes deltas into a transaction. It gathers runs of deltas of the same
// kind and operation, and looks at each run with a few queries.
type importer struct {
	*tx
	resolver *resolver
	replace  bool
	report   store.ImportReport
	faults   faults
	puts     store.ImportReport // Read only: how many puts of each kind there were
	counted  int                // memberships made when they were counted last, see countMembers
	late     int                // members and assignments that are tried again at the end
	deeds    *deeds             // nil: nobody asks

	operation   directory.Operation
	only        []string // of the run, see directory.Delta
	users       []directory.User
	groups      []directory.Group
	members     []directory.Member
	assignments []directory.AssignmentRequest
	keys        map[string]bool // ids and names of the run, which are not to come twice
}

// begin makes the working tables. They are the same for every import of this
// connection.
func (i *importer) begin(ctx context.Context) error {
	// Imports of all nodes wait for one another, because each changes many rows in an order of its own.
	if _, err := i.next(ctx, "imports", 1); err != nil {
		return err
	}
	for _, table := range [][2]string{
		{"seen_users", `id text primary key`},
		{"seen_groups", `id text primary key`},
		{"seen_members", `group_id text not null, member_id text not null, primary key (group_id, member_id)`},
		{"changed_managers", `id text primary key`},
		{"late_deltas", `position bigint primary key, operation bigint not null, content text not null`},
	} {
		if err := i.temporary(ctx, table[0], table[1]); err != nil {
			return err
		}
	}
	return nil
}

// add takes one delta.
func (i *importer) add(ctx context.Context, delta directory.Delta) error {
	if err := i.makeRoom(ctx, delta); err != nil {
		return err
	}
	i.operation, i.only = delta.Operation, delta.Only
	put := 0
	if delta.Operation == directory.Put {
		put = 1
	}
	switch content := delta.Content.(type) {
	case directory.User:
		i.report.Users.Read++
		i.puts.Users.Read += put
		return i.addUser(content)
	case directory.Group:
		i.report.Groups.Read++
		i.puts.Groups.Read += put
		return i.addGroup(content)
	case directory.Member:
		i.report.Members.Read++
		i.puts.Members.Read += put
		if err := checkText("member", content.Group, content.Member); err != nil {
			i.faults.add(err)
			return nil
		}
		i.members = append(i.members, content)
	case directory.AssignmentRequest:
		i.report.Assignments.Read++
		if err := checkText("assignment", content.Application, content.Principal, content.Role); err != nil {
			i.faults.add(err)
			return nil
		}
		i.assignments = append(i.assignments, content)
	default:
		return errorf(store.ErrInvalid, "a delta about a %T", delta.Content)
	}
	return nil
}

// makeRoom works off what was gathered unless the delta can join it.
func (i *importer) makeRoom(ctx context.Context, delta directory.Delta) error {
	count := len(i.users) + len(i.groups) + len(i.members) + len(i.assignments)
	joins := delta.Operation == i.operation && count < importBatch &&
		(delta.Only == nil) == (i.only == nil) && slices.Equal(delta.Only, i.only)
	switch content := delta.Content.(type) {
	case directory.User:
		joins = joins && len(i.users) == count && !i.keys[content.ID] && !i.keys["name "+key(content.UserPrincipalName)]
	case directory.Group:
		joins = joins && len(i.groups) == count && !i.keys[content.ID]
	case directory.Member:
		joins = joins && len(i.members) == count
	case directory.AssignmentRequest:
		joins = joins && len(i.assignments) == count
	}
	if joins || count == 0 {
		return nil
	}
	return i.flush(ctx)
}

// note remembers the keys of an object of the run.
func (i *importer) note(keys ...string) {
	if i.keys == nil {
		i.keys = make(map[string]bool, 2*importBatch)
	}
	for _, key := range keys {
		i.keys[key] = true
	}
}

// flush works off what was gathered.
func (i *importer) flush(ctx context.Context) error {
	var err error
	switch {
	case len(i.users) > 0 && i.operation == directory.Put:
		err = i.putUsers(ctx, i.users)
	case len(i.users) > 0:
		err = i.removeUsers(ctx, i.users)
	case len(i.groups) > 0 && i.operation == directory.Put:
		err = i.putGroups(ctx, i.groups)
	case len(i.groups) > 0:
		err = i.removeGroups(ctx, i.groups)
	case len(i.members) > 0:
		err = i.takeMembers(ctx, i.operation, i.members, true)
	case len(i.assignments) > 0:
		err = i.takeAssignments(ctx, i.operation, i.assignments, true)
	}
	i.users, i.groups, i.members, i.assignments = i.users[:0], i.groups[:0], i.members[:0], i.assignments[:0]
	clear(i.keys)
	return err
}

// finish does what can be done only when everything was read.
func (i *importer) finish(ctx context.Context) error {
	for _, step := range []func(context.Context) error{i.flush, i.takeLate, i.checkNames, i.checkManagers} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if !i.replace || i.faults.count > 0 {
		return nil
	}
	before, err := i.count(ctx, `select count(*) from users where deleted_at = 0`)
	if err != nil {
		return err
	}
	if err := i.removeUnseen(ctx); err != nil {
		return err
	}
	return i.noteShrinkage(ctx, before-i.report.Users.Created)
}

// noteShrinkage remembers that the import removed suspiciously many of the users who
// were there before.
func (i *importer) noteShrinkage(ctx context.Context, before int) error {
	shrinkage := directory.Shrinkage{At: now(), Before: before, Removed: i.report.Users.Removed}
	if !shrinkage.Suspicious() {
		return nil
	}
	i.report.Shrinkage = shrinkage
	_, err := i.exec(ctx, `insert into shrinkage (id, at, before, removed) values ('users', $1, $2, $3)
		on conflict (id) do update set at = excluded.at, before = excluded.before, removed = excluded.removed`,
		micros(shrinkage.At), int64(shrinkage.Before), int64(shrinkage.Removed))
	return err
}

// shownFaults is how many faults of an import are listed.
const shownFaults = 20

// faults gathers what is wrong with an import.
type faults struct {
	first []error
	count int
}

func (f *faults) add(err error) {
	f.count++
	if len(f.first) < shownFaults {
		f.first = append(f.first, err)
	}
}

// err returns the faults as one error, nil when there are none.
func (f *faults) err() error {
	if f.count == 0 {
		return nil
	}
	return importError{*f}
}

// importError is the error of an import with faults.
type importError struct {
	faults faults
}

// Error lists the first faults, each in a line.
func (e importError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults, nothing was imported", e.faults.count)
	if e.faults.count == 1 {
		b.Reset()
		b.WriteString("nothing was imported")
	}
	for _, fault := range e.faults.first {
		b.WriteString("\n  " + fault.Error())
	}
	if more := e.faults.count - len(e.faults.first); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// Unwrap returns the faults that are listed.
func (e importError) Unwrap() []error { return e.faults.first }

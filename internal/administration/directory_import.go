package administration

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/source"
)

// ActivityImport is the activity of the audit log for an import of files.
const ActivityImport = "Import directory"

// Importing says what is taken into the directory.
type Importing struct {
	From    source.Source
	Replace bool // users, groups and memberships that the source does not have are removed

	// Agree, if not nil, gets what the import does and means before it counts; an error
	// undoes all of it, and comes back. It must not ask the store.
	Agree func(store.ImportEffect) error

	observe func(count int) // if not nil: gets now and then how many deltas were taken in
}

// errForeseen ends an import that nobody wanted but to know what it does.
var errForeseen = errors.New("the import was tried only")

// ForeseeImport tells what an import does, and means for who may use what. It is done,
// and undone: it costs as much as the import, and nobody else writes meanwhile.
func (s *Service) ForeseeImport(ctx context.Context, what Importing) (store.ImportEffect, error) {
	var foreseen store.ImportEffect
	what.Agree = func(effect store.ImportEffect) error {
		foreseen = effect
		return errForeseen
	}
	_, err := s.By("").ImportDirectory(ctx, what)
	if errors.Is(err, errForeseen) {
		err = nil
	}
	return foreseen, err
}

// ImportDirectory takes all that a source reports into the directory, in one transaction
// with the record in the audit log, and returns what it did. What is wrong with files is
// source.Faults, what the directory cannot take a Refusal with the code Invalid.
func (a Acts) ImportDirectory(ctx context.Context, what Importing) (store.ImportEffect, error) {
	described := what.From.Describe()
	if what.Replace && !described.Complete {
		return store.ImportEffect{}, refuse(Invalid, "replace", "removing who is not in the files needs a file of users that is complete").
			advising("Add the file with all users, or leave the others as they are.")
	}
	deltas, err := read(ctx, what.From)
	if err != nil {
		return store.ImportEffect{}, err
	}
	var done store.ImportEffect
	err = a.Store.ImportIf(ctx, what.taken(deltas), what.Replace, a.needsRole, func(effect store.ImportEffect) (journal.Audit, error) {
		done = effect
		if what.Agree != nil {
			if err := what.Agree(effect); err != nil {
				return journal.Audit{}, err
			}
		}
		return a.Record(ActivityImport, described.Name, importText(effect.ImportReport, what.Replace)), nil
	})
	if cannot := errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrConflict); cannot {
		err = &Refusal{Code: Invalid, Message: strings.TrimPrefix(err.Error(), "import: "), Err: err}
	}
	return done, err
}

// read reads a source to its end. Sources look up names in the directory: within the
// transaction of the import each would wait there for a second connection.
func read(ctx context.Context, from source.Source) ([]directory.Delta, error) {
	var deltas []directory.Delta
	for delta, err := range from.Deltas(ctx, nil) {
		if err != nil {
			return nil, err
		}
		deltas = append(deltas, delta)
	}
	return deltas, nil
}

// taken yields what was read, and tells how much of it was taken.
func (i Importing) taken(deltas []directory.Delta) iter.Seq2[directory.Delta, error] {
	const each = 500
	return func(yield func(directory.Delta, error) bool) {
		for n, delta := range deltas {
			if !yield(delta, nil) {
				return
			}
			if taken := n + 1; i.observe != nil && (taken%each == 0 || taken == len(deltas)) {
				i.observe(taken)
			}
		}
	}
}

// importText tells what an import did, for the audit log.
func importText(report store.ImportReport, replace bool) string {
	var parts []string
	for _, kind := range []struct {
		name  string
		count store.ImportCount
	}{{"users", report.Users}, {"groups", report.Groups}, {"members", report.Members}, {"assignments", report.Assignments}} {
		if c := kind.count; c.Created+c.Updated+c.Removed > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d added, %d changed, %d removed", kind.name, c.Created, c.Updated, c.Removed))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing differed")
	}
	if report.Restored > 0 {
		parts = append(parts, fmt.Sprintf("users who were deleted and are back: %d", report.Restored))
	}
	if report.StayDeleted > 0 {
		parts = append(parts, fmt.Sprintf("users of the files who were deleted and stay so: %d", report.StayDeleted))
	}
	if replace {
		parts = append(parts, "who is not in the files was removed")
	}
	return strings.Join(parts, "; ")
}

// DirectoryNames answers for what files name without having it: people, groups and roles
// that are there already.
type DirectoryNames struct{ service *Service }

// DirectoryNames returns what is in the directory, by name.
func (s *Service) DirectoryNames() DirectoryNames { return DirectoryNames{s} }

// FindUser returns the id of the user with this id or user principal name.
func (n DirectoryNames) FindUser(ctx context.Context, name string) (string, bool, error) {
	user, err := n.service.Store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	return user.ID, err == nil, err
}

// FindGroup returns the id of the group with this id or display name.
func (n DirectoryNames) FindGroup(ctx context.Context, name string) (string, bool, error) {
	group, err := n.service.Store.Group(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	return group.ID, err == nil, err
}

// CheckRole says what is wrong with a role of an application, empty when people can be
// assigned to it.
func (n DirectoryNames) CheckRole(ctx context.Context, application, role string) (string, error) {
	found, err := n.service.Application(ctx, application)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Sprintf("there is no application %q; add it first, or leave the file of assignments out", application), nil
	}
	if err != nil {
		return "", err
	}
	if isDefault(role) {
		return faultText(n.service.DefaultAccessRefused(found)), nil
	}
	roles, err := n.service.Store.Roles(ctx, found.ID)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(roles, func(r directory.AppRole) bool { return r.ID == role || strings.EqualFold(r.DisplayName, role) }) {
		return faultText(unknownRole(found, role, nil)), nil
	}
	return "", nil
}

// faultText tells a fault that an error stands for, empty for none.
func faultText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

package storetest

import (
	"iter"
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// User returns a user of this id, for tests of one store alone.
func User(id string) directory.User { return user(id) }

// ManyUsers yields so many users.
func ManyUsers(count int) iter.Seq2[directory.Delta, error] { return manyUsers(count) }

// AddApplication adds an application of this name to a store and returns the id of
// its job.
func AddApplication(tb testing.TB, applications store.Applications, name string) string {
	tb.Helper()
	app, job := application(name)
	if err := applications.AddApplication(tb.Context(), app, job, mapping.Schema{}); err != nil {
		tb.Fatal(err)
	}
	return job.ID
}

package sqlstore_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
)

func TestStoreOnPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, sqlstore.Config{URL: storetest.Postgres(t)})
	})
}

func TestAServerThatCannotBeReachedIsAClearErrorWithoutThePassword(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "nothing")
	for says, url := range map[string]string{
		"cannot be reached": "postgres:///usher?user=usher&password=canary&host=" + nowhere,
		"should look like":  "postgres://usher:canary@host:notaport/usher",
	} {
		opened, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
		if err == nil {
			t.Errorf("%s opens: %v", url, opened.Close())
			continue
		}
		if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got the error %v, want one that says %q", err, says)
		}
	}
}

// The first import of a new database makes its members in a time that grows with their
// number alone: PostgreSQL counts them on the way, and plans by that.
func TestAnImportHasItsMembersCounted(t *testing.T) {
	t.Parallel()
	s := open(t, sqlstore.Config{URL: storetest.Postgres(t)})
	const people = 4600 // looked at 500 at a time; they are counted at 4,000
	contents := make([]directory.Content, 0, 2*people+1)
	contents = append(contents, directory.Group{ID: "g", DisplayName: "g", SecurityEnabled: true})
	for i := range people {
		contents = append(contents, person("u"+strconv.Itoa(i), 1))
	}
	for i := range people {
		contents = append(contents, directory.Member{Group: "g", Member: "u" + strconv.Itoa(i), Type: "User"})
	}
	_, err := s.Import(t.Context(), func(yield func(directory.Delta, error) bool) {
		for _, content := range contents {
			if !yield(directory.Delta{Content: content}, nil) {
				return
			}
		}
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	if counted, err := s.CountedMembers(t.Context()); err != nil || counted < 4000 {
		t.Errorf("%v memberships were counted: %v", counted, err)
	}
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			opened, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url})
			if err != nil {
				t.Error(err)
				return
			}
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

package sqlstore_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

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

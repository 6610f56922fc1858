package sqlstore_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/store/sqlstore"
)

// An incremental cycle looks at what changed and not at the directory: no step of
// its queries reads a whole table.
func TestAnIncrementalCollectionReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	opened := open(t, sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db")})
	for name, text := range map[string]string{"touched": sqlstore.CollectIncremental(), "leavers": sqlstore.CollectLeavers()} {
		steps, err := opened.QueryPlan(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		changes := 0
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN ") && step != "SCAN touched" {
				t.Errorf("%s: %s", name, step)
			}
			if strings.Contains(step, "sqlite_autoindex_changes_1 (sequence>? AND sequence<?)") {
				changes++
			}
		}
		if changes != 4 {
			t.Errorf("%s: %d parts begin with the changes, want 4:\n%s", name, changes, strings.Join(steps, "\n"))
		}
	}
}

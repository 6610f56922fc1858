package usher_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Two branches that each add a migration give both the same number: no database can be
// opened then. The store's own tests say so, and much later.
func TestMigrationsAreNumberedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("internal/store/sqlstore/migrations")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(file.Name(), want) {
			t.Errorf("migration %s should have the number %s", file.Name(), strings.TrimSuffix(want, "_"))
		}
	}
}

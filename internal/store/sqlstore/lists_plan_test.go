package sqlstore_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/store/sqlstore"
)

// What people look through is read in the order of an index that holds all that it is
// selected by: no list of people, accounts or entries is sorted or reads whole rows to
// find what it does not show.
func TestListsAreReadInTheOrderOfAnIndex(t *testing.T) {
	t.Parallel()
	opened := open(t, sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db")})
	for name, want := range map[string]string{
		"users":    "USING COVERING INDEX users_by_display_name",
		"matches":  "USING COVERING INDEX users_by_display_name",
		"accounts": "USING COVERING INDEX connections_by_name",
		"entries":  "USING COVERING INDEX entries_by_moment",
		"tallies":  "USING INDEX tallies_by_hour",
		"cycles":   "USING INDEX cycles_by_job",
		"removals": "USING COVERING INDEX removals_by_state",
		"reports":  "USING INDEX users_by_manager",
	} {
		steps, err := opened.ListPlan(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(steps, func(step string) bool { return strings.Contains(step, want) }) {
			t.Errorf("%s: %q", name, steps)
		}
		if name != "tallies" && slices.ContainsFunc(steps, func(step string) bool { return strings.Contains(step, "TEMP B-TREE") }) {
			t.Errorf("%s is sorted: %q", name, steps)
		}
	}
}

package engine_test

import (
	"fmt"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// A cycle with nothing changed writes nothing, whatever the company is like: several
// sizes and seeds, with and without managers, in orgs that treat addresses in each of
// their ways, after the initial cycle and after one with changes of every kind.
func TestASecondCycleWritesNothingOnAnyFixture(t *testing.T) {
	t.Parallel()
	addresses := func(change salesforcetest.EmailChange) func(*salesforcetest.Config) {
		return func(config *salesforcetest.Config) { config.Settings.EmailChange = change }
	}
	fixtures := map[string]worldOptions{
		"sync all":             {users: 60, settings: func(s *provisioning.Settings) { s.SyncAll = true }},
		"keeps out of scope":   {users: 60, settings: func(s *provisioning.Settings) { s.SkipOutOfScopeDeletions = true }},
		"addresses at once":    {users: 60, org: addresses(salesforcetest.EmailImmediate)},
		"addresses that wait":  {users: 60, org: addresses(salesforcetest.EmailPending)},
		"states and countries": {users: 60, org: func(c *salesforcetest.Config) { c.Settings.StateAndCountryPicklists = true }},
		"few seats":            {users: 60, org: func(c *salesforcetest.Config) { c.Licenses[0].Total = 12 }},
	}
	for _, users := range []int{40, 250, 600} {
		for seed := uint64(1); seed <= 3; seed++ {
			fixtures[fmt.Sprintf("%d people, seed %d", users, seed)] = worldOptions{users: users, seed: seed, managers: seed > 1}
		}
	}
	for name, options := range fixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &faultRun{world: newWorld(t, options)}
			r.witness = salesforcetest.NewWitness(r.org)
			r.runner.Environment.Transport = r.witness.Client().Transport
			quiet := func(after string) {
				before, rows := len(r.witness.Writes()), r.org.Statistics().RowsWritten
				for _, full := range []bool{false, true, false} {
					_, err := r.try(t.Context(), t, engine.Run{Full: full})
					r.must(t, err)
				}
				if more := r.witness.Writes()[before:]; len(more) > 0 || r.org.Statistics().RowsWritten != rows {
					t.Errorf("after %s, cycles with nothing changed wrote %d rows: %v", after, r.org.Statistics().RowsWritten-rows, more)
				}
			}
			r.cycle(t)
			if len(r.witness.Writes()) == 0 {
				t.Fatal("the initial cycle wrote nothing")
			}
			quiet("the initial cycle")
			r.workingDay(t)
			r.cycle(t)
			quiet("a working day")
		})
	}
}

package salesforce_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// TestCallsInBulk fixes what the same costs by bulk jobs.
func TestCallsInBulk(t *testing.T) {
	t.Parallel()
	const users = 10_000
	org := newOrg(t, salesforcetest.Default())
	c := openBulk(t, org, 2_500, nil)
	var ids []string
	provision := func(make func(i int) plan.Change) {
		size := c.Describe().Capabilities.BatchSize
		for from := 0; from < users; from += size {
			var changes []plan.Change
			for i := from; i < from+size; i++ {
				changes = append(changes, make(i))
			}
			ids = append(ids, mustApply(t, c, changes...)...)
		}
	}
	provision(func(i int) plan.Change { return create(username(i)) })
	created := org.Statistics()
	// Two jobs: each is opened, filled, closed, looked at and asked for what went well.
	want := map[string]int{"login": 1, "versions": 1, "query": 1, "describe": 1, "other": 2 * 5}
	if diff := cmp.Diff(want, created.ByKind); diff != "" {
		t.Errorf("calls of creations (-want +got):\n%s", diff)
	}
	org.ResetStatistics()
	provision(func(i int) plan.Change { return change(plan.Update, ids[i], fields("Title", "Engineer")) })
	updated := org.Statistics()
	if diff := cmp.Diff(map[string]int{"other": 2 * 5}, updated.ByKind); diff != "" {
		t.Errorf("calls of updates (-want +got):\n%s", diff)
	}
	if created.RowsCreated != users || updated.RowsUpdated != users {
		t.Errorf("%d rows were created and %d updated", created.RowsCreated, updated.RowsUpdated)
	}
}

// TestCallsOfAThousandUsers fixes what provisioning costs: one query and one write
// for each 200 users, and four calls to begin with.
func TestCallsOfAThousandUsers(t *testing.T) {
	t.Parallel()
	const users, size = 1_000, 200
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	for _, err := range c.Roles(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for from := 0; from < users; from += size {
		query, changes := connector.Query{Attribute: "Username"}, []plan.Change(nil)
		for i := from; i < from+size; i++ {
			query.Values, changes = append(query.Values, username(i)), append(changes, create(username(i)))
		}
		if found := read(t, c, query); len(found) > 0 {
			t.Fatalf("%d users are there before they are created", len(found))
		}
		ids = append(ids, mustApply(t, c, changes...)...)
	}
	want := map[string]int{"login": 1, "versions": 1, "composite": 1, "query": users / size, "collections-create": users / size, "describe": 1}
	if diff := cmp.Diff(want, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls of creations (-want +got):\n%s", diff)
	}
	org.ResetStatistics()
	for from := 0; from < users; from += size {
		var changes []plan.Change
		for _, user := range read(t, c, connector.Query{IDs: ids[from : from+size]}) {
			changes = append(changes, change(plan.Update, user.ID, fields("Title", "Engineer")))
		}
		mustApply(t, c, changes...)
	}
	want = map[string]int{"query": users / size, "collections-update": users / size}
	if diff := cmp.Diff(want, org.Statistics().ByKind); diff != "" {
		t.Errorf("calls of updates (-want +got):\n%s", diff)
	}
}

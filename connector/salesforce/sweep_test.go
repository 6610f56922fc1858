package salesforce_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/plan"
)

// wantedAt is what user i is to be in a round: nobody is created in round 1 that
// is a multiple of 3, and who is a multiple of 4 leaves in round 2.
func wantedAt(round, i int) (attr.Object, bool) {
	if round == 1 && i%3 == 0 {
		return attr.Object{}, false
	}
	object := person(username(i)).With("Title", attr.Text(fmt.Sprint("round ", round*(i%2)))).With("IsFrozen", attr.Bool(round == 2 && i%5 == 0))
	for attribute, names := range available() {
		chosen := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return (len(name)+i)%(round+1) != 0 })
		object = object.With(attribute, references(attribute, chosen...))
	}
	return object.With("IsActive", attr.Bool(round == 1 || i%4 != 0)), true
}

// settleRound does what a cycle does: it looks, decides and writes, and begins
// anew where something failed.
func settleRound(t *testing.T, c connector.Connector, round, users int) {
	t.Helper()
	var last error
	for range 8 {
		changes, err := decideRound(t, c, round, users)
		if err != nil {
			last = err
			continue
		}
		if len(changes) == 0 {
			return
		}
		last = nil
		for _, outcome := range c.Apply(t.Context(), changes) {
			last = errors.Join(last, outcome.Err)
		}
	}
	t.Fatalf("round %d does not come to an end: %v", round, last)
}

func decideRound(t *testing.T, c connector.Connector, round, users int) ([]plan.Change, error) {
	t.Helper()
	query := connector.Query{Type: "User", Attribute: "Username"}
	for i := range users {
		query.Values = append(query.Values, username(i))
	}
	wanted, _ := wantedAt(2, 0)
	query.Select = wanted.Names()
	found := map[string]attr.Object{}
	for object, err := range c.Read(t.Context(), query) {
		if err != nil {
			return nil, err
		}
		found[object.Get("Username").String()] = object
	}
	var changes []plan.Change
	for i := range users {
		wanted, exists := wantedAt(round, i)
		held, there := found[username(i)]
		switch {
		case !exists:
		case !there:
			changes = append(changes, change(plan.Create, "", wanted))
		default:
			c := moved(held.ID, held, wanted)
			if active, changes := c.New().Lookup("IsActive"); changes {
				c.Action = plan.Disable
				if active.Bool() {
					c.Action = plan.Enable
				}
			}
			if len(c.Fields) > 0 {
				changes = append(changes, c)
			}
		}
	}
	return changes, nil
}

// TestAFaultOfAnyCallChangesNothingInTheEnd takes each call of two rounds in turn
// and loses it, before it reaches the org or after.
func TestAFaultOfAnyCallChangesNothingInTheEnd(t *testing.T) {
	t.Parallel()
	for _, users := range []int{3, 12} { // entitlements in the call that creates, and in one of their own
		want, calls := sweep(t, users, -1, false)
		t.Logf("%d users, %d calls", users, calls)
		for at := range calls {
			for _, lost := range []bool{false, true} {
				got, _ := sweep(t, users, at, lost)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%d users, call %d, answer lost %v (-undisturbed +disturbed):\n%s", users, at, lost, diff)
				}
			}
		}
	}
}

// sweep runs two rounds with a fault of one call, and returns who has what in the
// end and how many calls there were.
func sweep(t *testing.T, users, at int, lost bool) (held []string, calls int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, entitledOrg())
		inner := org.Client().Transport
		var count atomic.Int64
		c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
			Credentials: passwords(org),
			Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				if int(count.Add(1))-1 != at {
					return inner.RoundTrip(r)
				}
				if lost {
					response, err := inner.RoundTrip(r)
					if err != nil {
						return nil, err
					}
					if err := response.Body.Close(); err != nil {
						return nil, err
					}
				}
				return nil, io.ErrUnexpectedEOF
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		readRolesPatiently(t, c)
		settleRound(t, c, 1, users)
		settleRound(t, c, 2, users)
		calls = int(count.Load())
		for _, user := range org.Users()[1:] {
			held = append(held, fmt.Sprint(user.Username, user.IsActive, user.IsFrozen, user.Get("Title"), holds(org, user.ID)))
		}
	})
	slices.Sort(held)
	return held, calls
}

func readRolesPatiently(t *testing.T, c connector.Connector) {
	t.Helper()
	var last error
	for range 3 {
		last = nil
		for _, err := range c.Roles(t.Context()) {
			last = err
		}
		if last == nil {
			return
		}
	}
	t.Fatal(last)
}

package connector_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/connectortest"
	"github.com/usher-id/usher/connector/memory"
	"github.com/usher-id/usher/plan"
)

func newTarget(t *testing.T, config memory.Config) *memory.Connector {
	t.Helper()
	target, err := memory.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func create(name string) plan.Change {
	return connectortest.NewChange(plan.Create, "", attr.Object{}.With("Username", attr.Text(name)))
}

func TestThrottleKeepsTheConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := connector.Throttle(newTarget(t, memory.Config{Latency: time.Second}), connector.Limits{Concurrency: 2})
		began := time.Now()
		var group sync.WaitGroup
		for i := range 6 {
			group.Go(func() {
				if err := c.Apply(t.Context(), []plan.Change{create(fmt.Sprint("user", i))})[0].Err; err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("six operations of a second took %s, want 3s two at a time", took)
		}
	})
}

func TestThrottleWaitsAsLongAsTheTargetAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slowDown := &connector.Error{Kind: connector.Throttled, RetryAfter: time.Minute}
		faulty := connectortest.WithFaults(newTarget(t, memory.Config{}), connectortest.Fault{Operation: connectortest.Apply, Err: slowDown})
		c := connector.Throttle(faulty, connector.Limits{})
		began := time.Now()
		if err := c.Apply(t.Context(), []plan.Change{create("ann")})[0].Err; !errors.Is(err, connector.Throttled) {
			t.Errorf("got %v, want that the target asks to slow down", err)
		}
		if err := c.Apply(t.Context(), []plan.Change{create("ann")})[0].Err; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the second operation came after %s, want a minute", took)
		}
	})
}

func TestThrottleLeavesTheReserveToOthers(t *testing.T) {
	t.Parallel()
	target := newTarget(t, memory.Config{CallLimit: 10})
	c := connector.Throttle(target, connector.Limits{Reserve: 8})
	id := c.Apply(t.Context(), []plan.Change{create("ann")})[0].TargetID
	c.Apply(t.Context(), []plan.Change{create("bob")})
	outcome := c.Apply(t.Context(), []plan.Change{create("cid")})[0]
	if !errors.Is(outcome.Err, connector.QuotaExceeded) {
		t.Errorf("got %v, want that the rest is reserved", outcome.Err)
	}
	outcomes := c.Apply(t.Context(), []plan.Change{create("dan"), connectortest.NewChange(plan.Disable, id, attr.Object{})})
	if !errors.Is(outcomes[0].Err, connector.QuotaExceeded) || outcomes[1].Err != nil {
		t.Errorf("outcomes %v, want the removal done and nothing else", outcomes)
	}
	for query, want := range map[string]error{"ann": connector.QuotaExceeded, "": nil} {
		var err error
		for _, err = range c.Read(t.Context(), connector.Query{Type: "User", IDs: []string{id}, Attribute: "Username", Values: strings.Fields(query)}) {
			continue
		}
		if !errors.Is(err, want) {
			t.Errorf("reading %q besides the id gives %v, want %v", query, err, want)
		}
	}
	if got := target.Statistics().Writes; got != 3 {
		t.Errorf("%d writes, want 3", got)
	}
}

func TestDecoratorsConform(t *testing.T) {
	t.Parallel()
	wrappers := map[string]func(connector.Connector) connector.Connector{
		"throttle": func(c connector.Connector) connector.Connector { return connector.Throttle(c, connector.Limits{}) },
		"record":   func(c connector.Connector) connector.Connector { return connector.Record(c) },
	}
	for name, wrap := range wrappers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Harness{Open: func(t *testing.T) connectortest.Target {
				t.Helper()
				target := newTarget(t, memory.Config{Required: []string{"LastName"}, Roles: []connector.Role{{ID: "r", Name: "User"}}})
				return connectortest.Target{
					Connector: wrap(target), Free: "Title", Required: "LastName", Accounts: target.Accounts,
					Account: func(name string) attr.Object {
						return attr.New("User", "", map[string]attr.Value{"Username": attr.Text(name), "LastName": attr.Text("Doe"), "IsActive": attr.Bool(true)})
					},
				}
			}})
		})
	}
}

func TestRecordKeepsWhatHappened(t *testing.T) {
	t.Parallel()
	c := connector.Record(newTarget(t, memory.Config{}))
	c.Apply(t.Context(), []plan.Change{create("ann"), create("ann")})
	for range c.Read(t.Context(), connector.Query{Type: "User", All: true}) { //nolint:errcheck // only that it happened counts.
		continue
	}
	var got []string
	for _, event := range c.Events() {
		got = append(got, fmt.Sprint(event.Operation, " ", len(event.Changes), " ", len(event.Outcomes), " ", event.Items, " ", event.Err))
	}
	if diff := cmp.Diff([]string{"apply 2 2 0 <nil>", "read 0 0 1 <nil>"}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestKindsAreFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("read users: %w", &connector.Error{Kind: connector.Throttled, TargetCode: "SLOW", Message: "slow down", Err: cause})
	if !errors.Is(err, connector.Throttled) || !errors.Is(err, cause) || connector.KindOf(err) != connector.Throttled || connector.KindOf(cause) != connector.Unavailable {
		t.Errorf("the kind or the cause of %v is not found", err)
	}
	if err.Error() != "read users: SLOW: slow down" {
		t.Errorf("the message is %q", err)
	}
}

func TestGalleryFindsATemplateByAnyOfItsNames(t *testing.T) {
	t.Parallel()
	gallery := connector.Gallery{{Descriptor: connector.Descriptor{TemplateID: "memory", GalleryID: "0-1", Name: "Memory", Aliases: []string{"MemoryOutDelta"}}}}
	for _, name := range []string{"memory", "0-1", "MEMORY", "memoryoutdelta"} {
		if _, err := gallery.Find(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := gallery.Find("other"); err == nil || err.Error() != `the gallery has no application "other"; it has memory` {
		t.Errorf("got %v", err)
	}
}

package connector_test

import (
	"errors"
	"fmt"
	"testing"

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

func TestDecoratorsConform(t *testing.T) {
	t.Parallel()
	wrappers := map[string]func(connector.Connector) connector.Connector{
		"record": func(c connector.Connector) connector.Connector { return connector.Record(c) },
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

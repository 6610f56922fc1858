package memory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/connectortest"
	"github.com/usher-id/usher/connector/memory"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	const password, wrong = "canary-right-1", "canary-wrong-2"
	connectortest.Run(t, connectortest.Harness{Open: func(t *testing.T) connectortest.Target {
		t.Helper()
		config := memory.Config{
			Required: []string{"LastName"}, Expected: provisioning.Credentials{}.With("Password", password),
			Roles:     []connector.Role{{ID: "r1", Name: "Standard", License: connector.License{Name: "Full", Total: 1_000}}, {ID: "r2", Name: "Guest"}},
			Presented: provisioning.Credentials{}.With("Password", password),
		}
		target := newTarget(t, config)
		config.Presented = provisioning.Credentials{}.With("Password", wrong)
		faulty := connectortest.WithFaults(target)
		disturb := func(kind connectortest.FaultKind, err error) func() {
			return func() {
				faulty.Add(connectortest.Fault{Operation: connectortest.Apply, Kind: kind, Err: err})
			}
		}
		return connectortest.Target{
			Connector: faulty, Refused: newTarget(t, config), Secrets: []string{password, wrong},
			Free: "Title", Required: "LastName", Account: account, Accounts: target.Accounts,
			Requests: func() int { return int(target.Statistics().Calls) },
			Disturb: connectortest.Disturbances{
				LoseAnswer:  disturb(connectortest.LoseAnswer, nil),
				Unavailable: disturb(connectortest.FailBefore, nil),
				Quota:       disturb(connectortest.FailBefore, &connector.Error{Kind: connector.QuotaExceeded, Code: "MemoryQuotaExceeded"}),
			},
		}
	}})
}

func TestMemoryConformsAsATargetOfAnotherKind(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, connectortest.Harness{Open: func(t *testing.T) connectortest.Target {
		t.Helper()
		descriptor := memory.Descriptor()
		descriptor.Capabilities.Deletes, descriptor.Capabilities.ImportsRoles, descriptor.Capabilities.BatchSize = true, false, 1
		target := newTarget(t, memory.Config{
			Descriptor: descriptor, Required: []string{"LastName"}, Latency: time.Microsecond,
			Normalize: memory.Normalization{LowerCase: []string{"Username"}, IDLength: 18},
		})
		return connectortest.Target{
			Connector: target, Free: "Title", Required: "LastName", Accounts: target.Accounts,
			Account: func(name string) attr.Object { return account(name).With("Username", attr.Text(strings.ToUpper(name))) },
		}
	}})
}

func TestTheOracleActsBehindTheConnectorsBack(t *testing.T) {
	t.Parallel()
	target := newTarget(t, memory.Config{Accounts: []attr.Object{account("ann"), account("bob")}})
	ann, _ := target.Account("ANN")
	if err := target.SetAccount(ann.With("Title", attr.Text("Boss"))); err != nil {
		t.Fatal(err)
	}
	if err := target.SetAccount(account("ann")); !errors.Is(err, connector.Conflict) {
		t.Errorf("a second ann gives %v, want a conflict", err)
	}
	bob, _ := target.Account("bob")
	target.RemoveAccount(bob.ID)
	query := connector.Query{Type: "User", Attribute: "Title", Values: []string{"boss"}, IDs: []string{bob.ID}}
	var got []string
	for object, err := range target.Read(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, object.ID)
	}
	if diff := cmp.Diff([]string{ann.ID}, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if _, err := memory.New(memory.Config{Accounts: []attr.Object{account("ann"), account("Ann")}}); err == nil {
		t.Error("a target with two accounts of one name can be made")
	}
}

func newTarget(t *testing.T, config memory.Config) *memory.Connector {
	t.Helper()
	target, err := memory.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func account(name string) attr.Object {
	return attr.New("User", "", map[string]attr.Value{
		"Username": attr.Text(name), "LastName": attr.Text("Doe"), "IsActive": attr.Bool(true), "RoleName": attr.Text("Standard"),
	})
}

func TestValuesAreNormalised(t *testing.T) {
	t.Parallel()
	target := newTarget(t, memory.Config{Normalize: memory.Normalization{
		LowerCase: []string{"Username"}, Trim: []string{"Title"}, Cut: map[string]int{"City": 3}, IDLength: 18,
	}})
	object := attr.New("User", "", map[string]attr.Value{"Username": attr.Text("ANN"), "Title": attr.Text("  Boss "), "City": attr.Text("Zürich")})
	outcome := target.Apply(t.Context(), []plan.Change{connectortest.NewChange(plan.Create, "", object)})[0]
	if outcome.Err != nil || len(outcome.TargetID) != 18 {
		t.Fatalf("the outcome is %+v, want an id of 18 characters", outcome)
	}
	got, _ := target.Account("ann")
	want := attr.New("User", outcome.TargetID, map[string]attr.Value{"Username": attr.Text("ann"), "Title": attr.Text("Boss"), "City": attr.Text("Zür")})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}

func TestSeatsAreCounted(t *testing.T) {
	t.Parallel()
	target := newTarget(t, memory.Config{
		RoleAttribute: "RoleName", Roles: []connector.Role{{ID: "r1", Name: "Standard", License: connector.License{Name: "Full", Total: 1}}},
	})
	change := func(action plan.Action, id, name string) plan.Change {
		return connectortest.NewChange(action, id, account(name))
	}
	first := target.Apply(t.Context(), []plan.Change{change(plan.Create, "", "ann"), change(plan.Create, "", "bob")})
	if first[0].Err != nil || !errors.Is(first[1].Err, connector.Conflict) {
		t.Fatalf("outcomes %+v, want a success and a conflict", first)
	}
	// The removal comes last in the batch and frees the seat all the same.
	second := target.Apply(t.Context(), []plan.Change{change(plan.Create, "", "bob"), connectortest.NewChange(plan.Disable, first[0].TargetID, attr.Object{})})
	for i, outcome := range second {
		if outcome.Err != nil {
			t.Errorf("change %d: %v", i, outcome.Err)
		}
	}
	for role, err := range target.Roles(t.Context()) {
		if err != nil || role.License.Used != 1 || role.License.Free() != 0 {
			t.Errorf("role %+v, %v, want one seat used and none free", role, err)
		}
	}
}

func TestPendingChangesWaitForConfirmation(t *testing.T) {
	t.Parallel()
	target := newTarget(t, memory.Config{Pending: []string{"Email"}})
	created := connectortest.NewChange(plan.Create, "", account("ann").With("Email", attr.Text("old@example.com")))
	id := target.Apply(t.Context(), []plan.Change{created})[0].TargetID
	update := connectortest.NewChange(plan.Update, id, attr.Object{}.With("Email", attr.Text("new@example.com")))
	outcome := target.Apply(t.Context(), []plan.Change{update})[0]
	if outcome.Err != nil || len(outcome.Warnings) != 1 || len(outcome.Pending) != 1 {
		t.Errorf("the outcome is %+v, want a warning and a pending attribute", outcome)
	}
	if got, _ := target.Account("ann"); got.Get("Email").String() != "old@example.com" {
		t.Errorf("before the confirmation the address is %v", got.Get("Email"))
	}
	if err := target.Confirm(id); err != nil {
		t.Fatal(err)
	}
	if got, _ := target.Account("ann"); got.Get("Email").String() != "new@example.com" {
		t.Errorf("after the confirmation the address is %v", got.Get("Email"))
	}
}

func TestTheQuotaEnds(t *testing.T) {
	t.Parallel()
	target := newTarget(t, memory.Config{CallLimit: 1})
	if _, err := target.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Check(t.Context()); !errors.Is(err, connector.QuotaExceeded) {
		t.Errorf("the second call gives %v, want that the quota is used up", err)
	}
}

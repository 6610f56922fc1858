package plan_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

var update = flag.Bool("update", false, "rewrite the results in testdata") //nolint:gochecknoglobals // a flag of the test.

// The cases in testdata/decide are made of these parts, all of them optional but
// the user and the result. See readUser, readGrants, readFilter, readAttributes,
// readRows and readAccounts for their form.
const (
	partUser       = "user"
	partRoles      = "assigned as"
	partFilter     = "scoping filters"
	partAttributes = "target attributes"  // without it: those of the default Salesforce schema
	partRows       = "mapping"            // without it: that of the default Salesforce schema
	partMore       = "mapping, also"      // rows that join or replace those of the default
	partAccounts   = "accounts in target" // what a look-up of everything would find
	partSettings   = "settings"           // see settings below
	partResult     = "result"             // written by -update
)

// settings of a case: what is known besides the person and the target.
type settings struct {
	connected   plan.Identity
	claimedBy   string
	manager     string // account of the person's manager
	pending     []plan.Pending
	flows       string
	ranking     []string
	everyone    bool
	requireRole bool
	gone        bool
	rules       plan.Rules
}

// readSettings reads lines "name: value": "connected" (id of the account that
// belongs to the person), "claimed by", "account of the manager", "waits for
// confirmation" (attribute, old value, new value), "allowed" (flow types), "role
// ranking", and with the value yes "everyone", "role required", "gone from the
// directory", "target deletes" and "leavers keep accounts".
func readSettings(text string) (settings, error) {
	s := settings{rules: plan.Rules{
		TargetType: "User", ActiveAttribute: "IsActive", NameAttribute: "Username", SourceSystem: "the directory", TargetSystem: "the target",
	}}
	lines, err := pairs(text)
	if err != nil {
		return s, err
	}
	for _, line := range lines {
		switch line.name {
		case "connected":
			s.connected = plan.Identity{Type: "User", ID: line.value}
		case "claimed by":
			s.claimedBy = line.value
		case "account of the manager":
			s.manager = line.value
		case "waits for confirmation":
			words := divided(line.value)
			s.pending = append(s.pending, plan.Pending{Attribute: words[0], Old: attr.Text(words[1]), New: attr.Text(words[2]), Since: clock()})
		case "allowed":
			s.flows = line.value
		case "role ranking":
			s.ranking = divided(line.value)
		case "everyone":
			s.everyone = true
		case "role required":
			s.requireRole = true
		case "gone from the directory":
			s.gone = true
		case "target deletes":
			s.rules.Deletes = true
		case "leavers keep accounts":
			s.rules.Settings.SkipOutOfScopeDeletions = true
		default:
			return s, fmt.Errorf("there is no setting %q", line.name)
		}
	}
	return s, nil
}

func clock() time.Time { return time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC) }

// scenario is one case made ready.
type scenario struct {
	settings

	user     directory.User
	grants   []directory.Grant
	mapping  *mapping.Mapping
	accounts []attr.Object
}

func readScenario(t *testing.T, archive *txtar.Archive) scenario {
	t.Helper()
	part := func(name string) string {
		for _, file := range archive.Files {
			if file.Name == name {
				return string(file.Data)
			}
		}
		return ""
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var s scenario
	var err error
	s.settings, err = readSettings(part(partSettings))
	must(err)
	s.user, err = readUser(part(partUser))
	must(err)
	s.grants = readGrants(part(partRoles))
	schema := salesforceSchema(t)
	object := &schema.SynchronizationRules[0].ObjectMappings[0]
	definitions := &schema.Directories[1].Objects[0].Attributes
	if text := part(partAttributes); text != "" {
		*definitions, err = readAttributes(text)
		must(err)
	}
	if text := part(partRows); text != "" {
		object.AttributeMappings = nil
	}
	rows, err := readRows(part(partRows) + part(partMore))
	must(err)
	for _, row := range rows {
		object.AttributeMappings = slices.DeleteFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == row.TargetAttributeName })
		object.AttributeMappings = append(object.AttributeMappings, row)
	}
	object.Scope, err = readFilter(part(partFilter))
	must(err)
	object.RoleRanking = s.ranking
	if s.flows != "" {
		must(object.FlowTypes.UnmarshalJSON([]byte(`"` + s.flows + `"`)))
	}
	s.mapping, err = mapping.Compile(schema)
	must(err)
	s.rules.Flows = s.mapping.Flows
	s.accounts, err = readAccounts(part(partAccounts), *definitions)
	must(err)
	return s
}

// salesforceSchema returns the default schema of the Salesforce connector.
func salesforceSchema(t *testing.T) mapping.Schema {
	t.Helper()
	data, err := os.ReadFile("../mapping/testdata/salesforce.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := mapping.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// facts goes the way of a cycle: judge, map, resolve references, look the account
// up in the target.
func (s scenario) facts(t *testing.T) (plan.Facts, []plan.Waiting) {
	t.Helper()
	source := mapping.Source(mapping.Person{User: s.user, Grants: s.grants})
	verdict := scope.Judge(
		scope.Person{Gone: s.gone, User: s.user, Grants: s.grants, Attributes: source},
		scope.Rules{Everyone: s.everyone, RequireRole: s.requireRole, Filter: s.mapping.Filter},
	)
	facts := plan.Facts{
		Source:  plan.Identity{Type: "User", ID: s.user.ID, Name: s.user.UserPrincipalName},
		Verdict: verdict, Connected: s.connected, Pending: s.pending, ClaimedBy: s.claimedBy,
	}
	if s.gone && len(s.accounts) > 0 { // the name in the directory is gone too; that of the account is left
		facts.Source.Name = s.accounts[0].Get(s.rules.NameAttribute).String()
	}
	if !verdict.In {
		facts.Desired, facts.Fault = s.mapping.Only(s.rules.ActiveAttribute, source.With("IsSoftDeleted", attr.Bool(true)), clock())
		facts.Found = s.connectedAccount()
		return facts, nil
	}
	desired, err := s.mapping.Desired(source, clock())
	if err != nil {
		facts.Fault = err
		return facts, nil
	}
	var waiting []plan.Waiting
	facts.Desired, waiting = plan.Resolve(desired, func(id string) string {
		if id == s.user.ManagerID {
			return s.manager
		}
		return ""
	})
	facts.Found, facts.FoundBy = s.find(facts.Desired)
	return facts, waiting
}

func (s scenario) connectedAccount() []attr.Object {
	var found []attr.Object
	for _, account := range s.accounts {
		if account.ID == s.connected.ID {
			found = append(found, account)
		}
	}
	return found
}

// find looks the account up by id when there is a connection, else by the
// matching attributes in their order.
func (s scenario) find(desired mapping.Desired) ([]attr.Object, mapping.Key) {
	if s.connected.ID != "" {
		return s.connectedAccount(), mapping.Key{}
	}
	for _, key := range desired.Keys {
		var found []attr.Object
		for _, account := range s.accounts {
			if attr.Equal(account.Get(key.Attribute), key.Value, s.mapping.Rule(key.Attribute).CaseExact) {
				found = append(found, account)
			}
		}
		if len(found) > 0 {
			return found, key
		}
	}
	return nil, mapping.Key{}
}

func (s scenario) decide(t *testing.T) plan.Change {
	t.Helper()
	facts, waiting := s.facts(t)
	change := plan.Decide(facts, s.rules)
	for _, w := range waiting {
		change = change.Unresolved(w.Attribute, "the person with id "+w.Referenced)
	}
	return change
}

// carriedOut returns the scenario after the change was made in the target.
func (s scenario) carriedOut(change plan.Change) scenario {
	const made = "new account"
	if change.Action == plan.Create {
		s.accounts = append(slices.Clone(s.accounts), change.New().WithRef(attr.Ref{Type: "User", ID: made}))
		s.connected = plan.Identity{Type: "User", ID: made}
		return s
	}
	if change.Action == plan.Delete {
		s.accounts = nil
		return s
	}
	accounts := slices.Clone(s.accounts)
	for i, account := range accounts {
		if account.ID == change.Target.ID {
			accounts[i] = account.Merge(change.New()).WithRef(account.Ref())
		}
	}
	s.accounts, s.connected = accounts, change.Target
	return s
}

// report writes what a reviewer wants to see of a change.
func report(t *testing.T, change plan.Change) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := plan.Print(&out, change); err != nil {
		t.Fatal(err)
	}
	if change.Reason.Advice != "" {
		fmt.Fprintf(&out, "    advice: %s\n", change.Reason.Advice)
	}
	for _, step := range change.Steps {
		fmt.Fprintf(&out, "%s %s: %s\n", step.Type, step.Status, step.Description)
	}
	return out.Bytes()
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/decide/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s := readScenario(t, archive)
			change := s.decide(t)
			compareResult(t, name, archive, report(t, change))
			if !change.Action.Writes() {
				return
			}
			again := s.carriedOut(change).decide(t)
			if again.Action != plan.None && again.Action != plan.Skip {
				t.Errorf("after the change was made, there is another one:\n%s", again)
			}
		})
	}
}

// compareResult compares with the result in the archive, or writes it there.
func compareResult(t *testing.T, name string, archive *txtar.Archive, got []byte) {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == partResult })
	if i < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: partResult})
		i = len(archive.Files) - 1
	}
	if *update {
		archive.Files[i].Data = got
		if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(archive.Files[i].Data), string(got)); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

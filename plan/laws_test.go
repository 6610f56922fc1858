package plan_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// The target of the laws: attributes of every kind.
const lawAttributes = `Username String
IsActive Boolean
Note String
Code String CaseExact
Tags String Multivalued
Rank Integer
Badge String Immutable
Pin String WriteOnly
Boss Reference -> User
`

func lawScenario(t *rapid.T, definitions []mapping.AttributeDefinition, schema mapping.Schema) (scenario, []mapping.AttributeMapping) {
	rows := []mapping.AttributeMapping{row("Username", "[userPrincipalName]"), row("IsActive", "Not([IsSoftDeleted])")}
	rows[0].MatchingPriority = 1
	for target, sources := range map[string][]string{
		"Note":  {"[department]", `""`, `IIF([department] = "a", "", [city])`, `Append([department], "x")`},
		"Code":  {"[department]", "ToUpper([department])"},
		"Tags":  {"[otherMails]", `Split([city], "b")`},
		"Rank":  {"[employeeId]", "Count([otherMails])"},
		"Badge": {"[city]"}, "Pin": {"[city]"}, "Boss": {"[manager]"},
	} {
		if rapid.Bool().Draw(t, "map "+target) {
			rows = append(rows, drawnRow(t, target, sources))
		}
	}
	slices.SortFunc(rows, func(a, b mapping.AttributeMapping) int { return cmpText(a.TargetAttributeName, b.TargetAttributeName) })
	s := compiledScenario(t, definitions, schema, rows)
	s.user = drawnUser(t)
	s.grants = readGrants("Standard User")
	if rapid.Bool().Draw(t, "manager has an account") {
		s.manager = "005M"
	}
	if rapid.IntRange(0, 3).Draw(t, "leaver") == 0 {
		s.grants = nil
	}
	if rapid.Bool().Draw(t, "has an account") {
		s.accounts = []attr.Object{drawnAccount(t)}
		s.connected = plan.Identity{Type: "User", ID: "005A"}
	}
	return s, rows
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func row(target, expression string) mapping.AttributeMapping {
	rows, err := readRows(target + " <- " + expression)
	if err != nil {
		panic(err)
	}
	return rows[0]
}

func drawnRow(t *rapid.T, target string, sources []string) mapping.AttributeMapping {
	drawn := row(target, rapid.SampledFrom(sources).Draw(t, "source of "+target))
	drawn.FlowType = rapid.SampledFrom([]mapping.FlowType{
		mapping.FlowAlwaysType, mapping.ObjectAddOnly, mapping.MultiValueAddOnly, mapping.ValueAddOnly, mapping.AttributeAddOnly,
	}).Draw(t, "flow type of "+target)
	drawn.FlowBehavior = rapid.SampledFrom([]mapping.FlowBehavior{mapping.FlowWhenChanged, mapping.FlowAlways}).Draw(t, "flow behaviour of "+target)
	drawn.ClearWhenNull = rapid.Bool().Draw(t, "clear "+target)
	drawn.ExportMissingReferences = rapid.Bool().Draw(t, "export missing "+target)
	if rapid.Bool().Draw(t, "default of "+target) {
		value := "7"
		drawn.DefaultValue = &value
	}
	if rapid.IntRange(0, 5).Draw(t, "without source "+target) == 0 {
		drawn.Source = nil
	}
	return drawn
}

func drawnUser(t *rapid.T) directory.User {
	word := rapid.SampledFrom([]string{"", "a", "A", "abc", "b"})
	user := directory.User{ID: "u1", UserPrincipalName: "ana@contoso.com", AccountEnabled: rapid.Bool().Draw(t, "enabled")}
	attributes := make(map[string]attr.Value)
	for _, name := range []string{"department", "city"} {
		if rapid.Bool().Draw(t, "has "+name) {
			attributes[name] = attr.Text(word.Draw(t, name))
		}
	}
	if rapid.Bool().Draw(t, "has mails") {
		attributes["otherMails"] = attr.Texts(rapid.SliceOfN(word, 0, 3).Draw(t, "otherMails")...)
	}
	if rapid.Bool().Draw(t, "has a number") {
		attributes["employeeId"] = attr.Text(rapid.SampledFrom([]string{"", "1", "01", "2"}).Draw(t, "employeeId"))
	}
	if rapid.Bool().Draw(t, "has a manager") {
		user.ManagerID = "u9"
	}
	user.Attributes = attr.New("User", "u1", attributes)
	return user
}

func drawnAccount(t *rapid.T) attr.Object {
	word := rapid.SampledFrom([]string{"", "a", "A", "abc", "7"})
	attributes := map[string]attr.Value{
		"Username": attr.Text(rapid.SampledFrom([]string{"ana@contoso.com", "ANA@contoso.com", "old@contoso.com"}).Draw(t, "Username")),
		"IsActive": attr.Bool(rapid.Bool().Draw(t, "IsActive")),
	}
	for _, name := range []string{"Note", "Code", "Badge"} {
		if rapid.Bool().Draw(t, "account has "+name) {
			attributes[name] = attr.Text(word.Draw(t, name))
		}
	}
	if rapid.Bool().Draw(t, "account has tags") {
		attributes["Tags"] = attr.Texts(rapid.SliceOfN(word, 0, 3).Draw(t, "Tags")...)
	}
	if rapid.Bool().Draw(t, "account has a rank") {
		attributes["Rank"] = attr.Int(rapid.Int64Range(0, 3).Draw(t, "Rank"))
	}
	if rapid.Bool().Draw(t, "account has a boss") {
		attributes["Boss"] = attr.RefTo(attr.Ref{Type: "User", ID: rapid.SampledFrom([]string{"005M", "005X"}).Draw(t, "Boss")})
	}
	return attr.New("User", "005A", attributes)
}

func compiledScenario(t *rapid.T, definitions []mapping.AttributeDefinition, schema mapping.Schema, rows []mapping.AttributeMapping) scenario {
	settings, err := readSettings("")
	if err != nil {
		t.Fatal(err)
	}
	schema.Directories = slices.Clone(schema.Directories)
	schema.Directories[1].Objects = []mapping.ObjectDefinition{{Name: "User", Attributes: definitions}}
	object := schema.SynchronizationRules[0].ObjectMappings[0]
	object.AttributeMappings = rows
	rule := schema.SynchronizationRules[0]
	rule.ObjectMappings = []mapping.ObjectMapping{object}
	schema.SynchronizationRules = []mapping.Rule{rule}
	compiled, err := mapping.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	settings.rules.Flows = compiled.Flows
	return scenario{settings: settings, mapping: compiled}
}

func lawGround(t *testing.T) ([]mapping.AttributeDefinition, mapping.Schema) {
	t.Helper()
	definitions, err := readAttributes(lawAttributes)
	if err != nil {
		t.Fatal(err)
	}
	return definitions, salesforceSchema(t)
}

func TestAfterAChangeIsMadeThereIsNoOther(t *testing.T) {
	t.Parallel()
	definitions, schema := lawGround(t)
	rapid.Check(t, func(r *rapid.T) {
		s, _ := lawScenario(r, definitions, schema)
		change := s.decide(t)
		if !change.Action.Writes() {
			return
		}
		if again := s.carriedOut(change).decide(t); again.Action != plan.None {
			r.Fatalf("first\n%sthen\n%s", change, again)
		}
	})
}

func TestDecidingIsDeterministic(t *testing.T) {
	t.Parallel()
	definitions, schema := lawGround(t)
	rapid.Check(t, func(r *rapid.T) {
		s, _ := lawScenario(r, definitions, schema)
		if first, second := encoded(t, s.decide(t)), encoded(t, s.decide(t)); first != second {
			r.Fatalf("first\n%s\nthen\n%s", first, second)
		}
	})
}

func TestTheOrderOfMappingRowsDoesNotMatter(t *testing.T) {
	t.Parallel()
	definitions, schema := lawGround(t)
	rapid.Check(t, func(r *rapid.T) {
		s, rows := lawScenario(r, definitions, schema)
		other := s
		other.mapping = compiledScenario(r, definitions, schema, rapid.Permutation(rows).Draw(r, "order")).mapping
		if diff := cmp.Diff(encoded(t, s.decide(t)), encoded(t, other.decide(t))); diff != "" {
			r.Fatalf("another order of rows makes another change (-one +other):\n%s", diff)
		}
	})
}

func encoded(t *testing.T, change plan.Change) string {
	t.Helper()
	data, err := json.MarshalIndent(change, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + string(change.Desired.AppendJSON(nil))
}

func TestFieldsAreExactlyWhatDiffers(t *testing.T) {
	t.Parallel()
	definitions, schema := lawGround(t)
	rapid.Check(t, func(r *rapid.T) {
		s, _ := lawScenario(r, definitions, schema)
		change := s.decide(t)
		if change.Action == plan.Create || change.Current.IsZero() {
			return
		}
		written := make(map[string]bool)
		for _, field := range change.Fields {
			written[field.Name] = true
			if !attr.Equal(field.Old, change.Current.Get(field.Name), true) || !attr.Equal(field.New, change.Desired.Get(field.Name), true) {
				r.Fatalf("field %s does not say what is there and what is wanted: %s", field.Name, change)
			}
		}
		for name, wanted := range change.Desired.All() {
			rule := s.mapping.Rule(name)
			old := change.Current.Get(name)
			same := attr.Equal(old, wanted, rule.CaseExact) || old.IsEmpty() && wanted.IsEmpty()
			along := rule.FlowBehavior == mapping.FlowAlways || rule.Mutability == mapping.WriteOnly
			if written[name] == same && !along {
				r.Fatalf("%s: written %v, same %v (%v, %v)\n%s", name, written[name], same, old, wanted, change)
			}
		}
		if change.Action == plan.None && len(change.Fields) > 0 {
			r.Fatalf("nothing to do, and fields: %s", change)
		}
	})
}

func TestLeaversLoseTheActiveFlagAndNothingElse(t *testing.T) {
	t.Parallel()
	definitions, schema := lawGround(t)
	rapid.Check(t, func(r *rapid.T) {
		s, _ := lawScenario(r, definitions, schema)
		s.grants = nil
		change := s.decide(t)
		if !change.Action.Writes() {
			return
		}
		if change.Action != plan.Disable || len(change.Fields) != 1 || change.Fields[0].Name != "IsActive" {
			r.Fatalf("a leaver gets %s", change)
		}
	})
}

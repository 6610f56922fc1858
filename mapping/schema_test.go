package mapping_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
)

func document(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parsed(t *testing.T, data []byte) mapping.Schema {
	t.Helper()
	schema, err := mapping.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestASchemaIsWrittenAgainWithoutLoss(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"salesforce.json", "export.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := document(t, name)
			written, err := json.Marshal(parsed(t, data))
			if err != nil {
				t.Fatal(err)
			}
			for _, loss := range lost("", decoded(t, data), decoded(t, written)) {
				t.Error(loss)
			}
			again, err := json.Marshal(parsed(t, written))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(written), string(again)); diff != "" {
				t.Errorf("the second time it is written differently:\n%s", diff)
			}
		})
	}
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// lost lists what of want is not in got. Members that were left out or null may
// have their default.
func lost(path string, want, got any) []string {
	var losses []string
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		for name, value := range want {
			losses = append(losses, lost(path+"."+name, value, object[name])...)
		}
		return losses
	case []any:
		list, _ := got.([]any)
		if len(list) != len(want) {
			return []string{fmt.Sprintf("%s has %d elements, want %d", path, len(list), len(want))}
		}
		for i := range want {
			losses = append(losses, lost(fmt.Sprintf("%s[%d]", path, i), want[i], list[i])...)
		}
		return losses
	}
	if want != nil && want != got && want != false {
		losses = append(losses, fmt.Sprintf("%s is %v, want %v", path, got, want))
	}
	return losses
}

func TestMembersThatAreLeftOutGetTheirDefaults(t *testing.T) {
	t.Parallel()
	schema := parsed(t, []byte(`{"directories":[{"objects":[{"attributes":[{"name":"a"},{"name":"b","type":null,"mutability":null}]}]}],
		"synchronizationRules":[{"objectMappings":[{"flowTypes":null,"attributeMappings":[{"targetAttributeName":"a"},{"flowType":null,"flowBehavior":""}]},{}]}]}`))
	for _, definition := range schema.Directories[0].Objects[0].Attributes {
		if definition.Type != mapping.StringType || definition.Mutability != mapping.ReadWrite {
			t.Errorf("attribute %s: type %q, mutability %q", definition.Name, definition.Type, definition.Mutability)
		}
	}
	for i, object := range schema.SynchronizationRules[0].ObjectMappings {
		if !object.Enabled || object.FlowTypes != mapping.AllFlows {
			t.Errorf("object mapping %d: enabled %v, flow types %s", i, object.Enabled, object.FlowTypes)
		}
	}
	for i, row := range schema.SynchronizationRules[0].ObjectMappings[0].AttributeMappings {
		if row.FlowType != mapping.FlowAlwaysType || row.FlowBehavior != mapping.FlowWhenChanged {
			t.Errorf("attribute mapping %d: flow type %q, behaviour %q", i, row.FlowType, row.FlowBehavior)
		}
	}
}

func TestWhatIsChangedIsWrittenAndTheRestIsKept(t *testing.T) {
	t.Parallel()
	schema := parsed(t, document(t, "export.json"))
	_, object, err := schema.UserMapping()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == "Badge__c" })
	object.AttributeMappings[i].Source = nil
	object.Scope.Groups[1].Name = "renamed"
	data, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	again := parsed(t, data)
	_, changed, err := again.UserMapping()
	if err != nil {
		t.Fatal(err)
	}
	if changed.AttributeMappings[i].Source != nil {
		t.Error("the source that was removed is back")
	}
	if got := changed.Scope.Groups[1].Name; got != "renamed" {
		t.Errorf("the filter is called %q", got)
	}
	if !strings.Contains(string(data), "provisioningTaskIdentifier") {
		t.Error("an unknown member is gone")
	}
}

func TestTheExportCanBeUsedAsItIs(t *testing.T) {
	t.Parallel()
	schema := parsed(t, document(t, "export.json"))
	findings := mapping.Check(schema, mapping.Use{ActiveAttribute: "IsActive"})
	want := "synchronizationRules[0].objectMappings[0].attributeMappings[24]: warning: Nickname__c has neither a source nor a default value, so the row does nothing\n" +
		"directories[1].objects[0].attributes[12]: warning: the target requires ProfileId, which is not mapped\n"
	if diff := cmp.Diff(want, findings.String()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	compiled, err := mapping.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	desired, err := compiled.Desired(attr.New("User", "u1", map[string]attr.Value{
		"userPrincipalName": attr.Text("ana@contoso.com"), "extensionAttribute10": attr.Text("B-12"),
		"extension_5a7c2e9b4d1f4c8e9a3b6d2f8c1e7a90_badge": attr.Text("red"),
	}), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"officeCode__c": "B-12", "CompanyName": "Contoso", "Badge__c": "R", "Region__c": "EMEA", "Username": "ana@contoso.com"} {
		if got := desired.Get(target).String(); got != want {
			t.Errorf("%s is %q, want %q", target, got, want)
		}
	}
	if diff := cmp.Diff([]string{"Username", "FederationIdentifier"}, compiled.Keys()); diff != "" {
		t.Errorf("matching attributes (-want +got):\n%s", diff)
	}
}

func TestBadDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`[]`, `{"directories":{}}`, `{"synchronizationRules":[{"priority":"high"}]}`, `{"synchronizationRules":[{"objectMappings":[{"flowTypes":"Add,Destroy"}]}]}`, ``} {
		if schema, err := mapping.Parse([]byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, schema)
		}
	}
}

func TestWrongTypesAreToldWithTheirPlaces(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, want string }{
		{"a text for a number", `{"synchronizationRules":[{},{"objectMappings":[{"attributeMappings":[{"matchingPriority":"1"},{"matchingPriority":2},{"matchingPriority":[3]}]}]}]}`, `read synchronization schema: synchronizationRules[1].objectMappings[0].attributeMappings[0].matchingPriority is a text, want a number`},
		{"a number for a text", `{"directories":[{"name":5}]}`, `read synchronization schema: directories[0].name is a number, want a text`},
		{"an object for a list", `{"directories":{}}`, `read synchronization schema: directories is an object, want a list`},
		{"a list for an object", `[]`, `read synchronization schema: `},
		{"UTF-16", "\xff\xfe{\x00}\x00", `read synchronization schema: the document is UTF-16; save it as UTF-8`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := mapping.Parse([]byte(test.document))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error is %v, want %s", err, test.want)
			}
		})
	}
}

func TestAByteOrderMarkDoesNoHarm(t *testing.T) {
	t.Parallel()
	if schema, err := mapping.Parse([]byte("\ufeff{\"id\":\"a\"}")); err != nil || schema.ID != "a" {
		t.Errorf("id %q, error %v", schema.ID, err)
	}
}

func TestMembersThatDifferInLetterCaseOnly(t *testing.T) {
	t.Parallel()
	// Both orders: it must not be the last one that counts.
	for _, text := range []string{`{"Id":"a","id":"b","ID":"c"}`, `{"ID":"c","id":"b","Id":"a"}`} {
		if schema := parsed(t, []byte(text)); schema.ID != "b" || len(schema.Unknown) > 0 {
			t.Errorf("%s: the id is %q, unknown are %v", text, schema.ID, schema.Unknown)
		}
	}
	if schema := parsed(t, []byte(`{"ID":"c"}`)); schema.ID != "c" {
		t.Errorf("a member that is spelled differently is not taken: %q", schema.ID)
	}
	for _, text := range []string{`{"Id":"a","ID":"c"}`, `{"ID":"c","Id":"a"}`} {
		_, err := mapping.Parse([]byte(text))
		const want = `the members "ID" and "Id" differ in letter case only, and both could be "id"; write one of them`
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	// Whole exports are too large to be mutated with any success.
	f.Add([]byte(`{"synchronizationRules":[null,{"objectMappings":[{"sourceObjectName":"User","scope":{"groups":null},"attributeMappings":[{"source":{}}]}]}]}`))
	f.Add([]byte(`{"directories":[{"name":"","objects":[{"name":"","attributes":[{"name":"a"}]}]}],"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","attributeMappings":[{"targetAttributeName":"a","source":{"expression":"[mail]"},"matchingPriority":1}]}]}]}`))
	f.Add([]byte(`{"@odata.context":1,"directories":[{"objects":[{"attributes":[{"name":"A","type":"Integer","metadata":null,"x":[1,2.5]},{"name":"a"}]}]}],"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","flowTypes":"Add, Update","attributeMappings":[{"targetAttributeName":"a","source":{"name":"Not","type":"Function","parameters":[{"key":"source","value":{"name":"IsSoftDeleted","type":"Attribute"}}]},"defaultValue":"x","matchingPriority":1}],"@usher.tests":[{"name":"t","source":{"appRoleAssignments":["r",1,null]},"expect":{"a":{"@time":"x"}}}],"scope":{"groups":[{"clauses":[{"operatorName":"EQUALS","sourceOperandName":"city","targetOperand":{"values":["x"]}}]}]}}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		schema, err := mapping.Parse(data)
		if err != nil {
			return
		}
		findings := mapping.Check(schema, mapping.Use{ActiveAttribute: "a", Everyone: true})
		if _, err := mapping.Compile(schema); err == nil != (len(findings.Faults()) == 0) && err != nil {
			t.Fatalf("Check finds nothing wrong, Compile does: %v", err)
		}
		written, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		again, err := mapping.Parse(written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		if differences := mapping.Compare(schema, again); len(differences) > 0 {
			t.Fatalf("what was written differs: %v\n%s", differences, written)
		}
	})
}

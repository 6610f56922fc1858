package salesforcetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

const orgFile = `
name: Contoso
sandbox: true
sandboxName: uat
latency: 20ms
dailyLimit: 5000
settings:
  emailChange: immediate
licenses:
  - {name: Salesforce, definitionKey: SFDC, total: 3}
  - {name: Chatter Free, definitionKey: CSN_User, userType: CsnOnly, total: -1}
profiles:
  - {name: System Administrator, license: Salesforce, permissions: [All]}
  - {name: Sales, license: Salesforce, permissions: [ApiEnabled]}
  - {name: Chatter Free User, license: Chatter Free}
roles:
  - {name: Boss}
  - {name: Worker, parent: Boss}
users:
  - username: root@contoso.example
    password: secret
    profile: System Administrator
  - username: ana@contoso.example
    profile: Sales
    role: Worker
    manager: root@contoso.example
    fields: {FirstName: Ana, EmployeeNumber: 17, Person__c: P-1}
customFields:
  - {object: User, name: Person__c, externalId: true}
groups:
  - {name: Everyone, members: [ana@contoso.example]}
faults:
  - {kind: slow, operation: query, delay: 1s}
`

func TestAnOrgIsMadeFromAFile(t *testing.T) {
	t.Parallel()
	config, err := salesforcetest.ReadConfig(strings.NewReader(orgFile))
	if err != nil {
		t.Fatal(err)
	}
	org, err := salesforcetest.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ana, found := org.User("ana@contoso.example.uat")
	got := []string{ana.Email, ana.ProfileName, ana.RoleName, ana.Get("EmployeeNumber"), ana.Get("Person__c"), strings.Join(ana.Groups, ",")}
	want := []string{"ana@contoso.example.invalid", "Sales", "Worker", "17", "P-1", "Everyone"}
	if diff := cmp.Diff(want, got); diff != "" || !found || ana.ManagerID == "" {
		t.Errorf("Ana (-want +got):\n%s", diff)
	}
	if config.Latency != 20*time.Millisecond || config.Faults[0].Delay != time.Second || org.Licenses()[0].Used != 2 {
		t.Errorf("config: %+v", config)
	}
}

func TestAFileReportsAllItsFaultsWithLines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		want       []int
		words      string
	}{
		{"unknown keys and wrong types", "name: x\ncolour: red\nlatency: soon\nlicenses:\n  - name: A\n    total: many\nprofiles: none\n", []int{2, 3, 6, 7}, "unknown key \"colour\""},
		{
			"names of nothing", "profiles:\n  - name: A\n    license: None\n    permissions: [Fly]\nusers:\n  - username: a@b.example\n    profile: B\n    fields: {Colour: red}\nfaults:\n  - kind: flood\n",
			[]int{3, 4, 7, 8, 10},
			"there is no license \"None\"",
		},
		{"missing and doubled", "users:\n  - profile: Standard User\n  - {username: a@b.example, profile: Standard User}\n  - {username: A@b.example, profile: Standard User}\n", []int{2, 4}, "there twice"},
		{"no YAML", "a: [", []int{0}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := salesforcetest.ReadConfig(strings.NewReader(test.file))
			faults, ok := err.(salesforcetest.FileErrors) //nolint:errorlint // ReadConfig promises this very type.
			if !ok {
				t.Fatalf("error = %v", err)
			}
			var lines []int
			for _, f := range faults {
				lines = append(lines, f.Line)
			}
			if diff := cmp.Diff(test.want, lines); diff != "" || !strings.Contains(err.Error(), test.words) {
				t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
			}
		})
	}
}

func TestAnEmptyFileIsTheDefaultOrg(t *testing.T) {
	t.Parallel()
	config, err := salesforcetest.ReadConfig(strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	org, err := salesforcetest.New(config)
	if err != nil || org.Credentials().Username != salesforcetest.DefaultUsername {
		t.Errorf("%v", err)
	}
}

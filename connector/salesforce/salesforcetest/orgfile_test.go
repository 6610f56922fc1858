package salesforcetest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func TestAnOrgIsMadeFromAFile(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "org.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read.
	config, err := salesforcetest.ReadConfig(file)
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

func TestAQueueAndAPublicGroupMayShareAName(t *testing.T) {
	t.Parallel()
	config, err := salesforcetest.ReadConfig(strings.NewReader(`
groups:
  - {name: Support, type: Queue, members: [admin@sim.example, Support]}
  - {name: Support, members: [admin@sim.example]}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := signIn(t, config)
	got := []string{}
	for _, r := range s.query("SELECT Group.Type, UserOrGroup.Type FROM GroupMember WHERE Group.DeveloperName = 'Support' ORDER BY Id") {
		group, _ := r["Group"].(map[string]any)
		member, _ := r["UserOrGroup"].(map[string]any)
		got = append(got, group["Type"].(string)+" "+member["Type"].(string))
	}
	if diff := cmp.Diff([]string{"Queue User", "Queue Group", "Regular User"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	again := s.do(http.MethodPost, data+"/sobjects/Group", `{"Name":"Support","Type":"Queue"}`)
	if again.code(t) != "DUPLICATE_DEVELOPER_NAME" {
		t.Errorf("a second queue: %d %s", again.status, again.text)
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

func TestAScheduleOfFaultsIsReadFromAFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		want       []salesforcetest.Fault
		fault      string
	}{
		{
			"YAML", "- {kind: slow, operation: query, delay: 2s}\n- kind: row-error\n  match: ana@example.com\n  code: FIELD_CUSTOM_VALIDATION_EXCEPTION\n  message: no\n",
			[]salesforcetest.Fault{
				{Kind: salesforcetest.FaultSlow, Operation: "query", Delay: 2 * time.Second},
				{Kind: salesforcetest.FaultRowError, Match: "ana@example.com", Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "no"},
			},
			"",
		},
		{"JSON, as the control endpoint takes it", `[{"kind": "response-lost", "operation": "create", "nth": 2}]`, []salesforcetest.Fault{{Kind: salesforcetest.FaultResponseLost, Operation: "create", Nth: 2}}, ""},
		{"nothing", "", nil, ""},
		{"unknown words", "- kind: flood\n- {kind: slow, operation: dance}\n- {kind: row-error}\n- {kind: slow, hue: 1}\n", nil, `line 4: unknown key "hue"`},
		{"unknown kinds", "- kind: flood\n- {kind: slow, operation: dance}\n- {kind: row-error}\n", nil, "line 1: there is no kind of fault \"flood\"\nline 2: there is no operation \"dance\"; known are login, token, query, create, update, delete, read, describe, limits\nline 3: a fault of the kind row-error needs a code"},
		{"no list", "kind: slow", nil, "line 1: the file must be a list"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := salesforcetest.ReadFaults(strings.NewReader(test.file))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if (err != nil) != (test.fault != "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("error %v, want %q", err, test.fault)
			}
		})
	}
}

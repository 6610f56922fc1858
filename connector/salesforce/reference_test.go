package salesforce

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

var update = flag.Bool("update", false, "rewrite the tables of the reference page") //nolint:gochecknoglobals // a flag of the tests

// TestReferencePage keeps the tables of the page what the code says. Everything
// between the marks is written by the test, the rest by hand.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "connectors", "salesforce.md")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, want := string(content), string(content)
	for name, table := range map[string]string{
		"settings": settingsTable(), "permissions": permissionsTable(), "mapping": mappingTable(), "attributes": attributesTable(), "errors": errorsTable(),
	} {
		want = replaceTable(t, want, name, table)
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/connectors/salesforce.md is out of date; go test ./connector/salesforce -run TestReferencePage -update writes it anew (-want +got):\n%s", diff)
	}
}

// replaceTable puts a table between its two marks.
func replaceTable(t *testing.T, page, name, table string) string {
	t.Helper()
	opening, closing := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, found := strings.Cut(page, opening)
	_, after, closed := strings.Cut(rest, closing)
	if !found || !closed {
		t.Fatalf("the page has no marks for %s", name)
	}
	return before + opening + "\n" + table + "\n" + closing + after
}

// rows writes a table.
func rows(head []string, lines [][]string) string {
	var b strings.Builder
	for _, line := range append([][]string{head, slices.Repeat([]string{"---"}, len(head))}, lines...) {
		for i, cell := range line {
			line[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
	}
	return b.String()
}

func settingsTable() string {
	var lines [][]string
	for _, setting := range SandboxTemplate(Options{}).Descriptor.Settings {
		lines = append(lines, []string{"`" + setting.Key + "`", setting.Label, flagOf(setting), setting.Help, example(setting)})
	}
	return rows([]string{"key", "label", "flag", "what it is", "example"}, lines)
}

func flagOf(setting provisioning.Setting) string {
	if setting.Secret {
		return "`--" + setting.Flag + "-file`"
	}
	return "`--" + setting.Flag + "`"
}

func example(setting provisioning.Setting) string {
	if setting.Example == "" {
		return ""
	}
	return "`" + setting.Example + "`"
}

func permissionsTable() string {
	lines := [][]string{{"API Enabled", "everything: without it the sign-in is refused", "", "always"}}
	plain := (&Connector{}).neededPermissions()
	everything := (&Connector{mapped: []string{attributePublicGroups}, leaving: leaving{freeze: true}}).neededPermissions()
	labels := map[string]string{manageUsers: "Manage Users", "ManageInternalUsers": "Manage Internal Users"}
	for i, p := range everything {
		when, within := "always", make([]string, len(p.within))
		if i >= len(plain) {
			when = "when it is used"
		}
		for n, name := range p.within {
			within[n] = labels[name]
		}
		lines = append(lines, []string{p.label, p.feature, strings.Join(within, ", "), when})
	}
	return rows([]string{"permission", "what needs it", "included in", "asked for"}, lines)
}

func mappingTable() string {
	var lines [][]string
	for _, row := range userMapping(DefaultSchema()).AttributeMappings {
		source, standard, matching := "", "", ""
		if row.Source != nil {
			source = "`" + row.Source.Expression + "`"
		}
		if row.DefaultValue != nil && *row.DefaultValue != "" {
			standard = "`" + *row.DefaultValue + "`"
		}
		if row.MatchingPriority > 0 {
			matching = strconv.Itoa(row.MatchingPriority)
		}
		lines = append(lines, []string{"`" + row.TargetAttributeName + "`", source, standard, matching})
	}
	return rows([]string{"attribute", "source", "default", "matching"}, lines)
}

func attributesTable() string {
	var lines [][]string
	definition, _ := DefaultSchema().Object(targetDirectory, objectUser)
	for _, attribute := range definition.Attributes {
		kind := string(attribute.Type)
		if attribute.Type == mapping.ReferenceType {
			kind += " to " + attribute.ReferencedObjects[0].ReferencedObjectName
		}
		if attribute.Multivalued {
			kind += ", several"
		}
		lines = append(lines, []string{"`" + attribute.Name + "`", kind, meaning(attribute.Name)})
	}
	return rows([]string{"attribute", "type", "remark"}, lines)
}

// meaning explains the attributes that are not plain fields.
func meaning(name string) string {
	switch name {
	case attributeID:
		return "given out by Salesforce"
	case attributeProfileName:
		return "name of a profile; becomes `ProfileId`"
	case attributeUserRoleName:
		return "name of a role; becomes `UserRoleId`"
	case attributePermissionSets:
		return "API names, with the prefix of the package where there is one"
	case attributePermissionSetGroups, attributePermissionSetLicenses:
		return "API names (DeveloperName)"
	case attributePublicGroups:
		return "API names of public groups and queues"
	case attributeIsFrozen:
		return "freezes the sign-in; the user keeps the licence"
	case "StateCode", "CountryCode":
		return "exists where State and Country/Territory Picklists are on"
	case "ContactId", "PortalRole":
		return "of external users alone"
	case attributeManagerID:
		return "written when the manager has an account"
	}
	if strings.HasPrefix(name, "UserPermissions") {
		return "takes a feature licence"
	}
	return ""
}

func errorsTable() string {
	var lines [][]string
	for _, e := range Explanations() {
		target, again := "", ""
		if e.Target != "" {
			target = "`" + e.Target + "`"
		}
		if e.Retry {
			again = "at once"
		}
		lines = append(lines, []string{"`" + e.Code + "`", target, e.Explanation, e.Advice, again})
	}
	return rows([]string{"code", "of Salesforce", "what it means", "what to do", "tried again"}, lines)
}

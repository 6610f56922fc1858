package mapping_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/usher-id/usher/mapping"
)

var update = flag.Bool("update", false, "rewrite the results in testdata") //nolint:gochecknoglobals // a flag of the test.

// skeleton is a whole document around the parts that a case is about.
const skeleton = `{
	"directories": [
		{"name": "Directory", "objects": [{"name": "User", "attributes": [%s]}]},
		{"name": "Target", "objects": [{"name": "User", "attributes": [%s]}]}
	],
	"synchronizationRules": [{
		"name": "USER_OUTBOUND_USER", "priority": 1, "sourceDirectoryName": "Directory", "targetDirectoryName": "Target",
		"objectMappings": [{"sourceObjectName": "User", "targetObjectName": "User", "attributeMappings": [%s]%s}]
	}]
}`

// The attributes of the target where a case says nothing else.
const targetAttributes = `{"name": "Id", "anchor": true}
{"name": "Username", "required": true}
{"name": "IsActive", "type": "Boolean", "required": true}
{"name": "Department", "metadata": [{"key": "MaximumLength", "value": "10"}]}
{"name": "Rank", "type": "Integer"}
{"name": "Hired", "type": "DateTime"}
{"name": "ManagerId", "type": "Reference", "referencedObjects": [{"referencedObjectName": "User"}]}
{"name": "Tags", "multivalued": true}
{"name": "CreatedBy", "mutability": "ReadOnly"}
{"name": "Pin", "mutability": "WriteOnly"}
`

// assembled makes a document of the parts of a case: "source attributes", "target
// attributes" and "rows" with one JSON object a line as in a schema, and
// "object mapping", further members of the object mapping. A part "document" is a
// whole document.
func assembled(part func(name string) string) []byte {
	if whole := part("document"); whole != "" {
		return []byte(whole)
	}
	target := part("target attributes")
	if target == "" {
		target = targetAttributes
	}
	more := strings.TrimSpace(part("object mapping"))
	if more != "" {
		more = ", " + more
	}
	return fmt.Appendf(nil, skeleton, listed(part("source attributes")), listed(target), listed(part("rows")), more)
}

func listed(lines string) string {
	return strings.Join(strings.FieldsFunc(lines, func(r rune) bool { return r == '\n' }), ",\n")
}

func archives(t *testing.T, pattern string, run func(t *testing.T, part func(string) string) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
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
			got := run(t, func(part string) string {
				i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == part })
				if i < 0 {
					return ""
				}
				return string(archive.Files[i].Data)
			})
			compareResult(t, name, archive, got)
		})
	}
}

func compareResult(t *testing.T, name string, archive *txtar.Archive, got string) {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "result" })
	if i < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: "result"})
		i = len(archive.Files) - 1
	}
	if *update {
		archive.Files[i].Data = []byte(got)
		if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(archive.Files[i].Data), got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// definitions reads one attribute definition a line.
func definitions(t *testing.T, lines string) []mapping.AttributeDefinition {
	t.Helper()
	var list []mapping.AttributeDefinition
	if err := json.Unmarshal([]byte("["+listed(lines)+"]"), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFindings(t *testing.T) {
	t.Parallel()
	archives(t, "testdata/check/*.txtar", func(t *testing.T, part func(string) string) string {
		t.Helper()
		use := mapping.Use{ActiveAttribute: "IsActive", Everyone: part("everyone") != "", Target: definitions(t, part("connector attributes"))}
		if part("extensions") != "" {
			use.Extensions = strings.Fields(part("extensions"))
		}
		findings := mapping.Check(parsed(t, assembled(part)), use)
		if len(findings) == 0 {
			return "nothing\n"
		}
		return findings.String()
	})
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	archives(t, "testdata/difference/*.txtar", func(t *testing.T, part func(string) string) string {
		t.Helper()
		old := func(name string) string { return part("old " + name) }
		next := func(name string) string { return part("new " + name) }
		differences := mapping.Compare(parsed(t, assembled(old)), parsed(t, assembled(next)))
		if len(differences) == 0 {
			return "nothing\n"
		}
		var text strings.Builder
		for _, difference := range differences {
			text.WriteString(difference.String())
		}
		return text.String()
	})
}

func TestASchemaDoesNotDifferFromItself(t *testing.T) {
	t.Parallel()
	schema := parsed(t, document(t, "export.json"))
	if differences := mapping.Compare(schema, parsed(t, document(t, "export.json"))); len(differences) > 0 {
		t.Errorf("differences: %v", differences)
	}
}

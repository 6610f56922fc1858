package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// The page on previews is followed word by word, on the small company of the scripts.
// The names of plans and cycles that it shows stand for the newest ones.
func TestPreviewDocument(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the page is written for a POSIX shell")
	}
	org, err := salesforcetest.New(salesforcetest.Default())
	if err != nil {
		t.Fatal(err)
	}
	server, err := org.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "people"), os.DirFS("testdata/people")); err != nil {
		t.Fatal(err)
	}
	steps := readTutorial(t, "preview-and-undo.md")
	for n := range steps {
		steps[n].command = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).
			ReplaceAllString(steps[n].command, `$$(usher logs Salesforce --limit 1 -o json | sed 's/.*"cycleId":"\([^"]*\)".*/\1/')`)
		steps[n].command = regexp.MustCompile(`\b[0-9a-f]{12}$|\b[0-9a-f]{12} `).ReplaceAllString(steps[n].command, `$$(usher plan list Salesforce | sed -n 2p | cut -d" " -f1) `)
	}
	known := org.Credentials()
	command := exec.CommandContext(t.Context(), "sh", "-c", previewPrelude+"mkdir wrong\n"+tutorialScript(t, steps, tutorialOrg))
	command.Dir = folder
	command.Env = append(os.Environ(), "USER=you", "USHER_ACTOR=you", "USHER_DATA="+filepath.Join(folder, "data"),
		"ORG="+server.URL, "NAME="+known.Username, "USHER_PASSWORD="+known.Password, "USHER_SECURITY_TOKEN="+known.SecurityToken)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("the shell: %v\n%s", err, output)
	}
	outputs := map[int]string{}
	for part := range strings.SplitSeq(string(output), tutorialMark) {
		number, text, _ := strings.Cut(part, "\n")
		if line, err := strconv.Atoi(number); err == nil {
			outputs[line] = text
		}
	}
	name := regexp.MustCompile(`(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-|\b)[0-9a-f]{12}\b`)
	for _, step := range steps {
		if step.file != "" {
			continue
		}
		want := strings.Split(name.ReplaceAllString(strings.Join(step.text, "\n"), "NAME"), "\n")
		if fault := shows(want, name.ReplaceAllString(outputs[step.line], "NAME")); fault != "" {
			t.Errorf("preview-and-undo.md:%d: $ %s\n%s\n--- all of the output:\n%s", step.line, step.command, fault, outputs[step.line])
		}
	}
}

// previewPrelude is what the page goes on from.
const previewPrelude = `set -e
(
usher directory import people
usher app add salesforce
usher app set-credentials Salesforce --username "$NAME" --tenant-url "$ORG"
usher app roles Salesforce --import
usher app map Salesforce Department '[department]'
usher assign Salesforce --group Sales --role 'Standard User'
usher app start Salesforce
) >/dev/null
set +e
`

package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// readSimDocument takes the files and the commands out of the page about the
// simulated org, in the form of the tutorial.
func readSimDocument(t *testing.T) (text string, steps []tutorialStep) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "simulated-org.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := "" // the info string of the block that the line is in
	for number, line := range strings.Split(string(content), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && block == "":
			block = info
			if file, ok := strings.CutPrefix(info, "yaml "); ok {
				steps = append(steps, tutorialStep{line: number + 1, file: file})
			}
		case fence:
			block = ""
		case block == "console" && strings.HasPrefix(line, "$ "):
			steps = append(steps, tutorialStep{line: number + 1, command: line[2:]})
		case block == "console", strings.HasPrefix(block, "yaml "):
			last := &steps[len(steps)-1]
			last.text = append(last.text, line)
		}
	}
	return string(content), steps
}

// The page about the simulated org is followed word by word: its files are
// written, its commands typed, and what it shows of their output has to come.
func TestCommandsOfTheSimulatedOrgPage(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the page is written for a shell with %s", program)
		}
	}
	_, steps := readSimDocument(t)
	command := exec.CommandContext(t.Context(), "sh", "-c", tutorialScript(t, steps, freeAddress(t)))
	command.Dir = t.TempDir()
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
	for _, step := range steps {
		got := outputs[step.line]
		if step.file != "" || strings.HasPrefix(strings.Join(step.text, ""), `{"clientId"`) {
			continue // The line that it prints when it is ready names the port.
		}
		if fault := shows(step.text, got); fault != "" {
			t.Errorf("simulated-org.md:%d: $ %s\n%s\n--- all of the output:\n%s", step.line, step.command, fault, got)
		}
	}
}

// freeAddress finds a port that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nobody connected to it.
	return listener.Addr().String()
}

// Whatever an org file and a schedule can hold, and whatever can be steered, is on
// the page.
func TestSimulatedOrgPageIsComplete(t *testing.T) {
	t.Parallel()
	text, _ := readSimDocument(t)
	for _, entry := range []reflect.Type{reflect.TypeFor[salesforcetest.Config](), reflect.TypeFor[salesforcetest.Fault]()} {
		for _, key := range yamlKeysOf(entry) {
			if !strings.Contains(text, "`"+key+"`") {
				t.Errorf("the page does not explain the key %s of %s", key, entry)
			}
		}
	}
	org, err := salesforcetest.New(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	org.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/__sim/", nil))
	var controls []struct{ Method, Path string }
	if err := json.Unmarshal(answer.Body.Bytes(), &controls); err != nil || len(controls) < 10 {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	for _, control := range controls {
		if control.Path != "/__sim/faults" && !strings.Contains(text, "`"+control.Method+" "+control.Path+"`") {
			t.Errorf("the page does not explain %s %s", control.Method, control.Path)
		}
	}
}

// yamlKeysOf lists the keys of a type and of those in its lists.
func yamlKeysOf(entry reflect.Type) []string {
	var keys []string
	for field := range entry.Fields() {
		key := field.Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		keys = append(keys, key)
		below := field.Type
		if below.Kind() == reflect.Slice {
			below = below.Elem()
		}
		if below.Kind() == reflect.Struct {
			keys = append(keys, yamlKeysOf(below)...)
		}
	}
	return keys
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/store/storetest"
)

// The tutorial is followed word by word from an empty folder: its files are
// written, its commands typed, and what it shows of their output has to come.
func TestTutorial(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		followTutorial(t)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		followTutorial(t, "USHER_DATABASE="+storetest.Postgres(t))
	})
}

// tutorialOrg is where the org of the tutorial listens.
const tutorialOrg = "127.0.0.1:8090"

// tutorialStep is a file to write, or a command with what it prints.
type tutorialStep struct {
	line    int    // in the tutorial
	file    string // to write, with text as its content
	command string
	second  bool // typed in the second terminal
	text    []string
}

func followTutorial(t *testing.T, environment ...string) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the tutorial is written for a POSIX shell")
	}
	steps := readTutorial(t, "tutorial-command-line.md")
	address, ready := startTutorialOrg(t, steps)
	script := tutorialScript(t, steps, address)
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), environment...)
	command.Env = append(command.Env, "USER=you")
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
		if step.second {
			got = ready
		}
		if step.file != "" {
			continue
		}
		if fault := shows(step.text, strings.ReplaceAll(got, address, tutorialOrg)); fault != "" {
			t.Errorf("tutorial-command-line.md:%d: $ %s\n%s\n--- all of the output:\n%s", step.line, step.command, fault, got)
		}
	}
}

// readTutorial takes the files and the commands out of a document.
func readTutorial(t *testing.T, document string) []tutorialStep {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", document))
	if err != nil {
		t.Fatal(err)
	}
	var steps []tutorialStep
	block := "" // the info string of the block that the line is in
	for number, line := range strings.Split(string(content), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		kind, rest, _ := strings.Cut(block, " ")
		switch {
		case fence && block == "":
			block = info
			if file, ok := strings.CutPrefix(info, "csv "); ok {
				steps = append(steps, tutorialStep{line: number + 1, file: file})
			}
		case fence:
			block = ""
		case kind == "console" && strings.HasPrefix(line, "$ "):
			steps = append(steps, tutorialStep{line: number + 1, command: line[2:], second: rest != ""})
		case kind == "console", kind == "csv":
			last := &steps[len(steps)-1]
			last.text = append(last.text, line)
		}
	}
	return steps
}

// startTutorialOrg types the command of the second terminal, on a free port, and
// returns where the org listens and the line that it prints.
func startTutorialOrg(t *testing.T, steps []tutorialStep) (address, ready string) {
	t.Helper()
	const typed = "usher sim salesforce"
	count := 0
	for _, step := range steps {
		if step.second {
			count++
		}
		if step.second && step.command != typed {
			t.Fatalf("tutorial-command-line.md:%d: %q is typed in the second terminal, want %q", step.line, step.command, typed)
		}
	}
	if count != 1 {
		t.Fatalf("the tutorial types %d commands in the second terminal, want 1", count)
	}
	// It outlives the test's context, so that it ends by an interrupt as in a terminal.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), "usher", "sim", "salesforce", "--listen", "127.0.0.1:0")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(command.Process.Signal(os.Interrupt), command.Wait()); err != nil {
			t.Errorf("the simulated org, interrupted: %v", err)
		}
	})
	ready, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("read the org's first line: %v", err)
	}
	var org struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal([]byte(ready), &org); err != nil {
		t.Fatalf("the org's first line is not JSON: %v\n%s", err, ready)
	}
	return strings.TrimPrefix(org.URL, "http://"), ready
}

// tutorialMark stands before the output of a command, with its line.
const tutorialMark = "\n@@@ "

// tutorialScript types the commands one after another in one shell, so that
// exported variables and $? are as in a terminal.
func tutorialScript(t *testing.T, steps []tutorialStep, address string) string {
	t.Helper()
	stage := t.TempDir()
	var script strings.Builder
	script.WriteString("exec 2>&1\nlast=0\n")
	for _, step := range steps {
		switch {
		case step.second:
		case step.file != "":
			staged := filepath.Join(stage, strconv.Itoa(step.line))
			if err := os.WriteFile(staged, []byte(strings.Join(step.text, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&script, "cp '%s' '%s'\n", staged, step.file)
		default:
			typed := strings.ReplaceAll(step.command, tutorialOrg, address)
			fmt.Fprintf(&script, "printf '\\n@@@ %d\\n'\n(exit $last)\n%s\nlast=$?\n", step.line, typed)
		}
	}
	return script.String() + "exit 0\n"
}

// shows tells what is missing of the output that the tutorial shows. A line "..."
// stands for any lines, "..." at the end of a line for the rest of it.
func shows(want []string, output string) string {
	got := strings.Split(strings.TrimRight(output, "\n"), "\n")
	skip := false
	for _, line := range want {
		if line == "..." {
			skip = true
			continue
		}
		for skip && len(got) > 0 && !sameLine(line, got[0]) {
			got = got[1:]
		}
		skip = false
		if len(got) == 0 || !sameLine(line, got[0]) {
			return "does not print, or not here: " + line
		}
		got = got[1:]
	}
	if !skip && strings.Join(got, "") != "" {
		return "prints more: " + strings.Join(got, "\n")
	}
	return ""
}

func sameLine(want, got string) bool {
	want, got = steady(want), steady(got)
	if start, cut := strings.CutSuffix(want, "..."); cut {
		return strings.HasPrefix(got, start)
	}
	return want == got
}

// steady replaces what differs from run to run: ids, times, and the width of
// columns.
func steady(line string) string {
	for _, change := range []struct{ pattern, by string }{
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "ID"},
		{`\.[0-9a-f]{32}\.`, ".ID."},
		{`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`, "TIME"},
		{`[0-9.]+ s, [0-9]+ users a second`, "DURATION"},
		{`[0-9.]+ s, `, "DURATION, "},
		{`"duration":[0-9]+`, `"duration":N`},
		{`\s+`, " "},
	} {
		line = regexp.MustCompile(change.pattern).ReplaceAllString(line, change.by)
	}
	return strings.TrimSpace(line)
}

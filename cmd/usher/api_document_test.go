package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The story of the page about the API is told word by word: its commands are typed,
// and what it shows of their output has to come.
func TestStoryOfTheAPIPage(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"sh", "curl", "grep", "cut"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the page is written for a shell with %s", program)
		}
	}
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	service, target := freeAddress(t), freeAddress(t)
	back := strings.NewReplacer(service, "127.0.0.1:8080", target, tutorialOrg)
	steps := consoleSteps(strings.ReplaceAll(string(content), "127.0.0.1:8080", service))
	command := exec.CommandContext(t.Context(), "sh", "-c", tutorialScript(t, steps, target))
	command.Dir = t.TempDir()
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("the shell: %v\n%s", err, output)
	}
	outputs := map[int]string{}
	for part := range strings.SplitSeq(string(output), tutorialMark) {
		number, text, _ := strings.Cut(part, "\n")
		if line, err := strconv.Atoi(number); err == nil {
			outputs[line] = back.Replace(text)
		}
	}
	for _, step := range steps {
		if fault := shows(step.text, outputs[step.line]); fault != "" {
			t.Errorf("api.md:%d: $ %s\n%s\n--- all of the output:\n%s", step.line, step.command, fault, outputs[step.line])
		}
	}
}

// consoleSteps takes the commands out of a page, with what each prints.
func consoleSteps(page string) []tutorialStep {
	var steps []tutorialStep
	block := "" // the info string of the block that the line is in
	for number, line := range strings.Split(page, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && block == "":
			block = info
		case fence:
			block = ""
		case block == "console" && strings.HasPrefix(line, "$ "):
			steps = append(steps, tutorialStep{line: number + 1, command: line[2:]})
		case block == "console":
			last := &steps[len(steps)-1]
			last.text = append(last.text, line)
		}
	}
	return steps
}

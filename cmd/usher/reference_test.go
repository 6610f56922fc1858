package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "rewrite the reference page of the commands") //nolint:gochecknoglobals // a flag of the tests

// The reference page is what the commands say of themselves.
func TestReference(t *testing.T) {
	for _, name := range []string{"USHER_DATA", "USHER_DATABASE"} {
		t.Setenv(name, "") // they are defaults of flags
	}
	checkReference(t, "commands.md", reference(newRootCommand()))
	checkReference(t, "reason-codes.md", codeReference())
}

func checkReference(t *testing.T, name, want string) {
	t.Helper()
	file := filepath.Join("..", "..", "docs", "reference", name)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/reference/%s is out of date; go test ./cmd/usher -run TestReference -update writes it anew (-want +got):\n%s", name, diff)
	}
}

// codeReference is the page of the reason codes.
func codeReference() string {
	var page strings.Builder
	page.WriteString("# Reason codes\n\n<!-- Written by go test ./cmd/usher -run TestReference -update; do not edit. -->\n\n")
	page.WriteString("What the codes of the provisioning log mean, and what to do. `usher logs codes` says the same. A connector may put its name before\n")
	page.WriteString("a general code: `SalesforceTimeout` is a `Timeout` of Salesforce.\n\n| code | meaning | what to do |\n|---|---|---|\n")
	for _, explanation := range catalogue().All() {
		cells := strings.NewReplacer("|", "\\|", "\n", " ")
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", explanation.Code, cells.Replace(explanation.Text), cells.Replace(explanation.Advice))
	}
	return page.String()
}

// Everybody who asks for help gets an example. Those of usher expr are on its own
// reference page.
func TestEveryCommandThatDoesSomethingHasAnExample(t *testing.T) {
	t.Parallel()
	for _, command := range commandsBelow(newRootCommand()) {
		if !command.HasSubCommands() && command.Example == "" && command.Parent().Name() != "expr" {
			t.Errorf("%s has no example", command.CommandPath())
		}
	}
}

// commandsBelow returns a command and all below it, in the order of their names.
func commandsBelow(command *cobra.Command) []*cobra.Command {
	commands := []*cobra.Command{command}
	for _, below := range command.Commands() {
		commands = append(commands, commandsBelow(below)...)
	}
	return commands
}

func reference(root *cobra.Command) string {
	var page strings.Builder
	page.WriteString("# Commands\n\n<!-- Written by go test ./cmd/usher -run TestReference -update; do not edit. -->\n\n")
	page.WriteString("What `--help` says, on one page. The [tutorial](../tutorial-command-line.md) shows the commands at work.\n\n")
	for _, command := range commandsBelow(root) {
		fmt.Fprintf(&page, "- [%s](#%s): %s\n", command.CommandPath(), strings.ReplaceAll(command.CommandPath(), " ", "-"), command.Short)
	}
	for _, command := range commandsBelow(root) {
		section(&page, command)
	}
	return strings.TrimRight(page.String(), "\n") + "\n"
}

func section(page *strings.Builder, command *cobra.Command) {
	text := command.Long
	if text == "" {
		text = command.Short + "."
	}
	fmt.Fprintf(page, "\n## %s\n\n", command.CommandPath())
	block(page, text)
	if !command.HasSubCommands() {
		block(page, command.UseLine())
	}
	if command.Example != "" {
		page.WriteString("Examples:\n\n")
		block(page, command.Example)
	}
	if flags := command.NonInheritedFlags(); flags.HasAvailableFlags() && (!command.HasParent() || !command.HasSubCommands()) {
		title := "Flags of every command:"
		if command.HasParent() {
			title = "Flags, besides those of every command:"
		}
		fmt.Fprintf(page, "%s\n\n", title)
		block(page, flags.FlagUsages())
	}
}

func block(page *strings.Builder, text string) {
	fmt.Fprintf(page, "```text\n%s\n```\n\n", strings.Trim(text, "\n"))
}

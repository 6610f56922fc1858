package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-id/usher/examples/contoso"
)

func TestRunWritesTheCompany(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := run([]string{"--users", "50", "--out", folder}, io.Discard); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, contoso.UsersFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(text), "\n"); got != 51 {
		t.Errorf("%d lines, want a header and 50 users", got)
	}
}

func TestRunSaysWhatIsWrongWithTheArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{name: "no folder", args: []string{"--users", "50"}, want: "--out"},
		{name: "too few users", args: []string{"--users", "3", "--out", "x"}, want: "smallest company has 30"},
		{name: "an unknown flag", args: []string{"--people", "3"}, want: "flag provided but not defined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := run(tt.args, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

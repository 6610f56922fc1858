package graphapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/graphapi"
)

// The reference page lists what is served.
func TestTheReferenceListsEveryRoute(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "reference", "graph-api.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| methods | path | role |\n|---|---|---|\n"
	before, got, found := strings.Cut(string(page), head)
	if !found {
		t.Fatal("the page has no table of routes")
	}
	want := strings.Join(graphapi.Served(), "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(before+head+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the page is out of date; go test ./internal/graphapi -run TestTheReference -update writes it anew (-want +got):\n%s", diff)
	}
}

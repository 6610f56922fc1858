package administration_test

import (
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/mapping"
)

func TestTheAuditLogTellsWhatWasThereBefore(t *testing.T) {
	t.Parallel()
	got := administration.SummaryOf([]mapping.Difference{
		{Part: "scoping filter", Name: `"Filter 1"`, New: "department EQUALS Sales"},
		{Part: "attribute mapping", Name: "Title", Old: "[jobTitle]"},
		{Part: "allowed actions", Old: "Add,Update", New: "Add"},
	})
	want := `scoping filter "Filter 1" added: department EQUALS Sales; attribute mapping Title removed, was: [jobTitle]; allowed actions changed, was: Add,Update, now: Add`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheAuditLogIsNoBook(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 4_010)
	if got := administration.SummaryOf([]mapping.Difference{{Part: "attribute mapping", Name: "Title", Old: long}}); !strings.HasSuffix(got, "é... (10 characters more)") {
		t.Errorf("ends with %q", got[len(got)-60:])
	}
	many := make([]mapping.Difference, 20)
	for i := range many {
		many[i] = mapping.Difference{Part: "attribute mapping", Name: "Title", New: strings.Repeat("x", 3_000)}
	}
	if got := administration.SummaryOf(many); !strings.HasSuffix(got, "; and 10 other changes") || len(got) > 33_000 {
		t.Errorf("%d bytes, ends with %q", len(got), got[len(got)-60:])
	}
}

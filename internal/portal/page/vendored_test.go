package page

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVendoredFilesAreAsTheirPackagesHaveThem compares checksums with VENDORED.md.
func TestVendoredFilesAreAsTheirPackagesHaveThem(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("VENDORED.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 6 || len(strings.TrimSpace(cells[5])) != 2*sha256.Size {
			continue
		}
		rows++
		names, err := filepath.Glob(filepath.Join("static", strings.TrimSpace(cells[0])))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s is not there: %v", cells[0], err)
		}
		sum := sha256.New()
		for _, name := range names { // Glob sorts them
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sum.Write(content)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != strings.TrimSpace(cells[5]) {
			t.Errorf("%s has the checksum %s, VENDORED.md says %s", cells[0], got, cells[5])
		}
	}
	if rows != 4 {
		t.Errorf("%d rows in VENDORED.md, want 4", rows)
	}
}

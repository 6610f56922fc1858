package usher_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The page of promises names tests; each of them is there.
func TestThePromisesNameTestsThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("docs", "promises.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9/]+)\\.(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 20 {
		t.Fatalf("the page names %d tests", len(named))
	}
	for number := 1; number <= 10; number++ {
		if !strings.Contains(string(page), "\n| "+strconv.Itoa(number)+" | ") {
			t.Errorf("promise %d is not in the table", number)
		}
	}
	declared := make(map[string]string)
	for _, name := range named {
		folder, test := filepath.FromSlash(name[1]), name[2]
		if declared[folder] == "" {
			declared[folder] = declarations(t, folder)
		}
		if !strings.Contains(declared[folder], "\nfunc "+test+"(") {
			t.Errorf("%s has no test %s", folder, test)
		}
	}
}

// declarations returns the text of all tests of a package.
func declarations(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
	}
	return text.String()
}

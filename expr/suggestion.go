package expr

import (
	"strconv"

	"github.com/usher-id/usher/nearest"
)

// suggestion returns "; did you mean X?" for the known name that is nearest to
// the wrong one, and nothing when none is near.
func suggestion(wrong string, known []string, before, after string) string {
	name := nearest.Name(wrong, known)
	if name == "" {
		return ""
	}
	return "; did you mean " + before + name + after + "?"
}

func functionNames() []string {
	var names []string
	for _, definition := range table() {
		names = append(names, definition.Name)
	}
	return names
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

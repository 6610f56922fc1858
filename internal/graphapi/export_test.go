package graphapi

import (
	"cmp"
	"slices"
	"strings"
)

// Patterns returns method and pattern of everything that is served, below the
// versions that clients use.
func Patterns() []string {
	a := &api{}
	var patterns []string
	for _, r := range a.graphRoutes() {
		patterns = append(patterns, r.method+" /v1.0/"+r.pattern)
	}
	for _, r := range a.ownRoutes() {
		patterns = append(patterns, r.method+" /usher/v1/"+r.pattern)
	}
	// What takes away comes last, so that the others find what they are about.
	slices.SortStableFunc(patterns, func(a, b string) int {
		return cmp.Compare(strings.Count(a, "DELETE "), strings.Count(b, "DELETE "))
	})
	return patterns
}

// Needed returns the role that each pattern of /usher/v1 needs, by method and pattern.
func Needed() map[string]string {
	roles := map[string]string{}
	for _, r := range (&api{}).ownRoutes() {
		roles[r.method+" /"+r.pattern] = string(r.needs)
	}
	return roles
}

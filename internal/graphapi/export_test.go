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

// Served returns the rows of the table of what is served below /v1.0 and /beta: methods
// of one role, path and role.
func Served() []string {
	type row struct{ path, role string }
	methods := map[row][]string{}
	for _, r := range (&api{}).graphRoutes() {
		at := row{r.pattern, string(r.needs)}
		methods[at] = append(methods[at], "`"+r.method+"`")
	}
	rows := make([]string, 0, len(methods))
	for at, all := range methods {
		slices.Sort(all)
		rows = append(rows, "| "+strings.Join(all, ", ")+" | `"+at.path+"` | "+at.role+" |")
	}
	slices.SortFunc(rows, func(a, b string) int {
		pathOf := func(row string) string { return strings.Trim(strings.SplitN(row, "|", 4)[2], "` ") }
		return cmp.Or(cmp.Compare(pathOf(a), pathOf(b)), cmp.Compare(a, b))
	})
	return rows
}

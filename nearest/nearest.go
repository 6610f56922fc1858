// Package nearest finds the known name that somebody meant who misspelled it, so
// that a message about an unknown name can end in "did you mean ...?".
//
// It compares letters and knows nothing of what the names stand for. It words no
// message: who reports the fault does.
package nearest

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// longest is the length in characters of a name that is still compared. Nobody
// misspells a name of this length, and the work grows with its square.
const longest = 100

// most is how many letters may be wrong. Long names with a common beginning would
// all be near to one another without it.
const most = 4

// Name returns the known name that is nearest to a wrong one, empty when none is
// near: the first that differs in letter case alone, else the first of those with
// the fewest letters wrong. At most one letter and a third of the name may be wrong,
// and no more than four.
func Name(wrong string, known []string) string {
	length := utf8.RuneCountInString(wrong)
	if length > longest {
		return ""
	}
	folded := fold(wrong)
	best, least := "", min(2+length/3, most+1)
	for _, candidate := range known {
		if strings.EqualFold(candidate, wrong) {
			return candidate
		}
		// Names that have no letter in common are not near, however short they are.
		size := max(length, utf8.RuneCountInString(candidate))
		if distance := within(folded, fold(candidate), least-1); distance < min(least, size) {
			best, least = candidate, distance
		}
	}
	return best
}

// Sorted returns the known names, the nearest to a wrong one first; those that are
// equally near stay in their order. Letter case and blanks around a name do not
// count.
func Sorted(wrong string, known []string) []string {
	type ranked struct {
		name     string
		distance int
	}
	all := make([]ranked, len(known))
	for i, name := range known {
		all[i] = ranked{name, Distance(fold(wrong), fold(name))}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.distance, b.distance) })
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.name
	}
	return names
}

// Distance returns how many characters must be put in, taken out or replaced to
// make b of a (Levenshtein's distance).
func Distance(a, b string) int {
	return within(a, b, max(len(a), len(b)))
}

// within is Distance for those who need no number above most: it returns one that
// is above most then, and does not compare texts whose lengths differ by more.
func within(a, b string, most int) int {
	left, right := []rune(a), []rune(b)
	if difference := len(left) - len(right); difference > most || -difference > most {
		return most + 1
	}
	row := make([]int, len(right)+1)
	for j := range row {
		row[j] = j
	}
	for i, l := range left {
		diagonal := row[0]
		row[0] = i + 1
		for j, r := range right {
			replaced := diagonal
			if l != r {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(right)]
}

func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

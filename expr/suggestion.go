package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// suggestion returns "; did you mean X?" for the known name that is nearest to
// the wrong one, and nothing when none is near.
func suggestion(wrong string, known []string, before, after string) string {
	const longest = 100
	if utf8.RuneCountInString(wrong) > longest {
		return ""
	}
	nearest, least := "", 1+utf8.RuneCountInString(wrong)/3
	for _, name := range known {
		if distance := editDistance(strings.ToLower(wrong), strings.ToLower(name), least); distance < least || (distance == least && nearest == "") {
			nearest, least = name, distance
		}
	}
	if nearest == "" {
		return ""
	}
	return "; did you mean " + before + nearest + after + "?"
}

// editDistance returns how many characters must be put in, taken out or changed
// to make b of a, or some number above most when it is more than that.
func editDistance(a, b string, most int) int {
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
			changed := diagonal
			if l != r {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(right)]
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

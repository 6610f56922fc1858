package preview

import (
	"regexp"

	"github.com/usher-id/usher/internal/portal/page"
)

// named puts a refusal, which speaks of a plan as the API and the command do, into the
// word of the portal.
func named(refusal string) string {
	return regexp.MustCompile(`\bplan\b`).ReplaceAllString(refusal, "preview")
}

// namedAll does it with what is wrong with a form.
func namedAll(faults page.Faults) page.Faults {
	words := page.Faults{}
	for field, text := range faults {
		words[field] = named(text)
	}
	return words
}

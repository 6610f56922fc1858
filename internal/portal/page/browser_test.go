package page_test

import (
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/portal/page"
)

func TestBrowsersAreNamed(t *testing.T) {
	t.Parallel()
	const gecko = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
	for agent, want := range map[string]string{
		gecko:                  "Chrome on Windows",
		gecko + " Edg/156.0.0": "Microsoft Edge on Windows",
		gecko + " OPR/120.0":   "Opera on Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                   "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36":                            "Chrome on Android",
		"curl/8.11.0":             "curl",
		"":                        "not known",
		"Inventory 2":             "Inventory 2",
		strings.Repeat("x", 5000): strings.Repeat("x", 59) + "…",
	} {
		if got := page.Browser(agent); got != want {
			t.Errorf("%.60q is %q, want %q", agent, got, want)
		}
	}
}

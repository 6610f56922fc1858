package administration_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/internal/administration"
)

func TestPeriodsAreReadAndShownAlike(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0s": 0, "7d": 7 * 24 * time.Hour, "12h": 12 * time.Hour, "40m": 40 * time.Minute, "1h30m": 90 * time.Minute} {
		got, err := administration.ParsePeriod(text)
		if err != nil || got != want || administration.ShowPeriod(got) != text {
			t.Errorf("%q is %s, shown as %q, %v", text, got, administration.ShowPeriod(got), err)
		}
	}
	for _, text := range []string{"", "week", "-1h", "20000d", "NaNd", "1"} {
		if got, err := administration.ParsePeriod(text); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

package administration

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// longestPeriod is what a period may be at most: ten years. More is a mistake.
const longestPeriod = 10 * 365 * 24 * time.Hour

// ParsePeriod reads a duration that may also be given in days: "7d", "12h", "40m", "0".
func ParsePeriod(text string) (time.Duration, error) {
	period, err := time.ParseDuration(text)
	if days, found := strings.CutSuffix(text, "d"); found {
		var number float64
		number, err = strconv.ParseFloat(days, 64)
		period = time.Duration(min(number, 1e6) * float64(24*time.Hour))
	}
	if err != nil || period < 0 || period > longestPeriod {
		return 0, fmt.Errorf("%q is no period such as 7d, 12h or 0; it is ten years at most", text)
	}
	return period, nil
}

// ShowPeriod is the counterpart of ParsePeriod.
func ShowPeriod(period time.Duration) string {
	const day = 24 * time.Hour
	if period >= day && period%day == 0 {
		return strconv.Itoa(int(period/day)) + "d"
	}
	text := period.String()
	for _, nought := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, nought) {
			text = text[:len(text)-2]
		}
	}
	return text
}

package graph

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Moment is a date and time in RFC 3339 and UTC. The zero Moment is written as
// 0001-01-01T00:00:00Z, which the service sends for "never": clients fail on an
// empty text.
type Moment time.Time

// MarshalJSON returns the moment as a JSON string.
func (m Moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(m).UTC().Format("2006-01-02T15:04:05.9999999Z07:00"))
}

// Duration is a length of time in ISO 8601: PT40M.
type Duration time.Duration

// Forever is TimeSpan.MaxValue of .NET, which the service sends as the interval of a
// job that is turned off. It is longer than a time.Duration can hold.
const Forever Duration = math.MaxInt64

// foreverText is how it is written.
const foreverText = "P10675199DT2H48M5.4775807S"

// String returns the ISO 8601 form.
func (d Duration) String() string {
	if d == Forever {
		return foreverText
	}
	if d == 0 {
		return "PT0S"
	}
	var text strings.Builder
	rest := time.Duration(d)
	if rest < 0 {
		text.WriteByte('-')
		rest = -rest
	}
	text.WriteByte('P')
	if days := rest / (24 * time.Hour); days > 0 {
		fmt.Fprintf(&text, "%dD", days)
		rest %= 24 * time.Hour
	}
	if rest > 0 {
		text.WriteByte('T')
	}
	for _, unit := range []struct {
		length time.Duration
		letter byte
	}{{time.Hour, 'H'}, {time.Minute, 'M'}} {
		if count := rest / unit.length; count > 0 {
			fmt.Fprintf(&text, "%d%c", count, unit.letter)
			rest %= unit.length
		}
	}
	if rest > 0 {
		text.WriteString(strconv.FormatFloat(rest.Seconds(), 'f', -1, 64) + "S")
	}
	return text.String()
}

// MarshalJSON returns the ISO 8601 form as a JSON string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads the ISO 8601 form.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is a text such as PT40M: %w", err)
	}
	parsed, err := ParseDuration(text)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// ParseDuration reads days, hours, minutes and seconds of an ISO 8601 duration.
// Years and months have no fixed length and are refused.
func ParseDuration(text string) (Duration, error) {
	if text == foreverText {
		return Forever, nil
	}
	fault := fmt.Errorf("%.40q is not an ISO 8601 duration of days, hours, minutes and seconds, such as PT40M", text)
	rest, found := strings.CutPrefix(text, "P")
	if !found || rest == "" || strings.HasSuffix(rest, "T") {
		return 0, fault
	}
	date, clock, _ := strings.Cut(rest, "T")
	seconds, ok := sum(date, map[byte]float64{'W': 7 * 86400, 'D': 86400}, "WD")
	more, okay := sum(clock, map[byte]float64{'H': 3600, 'M': 60, 'S': 1}, "HMS")
	if seconds += more; !ok || !okay || seconds > math.MaxInt64/float64(time.Second)/2 {
		return 0, fault
	}
	return Duration(math.Round(seconds * float64(time.Second))), nil
}

// sum adds up numbers with unit letters, which come in the given order, each once.
func sum(text string, seconds map[byte]float64, order string) (float64, bool) {
	total := 0.0
	for text != "" {
		end := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if end < 1 {
			return 0, false
		}
		number, err := strconv.ParseFloat(text[:end], 64)
		at := strings.IndexByte(order, text[end])
		if err != nil || at < 0 {
			return 0, false
		}
		total += number * seconds[text[end]]
		text, order = text[end+1:], order[at+1:]
	}
	return total, true
}

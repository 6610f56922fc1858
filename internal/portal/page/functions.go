package page

import (
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// functions are what templates may call besides what html/template has.
func functions() template.FuncMap {
	return template.FuncMap{
		"ago": func(at time.Time) template.HTML { return Ago(at, time.Now()) }, "asset": asset, "icon": icon, "dict": dict, "list": list,
		"number": Number[int], "number64": Number[int64], "plural": Plural, "percent": Percent, "duration": Duration, "lower": strings.ToLower,
		"sentence": Sentence, "browser": Browser, "address": address, "query": url.QueryEscape, "segment": url.PathEscape, "join": strings.Join, "short": Short, "add": func(a, b int) int { return a + b },
	}
}

// address returns a sign-in name or a mail address that may be broken behind its "@", so
// that a table with several of them fits.
func address(text string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(text), "@", "@<wbr>")) //nolint:gosec // all of it is escaped
}

// asset returns the path of a style sheet or script.
func asset(name string) (string, error) {
	if at, found := assets().paths[name]; found {
		return at, nil
	}
	return "", fmt.Errorf("there is no file static/%s", name)
}

// icon returns one of the icons in static/icons. It is decoration: what it says stands
// beside it in words.
func icon(name string) (template.HTML, error) {
	if svg, found := assets().icons[name]; found {
		return svg, nil
	}
	return "", fmt.Errorf("there is no icon static/icons/%s.svg", name)
}

// dict makes a map of names and values, for a component that takes several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict takes names and values in turn")
	}
	result := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		result[name] = pairs[i+1]
	}
	return result, nil
}

func list(items ...any) []any { return items }

// Number writes a number with its thousands apart: 12,345.
func Number[N int | int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return sign + text
}

// Plural counts: Plural(1, "account", "accounts") is "1 account".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Percent returns the share of a part, such as "12 %"; nothing of nothing is empty.
func Percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	share := 100 * float64(part) / float64(whole)
	switch {
	case share > 0 && share < 1:
		return "under 1 %"
	case share > 99 && share < 100:
		return "over 99 %"
	}
	return strconv.Itoa(int(math.Round(share))) + " %"
}

// units are those that durations are told in, the longest first.
func units() []struct {
	length    time.Duration
	one, many string
} {
	const day = 24 * time.Hour
	return []struct {
		length    time.Duration
		one, many string
	}{
		{365 * day, "year", "years"},
		{30 * day, "month", "months"},
		{day, "day", "days"},
		{time.Hour, "hour", "hours"},
		{time.Minute, "minute", "minutes"},
		{time.Second, "second", "seconds"},
	}
}

// Duration writes a duration for people: "2 hours", "40 minutes", "0.4 seconds".
func Duration(d time.Duration) string {
	if d > 0 && d < 50*time.Millisecond {
		return "less than 0.1 seconds"
	}
	if d > 0 && d < 10*time.Second {
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " seconds"
	}
	for i, unit := range units() {
		if d < unit.length {
			continue
		}
		text := Plural(int(d/unit.length), unit.one, unit.many)
		if rest := d % unit.length; i+1 < len(units()) && d < 3*unit.length {
			if next := units()[i+1]; rest >= next.length {
				text += " " + Plural(int(rest/next.length), next.one, next.many)
			}
		}
		return text
	}
	return "0 seconds"
}

// Relative tells a moment by its distance: "3 minutes ago", "in 2 hours".
func Relative(at, now time.Time) string {
	distance := now.Sub(at)
	ahead := distance < 0
	if ahead {
		distance = -distance
	}
	if distance < 5*time.Second {
		return "now"
	}
	for _, unit := range units() {
		if distance < unit.length {
			continue
		}
		text := Plural(int(distance/unit.length), unit.one, unit.many)
		if ahead {
			return "in " + text
		}
		return text + " ago"
	}
	return "now"
}

// Ago shows a moment by its distance, with the exact time on hover and for scripts;
// the zero moment is "never".
func Ago(at, now time.Time) template.HTML {
	if at.IsZero() {
		return `<span class="text-secondary">never</span>`
	}
	exact := at.UTC().Format("2006-01-02 15:04:05 UTC")
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, at.UTC().Format(time.RFC3339), exact, Relative(at, now))) //nolint:gosec // made of times and numbers
}

// Sentence makes a sentence of a message: with a capital letter and a full stop.
func Sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.ContainsAny(text[len(text)-1:], ".!?:") {
		text += "."
	}
	return text
}

// Short cuts a text that would break a list; the whole stands in its title.
func Short(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return string(runes[:length-1]) + "…"
}

package page

import "strings"

// Browser names the program and the machine that a User-Agent header is of, such as
// "Chrome on Windows". One that is not known is told as it is, shortened.
func Browser(userAgent string) string {
	program, machine := named(userAgent, programs()), named(userAgent, machines())
	switch {
	case strings.TrimSpace(userAgent) == "":
		return "not known"
	case program == "":
		return Short(userAgent, 60)
	case machine == "":
		return program
	}
	return program + " on " + machine
}

// mark is what a name is known by.
type mark struct{ sign, name string }

// programs are in the order in which they imitate one another: each names all after it.
func programs() []mark {
	return []mark{
		{"Edg/", "Microsoft Edge"},
		{"EdgA/", "Microsoft Edge"},
		{"EdgiOS/", "Microsoft Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"},
		{"CriOS/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
}

func machines() []mark {
	return []mark{
		{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
}

// named returns the name of the first sign that a text holds, empty for none.
func named(text string, marks []mark) string {
	for _, m := range marks {
		if strings.Contains(text, m.sign) {
			return m.name
		}
	}
	return ""
}

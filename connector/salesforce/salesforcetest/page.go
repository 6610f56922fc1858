package salesforcetest

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The page of the org: its template, style sheet and script.
//
//go:embed page
var pageFiles embed.FS

// pageTemplate parses the embedded page once.
//
//nolint:gochecknoglobals // a template compiled from the embedded page.
var pageTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("overview.html").Funcs(template.FuncMap{"number": groupedNumber, "ago": agoElement, "plural": plural}).
		ParseFS(pageFiles, "page/*.html")
})

// pageFile returns the style sheet and the script of the page by their names.
func pageFile(name string) (*answer, bool) {
	contentType, known := map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}[name]
	if !known {
		return nil, false
	}
	text, err := pageFiles.ReadFile("page/" + name)
	return &answer{status: http.StatusOK, body: text, contentType: contentType}, err == nil
}

// pageContent is what the page shows.
type pageContent struct {
	Name, Edition, OrganizationID, Address string
	Sandbox, Quiet                         bool // Quiet: nobody has asked anything yet
	Refresh                                int  // seconds after which a browser without scripts loads it again, 0 for never
	Still, Lively                          string
	Users                                  pageUsers
	User                                   *pageUser // that is looked at alone
	Missing                                string    // id of a user who was asked for and is not there
	Licenses                               []pageLicense
	Profiles                               []pageProfile
	Used, Limit                            int
	Statistics                             Statistics
	Kinds                                  []pageCount
	Requests                               []Request // newest first
	Changes                                []pageChange
	Faults                                 []Fault
	Latency                                time.Duration
}

// pageLicense is a user license with its seats.
type pageLicense struct {
	License

	Unlimited bool
	Free      int // negative when overdrawn
}

// pageProfile is a profile with how many users have it.
type pageProfile struct {
	ID, Name, License string
	Users, Active     int
}

// pageCount is a number under a name.
type pageCount struct {
	Name  string
	Count int
}

// requestsOnPage is how many of the last requests the page shows.
const requestsOnPage = 15

// refreshSeconds is how often a browser without scripts loads the page again.
const refreshSeconds = 10

// page shows the org as its administrator would look at it.
func (o *Org) page(c *call) *answer {
	c.outcome.kind = "page"
	parsed, err := pageTemplate()
	if err != nil {
		return pageFault(err)
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, o.pageContent(c)); err != nil {
		return pageFault(err)
	}
	header := http.Header{
		"Content-Security-Policy": {"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
		"Cache-Control":           {"no-store"},
	}
	return &answer{status: http.StatusOK, header: header, body: b.Bytes(), contentType: "text/html; charset=utf-8"}
}

func pageFault(err error) *answer {
	return &answer{status: http.StatusInternalServerError, body: []byte(err.Error()), contentType: "text/plain; charset=utf-8"}
}

func (o *Org) pageContent(c *call) pageContent {
	requests := o.Requests()
	slices.Reverse(requests)
	content := pageContent{
		Name: o.config.Name, Edition: o.config.Edition, OrganizationID: o.OrganizationID(), Sandbox: o.config.Sandbox, Address: c.base,
		Statistics: o.Statistics(), Requests: requests[:min(requestsOnPage, len(requests))], Faults: o.faults.list(), Latency: o.latency.get(),
		Still: pageQuery(c.query, "refresh", "off"), Lively: pageQuery(c.query, "refresh", ""),
	}
	if c.query.Get("refresh") != "off" {
		content.Refresh = refreshSeconds
	}
	content.Quiet = content.Statistics.Calls == 0
	content.Used, content.Limit = o.usage.now()
	for _, license := range o.Licenses() {
		content.Licenses = append(content.Licenses, pageLicense{License: license, Unlimited: license.Total < 0, Free: license.Total - license.Used})
	}
	for _, kind := range slices.Sorted(maps.Keys(content.Statistics.ByKind)) {
		content.Kinds = append(content.Kinds, pageCount{kind, content.Statistics.ByKind[kind]})
	}
	sort.SliceStable(content.Kinds, func(i, j int) bool { return content.Kinds[i].Count > content.Kinds[j].Count })
	now := time.Now()
	o.mu.RLock()
	defer o.mu.RUnlock()
	content.Profiles = o.pageProfiles()
	content.Users = o.pageUsers(c.query, content.Profiles, now)
	content.Changes = o.pageChanges()
	if id := c.query.Get("user"); id != "" {
		if r := o.tables["User"].get(id); r != nil && len(id) >= 15 {
			content.User = o.pageUser(r, now)
			content.User.Back = pageQuery(c.query, "user", "")
		} else {
			content.Missing = id
		}
	}
	return content
}

// pageProfiles counts who has which profile, those with users first. The caller holds
// the lock.
func (o *Org) pageProfiles() []pageProfile {
	t := o.schema.object("Profile")
	places := map[string]int{}
	var list []pageProfile
	for _, r := range o.tables["Profile"].rows {
		if r == nil {
			continue
		}
		license, _ := r.stored(o.profileLicense)
		places[r.id] = len(list)
		list = append(list, pageProfile{ID: r.id, Name: o.value(t, r, t.field("Name")), License: o.name("UserLicense", license, "Name")})
	}
	last, place, known := "", 0, false // neighbours mostly have the same profile
	for _, r := range o.tables["User"].rows {
		if r == nil {
			continue
		}
		if id, _ := r.stored(o.user.profile); id != last {
			last = id
			place, known = places[id]
		}
		if !known {
			continue
		}
		if list[place].Users++; o.isActive(r) {
			list[place].Active++
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Users > list[j].Users })
	return list
}

// pageQuery returns the query with one part set, as a link to the same page.
func pageQuery(query url.Values, name, value string) string {
	changed := maps.Clone(query)
	if changed == nil {
		changed = url.Values{}
	}
	changed.Set(name, value)
	if value == "" {
		changed.Del(name)
	}
	return "/?" + changed.Encode()
}

// groupedNumber writes a number with its thousands apart: 12,345.
func groupedNumber(n int) string {
	text := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return sign + text
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return groupedNumber(n) + " " + many
}

// agoText tells a moment by its distance from now.
func agoText(at, now time.Time) string {
	const day = 24 * time.Hour
	d := now.Sub(at)
	switch {
	case d < 5*time.Second:
		return "now"
	case d < time.Minute:
		return plural(int(d/time.Second), "second", "seconds") + " ago"
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute", "minutes") + " ago"
	case d < day:
		return plural(int(d/time.Hour), "hour", "hours") + " ago"
	case d < 30*day:
		return plural(int(d/day), "day", "days") + " ago"
	}
	return at.UTC().Format(time.DateOnly)
}

// agoElement shows a moment by its distance, with the exact time on hover.
func agoElement(at time.Time) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, //nolint:gosec // made of times and numbers
		at.UTC().Format(time.RFC3339), at.UTC().Format("2006-01-02 15:04:05 UTC"), agoText(at, time.Now())))
}

// containsFold reports whether a text contains a part, which is in lower case, whatever
// the letter case of the text. A part without accents is looked for without a copy.
func containsFold(text, part string) bool {
	for i := range len(part) {
		if part[i] >= utf8.RuneSelf {
			return strings.Contains(strings.ToLower(text), part)
		}
	}
	for i := 0; i+len(part) <= len(text); i++ {
		if c := text[i]; (c == part[0] || c >= 'A' && c <= 'Z' && c+'a'-'A' == part[0]) && strings.EqualFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

package salesforcetest

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed page.html
var pageText string

// pageTemplate parses the embedded page once.
//
//nolint:gochecknoglobals // a template compiled from the embedded page.
var pageTemplate = sync.OnceValues(func() (*template.Template, error) { return template.New("page").Parse(pageText) })

// usersOnPage is how many users the page shows at most.
const usersOnPage = 200

// pageContent is what the page shows.
type pageContent struct {
	Name, Edition, OrganizationID, Search string
	Sandbox                               bool
	Users                                 []User
	Total, Matching                       int
	Licenses                              []License
	Used, Limit                           int
	Statistics                            Statistics
	Requests                              []Request
	Faults                                []Fault
	Latency                               time.Duration
}

// page shows the org as its administrator would look at it.
func (o *Org) page(c *call) *answer {
	c.outcome.kind = "page"
	parsed, err := pageTemplate()
	if err != nil {
		return &answer{status: http.StatusInternalServerError, body: []byte(err.Error()), contentType: "text/plain; charset=utf-8"}
	}
	content := pageContent{
		Name: o.config.Name, Edition: o.config.Edition, OrganizationID: o.OrganizationID(), Sandbox: o.config.Sandbox, Search: c.query.Get("search"),
		Licenses: o.Licenses(), Statistics: o.Statistics(), Requests: o.Requests(), Faults: o.faults.list(), Latency: o.latency.get(),
	}
	content.Used, content.Limit = o.usage.now()
	content.Users, content.Matching, content.Total = o.search(content.Search)
	var b bytes.Buffer
	if err := parsed.Execute(&b, content); err != nil {
		return &answer{status: http.StatusInternalServerError, body: []byte(err.Error()), contentType: "text/plain; charset=utf-8"}
	}
	return &answer{status: http.StatusOK, body: b.Bytes(), contentType: "text/html; charset=utf-8"}
}

// search finds users by a part of the username or the name; the newest first.
func (o *Org) search(text string) (found []User, matching, total int) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t, rows := o.schema.object("User"), o.tables["User"].rows
	text = strings.ToLower(text)
	for _, row := range slices.Backward(rows) {
		username, _ := row.stored(o.user.username)
		if text != "" && !strings.Contains(strings.ToLower(username+" "+o.value(t, row, t.field("Name"))), text) {
			continue
		}
		if matching++; len(found) < usersOnPage {
			found = append(found, o.userOf(row))
		}
	}
	return found, matching, len(rows)
}

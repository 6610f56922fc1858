package salesforcetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// rowsOf returns the usernames that the list of users shows.
func rowsOf(text string) []string {
	var names []string
	for _, found := range regexp.MustCompile(`<span class="below soft">([^<]*@[^<]*)</span></th>`).FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	return names
}

func TestThePageFindsUsersAndShowsThemInParts(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	for i := range 120 {
		s.create("User", s.newUser(fmt.Sprintf("person%03d@example.com", i), map[string]any{"LastName": fmt.Sprintf("Person%03d", i), "IsActive": i != 7}))
	}
	profile := s.ids("Profile", "Name")["Standard User"]
	first := s.do(http.MethodGet, "/?order=created", "").text
	if rows := rowsOf(first); len(rows) != 50 || rows[0] != "person119@example.com" || rows[49] != "person070@example.com" {
		t.Errorf("the first part has %d users: %q", len(rows), rows)
	}
	for _, want := range []string{"121 users, 1 to 50 are shown", "120</p><p>active, of 121 users", `<a href="/?order=created&amp;page=2" rel="next">`} {
		if !strings.Contains(first, want) {
			t.Errorf("the first part lacks %q", want)
		}
	}
	for query, want := range map[string]int{
		"order=created&page=3": 21, "page=99": 21, "page=-1": 50, "search=PERSON01": 10, "search=test+person119": 0, "search=nobody": 0, "status=inactive": 1, "status=frozen": 0,
		"profile=" + profile: 50, "profile=" + profile + "&search=person00&status=active": 9,
	} {
		if rows := rowsOf(s.do(http.MethodGet, "/?"+query, "").text); len(rows) != want {
			t.Errorf("%s shows %d users, want %d: %q", query, len(rows), want, rows)
		}
	}
	if none := s.do(http.MethodGet, "/?search=nobody", "").text; !strings.Contains(none, "No user is like that; the org has 121 users.") {
		t.Error("an empty list does not say how many users there are")
	}
}

func TestThePageTellsWhatChanged(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	if page := s.do(http.MethodGet, "/", "").text; !strings.Contains(page, "No user was written since the org was started.") {
		t.Error("the users of the configuration count as changes")
	}
	ana := s.create("User", s.newUser("ana@example.com", map[string]any{"LastName": "Lima", "Title": "Consultant"}))
	ben := s.create("User", s.newUser("ben@example.com", map[string]any{"LastName": "Okoye"}))
	time.Sleep(2 * time.Millisecond)
	s.do(http.MethodPatch, data+"/sobjects/User/"+ana, encode(t, map[string]any{"Title": "Head of <Retail>", "ManagerId": ben}))
	s.do(http.MethodPatch, data+"/sobjects/User/"+ben, `{"IsActive":false}`)
	time.Sleep(2 * time.Millisecond)
	s.do(http.MethodPatch, data+"/sobjects/User/"+ana, `{"Email":"lima@example.com"}`)
	page := s.do(http.MethodGet, "/", "").text
	for _, want := range []string{
		`<del>Consultant</del> <span aria-hidden="true">→</span><span class="hidden">to</span> <ins>Head of &lt;Retail&gt;</ins>`, `>Okoye</ins>`, ">deactivated</span>", ">created</span>",
		`Email, to be confirmed</span> <ins>lima@example.com</ins>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if rows := rowsOf(page); len(rows) == 0 || rows[0] != "ana@example.com" {
		t.Errorf("who changed last is not the first: %q", rows)
	}

	// What is taken back did not happen.
	records := []any{typed("User", s.newUser("cleo@example.com", map[string]any{"LastName": "Marsh"})), typed("User", map[string]any{"LastName": "Nobody"})}
	s.do(http.MethodPost, data+"/composite/sobjects", encode(t, map[string]any{"allOrNone": true, "records": records}))
	if page := s.do(http.MethodGet, "/", "").text; strings.Contains(page, "Marsh") {
		t.Error("a creation that was taken back is shown")
	}
	s.do(http.MethodPost, "/__sim/reset", "")
	if page := s.do(http.MethodGet, "/", "").text; strings.Contains(page, "deactivated") {
		t.Error("changes outlive the reset of the org")
	}
}

func TestThePageShowsAUserWithAllFields(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	id := s.create("User", s.newUser("ana@example.com", map[string]any{"LastName": "Lima", "Department": "<i>Sales</i>"}))
	page := s.do(http.MethodGet, "/?search=lima&user="+id, "").text
	for _, want := range []string{"&lt;i&gt;Sales&lt;/i&gt;", "<code>Department</code>", id, `<a href="/?search=lima">← All users</a>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the user lacks %q", want)
		}
	}
	for _, nobody := range []string{"005", "nobody", id[:14] + "9"} {
		answer := s.do(http.MethodGet, "/?user="+url.QueryEscape(nobody), "")
		if answer.status != http.StatusOK || !strings.Contains(answer.text, "There is no user with the id "+nobody) {
			t.Errorf("the id %q: status %d", nobody, answer.status)
		}
	}
}

func TestThePageNeedsNoScriptAndLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	answer := s.do(http.MethodGet, "/", "")
	if !strings.Contains(answer.text, `<noscript><meta http-equiv="refresh" content="10"></noscript>`) {
		t.Error("without scripts the page is not loaded again")
	}
	if still := s.do(http.MethodGet, "/?refresh=off", "").text; strings.Contains(still, "http-equiv") {
		t.Error("the page cannot be kept still")
	}
	if policy := answer.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if foreign := regexp.MustCompile(`(?:src|href)="(?:https?:)?//`).FindString(answer.text); foreign != "" {
		t.Errorf("something is loaded from elsewhere: %s", foreign)
	}
	calls := s.org.Statistics().Calls
	for path, want := range map[string]string{"/__sim/page.css": "text/css; charset=utf-8", "/__sim/page.js": "text/javascript; charset=utf-8"} {
		file := s.do(http.MethodGet, path, "")
		if file.status != http.StatusOK || file.header.Get("Content-Type") != want {
			t.Errorf("%s: status %d, %s", path, file.status, file.header.Get("Content-Type"))
		}
	}
	if now := s.org.Statistics().Calls; now != calls {
		t.Error("looking at the page counts as requests of the org")
	}
}

func TestThePageOfAnOrgThatNobodyAskedSaysHowToBegin(t *testing.T) {
	t.Parallel()
	org, err := salesforcetest.New(salesforcetest.Default())
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, org: org, client: org.Client()}
	page := s.do(http.MethodGet, "/", "").text
	if !strings.Contains(page, "Nobody has asked this org anything yet") || strings.Contains(page, salesforcetest.DefaultPassword) {
		t.Error("the page does not say how to begin, or shows a secret")
	}
}

// The page is looked at every two seconds while a cycle writes, so it must not hold the
// org up.
func BenchmarkPageOf100000Users(b *testing.B) {
	s := signIn(b, salesforcetest.Config{})
	s.createMany(100_000)
	for name, path := range map[string]string{"Changed": "/", "Created": "/?order=created&page=1000", "Search": "/?search=number09999", "Nobody": "/?search=nobody"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.do(http.MethodGet, path, "")
			}
		})
	}
}

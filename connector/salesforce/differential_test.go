package salesforce_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// plain is a client that does one thing in one request, as a script would.
type plain struct {
	client   *http.Client
	token    string
	profiles map[string]string // ids by name
}

const plainHost = "https://simulated.my.salesforce.com"

func newPlain(t *rapid.T, org *salesforcetest.Org) *plain {
	p := &plain{client: org.Client(), profiles: map[string]string{}}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {org.Credentials().ClientID}, "client_secret": {org.Credentials().ClientSecret},
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	p.send(t, http.MethodPost, "/services/oauth2/token", "application/x-www-form-urlencoded", []byte(form.Encode()), &token)
	p.token = token.AccessToken
	for _, profile := range org.Records("Profile") {
		p.profiles[profile["Name"]] = profile["Id"]
	}
	return p
}

func (p *plain) send(t *rapid.T, method, path, media string, body []byte, into any) {
	request, err := http.NewRequestWithContext(t.Context(), method, plainHost+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Authorization", "Bearer "+p.token)
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		_ = json.Unmarshal(content, into) // a refusal has another form and leaves it empty
	}
}

// do carries out one change and returns the id of a new user, empty when the org
// refuses.
func (p *plain) do(t *rapid.T, change plan.Change) string {
	members := map[string]any{}
	for _, field := range change.Fields {
		switch {
		case field.Name == "ProfileName":
			members["ProfileId"] = p.profiles[field.New.String()]
		case field.New.IsEmpty():
			members[field.Name] = nil
		case field.New.Kind() == attr.Boolean:
			members[field.Name] = field.New.Bool()
		default:
			members[field.Name] = field.New.String()
		}
	}
	if change.Action.Removes() || change.Action == plan.Enable {
		members["IsActive"] = change.Action == plan.Enable
	}
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	var created struct{ ID string }
	if change.Action == plan.Create {
		p.send(t, http.MethodPost, "/services/data/v64.0/sobjects/User", "application/json", body, &created)
	} else {
		p.send(t, http.MethodPatch, "/services/data/v64.0/sobjects/User/"+change.Target.ID, "application/json", body, nil)
	}
	return created.ID
}

// draw makes a random change; ids are places in the list of users made so far.
func draw(t *rapid.T, ids []string) plan.Change {
	word := func(label string) string {
		return rapid.SampledFrom([]string{"a", "b", "ç", "O'Neil", `x\y`, "日本", "<&>\"", ""}).Draw(t, label)
	}
	if len(ids) == 0 || rapid.IntRange(0, 2).Draw(t, "create") == 0 {
		object := person(fmt.Sprintf("u%d@example.com", rapid.IntRange(0, 9).Draw(t, "name")))
		object = object.With("Title", attr.Text(word("title"))).With("LastName", attr.Text(word("last name")))
		return change(plan.Create, "", object.With("ProfileName", attr.Text(rapid.SampledFrom([]string{"Standard User", "Chatter Free User"}).Draw(t, "profile"))))
	}
	id := rapid.SampledFrom(ids).Draw(t, "id")
	action := rapid.SampledFrom([]plan.Action{plan.Update, plan.Disable, plan.Enable, plan.Delete}).Draw(t, "action")
	written := attr.Object{}
	if action != plan.Delete {
		written = fields("City", word("city"), "Title", word("title"))
	}
	return change(action, id, written)
}

func TestTheConnectorDoesWhatPlainCallsDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var orgs [2]*salesforcetest.Org
		for i := range orgs {
			config := salesforcetest.Default()
			config.Licenses[0].Total = 4
			org, err := salesforcetest.New(config)
			if err != nil {
				t.Fatal(err)
			}
			orgs[i] = org
		}
		c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(orgs[0]), Transport: orgs[0].Client().Transport})
		if err != nil {
			t.Fatal(err)
		}
		p := newPlain(t, orgs[1])
		// Both orgs give out the same ids in the same order.
		var ids []string
		for range rapid.IntRange(1, 25).Draw(t, "changes") {
			change := draw(t, ids)
			outcome := c.Apply(t.Context(), []plan.Change{change})[0]
			if id := p.do(t, change); id != "" {
				ids = append(ids, id)
				if outcome.Err != nil || outcome.TargetID != id {
					t.Fatalf("the plain call made %s, the connector %s, %v", id, outcome.TargetID, outcome.Err)
				}
			}
		}
		if diff := cmp.Diff(content(orgs[1]), content(orgs[0])); diff != "" {
			t.Fatalf("the orgs differ (-plain +connector):\n%s", diff)
		}
	})
}

// content is what matters of an org's users, one line each.
func content(org *salesforcetest.Org) []string {
	var lines []string
	for _, u := range org.Users() {
		lines = append(lines, strings.Join([]string{u.ID, u.Username, u.Get("LastName"), u.Get("Title"), u.Get("City"), u.ProfileName, strconv.FormatBool(u.IsActive)}, "|"))
	}
	return lines
}

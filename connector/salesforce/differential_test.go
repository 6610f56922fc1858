package salesforce_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
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
	// named are the ids of what can be assigned, by attribute and name.
	named map[string]map[string]string
}

// plainGrant is how a script gives something to a user, and takes it away.
type plainGrant struct {
	attribute, object, name           string // what is assigned, and the field with its name
	junction, user, target, condition string
}

func plainGrants() []plainGrant {
	const assignment = "PermissionSetAssignment"
	return []plainGrant{
		{"PermissionSets", "PermissionSet", "Name", assignment, "AssigneeId", "PermissionSetId", " AND PermissionSetGroupId = null AND PermissionSet.IsOwnedByProfile = false"},
		{"PermissionSetGroups", "PermissionSetGroup", "DeveloperName", assignment, "AssigneeId", "PermissionSetGroupId", " AND PermissionSetGroupId != null"},
		{"PermissionSetLicenses", "PermissionSetLicense", "DeveloperName", "PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId", ""},
		{"PublicGroups", "Group", "DeveloperName", "GroupMember", "UserOrGroupId", "GroupId", " AND Group.Type IN ('Regular', 'Queue')"},
	}
}

const (
	plainHost = "https://simulated.my.salesforce.com"
	plainData = "/services/data/v64.0"
)

func newPlain(t *rapid.T, org *salesforcetest.Org) *plain {
	p := &plain{client: org.Client(), profiles: map[string]string{}, named: map[string]map[string]string{}}
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
	for _, g := range plainGrants() {
		p.named[g.attribute] = map[string]string{}
		for _, record := range org.Records(g.object) {
			p.named[g.attribute][record[g.name]] = record["Id"]
		}
	}
	return p
}

// query returns the records of a query as texts.
func (p *plain) query(t *rapid.T, text string) []map[string]any {
	var page struct{ Records []map[string]any }
	p.send(t, http.MethodGet, plainData+"/query?q="+url.QueryEscape(text), "", nil, &page)
	return page.Records
}

// give makes a user hold exactly these: what is too much goes first.
func (p *plain) give(t *rapid.T, user string, g plainGrant, wanted []string) {
	left := map[string]bool{}
	for _, name := range wanted {
		left[p.named[g.attribute][name]] = true
	}
	for _, r := range p.query(t, fmt.Sprintf("SELECT Id, %s FROM %s WHERE %s = '%s'%s", g.target, g.junction, g.user, user, g.condition)) {
		target := fmt.Sprint(r[g.target])
		if !left[target] {
			p.send(t, http.MethodDelete, fmt.Sprintf("%s/sobjects/%s/%v", plainData, g.junction, r["Id"]), "", nil, nil)
		}
		delete(left, target)
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		body := fmt.Sprintf(`{%q:%q,%q:%q}`, g.user, user, g.target, id)
		p.send(t, http.MethodPost, plainData+"/sobjects/"+g.junction, "application/json", []byte(body), nil)
	}
}

// freeze keeps a user from signing in, or lets the user in again.
func (p *plain) freeze(t *rapid.T, user string, frozen bool) {
	for _, r := range p.query(t, "SELECT Id FROM UserLogin WHERE UserId = '"+user+"'") {
		p.send(t, http.MethodPatch, fmt.Sprintf("%s/sobjects/UserLogin/%v", plainData, r["Id"]), "application/json", fmt.Appendf(nil, `{"IsFrozen":%t}`, frozen), nil)
	}
}

// apart carries out a field of a change that is no field of User.
func (p *plain) apart(t *rapid.T, user string, field plan.Field) bool {
	if field.Name == "IsFrozen" {
		p.freeze(t, user, field.New.Bool())
		return true
	}
	for _, g := range plainGrants() {
		if g.attribute == field.Name {
			p.give(t, user, g, namesIn(field.New))
			return true
		}
	}
	return false
}

// namesIn lists what a value refers to.
func namesIn(value attr.Value) []string {
	var names []string
	for _, element := range value.Items() {
		names = append(names, element.Ref().ID)
	}
	return names
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
		case p.apart(t, change.Target.ID, field):
		case field.Name == "ManagerId" && !field.New.IsEmpty():
			members[field.Name] = field.New.Ref().ID
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
	if len(members) == 0 {
		return ""
	}
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	var created struct{ ID string }
	if change.Action == plan.Create {
		p.send(t, http.MethodPost, plainData+"/sobjects/User", "application/json", body, &created)
	} else {
		p.send(t, http.MethodPatch, plainData+"/sobjects/User/"+change.Target.ID, "application/json", body, nil)
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
	if rapid.Bool().Draw(t, "apart") {
		return drawApart(t, id, ids)
	}
	action := rapid.SampledFrom([]plan.Action{plan.Update, plan.Disable, plan.Enable, plan.Delete}).Draw(t, "action")
	written := attr.Object{}
	if action != plan.Delete {
		written = fields("City", word("city"), "Title", word("title"))
	}
	return change(action, id, written)
}

// drawApart makes a random change of what is not a field of the user's own: a
// reference to another user, something assigned, or the freeze.
func drawApart(t *rapid.T, id string, ids []string) plan.Change {
	attribute := rapid.SampledFrom([]string{"ManagerId", "IsFrozen", "PermissionSets", "PermissionSetGroups", "PermissionSetLicenses", "PublicGroups"}).Draw(t, "attribute")
	var value attr.Value
	switch attribute {
	case "ManagerId":
		// The user itself is among them, which the org refuses.
		if manager := rapid.SampledFrom(append([]string{""}, ids...)).Draw(t, "manager"); manager != "" {
			value = attr.RefTo(attr.Ref{Type: "User", ID: manager})
		}
	case "IsFrozen":
		value = attr.Bool(rapid.Bool().Draw(t, "frozen"))
	default:
		value = references(attribute, rapid.SliceOfDistinct(rapid.SampledFrom(available()[attribute]), rapid.ID).Draw(t, "names")...)
	}
	return change(plan.Update, id, attr.Object{}.With(attribute, value))
}

// current completes a change with what the user has in the attributes that it
// writes, which the connector needs to tell what to take away.
func current(t *rapid.T, c connector.Connector, change plan.Change) plan.Change {
	var selected []string
	for _, field := range change.Fields {
		if _, assigned := entitlementAttributes[field.Name]; assigned || field.Name == "IsFrozen" {
			selected = append(selected, field.Name)
		}
	}
	if change.Action != plan.Update || len(selected) == 0 {
		return change
	}
	for object, err := range c.Read(t.Context(), connector.Query{Type: "User", IDs: []string{change.Target.ID}, Select: selected}) {
		if err != nil {
			t.Fatal(err)
		}
		change.Current = object
	}
	for i := range change.Fields {
		change.Fields[i].Old = change.Current.Get(change.Fields[i].Name)
	}
	return change
}

func TestTheConnectorDoesWhatPlainCallsDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var orgs [2]*salesforcetest.Org
		for i := range orgs {
			config := entitledOrg()
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
			outcome := c.Apply(t.Context(), []plan.Change{current(t, c, change)})[0]
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
		lines = append(lines, strings.Join([]string{
			u.ID, u.Username, u.Get("LastName"), u.Get("Title"), u.Get("City"), u.ProfileName, strconv.FormatBool(u.IsActive), u.ManagerID,
			strconv.FormatBool(u.IsFrozen), fmt.Sprint(u.PermissionSets, u.PermissionSetGroups, u.PermissionSetLicenses, u.Groups),
		}, "|"))
	}
	return lines
}

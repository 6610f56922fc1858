package salesforcetest_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// withPicklists is an org with State and Country picklists.
func withPicklists(t *testing.T) *session {
	t.Helper()
	config := salesforcetest.Default()
	config.Settings.StateAndCountryPicklists = true
	return signIn(t, config)
}

// address is what the org holds: country, its code, state, its code.
func address(s *session, username string) string {
	u, _ := s.org.User(username)
	return strings.Join([]string{u.Get("Country"), u.Get("CountryCode"), u.Get("State"), u.Get("StateCode")}, "|")
}

func TestStatesAndCountriesOfNewUsersAreOnTheLists(t *testing.T) {
	t.Parallel()
	s := withPicklists(t)
	tests := []struct {
		name          string
		values        map[string]any
		want, message string
	}{
		{"names", map[string]any{"Country": "united states", "State": "california"}, "United States|US|California|CA", ""},
		{"codes", map[string]any{"CountryCode": "us", "StateCode": "ny"}, "United States|US|New York|NY", ""},
		{"code and name mixed", map[string]any{"CountryCode": "BR", "State": "Bahia"}, "Brazil|BR|Bahia|BA", ""},
		{"the code wins", map[string]any{"CountryCode": "FR", "Country": "Germany"}, "France|FR||", ""},
		{"nothing", nil, "|||", ""},
		{"a country that is none", map[string]any{"Country": "USA"}, "", "There's a problem with this country, even though it may appear correct. Please select a country from the list of valid countries.: Country"},
		{"a state that is none", map[string]any{"Country": "United States", "State": "Bavaria"}, "", "Please select a state from the list of valid states.: State/Province"},
		{"a country without states", map[string]any{"Country": "South Africa", "State": "Gauteng"}, "", "Please select a state from the list of valid states.: State/Province"},
		{"a code that is none", map[string]any{"CountryCode": "LKX"}, "", "The CountryCode field contains LKX, which isn't an available country/territory."},
		{"a code of another country", map[string]any{"CountryCode": "US", "StateCode": "BA"}, "", "The StateCode field contains BA, which isn't an available state."},
		{"a state without a country", map[string]any{"State": "California"}, "", "A country/territory must be selected"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			username := string(rune('a'+i)) + "@example.com"
			answer := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser(username, test.values)))
			if test.message != "" {
				if answer.code(t) != "FIELD_INTEGRITY_EXCEPTION" || !strings.Contains(answer.text, test.message) {
					t.Errorf("got %d %s, want %q", answer.status, answer.text, test.message)
				}
				return
			}
			if diff := cmp.Diff(test.want, address(s, username)); diff != "" {
				t.Errorf("%s; address (-want +got):\n%s", answer.text, diff)
			}
		})
	}
}

// Each change starts from California.
func TestStatesAndCountriesStayInStep(t *testing.T) {
	t.Parallel()
	s := withPicklists(t)
	tests := []struct{ name, change, want, message string }{
		{"another state", `{"State":"Texas"}`, "United States|US|Texas|TX", ""},
		{"another country and state", `{"Country":"Canada","State":"Ontario"}`, "Canada|CA|Ontario|ON", ""},
		{"another country, no state", `{"CountryCode":"FR","State":null}`, "France|FR||", ""},
		{"no country", `{"CountryCode":null}`, "|||", ""},
		{"no state", `{"StateCode":""}`, "United States|US||", ""},
		{"something else", `{"City":"Fresno"}`, "United States|US|California|CA", ""},
		{"another country with a state of the same code", `{"Country":"Italy"}`, "", "The existing country/territory doesn't recognize the state value for field: State/Province Code"},
		{"another country without this state", `{"Country":"Canada"}`, "", "The existing country/territory doesn't recognize the state value"},
		{"name and code that differ", `{"Country":"Canada","CountryCode":"US"}`, "", "Mismatched integration value and ISO code for field: Country"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			username := string(rune('a'+i)) + "@example.com"
			id := s.create("User", s.newUser(username, map[string]any{"Country": "United States", "State": "California"}))
			answer := s.do(http.MethodPatch, data+"/sobjects/User/"+id, test.change)
			if test.message != "" {
				test.want = "United States|US|California|CA"
				if answer.code(t) != "FIELD_INTEGRITY_EXCEPTION" || !strings.Contains(answer.text, test.message) {
					t.Errorf("got %d %s, want %q", answer.status, answer.text, test.message)
				}
			}
			if diff := cmp.Diff(test.want, address(s, username)); diff != "" {
				t.Errorf("%s; address (-want +got):\n%s", answer.text, diff)
			}
		})
	}
}

func TestStatesAreDescribedByTheirCountries(t *testing.T) {
	t.Parallel()
	s := withPicklists(t)
	fields := map[string]map[string]any{}
	for _, item := range s.do(http.MethodGet, data+"/sobjects/User/describe", "").object(t)["fields"].([]any) {
		f := item.(map[string]any)
		fields[f["name"].(string)] = f
	}
	if f := fields["StateCode"]; f["dependentPicklist"] != true || f["controllerName"] != "CountryCode" || fields["Department"]["controllerName"] != nil {
		t.Fatalf("StateCode is described as %v", f)
	}
	countries := fields["CountryCode"]["picklistValues"].([]any)
	var got []string
	for _, item := range fields["StateCode"]["picklistValues"].([]any) {
		state := item.(map[string]any)
		bits, err := base64.StdEncoding.DecodeString(state["validFor"].(string))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range countries {
			if i/8 < len(bits) && bits[i/8]&(0x80>>(i%8)) != 0 && state["value"] == "SA" {
				got = append(got, c.(map[string]any)["label"].(string)+": "+state["label"].(string))
			}
		}
	}
	if diff := cmp.Diff([]string{"Australia: South Australia", "Italy: Salerno"}, got); diff != "" {
		t.Errorf("states with the code SA (-want +got):\n%s", diff)
	}
}

func TestCodesOfAddressesComeWithTheirSwitch(t *testing.T) {
	t.Parallel()
	without := signIn(t, salesforcetest.Config{})
	if answer := without.do(http.MethodPost, data+"/sobjects/User", encode(t, without.newUser("a@example.com", map[string]any{"CountryCode": "US"}))); answer.code(t) != "INVALID_FIELD" {
		t.Errorf("without: %d %s", answer.status, answer.text)
	}
	without.create("User", without.newUser("a@example.com", map[string]any{"Country": "Middle-earth", "State": "The Shire"}))
	with := withPicklists(t)
	for _, item := range with.do(http.MethodGet, data+"/sobjects/User/describe", "").object(t)["fields"].([]any) {
		field := item.(map[string]any)
		if name := field["name"]; name == "CountryCode" && (field["restrictedPicklist"] != true || len(field["picklistValues"].([]any)) < 200 || field["length"] != 10.0) {
			t.Errorf("CountryCode is described as %v", field)
		}
	}
	config, err := salesforcetest.ReadConfig(strings.NewReader("settings: {stateAndCountryPicklists: true}\nusers:\n  - {username: a@b.example, profile: System Administrator, fields: {CountryCode: FR}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if org, err := salesforcetest.New(config); err != nil || org.Users()[0].Get("Country") != "France" {
		t.Errorf("an org from a file: %v", err)
	}
}

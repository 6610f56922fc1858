package salesforcetest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// A client of the org is an ordinary HTTP client; nothing leaves the process.
func ExampleOrg_Client() {
	org, err := salesforcetest.New(salesforcetest.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	credentials := org.Credentials()
	answer, err := org.Client().PostForm("https://simulated.my.salesforce.com/services/oauth2/token", url.Values{ //nolint:noctx // an example.
		"grant_type": {"client_credentials"}, "client_id": {credentials.ClientID}, "client_secret": {credentials.ClientSecret},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end.
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, strings.Contains(string(body), `"token_type":"Bearer"`), err)
	// Output: 200 true <nil>
}

// The second page of a query about users loses half of its records, once.
func ExampleOrg_SetFaults() {
	org, err := salesforcetest.New(salesforcetest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	org.SetFaults([]salesforcetest.Fault{
		{Kind: salesforcetest.FaultHalfPage, Operation: "query", Object: "User", Page: 2},
		{Kind: salesforcetest.FaultUnavailable, Operation: "token"},
	})
	answer, err := org.Client().PostForm("https://simulated.my.salesforce.com/services/oauth2/token", url.Values{}) //nolint:noctx // an example.
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close() //nolint:errcheck // nobody reads it.
	fmt.Println(answer.StatusCode == http.StatusServiceUnavailable)
	// Output: true
}

// All faults of an org file are reported at once.
func ExampleReadConfig() {
	_, err := salesforcetest.ReadConfig(strings.NewReader("latency: soon\nprofiles:\n  - {name: Sales, license: None}\n"))
	fmt.Println(err)
	_, err = salesforcetest.ReadConfig(strings.NewReader("profiles:\n  - {name: Sales, license: None}\nroles:\n  - {name: Worker, parent: Boss}\n"))
	fmt.Println(err)
	// Output:
	// line 1: latency must be a duration such as 20ms, not soon
	// line 2: there is no license "None"
	// line 4: there is no role above this one "Boss"
}

package browser

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Credentials that do not work are refused with the reason, and nothing is saved.
func TestFailingCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("app", "add", "salesforce")
	w.serve()
	b := w.open(options{})
	b.firstAdministrator(w.SetUp)
	b.salesforce()
	b.press("Enter admin credentials")
	enter := func(secret string) {
		b.fill("Admin Username", w.Org.Username)
		b.fill("Admin Password", secret)
		b.fill("Secret Token", w.Org.SecurityToken)
		b.fill("Tenant URL", w.Org.URL)
	}
	enter("not-the-password")
	b.press("Test Connection")
	b.sees("INVALID_LOGIN")
	enter("not-the-password")
	b.press("Save")
	b.sees("INVALID_LOGIN", "not saved yet")
	b.misses("not-the-password")
	enter(w.Org.Password)
	b.press("Save")
	b.sees("The credentials work and were saved")
	b.misses("not saved yet")
}

// A job whose sign-in does not work any more is quarantined and says what to do; it
// goes on by itself once that was done.
func TestQuarantineAndRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSalesforce()
	w.serve()
	b := w.open(options{})
	b.firstAdministrator(w.SetUp)
	b.salesforce()
	b.press("Start provisioning")
	b.press("Start provisioning")
	b.sees("7 created")

	w.tellOrg("rotate-security-token", `{"username":"`+w.Org.Username+`"}`)
	w.tellOrg("expire-sessions", "")
	w.run("assign", "Salesforce", "--group", "Finance", "--role", "Standard User")
	b.sees("In quarantine", "LOGIN_MUST_USE_SECURITY_TOKEN", "What to do:") // the page is told, without being loaded again
	b.visit("/")
	b.sees("In quarantine")

	response, err := http.Get(w.Org.URL + "/__sim/credentials")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&w.Org); err != nil {
		t.Fatal(err)
	}
	b.salesforce()
	b.press("Provisioning")
	b.fill("Secret Token", w.Org.SecurityToken)
	b.press("Save")
	b.sees("The credentials work and were saved")
	b.salesforce()
	w.eventually("the quarantine is over", func() bool {
		b.visit("/")
		return !strings.Contains(b.text("body"), "In quarantine")
	})
	b.salesforce()
	b.sees("Last cycle", "created")
}

// tellOrg tells the simulated org what only its administrator could do.
func (w *world) tellOrg(name, body string) {
	w.t.Helper()
	response, err := http.Post(w.Org.URL+"/__sim/"+name, "application/json", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode >= 300 {
		w.t.Fatalf("the org answers %s with %s", name, response.Status)
	}
}

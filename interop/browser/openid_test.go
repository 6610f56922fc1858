package browser

import (
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/auth/authtest"
)

// Signing in by OpenID Connect is set up in the portal, at a provider that knows
// nothing of Usher; the role comes from a claim.
func TestOpenID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	issuer, server, err := authtest.Start(authtest.Config{
		Client: authtest.Client{ID: "usher", Secret: "a secret of the client", RedirectURLs: []string{w.URL + "/sign-in/openid"}},
		People: []authtest.Person{
			{Subject: "bea", Claims: map[string]any{"preferred_username": "bea@contoso.com", "name": "Bea Okafor", "roles": []string{"Usher.Operator"}}},
			{Subject: "cy", Claims: map[string]any{"preferred_username": "cy@contoso.com", "name": "Cy Doe", "roles": []string{"Other"}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)

	b := w.open(options{})
	b.firstAdministrator(w.SetUp)
	b.press("Settings")
	b.press("Sign-in")
	b.fill("Issuer", issuer.URL)
	b.fill("Client ID", "usher")
	b.fill("Client secret", "not the secret")
	b.fill("Name on the button", "Contoso")
	b.fill("Claim that gives the role", "roles")
	b.fill("Values of the claim", "Usher.Operator = operator")
	b.fill("Client secret", "a secret of the client")
	b.press("Save")
	b.sees("saved")
	b.misses("a secret of the client")
	b.press("Sign out")

	issuer.SignIn("cy")
	b.press("Sign in with Contoso")
	b.titled("Sign in")
	if b.says("Cy Doe") {
		t.Error("somebody without a role is let in")
	}
	issuer.SignIn("bea")
	b.press("Sign in with Contoso")
	b.titled("Home")
	b.sees("Bea Okafor", "operator")
	if !strings.HasPrefix(b.where(), w.URL) {
		t.Errorf("the browser is at %s", b.where())
	}
	b.visit("/applications/new")
	b.sees("Salesforce Sandbox")
	b.misses("Create Salesforce")
}

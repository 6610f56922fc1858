package salesforcetest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// TestJSforce lets a client that others wrote use the org. It needs Node and the
// packages of the lock file: npm ci --prefix testdata/jsforce.
func TestJSforce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "jsforce")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node is missing")
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "jsforce")); err != nil {
		t.Skip("jsforce is missing: run npm ci --prefix testdata/jsforce")
	}
	s := signIn(t, salesforcetest.Config{CustomFields: []salesforcetest.CustomField{{Object: "User", Name: "Person__c", ExternalID: true}}})
	server, err := s.org.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the end of the test.
	c := s.org.Credentials()
	org, err := json.Marshal(map[string]string{
		"url": server.URL, "username": c.Username, "password": c.Password, "securityToken": c.SecurityToken, "clientId": c.ClientID,
		"clientSecret": c.ClientSecret, "refreshToken": s.org.IssueRefreshToken(c.Username),
		"profileId": s.ids("Profile", "Name")["Standard User"], "permissionSetId": s.ids("PermissionSet", "Name")["Report_Runner"],
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), node, "org.mjs")
	command.Dir = folder
	command.Env = append(os.Environ(), "ORG="+string(org))
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Errorf("jsforce: %v", err)
	}
}

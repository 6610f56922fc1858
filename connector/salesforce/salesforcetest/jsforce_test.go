package salesforcetest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// TestJSforce lets a client that others wrote use the org. It needs Node and the
// packages of the lock file: npm ci --prefix testdata/jsforce. With
// USHER_REQUIRE_NODE=1 it does not skip where they are missing.
func TestJSforce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "jsforce")
	missing := t.Skip
	if os.Getenv("USHER_REQUIRE_NODE") == "1" {
		missing = t.Fatal
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("Node is missing")
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "jsforce")); err != nil {
		missing("jsforce is missing: run npm ci --prefix testdata/jsforce")
	}
	public, private := keyPair(t)
	config := salesforcetest.Default()
	config.CustomFields = []salesforcetest.CustomField{{Object: "User", Name: "Person__c", ExternalID: true}}
	config.Applications[0].Certificate = public
	s := signIn(t, config)
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
		"groupId": s.ids("Group", "DeveloperName")["All_Sales"], "queueId": s.ids("Group", "DeveloperName")["Support_Queue"], "privateKey": private,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	command := exec.CommandContext(ctx, node, "org.mjs")
	command.Dir = folder
	command.Env = append(os.Environ(), "ORG="+string(org))
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Errorf("jsforce: %v", err)
	}
}

// keyPair makes the keys of an app that signs its assertions, in PEM.
func keyPair(t *testing.T) (public, private string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}))
	return public, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}))
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMicrosoftGraphJavaScriptClient lets a client that others wrote tell the whole
// story of an application over TLS. It needs Node and the packages of the lock file:
// npm ci --prefix cmd/usher/testdata/graph-client. With USHER_REQUIRE_NODE=1 it does
// not skip where they are missing.
func TestMicrosoftGraphJavaScriptClient(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "graph-client")
	missing := t.Skip
	if os.Getenv("USHER_REQUIRE_NODE") == "1" {
		missing = t.Fatal
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("Node is missing")
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "@microsoft")); err != nil {
		missing("the client is missing: run npm ci --prefix cmd/usher/testdata/graph-client")
	}
	org := background(t, t.TempDir(), regexp.MustCompile(`^\{"clientId".*`), "sim", "salesforce", "--listen", "127.0.0.1:0")
	s := startService(t)
	s.Org = []byte(org)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	command := exec.CommandContext(ctx, node, "story.mjs")
	command.Dir = folder
	command.Env = append(os.Environ(), "SERVICE="+string(text), "NODE_EXTRA_CA_CERTS="+s.authority)
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Errorf("the client: %v", err)
	}
}

// runningService is usher serve with a client that may do everything.
type runningService struct {
	URL          string          `json:"url"` // without a slash at the end
	TenantID     string          `json:"tenantId"`
	ClientID     string          `json:"clientId"`
	ClientSecret string          `json:"clientSecret"`
	Org          json.RawMessage `json:"org"` // what usher sim salesforce printed, if there is one
	authority    string          // file that TLS clients have to trust
}

// startService runs usher serve with an empty database until the end of the test.
func startService(t *testing.T) runningService {
	t.Helper()
	data := t.TempDir()
	made, err := exec.CommandContext(t.Context(), "usher", "api-client", "create", "story", "--role", "administrator", "-o", "json", "--data", data).Output()
	if err != nil {
		t.Fatalf("create an API client: %v", err)
	}
	s := runningService{authority: filepath.Join(data, "tls", "ca.pem")}
	if err := json.Unmarshal(made, &s); err != nil {
		t.Fatalf("%v: %s", err, made)
	}
	line := background(t, data, regexp.MustCompile(`"msg":"usher serves"`), "serve", "--listen", "127.0.0.1:0", "--tls", "self-signed", "--log-format", "json", "--data", data)
	var serves struct{ Address string }
	if err := json.Unmarshal([]byte(line), &serves); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	s.URL = "https://" + serves.Address
	return s
}

// background runs usher until the end of the test and returns the first line of what
// it prints or logs that matches.
func background(t *testing.T, data string, wanted *regexp.Regexp, args ...string) string {
	t.Helper()
	// It outlives the test's context, so that it ends by an interrupt as in a terminal.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), "usher", args...)
	command.Dir = data
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	found := ""
	for found == "" && lines.Scan() {
		found = wanted.FindString(lines.Text())
		if found != "" {
			found = lines.Text()
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"level":"ERROR"`) {
				t.Logf("usher %s: %s", args[0], lines.Text())
			}
		}
	}()
	t.Cleanup(func() {
		err := command.Process.Signal(os.Interrupt)
		<-drained
		if err := errors.Join(err, command.Wait()); err != nil {
			t.Errorf("usher %s, interrupted: %v", args[0], err)
		}
	})
	if found == "" {
		t.Fatalf("usher %v does not print %s", args, wanted)
	}
	return found
}

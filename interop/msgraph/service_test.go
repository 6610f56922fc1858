package msgraph

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// service is a running usher serve with the org that it provisions into.
type service struct {
	URL      string // https, without a slash at the end
	CA       string // file with the certificate to trust
	TenantID string
	ClientID string
	Secret   string
	Org      org
}

// org is the line that usher sim salesforce prints when it is ready.
type org struct {
	URL           string `json:"url"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	SecurityToken string `json:"securityToken"`
}

// startService builds usher, starts an org and the service, and makes an API
// client with the administrator's role.
func startService(t *testing.T) service {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(folder, "usher")
	if output, err := command(t, "../..", "go", "build", "-o", binary, "./cmd/usher").CombinedOutput(); err != nil {
		t.Fatalf("build usher: %v\n%s", err, output)
	}
	var s service
	line := start(t, folder, `{"clientId"`, binary, "sim", "salesforce", "--listen", "127.0.0.1:0")
	if err := json.Unmarshal([]byte(line), &s.Org); err != nil {
		t.Fatalf("the org printed %q: %v", line, err)
	}
	output, err := command(t, folder, binary, "api-client", "create", "interop", "--role", "administrator", "--output", "json").Output()
	if err != nil {
		t.Fatalf("create an API client: %v\n%s", err, stderr(err))
	}
	var client struct {
		TenantID string `json:"tenantId"`
		ClientID string `json:"clientId"`
		Secret   string `json:"clientSecret"`
	}
	if err := json.Unmarshal(output, &client); err != nil || client.Secret == "" {
		t.Fatalf("usher api-client create printed %s", output)
	}
	s.TenantID, s.ClientID, s.Secret = client.TenantID, client.ClientID, client.Secret
	address := freeAddress(t)
	s.URL = "https://" + address
	s.CA = filepath.Join(folder, "data", "tls", "ca.pem")
	start(t, folder, "", binary, "serve", "--listen", address, "--tls", "self-signed")
	return s
}

func command(t *testing.T, folder, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, arguments...)
	c.Dir = folder
	c.Env = append(os.Environ(), "USHER_DATA="+filepath.Join(folder, "data"))
	return c
}

// start runs a command until the test ends, and waits for a line of its output
// that has the prefix, unless that is empty.
func start(t *testing.T, folder, prefix, name string, arguments ...string) string {
	t.Helper()
	c := command(t, folder, name, arguments...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	output, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints lockedBuffer
	c.Stderr = &complaints
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(lines)
		scanner := bufio.NewScanner(output)
		for scanner.Scan() {
			if prefix != "" && strings.HasPrefix(scanner.Text(), prefix) {
				lines <- scanner.Text()
				break
			}
		}
		io.Copy(io.Discard, output)
	})
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		reader.Wait()
		c.Wait()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", strings.Join(c.Args[1:], " "), complaints.String())
		}
	})
	if prefix == "" {
		return ""
	}
	select {
	case line := <-lines:
		if line != "" {
			return line
		}
	case <-time.After(30 * time.Second):
	}
	t.Fatalf("%s did not get ready: %s", strings.Join(c.Args[1:], " "), complaints.String())
	return ""
}

type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

func stderr(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}

// freeAddress is an address that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// eventually tries something every quarter of a second for a minute.
func eventually(t *testing.T, what string, try func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !try() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// ready reports whether the service answers.
func (s service) ready(client *http.Client) bool {
	response, err := client.Get(s.URL + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

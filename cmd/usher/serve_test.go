package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/internal/store/storetest"
)

// TestServeScripts runs testdata/serve: usher serve in the background, with other
// commands and the simulated org beside it. Besides the commands of TestScripts, a
// script has these:
//
//	serving [CA_FILE]            wait until usher serve, started in the background, is ready; with a file, over TLS
//	signin FILE                  fetch as the client that usher api-client create -o json wrote
//	fetch PATH STATUS [PATTERN]  its answer has the status and matches; after "!" it does not match
//	visit METHOD PATH STATUS [FIELD=VALUE...]
//	                             as a browser without scripts, which keeps cookies and follows nothing; the
//	                             answer with its header is in the file "page" then
//	invited                      wait for a link to sign in with; its path is in $LINK, and where it
//	                             leads is visited, unless a service is already
//	slow OPERATION DURATION      the org's next answer to the operation comes so late, after it did it
//	terminate                    send SIGTERM to what runs in the background
//	await account ARGUMENTS...   wait until account, as in TestScripts, holds
//	await hook EVENT             wait until the webhook at $HOOK_URL got an event, signed
func TestServeScripts(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		runServeScripts(t, setupServe)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		storetest.Postgres(t) // skips all of them at once where there is none
		runServeScripts(t, func(env *testscript.Env) error {
			env.Setenv("USHER_DATABASE", storetest.Postgres(t))
			return setupServe(env)
		})
	})
}

func runServeScripts(t *testing.T, setup func(*testscript.Env) error) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/serve", RequireExplicitExec: true, RequireUniqueNames: true, Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"org": startOrg, "account": checkAccount, "rows": checkRows, "exits": checkExit, "json": checkJSON,
			"serving": awaitServing, "fetch": fetch, "await": await, "terminate": terminate, "slow": slow, "signin": signIn,
			"visit": visit, "invited": awaitLink,
		},
	})
}

type (
	hookKey   struct{}
	servedKey struct{}
)

// hook keeps the events that were posted to it.
type hook struct {
	mutex  sync.Mutex
	events []string
}

// ServeHTTP implements http.Handler.
func (h *hook) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var post struct{ Type string }
	if err := json.NewDecoder(r.Body).Decode(&post); err != nil || r.Header.Get("Webhook-Signature") == "" {
		post.Type = "a post without a signature"
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.events = append(h.events, post.Type)
}

func (h *hook) got() string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return strings.Join(h.events, " ")
}

func setupServe(env *testscript.Env) error {
	if err := setupScript(env); err != nil {
		return err
	}
	received := &hook{}
	server := httptest.NewServer(received)
	env.Defer(server.Close)
	env.Values[hookKey{}] = received
	env.Values[servedKey{}] = new(int) // how many services the script has started
	jar, err := newJar()
	env.Values[jarKey{}] = jar
	env.Setenv("HOOK_URL", server.URL)
	return err
}

// until tries something until it works.
func until(ts *testscript.TestScript, what string, works func() bool) {
	for deadline := time.Now().Add(45 * time.Second); !works(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain: %s", what)
		}
	}
}

func slow(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: slow OPERATION DURATION")
	}
	delay, err := time.ParseDuration(args[1])
	ts.Check(err)
	ts.Value(orgKey{}).(*scriptOrg).org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultSlow, Operation: args[0], Delay: delay}})
}

func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, command := range ts.BackgroundCmds() {
		ts.Check(command.Process.Signal(syscall.SIGTERM))
	}
}

// awaitServing finds the address in what usher serve has logged, and waits until it
// says that it is ready.
func awaitServing(ts *testscript.TestScript, _ bool, args []string) {
	scheme := "http://"
	if len(args) == 1 {
		scheme = "https://"
		file := ts.MkAbs(args[0])
		ts.Setenv("CA_FILE", file)
		until(ts, "usher serve makes no certificate", func() bool {
			_, err := os.Stat(file)
			return err == nil
		})
	}
	listening := regexp.MustCompile(`"usher serves","address":"([^"]+)"`)
	served := ts.Value(servedKey{}).(*int)
	known := *served
	*served++
	until(ts, "usher serve does not listen", func() bool {
		// What a command in the background writes can be read when it has ended; the transcript is there at once.
		text, err := os.ReadFile(ts.Getenv(transcriptVariable))
		found := listening.FindAllSubmatch(text, -1)
		if err != nil || len(found) == known {
			return false
		}
		address := scheme + string(found[len(found)-1][1])
		ts.Setenv("SERVED", address)
		status, _ := get(ts, address+"/readyz")
		return status == http.StatusOK
	})
}

func fetch(ts *testscript.TestScript, not bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: fetch PATH STATUS [PATTERN]")
	}
	status, body := get(ts, ts.Getenv("SERVED")+args[0])
	if got := strconv.Itoa(status); got != args[1] {
		ts.Fatalf("%s answers %s, want %s: %s", args[0], got, args[1], body)
	}
	if len(args) > 2 && regexp.MustCompile(`(?m)^`+args[2]+`$`).Match(body) == not {
		ts.Fatalf("%s answers %s", args[0], body)
	}
}

func get(ts *testscript.TestScript, address string) (status int, body []byte) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	ts.Check(err)
	if token := ts.Getenv("TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client(ts).Do(request)
	ts.Check(err)
	body, err = io.ReadAll(response.Body)
	ts.Check(err)
	ts.Check(response.Body.Close())
	return response.StatusCode, body
}

// client trusts the certificate authority of the script, if there is one.
func client(ts *testscript.TestScript) *http.Client {
	pool := x509.NewCertPool()
	if file := ts.Getenv("CA_FILE"); file != "" {
		text, err := os.ReadFile(file)
		ts.Check(err)
		pool.AppendCertsFromPEM(text)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	return &http.Client{Timeout: 10 * time.Second, Transport: transport}
}

// signIn finds the token endpoint by discovery and signs in.
func signIn(ts *testscript.TestScript, _ bool, args []string) {
	var made struct{ ClientID, TenantID, ClientSecret string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &made))
	var found struct {
		TokenEndpoint string `json:"token_endpoint"`
	}
	_, body := get(ts, ts.Getenv("SERVED")+"/"+made.TenantID+"/v2.0/.well-known/openid-configuration")
	ts.Check(json.Unmarshal(body, &found))
	response, err := client(ts).PostForm(found.TokenEndpoint, url.Values{ //nolint:noctx // the client has a time limit
		"grant_type": {"client_credentials"}, "client_id": {made.ClientID}, "client_secret": {made.ClientSecret}, "scope": {ts.Getenv("SERVED") + "/.default"},
	})
	ts.Check(err)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	ts.Check(json.NewDecoder(response.Body).Decode(&token))
	ts.Check(response.Body.Close())
	ts.Setenv("TOKEN", token.AccessToken)
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	switch {
	case len(args) == 2 && args[0] == "hook":
		received := ts.Value(hookKey{}).(*hook)
		until(ts, strings.Join(args, " "), func() bool { return strings.Contains(received.got(), args[1]) })
	case len(args) == 2 && args[0] == "log":
		until(ts, strings.Join(args, " "), func() bool {
			text, err := os.ReadFile(ts.Getenv(transcriptVariable))
			return err == nil && bytes.Contains(text, []byte(args[1]))
		})
	case len(args) > 2 && args[0] == "account":
		fault := ""
		until(ts, strings.Join(args, " "), func() bool {
			fault = accountFault(ts, args[1:])
			return fault == ""
		})
	default:
		ts.Fatalf("usage: await account ARGUMENTS... | await hook EVENT | await log TEXT")
	}
}

// accountFault is like checkAccount and returns what differs.
func accountFault(ts *testscript.TestScript, args []string) string {
	user, found := ts.Value(orgKey{}).(*scriptOrg).org.User(args[0])
	state := map[bool]string{true: "active", false: "inactive"}[user.IsActive]
	if !found {
		state = "absent"
	}
	if state != args[1] {
		return state
	}
	for _, arg := range args[2:] {
		if name, want, _ := strings.Cut(arg, "="); user.Get(name) != want {
			return name
		}
	}
	return ""
}

func TestServeRefusesFlagsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	good := serveFlags{listen: listenFlags{address: "127.0.0.1:0"}, cycles: 1, poll: time.Second}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		adapt func(*serveFlags)
		want  string // empty: it is taken
	}{
		{name: "all addresses", adapt: func(f *serveFlags) { f.listen.address = ":8080" }, want: "--insecure-http"},
		{name: "an address of the network", adapt: func(f *serveFlags) { f.listen.address = "192.0.2.1:8080" }, want: "--insecure-http"},
		{name: "a name", adapt: func(f *serveFlags) { f.listen.address = "usher.contoso.example:8080" }, want: "--insecure-http"},
		{name: "all addresses, and it is meant", adapt: func(f *serveFlags) { f.listen.address, f.listen.insecure = ":8080", true }},
		{name: "the loopback address of IPv6", adapt: func(f *serveFlags) { f.listen.address = "[::1]:8080" }},
		{name: "localhost", adapt: func(f *serveFlags) { f.listen.address = "localhost:8080" }},
		{name: "no port", adapt: func(f *serveFlags) { f.listen.address = "127.0.0.1" }, want: "host:port"},
		{name: "a certificate for all addresses", adapt: func(f *serveFlags) { f.listen.address, f.listen.cert, f.listen.key = ":8080", "c", "k" }},
		{name: "a certificate without key", adapt: func(f *serveFlags) { f.listen.cert = "c" }, want: "--tls-key"},
		{name: "two certificates", adapt: func(f *serveFlags) { f.listen.tls, f.listen.cert, f.listen.key = "self-signed", "c", "k" }, want: "not both"},
		{name: "another kind of TLS", adapt: func(f *serveFlags) { f.listen.tls = "acme" }, want: "--tls is self-signed"},
		{name: "its own certificate for others", adapt: func(f *serveFlags) { f.listen.tls, f.listen.address = "self-signed", ":8080" }, want: "--tls-cert"},
		{name: "a base URL with a path", adapt: func(f *serveFlags) { f.listen.origin.URL = "https://usher.contoso.com/a" }, want: "--base-url"},
		{name: "a rate below zero", adapt: func(f *serveFlags) { f.apiRate = -1 }, want: "--api-rate"},
		{name: "no cycles", adapt: func(f *serveFlags) { f.cycles = 0 }, want: "--cycles"},
		{name: "no pause between polls", adapt: func(f *serveFlags) { f.poll = 0 }, want: "--poll"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			flags := good
			tt.adapt(&flags)
			err := flags.check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// simProcess is a sim command that runs within the test.
type simProcess struct {
	t     *testing.T
	ready map[string]string
	token string
	stop  context.CancelFunc
	ended chan int
	errs  strings.Builder // only to be read when it has ended
}

// startSim runs usher sim salesforce and signs in to it.
func startSim(t *testing.T, flags ...string) *simProcess {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	out, in := io.Pipe()
	p := &simProcess{t: t, stop: stop, ended: make(chan int, 1)}
	go func() {
		code := run(ctx, append([]string{"sim", "salesforce", "--listen", "127.0.0.1:0"}, flags...), nil, in, &p.errs)
		_ = in.Close() // It always succeeds.
		p.ended <- code
	}()
	if err := json.NewDecoder(out).Decode(&p.ready); err != nil {
		t.Fatalf("the command ended with %d: %s", <-p.ended, p.errs.String())
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.ready["clientId"]}, "client_secret": {p.ready["clientSecret"]}}
	var token map[string]string
	if err := json.Unmarshal([]byte(p.post("/services/oauth2/token", form.Encode(), "application/x-www-form-urlencoded")), &token); err != nil {
		t.Fatal(err)
	}
	p.token = token["access_token"]
	return p
}

// post sends a body and returns that of the answer.
func (p *simProcess) post(path, body, contentType string) string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.ready["url"]+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", "Bearer "+p.token)
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end.
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// interrupt ends the command as Ctrl-C does, and returns its exit code.
func (p *simProcess) interrupt() int {
	p.stop()
	return <-p.ended
}

func TestSimKeepsItsOrgInADataFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	org, data := filepath.Join(folder, "org.yaml"), filepath.Join(folder, "org.data")
	write(t, org, "name: Contoso\nroles: [{name: Boss}]\n")
	const role = `{"Name":"Night shift"}`
	first := startSim(t, "--org", org, "--data", data, "--latency", "0s")
	created := first.post("/services/data/v64.0/sobjects/UserRole", role, "application/json")
	if !strings.Contains(created, `"success":true`) {
		t.Fatal(created)
	}
	if answer := first.post("/__sim/save", "", "application/json"); answer != "" {
		t.Errorf("save: %s", answer)
	}
	saved, err := os.ReadFile(data)
	if err != nil || !strings.Contains(string(saved), "Night shift") {
		t.Errorf("the data file after the save: %v", err)
	}
	if code := first.interrupt(); code != exitDone {
		t.Errorf("interrupted: %d %s", code, first.errs.String())
	}
	second := startSim(t, "--org", org, "--data", data)
	if diff := cmp.Diff(first.ready["password"], second.ready["password"]); diff != "" {
		t.Errorf("password (-first +second):\n%s", diff)
	}
	if again := second.post("/services/data/v64.0/sobjects/UserRole", role, "application/json"); !strings.Contains(again, "DUPLICATE_DEVELOPER_NAME") {
		t.Errorf("the role is not there any more: %s", again)
	}
	second.interrupt()
}

func TestSimSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(folder, name)
		write(t, name, text)
		return name
	}
	tests := []struct {
		name  string
		flags []string
		code  int
		want  string
	}{
		{"no org file", []string{"--org", filepath.Join(folder, "none.yaml")}, exitFailed, "usher: read org file: open "},
		{"org file", []string{"--org", file("a.yaml", "name: A\nhue: 1\nlatency: x\n")}, exitFailed, "a.yaml:\nline 2: unknown key \"hue\""},
		{"faults", []string{"--faults", file("b.yaml", "- kind: flood\n")}, exitFailed, "usher: read schedule of faults " + folder + "/b.yaml: line 1: there is no kind of fault \"flood\""},
		{"data", []string{"--data", file("c.data", "{}\n")}, exitFailed, "c.data: the file is not the content of a simulated org"},
		{"latency", []string{"--latency", "-1s"}, exitUsage, "usher: --latency and --daily-limit cannot be negative"},
		{"argument", []string{"now"}, exitUsage, "usher sim salesforce takes no arguments"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			var errs strings.Builder
			code := run(ctx, append([]string{"sim", "salesforce", "--listen", "127.0.0.1:0"}, test.flags...), nil, io.Discard, &errs)
			if code != test.code || !strings.Contains(errs.String(), test.want) {
				t.Errorf("ended with %d %q, want %d and %q", code, errs.String(), test.code, test.want)
			}
		})
	}
}

func TestFlagsOfSimCountMoreThanTheOrgFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	org, faults := filepath.Join(folder, "org.yaml"), filepath.Join(folder, "faults.yaml")
	write(t, org, "latency: 3s\ndailyLimit: 10\nfaults: [{kind: quota}]\n")
	write(t, faults, "[]\n")
	tests := []struct {
		name    string
		flags   simFlags
		latency time.Duration
		limit   int
		faults  int
		sandbox bool
	}{
		{"nothing", simFlags{latency: simLatency}, simLatency, 0, 0, false},
		{"file", simFlags{org: org, latency: simLatency}, 3 * time.Second, 10, 1, false},
		{"both", simFlags{org: org, faults: faults, latency: time.Second, hasLatency: true, dailyLimit: 20, sandbox: true}, time.Second, 20, 0, true},
		{"no latency", simFlags{org: org, hasLatency: true}, 0, 10, 1, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config, err := test.flags.config()
			got := []any{config.Latency, config.DailyLimit, len(config.Faults), config.Sandbox}
			if diff := cmp.Diff([]any{test.latency, test.limit, test.faults, test.sandbox}, got); diff != "" || err != nil {
				t.Errorf("%v; config (-want +got):\n%s", err, diff)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

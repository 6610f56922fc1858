package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// TestTerraformProvider replays the requests of the Terraform provider azuread, in
// testdata/terraform, against usher serve and a simulated org. After them the accounts
// have to be in the org.
func TestTerraformProvider(t *testing.T) {
	t.Parallel()
	org, err := salesforcetest.New(salesforcetest.Default())
	if err != nil {
		t.Fatal(err)
	}
	server, err := org.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the end of the test.
	s := startService(t)
	credentials := org.Credentials()
	r := &replay{client: s.trusting(t), names: map[string]string{
		"base": s.URL, "tenant": s.TenantID, "client": s.ClientID, "secret": s.ClientSecret, "org": server.URL,
		"username": credentials.Username, "password": credentials.Password, "securityToken": credentials.SecurityToken,
	}}
	files, err := filepath.Glob(filepath.Join("testdata", "terraform", "*.txtar"))
	if err != nil || len(files) != 3 {
		t.Fatal("recorded requests are missing", files, err)
	}
	for _, file := range files {
		r.play(t, file)
	}
	if user, found := org.User("nora.lind@contoso.example"); !found || !strings.Contains(user.Get("Email"), "nora.lind") {
		t.Errorf("the org has no account for Nora: %v", user)
	}
}

// trusting returns a client that trusts the service's certificate authority.
func (s runningService) trusting(t *testing.T) *http.Client {
	t.Helper()
	text, err := os.ReadFile(s.authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: 30 * time.Second, Transport: transport}
}

// replay sends recorded requests and keeps what later ones need of the answers.
type replay struct {
	client *http.Client
	names  map[string]string
}

// exchange is a recorded request with what is read of its answer.
type exchange struct {
	method, target string
	headers        http.Header
	body           string
	status         int
	times          int  // that the request is sent
	patient        bool // until what is read is there
	reads          []string
}

func (r *replay) play(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	headers := http.Header{}
	for _, part := range archive.Files {
		if part.Name == "headers" {
			addHeaders(headers, strings.Split(string(part.Data), "\n"))
			continue
		}
		e, err := parseExchange(r.reveal(string(part.Data)), headers)
		if err != nil {
			t.Fatalf("%s: %s: %v", file, part.Name, err)
		}
		if err := r.repeat(t, e); err != nil {
			t.Fatalf("%s: %s: %s %s: %v", file, part.Name, e.method, e.target, err)
		}
	}
}

// repeat sends a request as often as the provider does.
func (r *replay) repeat(t *testing.T, e exchange) error {
	t.Helper()
	for range e.times {
		if err := r.send(t, e); err != nil {
			return err
		}
	}
	if !e.patient {
		return nil
	}
	err := r.send(t, e)
	for deadline := time.Now().Add(30 * time.Second); err != nil && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		err = r.send(t, e)
	}
	return err
}

func addHeaders(headers http.Header, lines []string) (rest []string) {
	for i, line := range lines {
		name, value, found := strings.Cut(line, ": ")
		if !found || strings.ContainsAny(name, " {\"=") {
			return lines[i:]
		}
		headers.Set(name, value)
	}
	return nil
}

func parseExchange(text string, headers http.Header) (exchange, error) {
	request, answer, found := strings.Cut(text, "=> ")
	if !found {
		return exchange{}, fmt.Errorf("no answer in %q", text)
	}
	lines := strings.Split(request, "\n")
	e := exchange{headers: headers.Clone()}
	e.method, e.target, _ = strings.Cut(lines[0], " ")
	e.body = strings.TrimSpace(strings.Join(addHeaders(e.headers, lines[1:]), "\n"))
	first, reads, _ := strings.Cut(answer, "\n")
	status, often, _ := strings.Cut(first, ", ")
	var err error
	if e.status, err = strconv.Atoi(status); err != nil {
		return exchange{}, fmt.Errorf("the status is a number: %w", err)
	}
	e.patient = strings.HasPrefix(often, "once ")
	if !e.patient {
		if e.times, err = strconv.Atoi(strings.TrimSuffix(cmp.Or(often, "1 times"), " times")); err != nil {
			return exchange{}, fmt.Errorf("how often the request is sent: %w", err)
		}
	}
	e.reads = strings.Split(strings.TrimSpace(reads), "\n")
	return e, nil
}

func (r *replay) reveal(text string) string {
	return regexp.MustCompile(`\{(\w+)\}`).ReplaceAllStringFunc(text, func(name string) string {
		if value, known := r.names[strings.Trim(name, "{}")]; known {
			return value
		}
		return name
	})
}

func (r *replay) send(t *testing.T, e exchange) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), e.method, r.names["base"]+e.target, strings.NewReader(e.body))
	if err != nil {
		return err
	}
	request.Header = e.headers.Clone()
	if token := r.names["token"]; token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it is read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != e.status {
		return fmt.Errorf("the status is %d, want %d: %s", response.StatusCode, e.status, body)
	}
	if e.status == http.StatusNoContent {
		if len(body) > 0 {
			return fmt.Errorf("the answer without content has %q", body)
		}
		return nil
	}
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return fmt.Errorf("the content type is %q, and the provider reads JSON alone", kind)
	}
	return r.read(body, e.reads)
}

// read checks and keeps members of an answer.
func (r *replay) read(body []byte, lines []string) error {
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%w: %s", err, body)
	}
	for _, line := range lines {
		found := regexp.MustCompile(`^(.+?) ([=~>])(?: (.*))?$`).FindStringSubmatch(line)
		if found == nil {
			if line != "" {
				return fmt.Errorf("what is %q?", line)
			}
			continue
		}
		got, there := lookUp(answer, strings.Split(found[1], "/"))
		if !there {
			return fmt.Errorf("no %s in %s", found[1], body)
		}
		if err := r.check(got, found[2], found[3]); err != nil {
			return fmt.Errorf("%s: %w in %s", found[1], err, body)
		}
	}
	return nil
}

func (r *replay) check(got any, how, text string) error {
	switch how {
	case "=":
		var want any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			return fmt.Errorf("%q is no JSON: %w", text, err)
		}
		if !reflect.DeepEqual(got, want) {
			return fmt.Errorf("got %v, want %v", got, want)
		}
	case "~":
		if !strings.Contains(fmt.Sprint(got), text) {
			return fmt.Errorf("got %v, want %q in it", got, text)
		}
	case ">":
		value, ok := got.(string)
		if !ok || value == "" {
			return fmt.Errorf("got %v, want a text", got)
		}
		r.names[text] = value
		if text == "token" {
			return r.readClaims(value)
		}
	}
	return nil
}

// readClaims does what the provider does with an access token: it reads the claims.
func (r *replay) readClaims(token string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("the token has %d parts, want 3", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims map[string]any
	if err := json.NewDecoder(bytes.NewReader(payload)).Decode(&claims); err != nil {
		return err
	}
	for _, name := range []string{"oid", "aud", "appid", "tid", "roles", "idtyp", "ver", "exp", "iss", "sub"} {
		if claims[name] == nil {
			return fmt.Errorf("the token has no claim %s: %s", name, payload)
		}
	}
	r.names["oid"] = fmt.Sprint(claims["oid"])
	return nil
}

// lookUp follows a path. "#" is how many items a list has, "#name=value" its first
// item with the value.
func lookUp(value any, path []string) (any, bool) {
	for _, name := range path {
		if name == "" {
			return nil, false
		}
		switch v := value.(type) {
		case map[string]any:
			next, there := v[name]
			if !there {
				return nil, false
			}
			value = next
		case []any:
			next, there := item(v, name)
			if !there {
				return nil, false
			}
			value = next
		default:
			return nil, false
		}
	}
	return value, true
}

func item(list []any, name string) (any, bool) {
	if name == "#" {
		return float64(len(list)), true
	}
	if property, want, found := strings.Cut(strings.TrimPrefix(name, "#"), "="); found {
		for _, one := range list {
			if object, ok := one.(map[string]any); ok && object[property] == want {
				return one, true
			}
		}
		return nil, false
	}
	index, err := strconv.Atoi(name)
	if err != nil || index >= len(list) {
		return nil, false
	}
	return list[index], true
}

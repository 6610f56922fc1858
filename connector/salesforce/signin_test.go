package salesforce_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// transportFunc is a transport in one function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSignInWithAPassword(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	// Characters that XML would stumble over.
	config.Users[0].Password = `a<b>&"c'1`
	org := newOrg(t, config)
	c := open(t, org, passwords(org).With("Password", config.Users[0].Password))
	health, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if health.Account != org.Credentials().Username || !strings.Contains(health.Organization, org.OrganizationID()) || health.Version != "67.0" {
		t.Errorf("the check found %+v", health)
	}
	if len(health.Missing) > 0 {
		t.Errorf("an administrator lacks %v", health.Missing)
	}
	if len(health.Warnings) != 1 || !strings.Contains(health.Warnings[0], "Summer '27") {
		t.Errorf("the warnings are %q, want one about the end of SOAP login", health.Warnings)
	}
}

func TestRefusedSignInsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		arrange func(*testing.T, *salesforcetest.Org, provisioning.Credentials) provisioning.Credentials
		kind    connector.Kind
		code    string
	}{
		{"a wrong password", func(_ *testing.T, _ *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			return c.With("Password", "canary-wrong")
		}, connector.Unauthorized, "SalesforceInvalidCredentials"},
		{"an unknown user", func(_ *testing.T, _ *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			return c.With("UserName", "nobody@example.com")
		}, connector.Unauthorized, "SalesforceInvalidCredentials"},
		{"no security token", func(_ *testing.T, _ *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			return c.With("SecretToken", "")
		}, connector.Unauthorized, "SalesforceLoginMustUseSecurityToken"},
		{"a security token that was reset", func(_ *testing.T, _ *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			return c.With("SecretToken", "canary-wrong")
		}, connector.Unauthorized, "SalesforceLoginMustUseSecurityToken"},
		{"a user who is locked out", func(t *testing.T, org *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			t.Helper()
			org.SetSettings(salesforcetest.Settings{LockoutAttempts: 1})
			if _, err := open(t, org, c.With("Password", "canary-wrong")).Check(t.Context()); err == nil {
				t.Fatal("a wrong password is taken")
			}
			return c
		}, connector.Unauthorized, "SalesforcePasswordLockout"},
		{"an inactive user", func(t *testing.T, org *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			t.Helper()
			if err := org.SetUser(org.Credentials().Username, map[string]any{"IsActive": false}); err != nil {
				t.Fatal(err)
			}
			return c
		}, connector.Unauthorized, "SalesforceInvalidCredentials"},
		{"an expired password", func(t *testing.T, org *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			t.Helper()
			if err := org.ExpirePassword(org.Credentials().Username); err != nil {
				t.Fatal(err)
			}
			return c
		}, connector.Unauthorized, "SalesforcePasswordExpired"},
		{"SOAP login switched off", func(_ *testing.T, org *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			org.SetSettings(salesforcetest.Settings{SOAPLoginDisabled: true})
			return c
		}, connector.Unauthorized, "SalesforceSoapLoginDisabled"},
		{"an org without API", func(_ *testing.T, org *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			org.SetSettings(salesforcetest.Settings{APIDisabled: true})
			return c
		}, connector.Forbidden, "SalesforceApiDisabledForOrg"},
		{"a user without API", func(t *testing.T, org *salesforcetest.Org, c provisioning.Credentials) provisioning.Credentials {
			t.Helper()
			if err := org.SetProfilePermission("System Administrator", "ApiEnabled", false); err != nil {
				t.Fatal(err)
			}
			return c
		}, connector.Forbidden, "SalesforceApiCurrentlyDisabled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, salesforcetest.Default())
			c := open(t, org, test.arrange(t, org, passwords(org)))
			_, err := c.Check(t.Context())
			e, ok := errors.AsType[*connector.Error](err)
			if !ok || e.Kind != test.kind || e.Code != test.code || e.Advice == "" {
				t.Errorf("got %#v, want the kind %q and the code %s with advice", e, string(test.kind), test.code)
			}
			wantNoCanary(t, err, "canary-wrong", org.Credentials().Password, org.Credentials().SecurityToken)
		})
	}
}

// wantNoCanary checks that an error shows none of the texts.
func wantNoCanary(t *testing.T, err error, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error shows a secret")
		}
	}
}

func TestRefusedCredentialsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org).With("Password", "wrong"))
	for range 5 {
		for _, err := range c.Roles(t.Context()) {
			if !errors.Is(err, connector.Unauthorized) {
				t.Errorf("got %v", err)
			}
		}
	}
	if logins := org.Statistics().ByKind["login"]; logins != 1 {
		t.Errorf("%d sign-ins, want one: more of them lock the user out", logins)
	}
}

func TestSignInWithAClientSecret(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	credentials := provisioning.Credentials{}.With("ClientIdentifier", org.Credentials().ClientID).
		With("ClientSecret", org.Credentials().ClientSecret).With("BaseAddress", "https://simulated.my.salesforce.com/")
	health, err := open(t, org, credentials).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if health.Account != org.Credentials().Username || len(health.Warnings) > 0 {
		t.Errorf("the check found %+v", health)
	}
	_, err = open(t, org, credentials.With("ClientSecret", "canary-secret")).Check(t.Context())
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.Code != "SalesforceInvalidClient" {
		t.Errorf("a wrong secret gives %v", err)
	}
	wantNoCanary(t, err, "canary-secret")
}

func TestSignInWithAPrivateKey(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	config := salesforcetest.Default()
	config.Applications[0].Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	org := newOrg(t, config)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"PKCS #1":     string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		"PKCS #8":     string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		"on one line": strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), "\n", `\n`),
	} {
		credentials := provisioning.Credentials{}.With("ClientIdentifier", org.Credentials().ClientID).
			With("UserName", org.Credentials().Username).With("AppKey", text)
		if _, err := open(t, org, credentials).Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadSettingsAreRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		given provisioning.Credentials
		code  string
	}{
		{"nothing", nil, "SalesforceCredentialsIncomplete"},
		{"no password", provisioning.Credentials{}.With("UserName", "a@b.c"), "SalesforceCredentialsIncomplete"},
		{"a client secret without host", provisioning.Credentials{}.With("ClientIdentifier", "x").With("ClientSecret", "canary"), "SalesforceCredentialsIncomplete"},
		{"a key that is none", provisioning.Credentials{}.With("UserName", "a@b.c").With("ClientIdentifier", "x").With("AppKey", "canary"), "SalesforceInvalidPrivateKey"},
		{"a host over http", provisioning.Credentials{}.With("UserName", "a@b.c").With("Password", "canary").With("BaseAddress", "http://contoso.my.salesforce.com"), "SalesforceInvalidTenantUrl"},
		{"a host over ftp", provisioning.Credentials{}.With("UserName", "a@b.c").With("Password", "canary").With("BaseAddress", "ftp://127.0.0.1"), "SalesforceInvalidTenantUrl"},
		{"a host with a password", provisioning.Credentials{}.With("UserName", "a@b.c").With("Password", "x").With("BaseAddress", "https://u:canary@contoso.my.salesforce.com"), "SalesforceInvalidTenantUrl"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: test.given})
			e, ok := errors.AsType[*connector.Error](err)
			if !ok || e.Code != test.code || e.Advice == "" {
				t.Fatalf("got %v, want the code %s with advice", err, test.code)
			}
			wantNoCanary(t, err, "canary")
		})
	}
}

func TestHostsOfTheUserInterfaceBecomeThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                                      "login.salesforce.com",
		"contoso.my.salesforce.com":             "contoso.my.salesforce.com",
		"https://Contoso.lightning.force.com/x": "contoso.my.salesforce.com",
		"https://contoso--uat.sandbox.lightning.force.com": "contoso--uat.sandbox.my.salesforce.com",
		"https://agency.lightning.crmforce.mil":            "agency.my.salesforce.mil",
	} {
		var asked atomic.Value
		template := salesforce.Template(salesforce.Options{})
		c, err := template.Open(connector.Environment{
			Credentials: provisioning.Credentials{}.With("UserName", "a@b.c").With("Password", "x").With("BaseAddress", given),
			Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				asked.Store(r.URL.Host)
				return nil, errors.New("no network")
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := contextWithoutPatience(t)
		_, _ = c.Check(ctx)
		cancel()
		if got := asked.Load(); got != want {
			t.Errorf("for %q the sign-in goes to %v, want %s", given, got, want)
		}
	}
}

// unzipped reads a body that may be compressed.
func unzipped(t *testing.T, response *http.Response) io.Reader {
	t.Helper()
	if response.Header.Get("Content-Encoding") != "gzip" {
		return response.Body
	}
	reader, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

func TestASessionIsNeverSentOverPlainHTTP(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	inner := org.Client().Transport
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if r.URL.Scheme != "https" {
				t.Errorf("a request goes to %s", r.URL.Scheme+"://"+r.URL.Host)
			}
			response, err := inner.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			defer func() { _ = response.Body.Close() }()
			var body bytes.Buffer
			if _, err := body.ReadFrom(unzipped(t, response)); err != nil {
				return nil, err
			}
			response.Header.Del("Content-Encoding")
			response.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(body.String(), "<serverUrl>https:", "<serverUrl>http:")))
			return response, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Check(t.Context())
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.Code != "SalesforceWrongHost" {
		t.Errorf("got %v, want that the host is refused", err)
	}
}

func TestRedirectionsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: provisioning.Credentials{}.With("UserName", "a@b.c").With("Password", "x"),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			header := http.Header{"Location": {"https://elsewhere.example/"}}
			return &http.Response{StatusCode: http.StatusFound, Header: header, Body: http.NoBody, Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Check(t.Context())
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.Code != "SalesforceWrongHost" || requests.Load() != 1 {
		t.Errorf("got %v after %d requests, want that the host is wrong after one", err, requests.Load())
	}
}

func TestAnExpiredSessionIsRenewedOnceForEverybody(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	org.ExpireSessions()
	org.ResetStatistics()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, err := range c.Read(t.Context(), connector.Query{Type: "User", All: true}) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if logins := org.Statistics().ByKind["login"]; logins != 1 {
		t.Errorf("%d sign-ins, want one for all goroutines", logins)
	}
}

// TestASessionThatCannotBeRenewed lets a session expire when the password has
// changed: five goroutines notice at the same time, and the user must not be locked
// out by them.
func TestASessionThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := open(t, org, passwords(org))
	id := mustApply(t, c, create("a@example.com"))[0]
	org.SetSettings(salesforcetest.Settings{SOAPLoginDisabled: true})
	org.ExpireSessions()
	org.ResetStatistics()
	var group sync.WaitGroup
	for i := range 5 {
		group.Go(func() {
			var err error
			if i%2 == 0 {
				err = c.Apply(t.Context(), []plan.Change{change(plan.Update, id, fields("Title", strconv.Itoa(i)))})[0].Err
			} else {
				for _, err = range c.Read(t.Context(), connector.Query{Type: "User", IDs: []string{id}}) {
					continue
				}
			}
			if connector.KindOf(err) != connector.Unauthorized {
				t.Errorf("goroutine %d: %v, want that the sign-in is refused", i, err)
			}
		})
	}
	group.Wait()
	if logins := org.Statistics().ByKind["login"]; logins != 1 {
		t.Errorf("%d sign-ins, want one", logins)
	}
	if user, _ := org.User("a@example.com"); user.Get("Title") != "" {
		t.Error("something was written without a session")
	}
}

// TestARenewalThatIsCutOffIsTriedAgain loses the answer to the sign-in with which an
// expired session is renewed, in the middle of a write.
func TestARenewalThatIsCutOffIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []salesforcetest.FaultKind{salesforcetest.FaultReset, salesforcetest.FaultResponseLost, salesforcetest.FaultUnavailable, salesforcetest.FaultTruncatedBody} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			org := newOrg(t, salesforcetest.Default())
			c := open(t, org, passwords(org))
			mustApply(t, c, create("a@example.com"))
			org.ExpireSessions()
			org.SetFaults([]salesforcetest.Fault{{Kind: kind, Operation: "login"}})
			outcome := c.Apply(t.Context(), []plan.Change{create("b@example.com")})[0]
			_, there := org.User("b@example.com")
			if outcome.Err == nil != there || connector.KindOf(outcome.Err) == connector.Unauthorized {
				t.Errorf("the outcome is %v, and the user is there: %v", outcome.Err, there)
			}
			if outcome.Err != nil {
				mustApply(t, c, create("b@example.com"))
			}
		})
	}
}

func TestMissingPermissionsAreNamed(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Users = append(config.Users, salesforcetest.UserConfig{
		Username: "weak@sim.example", Password: "Weak-12345", SecurityToken: "WeakToken", Profile: "Standard User",
	})
	org := newOrg(t, config)
	c := open(t, org, provisioning.Credentials{}.With("UserName", "weak@sim.example").With("Password", "Weak-12345").With("SecretToken", "WeakToken"))
	health, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, permission := range health.Missing {
		names = append(names, permission.Name)
	}
	if got := strings.Join(names, ", "); got != "View Setup and Configuration, Manage Internal Users, View Roles and Role Hierarchy, Assign Permission Sets" {
		t.Errorf("missing: %s", got)
	}
}

func TestPermissionsAreNeededForWhatIsUsed(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Profiles = []salesforcetest.Profile{
		{Name: "System Administrator", License: "Salesforce", Permissions: []string{"All"}},
		{Name: "Integration", License: "Salesforce", Permissions: []string{"ApiEnabled", "ViewSetup", "ManageInternalUsers", "ViewRoles", "AssignPermissionSets"}},
	}
	config.Users = append(config.Users, salesforcetest.UserConfig{
		Username: "modest@sim.example", Password: "Modest-12345", SecurityToken: "ModestToken", Profile: "Integration",
	})
	org := newOrg(t, config)
	credentials := provisioning.Credentials{}.With("UserName", "modest@sim.example").With("Password", "Modest-12345").With("SecretToken", "ModestToken")
	tests := []struct {
		name        string
		credentials provisioning.Credentials
		mapped      []string
		want        []connector.Permission
	}{
		{"fields and permission sets", credentials, []string{"Username", "PermissionSets"}, nil},
		{"groups", credentials, []string{"Username", "PublicGroups"}, []connector.Permission{{Name: "Manage Users", Feature: "members of public groups and queues"}}},
		{"freezing", credentials.With("DisableAction", "freeze"), []string{"Username"}, []connector.Permission{{Name: "Manage Users", Feature: "freezing the sign-in of users"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: test.credentials, Mapped: test.mapped, Transport: org.Client().Transport})
			if err != nil {
				t.Fatal(err)
			}
			health, err := c.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, health.Missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPermissionsThatCannotBeSeenAreLacking(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: passwords(org),
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if query := r.URL.Query().Get("q"); strings.Contains(query, "Permissions") || strings.Contains(query, "FROM Organization") {
				body := `[{"errorCode":"INVALID_FIELD","message":"No such column"}]`
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			}
			return org.Client().Transport.RoundTrip(r)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	health, err := c.Check(t.Context())
	if err != nil || len(health.Missing) != 4 || health.Missing[0].Name != "View Setup and Configuration" {
		t.Errorf("the check found %+v, %v, want that setup cannot be seen", health, err)
	}
	if health.Account != org.Credentials().Username || health.Organization != org.OrganizationID() {
		t.Errorf("the check found %+v", health)
	}
}

func TestASandboxSignsInAtItsOwnHost(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Sandbox = true
	org := newOrg(t, config)
	health, err := openTemplate(t, salesforce.SandboxTemplate(salesforce.Options{}), org, passwords(org)).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(health.Warnings) != 1 {
		t.Errorf("the warnings are %q, want one about SOAP login alone", health.Warnings)
	}
	health, err = open(t, org, passwords(org).With("BaseAddress", "https://simulated--sbx.sandbox.my.salesforce.com")).Check(t.Context())
	if err != nil || len(health.Warnings) != 2 || !strings.Contains(health.Warnings[1], "sandbox") {
		t.Errorf("the production template on a sandbox gives %q, %v, want a warning", health.Warnings, err)
	}
}

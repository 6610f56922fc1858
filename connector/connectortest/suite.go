package connectortest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector"
)

// Run checks a connector. Each test opens a target of its own.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, test := range slices.Concat(descriptionTests(), readTests(), writeTests(), faultTests()) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, h.Open(t))
		})
	}
}

// conformanceTest is one rule of the contract.
type conformanceTest struct {
	name string
	run  func(*testing.T, Target)
}

func descriptionTests() []conformanceTest {
	return []conformanceTest{
		{"the description is complete and stays the same", testDescription},
		{"a check says where it is signed in", testCheck},
		{"a check refuses bad credentials", testBadCredentials},
		{"every operation refuses bad credentials", testBadCredentialsEverywhere},
		{"roles have ids and names", testRoles},
		{"closing is possible twice", testClose},
		{"usage counts requests", testUsage},
	}
}

func testDescription(t *testing.T, s Target) {
	first, second := s.Connector.Describe(), s.Connector.Describe()
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the description changes (-first +second):\n%s", diff)
	}
	c := first.Capabilities
	for name, missing := range map[string]bool{
		"template id": first.TemplateID == "", "gallery id": first.GalleryID == "", "name": first.Name == "", "interval": first.Interval <= 0,
		"object type": c.ObjectType == "", "name attribute": c.NameAttribute == "", "active attribute": c.ActiveAttribute == "",
		"batch size": c.BatchSize < 1, "concurrency": c.Concurrency < 1, "code prefix": c.CodePrefix == "",
	} {
		if missing {
			t.Errorf("the description has no %s", name)
		}
	}
	keys := map[string]bool{}
	for _, setting := range first.Settings {
		if keys[setting.Key] || setting.Key == "" || setting.Label == "" || setting.Flag == "" || setting.Help == "" {
			t.Errorf("the setting %+v is incomplete or there twice", setting)
		}
		if setting.Secret && setting.Example != "" {
			t.Errorf("the secret setting %s has an example", setting.Key)
		}
		keys[setting.Key] = true
	}
}

func testCheck(t *testing.T, s Target) {
	health, err := s.Connector.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if health.Organization == "" || health.Version == "" {
		t.Errorf("the check does not say where it is: %+v", health)
	}
}

func testBadCredentials(t *testing.T, s Target) {
	if s.Refused == nil {
		t.Skip("this target has no credentials")
	}
	_, err := s.Refused.Check(t.Context())
	wantKind(t, err, connector.Unauthorized)
	wantCode(t, s, err)
	wantNoSecret(t, s, err)
}

func testBadCredentialsEverywhere(t *testing.T, s Target) {
	if s.Refused == nil {
		t.Skip("this target has no credentials")
	}
	_, err := collectRoles(t, s.Refused)
	wantKind(t, err, connector.Unauthorized)
	wantNoSecret(t, s, err)
	query := connector.Query{Type: s.capabilities().ObjectType, All: true}
	for _, err := range s.Refused.Read(t.Context(), query) {
		wantKind(t, err, connector.Unauthorized)
		wantNoSecret(t, s, err)
	}
	before := len(s.Accounts())
	s.Connector = s.Refused
	outcome := s.apply(t, s.creation("ann"))[0]
	wantKind(t, outcome.Err, connector.Unauthorized)
	wantNoSecret(t, s, outcome.Err)
	if after := len(s.Accounts()); after != before {
		t.Errorf("there are %d accounts after a refused creation, there were %d", after, before)
	}
}

func testRoles(t *testing.T, s Target) {
	roles, err := collectRoles(t, s.Connector)
	if err != nil {
		t.Fatal(err)
	}
	if !s.capabilities().ImportsRoles {
		return
	}
	if len(roles) == 0 {
		t.Fatal("there are no roles")
	}
	seen := map[string]bool{}
	for _, role := range roles {
		if role.ID == "" || role.Name == "" || seen[role.ID] {
			t.Errorf("the role %+v has no id or name, or comes twice", role)
		}
		seen[role.ID] = true
		if role.License.Total < connector.Unlimited || role.License.Used < 0 {
			t.Errorf("the seats of role %+v are impossible", role)
		}
	}
	for range s.Connector.Roles(t.Context()) {
		break // breaking off must be possible
	}
}

func testClose(t *testing.T, s Target) {
	for range 2 {
		if err := s.Connector.Close(); err != nil {
			t.Error(err)
		}
	}
}

func testUsage(t *testing.T, s Target) {
	if calls := s.Connector.Usage().Calls; calls != 0 {
		t.Errorf("%d calls before the first request", calls)
	}
	s.create(t, "ann")
	used := s.Connector.Usage()
	if used.Calls == 0 {
		t.Error("no calls after a creation")
	}
	if requests := s.requests(); s.Requests != nil && used.Calls != int64(requests) {
		t.Errorf("%d calls, the target saw %d requests", used.Calls, requests)
	}
}

func collectRoles(t *testing.T, c connector.Connector) ([]connector.Role, error) {
	t.Helper()
	var roles []connector.Role
	for role, err := range c.Roles(t.Context()) {
		if err != nil {
			return roles, err
		}
		roles = append(roles, role)
	}
	return roles, nil
}

// wantKind checks the kind of an error.
func wantKind(t *testing.T, err error, kind connector.Kind) {
	t.Helper()
	if err == nil || connector.KindOf(err) != kind {
		t.Errorf("got the error %v, want one of the kind %q", err, string(kind))
	}
}

// wantCode checks that an error carries a code for the provisioning log.
func wantCode(t *testing.T, s Target, err error) {
	t.Helper()
	e, ok := asError(err)
	if !ok {
		t.Errorf("the error %v is not a *connector.Error", err)
		return
	}
	if prefix := s.capabilities().CodePrefix; !strings.HasPrefix(e.Code, prefix) || e.Code == prefix {
		t.Errorf("the error %v has the code %q, want one that begins with %s", err, e.Code, prefix)
	}
}

// wantNoSecret checks that an error shows no secret anywhere.
func wantNoSecret(t *testing.T, s Target, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if e, ok := asError(err); ok {
		text += e.Message + e.Advice + e.TargetCode + strings.Join(e.Fields, " ")
	}
	for _, secret := range s.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Error("an error shows a secret")
		}
	}
}

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
			test.run(check{t, h.Open(t)})
		})
	}
}

// conformanceTest is one rule of the contract.
type conformanceTest struct {
	name string
	run  func(check)
}

// check is one rule being checked against a target.
type check struct {
	*testing.T
	Target
}

// needsBatch skips a rule that asks for more at once than the target takes.
func (s check) needsBatch(size int) {
	s.Helper()
	if limit := s.capabilities().BatchSize; limit < size {
		s.Skipf("a query of this target asks for %d accounts at most, this rule for %d", limit, size)
	}
}

func descriptionTests() []conformanceTest {
	return []conformanceTest{
		{"the description is complete and stays the same", check.testDescription},
		{"a check says where it is signed in", check.testCheck},
		{"a check refuses bad credentials", check.testBadCredentials},
		{"every operation refuses bad credentials", check.testBadCredentialsEverywhere},
		{"roles have ids and names", check.testRoles},
		{"closing is possible twice", check.testClose},
		{"usage counts requests", check.testUsage},
	}
}

func (s check) testDescription() {
	first, second := s.Connector.Describe(), s.Connector.Describe()
	if diff := cmp.Diff(first, second); diff != "" {
		s.Errorf("the description changes (-first +second):\n%s", diff)
	}
	c := first.Capabilities
	for name, missing := range map[string]bool{
		"template id": first.TemplateID == "", "gallery id": first.GalleryID == "", "name": first.Name == "", "interval": first.Interval <= 0,
		"object type": c.ObjectType == "", "name attribute": c.NameAttribute == "", "active attribute": c.ActiveAttribute == "",
		"batch size": c.BatchSize < 1, "concurrency": c.Concurrency < 1, "code prefix": c.CodePrefix == "",
	} {
		if missing {
			s.Errorf("the description has no %s", name)
		}
	}
	keys := map[string]bool{}
	for _, setting := range first.Settings {
		if keys[setting.Key] || setting.Key == "" || setting.Label == "" || setting.Flag == "" || setting.Help == "" {
			s.Errorf("the setting %+v is incomplete or there twice", setting)
		}
		if setting.Secret && setting.Example != "" {
			s.Errorf("the secret setting %s has an example", setting.Key)
		}
		keys[setting.Key] = true
	}
}

func (s check) testCheck() {
	health, err := s.Connector.Check(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if health.Organization == "" || health.Version == "" {
		s.Errorf("the check does not say where it is: %+v", health)
	}
}

func (s check) testBadCredentials() {
	if s.Refused == nil {
		s.Skip("this target has no credentials")
	}
	_, err := s.Refused.Check(s.Context())
	wantKind(s.T, err, connector.Unauthorized)
	wantCode(s.T, s.Target, err)
	wantNoSecret(s.T, s.Target, err)
}

func (s check) testBadCredentialsEverywhere() {
	if s.Refused == nil {
		s.Skip("this target has no credentials")
	}
	_, err := collectRoles(s.T, s.Refused)
	wantKind(s.T, err, connector.Unauthorized)
	wantNoSecret(s.T, s.Target, err)
	query := connector.Query{Type: s.capabilities().ObjectType, All: true}
	for _, err := range s.Refused.Read(s.Context(), query) {
		wantKind(s.T, err, connector.Unauthorized)
		wantNoSecret(s.T, s.Target, err)
	}
	before := len(s.Accounts())
	s.Connector = s.Refused
	outcome := s.apply(s.T, s.creation("ann"))[0]
	wantKind(s.T, outcome.Err, connector.Unauthorized)
	wantNoSecret(s.T, s.Target, outcome.Err)
	if after := len(s.Accounts()); after != before {
		s.Errorf("there are %d accounts after a refused creation, there were %d", after, before)
	}
}

func (s check) testRoles() {
	roles, err := collectRoles(s.T, s.Connector)
	if err != nil {
		s.Fatal(err)
	}
	if !s.capabilities().ImportsRoles {
		return
	}
	if len(roles) == 0 {
		s.Fatal("there are no roles")
	}
	seen := map[string]bool{}
	for _, role := range roles {
		if role.ID == "" || role.Name == "" || seen[role.ID] {
			s.Errorf("the role %+v has no id or name, or comes twice", role)
		}
		seen[role.ID] = true
		if role.License.Total < connector.Unlimited || role.License.Used < 0 {
			s.Errorf("the seats of role %+v are impossible", role)
		}
	}
	for _, err := range s.Connector.Roles(s.Context()) {
		if err != nil {
			s.Error(err)
		}
		break // breaking off must be possible
	}
}

func (s check) testClose() {
	for range 2 {
		if err := s.Connector.Close(); err != nil {
			s.Error(err)
		}
	}
}

func (s check) testUsage() {
	if calls := s.Connector.Usage().Calls; calls != 0 {
		s.Errorf("%d calls before the first request", calls)
	}
	s.create(s.T, "ann")
	used := s.Connector.Usage()
	if used.Calls == 0 {
		s.Error("no calls after a creation")
	}
	if requests := s.requests(); s.Requests != nil && used.Calls != int64(requests) {
		s.Errorf("%d calls, the target saw %d requests", used.Calls, requests)
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

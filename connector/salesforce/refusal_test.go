package salesforce

import (
	"net/http"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
)

func TestRefusalsHaveAKind(t *testing.T) {
	t.Parallel()
	c := newClient(account{}, Options{}.filled(), nil)
	tests := []struct {
		name   string
		write  bool
		status int
		body   string
		kind   connector.Kind
		code   string
	}{
		{"the quota of the day", true, 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`, connector.QuotaExceeded, "SalesforceRequestLimitExceeded"},
		{"too many at once", true, 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentPerOrgLongTxn Limit exceeded."}]`, connector.Throttled, "SalesforceConcurrentLimitExceeded"},
		{"maintenance of a write", true, 503, `[{"errorCode":"SERVER_UNAVAILABLE","message":"SERVER_UNAVAILABLE"}]`, connector.Unavailable, "SalesforceServerUnavailable"},
		{"an error on a write", true, 500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]`, connector.Ambiguous, "SalesforceUnknownException"},
		{"an error on a read", false, 500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]`, connector.Unavailable, "SalesforceUnknownException"},
		{"a write that ran too long", true, 400, `[{"errorCode":"REQUEST_RUNNING_TOO_LONG","message":"x"}]`, connector.Ambiguous, "SalesforceRequestRunningTooLong"},
		{"a gateway on a write", true, 502, "<html>", connector.Ambiguous, "SalesforceAnswerLost"},
		{"a gateway on a read", false, 502, "<html>", connector.Unavailable, "SalesforceServerUnavailable"},
		{"a proxy that throttles", true, 429, "slow down", connector.Throttled, "SalesforceConcurrentLimitExceeded"},
		{"a proxy that wants a session", false, 401, "", connector.Unauthorized, "SalesforceInvalidSessionId"},
		{"a retired version", false, 410, "", connector.Unavailable, "SalesforceUnsupportedApiVersion"},
		{"a long address", false, 414, "", connector.Unavailable, "SalesforceUriTooLong"},
		{"an org that is gone", false, 420, "", connector.Forbidden, "SalesforceOrgLocked"},
		{"a login page", false, 302, "", connector.Unavailable, "SalesforceWrongHost"},
		{"bad data", true, 400, `[{"errorCode":"JSON_PARSER_ERROR","message":"x"}]`, connector.Invalid, "SalesforceJsonParserError"},
		{"a query about nothing", false, 400, `[{"errorCode":"MALFORMED_ID","message":"x"}]`, connector.Unavailable, "SalesforceMalformedId"},
		{"a code of tomorrow", true, 400, `[{"errorCode":"BRAND_NEW","message":"x"}]`, connector.Invalid, "SalesforceBrandNew"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := c.refusal(request{write: test.write}, answer{status: test.status, body: []byte(test.body), header: http.Header{"Retry-After": {"7"}}})
			if err.Kind != test.kind || err.Code != test.code {
				t.Errorf("got the kind %q and the code %s, want %q and %s", string(err.Kind), err.Code, string(test.kind), test.code)
			}
			if err.RetryAfter != 7*time.Second {
				t.Errorf("the target asks to wait %s, want 7s", err.RetryAfter)
			}
		})
	}
}

func TestRowsFailForThemselves(t *testing.T) {
	t.Parallel()
	c := newClient(account{}, Options{}.filled(), nil)
	tests := []struct {
		name  string
		row   row
		fault fault
		kind  connector.Kind
		code  string
	}{
		{"an unknown exception", row{}, fault{StatusCode: "UNKNOWN_EXCEPTION"}, connector.Conflict, "SalesforceUnknownException"},
		{"an account that is gone", row{}, fault{StatusCode: "ENTITY_IS_DELETED"}, connector.NotFound, "SalesforceInvalidAnchor"},
		{"an account that never was", row{}, fault{StatusCode: "INVALID_CROSS_REFERENCE_KEY"}, connector.NotFound, "SalesforceInvalidAnchor"},
		{"a manager who never was", row{}, fault{StatusCode: "INVALID_CROSS_REFERENCE_KEY", Fields: []string{"ManagerId"}}, connector.Invalid, "SalesforceInvalidCrossReferenceKey"},
		{"a manager of another type", row{}, fault{StatusCode: "MALFORMED_ID", Fields: []string{"ManagerId"}}, connector.Invalid, "SalesforceMalformedId"},
		{"a reference on creation", row{create: true}, fault{StatusCode: "INVALID_CROSS_REFERENCE_KEY"}, connector.Invalid, "SalesforceInvalidCrossReferenceKey"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := c.rowFailure(test.row, []fault{test.fault})
			if err.Kind != test.kind || err.Code != test.code {
				t.Errorf("got the kind %q and the code %s, want %q and %s", string(err.Kind), err.Code, string(test.kind), test.code)
			}
		})
	}
}

func TestOAuthFaultsHaveCodes(t *testing.T) {
	t.Parallel()
	c := newClient(account{}, Options{}.filled(), nil)
	for description, want := range map[oauthFault]string{
		{"invalid_grant", "authentication failure"}:             "SalesforceInvalidCredentials",
		{"invalid_grant", "expired access/refresh token"}:       "SalesforceRefreshTokenExpired",
		{"invalid_grant", "user hasn't approved this consumer"}: "SalesforceUserNotApproved",
		{"invalid_grant", "Audience validation failed"}:         "SalesforceWrongAudience",
		{"invalid_grant", "no client credentials user enabled"}: "SalesforceNoClientCredentialsUser",
		{"invalid_client", "invalid client credentials"}:        "SalesforceInvalidClient",
		{"unsupported_grant_type", "grant type not supported"}:  "SalesforceUnsupportedGrantType",
		{"inactive_org", "x"}:                                   "SalesforceOrgLocked",
		{"something_new", "x"}:                                  "SalesforceInvalidCredentials",
	} {
		if err := c.oauthFailure(description); err.Code != want || err.Advice == "" {
			t.Errorf("%v becomes %s, want %s", description, err.Code, want)
		}
	}
}

func TestSOAPFaultsAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"with a detail":    `<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: No.</faultstring><detail><sf:LoginFault xmlns:sf="y"><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>No.</sf:exceptionMessage></sf:LoginFault></detail></e:Fault></e:Body></e:Envelope>`,
		"without a detail": `<Envelope><Body><Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: No.</faultstring></Fault></Body></Envelope>`,
		"without a prefix": `<Envelope><Body><Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: No.</faultstring></Fault></Body></Envelope>`,
	} {
		got, ok := parseSOAPFault([]byte(body))
		if !ok || got.code() != "INVALID_LOGIN" || got.Message != "No." {
			t.Errorf("%s: got %+v, %v", name, got, ok)
		}
	}
}

func TestValuesAreWrittenAsTheirFieldsWantThem(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.FixedZone("x", 3_600))
	for want, value := range map[string]attr.Value{
		`"F":null`: {}, `"F":"a\"b"`: attr.Text(`a"b`), `"F":true`: attr.Bool(true), `"F":42`: attr.Int(42),
		`"F":"2026-01-02T02:04:05.006Z"`: attr.Moment(at), `"F":"005"`: attr.RefTo(attr.Ref{Type: "User", ID: "005"}), `"F":"a;b"`: attr.Texts("a", "b"),
	} {
		if got, err := appendField(nil, "F", value); err != nil || string(got) != want {
			t.Errorf("%v is written %s, %v, want %s", value, got, err, want)
		}
	}
	if got, err := appendField(nil, "F", attr.Text("")); err != nil || string(got) != `"F":null` {
		t.Errorf("an empty text is written %s, %v", got, err)
	}
	if _, err := appendField(nil, "F", attr.Nested(attr.New("X", "", nil))); connector.KindOf(err) != connector.Invalid {
		t.Errorf("a complex value gives %v", err)
	}
	if got := asBoolean("UserPermissionsMarketingUser", attr.Text("True")); !attr.Equal(got, attr.Bool(true), true) {
		t.Errorf("the text True becomes %v", got)
	}
	if got := asBoolean("Title", attr.Text("True")); got.Kind() != attr.String {
		t.Errorf("a title becomes %v", got.Kind())
	}
}

func TestValuesAreReadAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	r := record{"A": "x", "B": true, "C": 7.0, "D": 1.5, "E": nil, "ManagerId": "00530000009M943", "ProfileId": "00530000009M943", "LastLoginDate": "2026-01-02T03:04:05.000+0000"}
	for name, want := range map[string]attr.Value{
		"A": attr.Text("x"), "B": attr.Bool(true), "C": attr.Int(7), "D": attr.Text("1.5"), "E": {}, "Missing": {},
		"ManagerId": attr.RefTo(attr.Ref{Type: "User", ID: "00530000009M943AAC"}), "ProfileId": attr.Text("00530000009M943AAC"),
		"LastLoginDate": attr.Moment(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), "a": attr.Text("x"),
	} {
		if got := newField(name).read(r); !attr.Equal(got, want, true) {
			t.Errorf("%s is %v (%v), want %v", name, got, got.Kind(), want)
		}
	}
}

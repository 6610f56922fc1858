package salesforce

import (
	"encoding/json"
	"testing"
)

// FuzzAnswers feeds everything that reads an answer: whatever a host sends, it is
// read or refused, and a write is never taken for done without an id.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "{}", "null", `[{"message":"m","errorCode":"INVALID_FIELD","fields":["a"]}]`, `{"error":"invalid_grant","error_description":"x"}`,
		`[{"id":"005000000000001AAA","success":true,"errors":[]}]`, `[{"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"m","fields":[]}]}]`,
		`{"totalSize":1,"done":true,"records":[{"Id":"005000000000001AAA","Profile":{"Name":"x"}}]}`,
		`{"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v64.0/query/01g-2000","records":[]}`,
		`{"totalSize":3,"done":false,"nextRecordsUrl":"https://elsewhere.example/x","records":[]}`,
		`[{"version":"64.0"},{"version":"67.0"}]`,
		`<Envelope><Body><Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: no</faultstring></Fault></Body></Envelope>`,
		`<Envelope><Body><loginResponse><result><sessionId>x</sessionId></result></loginResponse></Body></Envelope>`,
	} {
		f.Add([]byte(seed))
	}
	c := newClient(account{}, Options{}.filled(), nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		if faults := parseFaults(body); faults != nil && c.failure(faults...).Kind == "" {
			t.Error("a fault has no kind")
		}
		if fault, ok := parseSOAPFault(body); ok && c.failure(fault).Kind == "" {
			t.Error("a fault has no kind")
		}
		if fault, ok := parseOAuthFault(body); ok && c.oauthFailure(fault).Kind == "" {
			t.Error("a fault has no kind")
		}
		rows, _ := parseRows(body, 1)
		for _, row := range rows {
			if row.Success && row.ID == "" {
				t.Error("a row was written and has no id")
			}
		}
		if p, err := c.parsePage(body); err == nil && !p.Done && p.NextRecordsURL == "" {
			t.Error("a page that is not the last one names no next one")
		}
		if version, err := c.newest(body); err == nil && (version < oldestVersion || version > newestVersion) {
			t.Errorf("version %d", version)
		}
		var r record
		if json.Unmarshal(body, &r) == nil {
			for _, name := range []string{"Id", "ProfileName", "ManagerId", "CreatedDate"} {
				_ = newField(name).read(r).String()
			}
		}
	})
}

// FuzzPrivateKey reads any text as a key.
func FuzzPrivateKey(f *testing.F) {
	f.Add("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := parsePrivateKey(text); (key == nil) == (err == nil) {
			t.Error("neither a key nor an error")
		}
	})
}

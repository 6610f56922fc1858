package graphapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/graphapi"
)

// bad is a request that cannot be answered, and how it is refused.
type bad struct {
	name    string
	request string // method and path below the version
	body    string
	header  []string
	status  int
	code    string
	says    string // a part of the message
}

func badRequests() []bad {
	const (
		user = `"accountEnabled":true,"displayName":"X","mailNickname":"x","passwordProfile":{},"userPrincipalName":"x@contoso.example"`
		sp   = "/servicePrincipals/" + principal
	)
	asText := []string{"Content-Type", "text/plain"}
	eventual := []string{"ConsistencyLevel", "eventual"}
	return []bad{
		{name: "malformed JSON", request: "POST /users", body: `{"displayName":`, status: 400, code: "Request_BadRequest", says: "Unable to read JSON"},
		{name: "more behind the JSON", request: "POST /users", body: `{} {}`, status: 400, code: "Request_BadRequest", says: "Unable to read JSON"},
		{name: "no body", request: "POST /users", status: 400, code: "Request_BadRequest", says: "Empty Payload"},
		{name: "a list", request: "POST /groups", body: `[]`, status: 400, code: "Request_BadRequest", says: "must be a JSON object"},
		{name: "a property twice", request: "PATCH /users/" + ana, body: `{"jobTitle":"a","JobTitle":"b"}`, status: 400, code: "Request_BadRequest", says: "more than once"},
		{name: "a number for a text", request: "PATCH /users/" + ana, body: `{"jobTitle":7}`, status: 400, code: "Request_BadRequest", says: "'jobTitle'"},
		{name: "a text for a boolean", request: "PATCH /users/" + ana, body: `{"accountEnabled":"yes"}`, status: 400, code: "Request_BadRequest", says: "'accountEnabled'"},
		{name: "a text for a list", request: "PATCH /users/" + ana, body: `{"otherMails":"a@b"}`, status: 400, code: "Request_BadRequest", says: "'otherMails'"},
		{name: "an object for a text", request: "PATCH /groups/" + sales, body: `{"description":{}}`, status: 400, code: "Request_BadRequest", says: "'description'"},
		{name: "not UTF-8", request: "PATCH /users/" + ana, body: "{\"jobTitle\":\"\xff\"}", status: 400, code: "Request_BadRequest", says: "not valid UTF-8"},
		{name: "a NUL character", request: "PATCH /users/" + ana, body: `{"jobTitle":"a\u0000"}`, status: 400, code: "Request_BadRequest", says: "'jobTitle'"},
		{name: "half a surrogate pair", request: "PATCH /users/" + ana, body: `{"displayName":"\ud800"}`, status: 204},
		{name: "deep nesting", request: "PATCH /users/" + ana, body: strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000), status: 400, code: "Request_BadRequest", says: "Unable to read JSON"},
		{name: "an unknown manager", request: "POST /users", body: `{` + user + `,"manager@odata.bind":"https://x/users/nobody"}`, status: 404, code: "Request_ResourceNotFound", says: "'nobody'"},
		{name: "an unknown member", request: "PATCH /groups/" + sales, body: `{"displayName":"changed","members@odata.bind":["https://x/directoryObjects/nobody"]}`, status: 404, code: "Request_ResourceNotFound", says: "'nobody'"},
		{name: "21 members", request: "PATCH /groups/" + sales, body: `{"members@odata.bind":[` + strings.TrimSuffix(strings.Repeat(`"https://x/users/a",`, 21), ",") + `]}`, status: 400, code: "Request_BadRequest", says: "at most 20"},
		{name: "a reference that is no address", request: "POST /groups/" + sales + "/members/$ref", body: `{"@odata.id":"%zz"}`, status: 400, code: "Request_BadRequest", says: "Invalid URL"},

		{name: "another media type", request: "POST /users", body: `{}`, header: asText, status: 415, code: "UnsupportedMediaType", says: "application/json"},
		{name: "a form", request: "PUT " + sp + "/synchronization/secrets", body: `a=b`, header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, code: "UnsupportedMediaType", says: "application/json"},
		{name: "a broken media type", request: "PATCH /users/" + ana, body: `{"jobTitle":"a"}`, header: []string{"Content-Type", ";;"}, status: 415, code: "UnsupportedMediaType", says: "application/json"},
		{name: "another compression", request: "POST /users", body: `{}`, header: []string{"Content-Encoding", "br"}, status: 415, code: "UnsupportedMediaType", says: "'br'"},
		{name: "two compressions", request: "POST /users", body: `{}`, header: []string{"Content-Encoding", "gzip, gzip"}, status: 415, code: "UnsupportedMediaType", says: "gzip"},
		{name: "a method that there is not", request: "PUT /users/" + ana, body: `{}`, status: 405, code: "Request_BadRequest", says: "DELETE, GET, HEAD, PATCH"},
		{name: "OPTIONS", request: "OPTIONS /users", status: 405, code: "Request_BadRequest", says: "GET, HEAD, POST"},
		{name: "a method of one's own", request: "BREW /users", status: 405, code: "Request_BadRequest", says: "not allowed"},
		{name: "HEAD of what is only posted", request: "HEAD " + sp + "/synchronization/acquireAccessToken", status: 405},

		{name: "not UTF-8 in the path", request: "GET /users/%FF%FE", status: 400, code: "BadRequest", says: "not properly encoded"},
		{name: "a NUL in the path", request: "DELETE /users/a%00b", status: 400, code: "BadRequest", says: "not properly encoded"},
		{name: "a path that leads nowhere", request: "GET /devices", status: 400, code: "BadRequest", says: "segment 'devices'"},
		{name: "one that leads nowhere below", request: "GET /users/" + ana + "/calendar", status: 400, code: "BadRequest", says: "segment 'calendar'"},
		{name: "an unknown id", request: "GET /users/nobody", status: 404, code: "Request_ResourceNotFound", says: "Resource 'nobody' does not exist"},
		{name: "an id of another kind", request: "GET /groups/" + ana, status: 404, code: "Request_ResourceNotFound", says: ana},
		{name: "a very long id", request: "GET /users/" + strings.Repeat("x", 5000), status: 404, code: "Request_ResourceNotFound", says: "does not exist"},
		{name: "a key of another kind for users", request: "GET /users(appId='x')", status: 400, code: "Request_BadRequest", says: "'appid'"},
		{name: "for groups", request: "GET /groups(appId='x')", status: 400, code: "Request_BadRequest", says: "'appid'"},
		{name: "for applications", request: "PATCH /applications(displayName='Salesforce')", body: `{}`, status: 400, code: "Request_BadRequest", says: "'displayname'"},
		{name: "for service principals", request: "DELETE /servicePrincipals(uniqueName='x')", status: 400, code: "Request_BadRequest", says: "'uniquename'"},
		{name: "a unique name that nobody has", request: "GET /applications(uniqueName='x')", status: 404, code: "Request_ResourceNotFound", says: "'x'"},
		{name: "for deleted items", request: "GET /directory/deletedItems(appId='x')", status: 400, code: "Request_BadRequest", says: "'appid'"},
		{name: "for jobs", request: "GET " + sp + "/synchronization/jobs(templateId='salesforce')", status: 400, code: "Request_BadRequest", says: "'templateid'"},
		{name: "an open parenthesis", request: "GET /users(", status: 400, code: "BadRequest", says: "segment"},

		{name: "an unknown function", request: "GET /users?$filter=soundsLike(displayName,'a')", status: 400, code: "Request_UnsupportedQuery", says: "soundsLike"},
		{name: "an unknown property", request: "GET /users?$filter=shoeSize%20eq%207", status: 400, code: "Request_BadRequest", says: "shoeSize"},
		{name: "half a filter", request: "GET /users?$filter=displayName%20eq", status: 400, code: "Request_BadRequest", says: "filter"},
		{name: "an open quote", request: "GET /users?$filter=displayName%20eq%20'a", status: 400, code: "Request_BadRequest", says: "filter"},
		{name: "a deep filter", request: "GET /users?$filter=" + strings.Repeat("(", 5000) + "id%20eq%20'a'" + strings.Repeat(")", 5000), status: 400, code: "Request_BadRequest", says: "filter"},
		{name: "an operator of advanced queries", request: "GET /users?$filter=displayName%20ne%20'a'", status: 400, code: "Request_UnsupportedQuery", says: "ConsistencyLevel"},
		{name: "ordered by what there is not", request: "GET /users?$orderby=shoeSize", status: 400, code: "Request_BadRequest", says: "shoeSize"},
		{name: "ordered in no direction", request: "GET /users?$orderby=displayName%20sideways", status: 400, code: "Request_BadRequest", says: "$orderby"},
		{name: "a huge page", request: "GET /users?$top=100000", status: 400, code: "Request_BadRequest", says: "between 1 and 999"},
		{name: "a page of nothing", request: "GET /users?$top=0", status: 400, code: "Request_BadRequest", says: "between 1 and 999"},
		{name: "a page of less than nothing", request: "GET /users?$top=-1", status: 400, code: "Request_BadRequest", says: "$top"},
		{name: "a page that is no number", request: "GET /users?$top=9999999999999999999999", status: 400, code: "Request_BadRequest", says: "$top"},
		{name: "a deep expansion", request: "GET /users?$expand=manager($expand=manager($expand=manager))", status: 400, code: "Request_UnsupportedQuery", says: "only $select"},
		{name: "a very deep one", request: "GET /users?$expand=" + strings.Repeat("manager(", 3000), status: 400, code: "Request_BadRequest", says: "$expand"},
		{name: "an expansion of what there is not", request: "GET /users?$expand=shoes", status: 400, code: "Request_BadRequest", says: "'shoes'"},
		{name: "six expansions", request: "GET /groups?$expand=members,owners,members,owners,members,owners", status: 400, code: "Request_BadRequest", says: "more than 5"},
		{name: "an unknown option", request: "GET /users?$colour=red", status: 400, code: "Request_UnsupportedQuery", says: "$colour"},
		{name: "an option twice", request: "GET /users?$top=1&$top=2", status: 400, code: "Request_BadRequest", says: "more than once"},
		{name: "an option in two spellings", request: "GET /users?$top=1&TOP=2", status: 400, code: "Request_BadRequest", says: "more than once"},
		{name: "a broken query", request: "GET /users?$filter=%zz", status: 400, code: "Request_BadRequest", says: "not properly encoded"},
		{name: "not UTF-8 in the query", request: "GET /users?$filter=%FF", status: 400, code: "Request_BadRequest", says: "not valid UTF-8"},
		{name: "a search without quotes", request: "GET /users?$search=ana", header: eventual, status: 400, code: "Request_BadRequest", says: "double quotes"},
		{name: "a search for what there is not", request: `GET /users?$search=%22shoes:7%22`, header: eventual, status: 400, code: "Request_BadRequest", says: "shoes"},
		{name: "a made up skip token", request: "GET /users?$skiptoken=AAAA", status: 400, code: "Request_BadRequest", says: "skip token"},
		{name: "a made up delta token", request: "GET /users/delta?$deltatoken=AAAA", status: 400, code: "Request_BadRequest", says: "token"},
		{name: "a filter of a delta query", request: "GET /users/delta?$filter=displayName%20eq%20'a'", status: 400, code: "Request_UnsupportedQuery", says: "id eq"},

		{name: "requests in a circle", request: "POST /$batch", body: `{"requests":[{"id":"1","method":"GET","url":"/users","dependsOn":["2"]},{"id":"2","method":"GET","url":"/users","dependsOn":["1"]}]}`, status: 400, code: "Request_BadRequest", says: "in a circle"},
		{name: "one that waits for itself", request: "POST /$batch", body: `{"requests":[{"id":"1","method":"DELETE","url":"/users/` + ana + `","dependsOn":["1"]}]}`, status: 400, code: "Request_BadRequest", says: "in a circle"},
		{name: "one that waits for nobody", request: "POST /$batch", body: `{"requests":[{"id":"1","method":"DELETE","url":"/users/` + ana + `","dependsOn":["9"]}]}`, status: 400, code: "Request_BadRequest", says: "does not have"},
		{name: "two of one id", request: "POST /$batch", body: `{"requests":[{"id":"1","method":"DELETE","url":"/users/` + ana + `"},{"id":"1","method":"GET","url":"/users"}]}`, status: 400, code: "Request_BadRequest", says: "an id of its own"},
		{name: "21 requests", request: "POST /$batch", body: `{"requests":[` + strings.TrimSuffix(strings.Repeat(`{"id":"1","method":"GET","url":"/users"},`, 21), ",") + `]}`, status: 400, code: "Request_BadRequest", says: "from 1 to 20"},
		{name: "an empty batch", request: "POST /$batch", body: `{}`, status: 400, code: "Request_BadRequest", says: "from 1 to 20"},
	}
}

// Each is refused with its status, the envelope and a message that names what is
// wrong, and everything is as it was.
func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	before := snapshot(t, w.handler)
	for _, test := range badRequests() {
		method, path, _ := strings.Cut(test.request, " ")
		got := send(t, w.handler, "administrator", method, "/v1.0"+strings.ReplaceAll(path, " ", "%20"), strings.NewReader(test.body), test.header...)
		if got.Code != test.status {
			t.Errorf("%s: status %d, want %d: %.300s", test.name, got.Code, test.status, got.Body)
			continue
		}
		if test.status < http.StatusBadRequest {
			before = snapshot(t, w.handler)
			continue
		}
		if method == http.MethodHead {
			continue
		}
		wantEnvelope(t, test.name, got, test.code, test.says)
		if after := snapshot(t, w.handler); after != before {
			t.Fatalf("%s: it was refused and changed something", test.name)
		}
	}
}

func wantEnvelope(t *testing.T, name string, got *httptest.ResponseRecorder, code, says string) {
	t.Helper()
	var body struct {
		Error struct {
			Code       string            `json:"code"`
			Message    string            `json:"message"`
			InnerError map[string]string `json:"innerError"`
		} `json:"error"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || !strings.HasPrefix(got.Header().Get("Content-Type"), "application/json") {
		t.Errorf("%s: no envelope: %v %.300s", name, err, got.Body)
	}
	if body.Error.Code != code || !strings.Contains(body.Error.Message, says) {
		t.Errorf("%s: %s: %.300s\nwant %s with %q", name, body.Error.Code, body.Error.Message, code, says)
	}
	if id := body.Error.InnerError["request-id"]; id == "" || id != got.Header().Get("request-id") || body.Error.InnerError["date"] == "" {
		t.Errorf("%s: innerError: %v", name, body.Error.InnerError)
	}
}

// Every list refuses a filter and an order by a property that it does not have, and a
// function that nobody knows; what is no list does not fail on them.
func TestEveryListRefusesWhatItDoesNotHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	key := regexp.MustCompile(`\{([a-zA-Z]+)\}`)
	lists := 0
	for _, pattern := range graphapi.Patterns() {
		path, isGet := strings.CutPrefix(pattern, "GET /v1.0/")
		if !isGet || strings.HasSuffix(path, "/delta") || strings.HasSuffix(path, "/secrets") {
			continue
		}
		path = key.ReplaceAllStringFunc(path, func(name string) string {
			if value, found := pathKeys[strings.Trim(name, "{}")]; found {
				return value
			}
			return "unknown"
		})
		plain := send(t, w.handler, "administrator", http.MethodGet, "/v1.0/"+path, http.NoBody)
		if plain.Code != http.StatusOK || !strings.Contains(plain.Body.String(), `"value":[`) {
			continue
		}
		lists++
		for _, query := range []string{"$filter=nonsense(id,'a')", "$top=x", "$expand=nonsense(", "$skiptoken=zz", "$orderby=id,,"} {
			if got := send(t, w.handler, "administrator", http.MethodGet, "/v1.0/"+path+"?"+query, http.NoBody); got.Code != http.StatusBadRequest {
				t.Errorf("%s?%s: %d %.200s", path, query, got.Code, got.Body)
			}
		}
		if strings.Contains(plain.Body.String(), `$metadata#directoryObjects"`) {
			continue // of several kinds: what one does not have, another may
		}
		for _, query := range []string{"$filter=nonsense%20eq%20'a'", "$orderby=nonsense"} {
			if got := send(t, w.handler, "administrator", http.MethodGet, "/v1.0/"+path+"?"+query, http.NoBody); got.Code != http.StatusBadRequest {
				t.Errorf("%s?%s: %d %.200s", path, query, got.Code, got.Body)
			}
		}
	}
	if lists < 25 {
		t.Errorf("only %d lists were tried", lists)
	}
}

// zeros is a reader of so many zeros.
type zeros struct{ left int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.left)
	clear(p[:n])
	z.left -= n
	return n, nil
}

// A body that unpacks to sixteen times what is taken is refused without being unpacked
// to its end.
func TestAGzipBombIsRefused(t *testing.T) {
	t.Parallel()
	handler := newAPI(t, newStore(t), graphapi.Dependencies{})
	var packed bytes.Buffer
	zipper := gzip.NewWriter(&packed)
	if _, err := io.Copy(zipper, &zeros{64 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := zipper.Close(); err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(packed.Bytes())
	got := send(t, handler, "administrator", http.MethodPost, "/v1.0/groups", rest, "Content-Encoding", "gzip")
	if got.Code != http.StatusRequestEntityTooLarge || rest.Len() < packed.Len()/2 {
		t.Errorf("status %d, and %d of %d bytes were left unread", got.Code, rest.Len(), packed.Len())
	}
	wantEnvelope(t, "bomb", got, "RequestEntityTooLarge", "larger")
}

// A token of one list is none of another one, nor of the same with other options, and
// one that was tampered with is none at all.
func TestTokensBelongToTheirQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/users?$top=1", ""))
	_, skip, _ := strings.Cut(page["@odata.nextLink"].(string), "skiptoken=")
	skip, _, _ = strings.Cut(skip, "&")
	delta := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/users/delta?$deltatoken=latest", ""))
	_, latest, _ := strings.Cut(delta["@odata.deltaLink"].(string), "deltatoken=")
	flip := func(token string) string {
		last := byte('A')
		if token[len(token)/2] == 'A' {
			last = 'B'
		}
		return token[:len(token)/2] + string(last) + token[len(token)/2+1:]
	}
	w.want(http.StatusOK, http.MethodGet, "/v1.0/users?$top=1&$skiptoken="+skip, "")
	w.want(http.StatusOK, http.MethodGet, "/v1.0/users/delta?$deltatoken="+latest, "")
	for _, path := range []string{
		"/groups?$top=1&$skiptoken=" + skip, "/users?$top=2&$skiptoken=" + skip, "/users?$top=1&$filter=accountEnabled%20eq%20true&$skiptoken=" + skip,
		"/users?$top=1&$skiptoken=" + flip(skip), "/users?$top=1&$skiptoken=" + latest, "/users?$top=1&$skiptoken=" + skip[:len(skip)-2], "/users?$top=1&$skiptoken=%00",
		"/groups/delta?$deltatoken=" + latest, "/users/delta?$deltatoken=" + flip(latest), "/users/delta?$deltatoken=" + skip, "/users/delta?$skiptoken=" + skip,
	} {
		w.want(http.StatusBadRequest, http.MethodGet, "/v1.0"+path, "")
	}
}

// A part of a batch that cannot be answered is refused by itself, as it would be alone.
func TestABadPartOfABatchSpoilsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	before := snapshot(t, w.handler)
	body := w.object(w.want(http.StatusOK, http.MethodPost, "/v1.0/$batch", `{"requests":[
		{"id":"1","method":"GET","url":"/users?$filter=nonsense(id)"}, {"id":"2","method":"PATCH","url":"/users/`+ana+`","headers":{"Content-Type":"application/json"},"body":{"jobTitle":7}},
		{"id":"3","method":"PATCH","url":"/users/`+ana+`","headers":{"Content-Type":"text/plain"},"body":"x"}, {"id":"4","method":"POST","url":"/%24batch","body":{"requests":[]}},
		{"id":"5","method":"GET","url":"https://elsewhere.example/v1.0/users"}, {"id":"6","method":"BREW","url":"/users"}, {"id":"7","method":"GET","url":"/users/%FF"},
		{"id":"8","method":"DELETE","url":"/users/`+ana+`","dependsOn":["2"]}, {"id":"9","method":"G T","url":"/users"}, {"id":"10","method":"GET","url":"/users/`+ana+`"}]}`))
	want := map[string]float64{"1": 400, "2": 400, "3": 415, "4": 400, "5": 400, "6": 405, "7": 400, "8": 424, "9": 400, "10": 200}
	for _, part := range body["responses"].([]any) {
		part := part.(map[string]any)
		id, _ := part["id"].(string)
		if part["status"] != want[id] {
			t.Errorf("request %s: %v, want %v", id, part, want[id])
		}
		if fault, _ := part["body"].(map[string]any)["error"].(map[string]any); id != "10" && (fault["code"] == "" || fault["message"] == "") {
			t.Errorf("request %s has no envelope: %v", id, part)
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("no answers to %v", want)
	}
	if after := snapshot(t, w.handler); after != before {
		t.Error("what was refused changed something")
	}
}

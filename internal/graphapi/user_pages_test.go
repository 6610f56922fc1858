package graphapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/graphapi"
)

// walk follows the links from page to page and returns what is on each.
func walk(t *testing.T, handler http.Handler, address string) (pages []string, count any) {
	t.Helper()
	for address != "" {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimPrefix(address, "https://usher.example"), http.NoBody)
		request.Header.Set("Authorization", "Bearer administrator")
		request.Header.Set("ConsistencyLevel", "eventual")
		request.Header.Set("Prefer", "odata.maxpagesize=2")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		var body struct {
			Value []json.RawMessage `json:"value"`
			Next  string            `json:"@odata.nextLink"`
			Count any               `json:"@odata.count"`
		}
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil || recorder.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", address, recorder.Code, recorder.Body)
		}
		var items []string
		for _, item := range body.Value {
			items = append(items, string(item))
		}
		pages = append(pages, strings.Join(items, " "))
		if body.Count != nil {
			count = body.Count
		}
		address = body.Next
	}
	return pages, count
}

// Users a to f: b is deleted, and d is the manager of c.
func TestPagesOfUsersHoldEveryoneOnce(t *testing.T) {
	t.Parallel()
	users := newStore(t)
	for _, id := range []string{"a", "d", "b", "c", "e", "f"} {
		user := directory.User{ID: id, UserPrincipalName: id + "@contoso.example", DisplayName: strings.ToUpper(id)}
		if id == "c" {
			user.ManagerID = "d"
		}
		if err := users.PutUser(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	if err := users.RemoveUser(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	handler := newAPI(t, users, graphapi.Dependencies{})
	shown := func(ids string) string {
		var items []string
		for id := range strings.FieldsSeq(ids) {
			items = append(items, fmt.Sprintf(`{"displayName":%q,"id":%q}`, strings.ToUpper(id), id))
		}
		return strings.Join(items, " ")
	}
	for _, test := range []struct {
		name, address string
		want          []string
		count         any
	}{
		{"a list", "/v1.0/users?$select=displayName&$top=2&$count=true", []string{shown("a c"), shown("d e"), shown("f")}, 5.0},
		{"a list that fills its last page", "/v1.0/users?$select=displayName&$top=5", []string{shown("a c d e f")}, nil},
		{"an ordered list", "/v1.0/users?$select=displayName&$top=2&$orderby=displayName desc", []string{shown("f e"), shown("d c"), shown("a")}, nil},
		{
			"a delta", "/v1.0/users/delta?$select=displayName,manager",
			[]string{
				shown("a"), `{"displayName":"C","id":"c","manager@delta":[{"@odata.type":"#microsoft.graph.user","id":"d"}]} ` + shown("d"),
				shown("e f"), "",
			},
			nil,
		},
		{"a delta of some", "/v1.0/users/delta?$select=displayName&$filter=id eq 'b' or id eq 'd'", []string{"", shown("d"), "", ""}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pages, count := walk(t, handler, strings.ReplaceAll(test.address, " ", "%20"))
			if diff := cmp.Diff(test.want, pages); diff != "" {
				t.Error(diff)
			}
			if count != test.count {
				t.Errorf("the count is %v, want %v", count, test.count)
			}
		})
	}
}

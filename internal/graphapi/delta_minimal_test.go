package graphapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/graphapi"
	"github.com/usher-id/usher/internal/store"
)

// minimal gets the items of a delta link with Prefer: return=minimal, and the next link.
func minimal(t *testing.T, handler http.Handler, link string) (items []any, next, applied string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimPrefix(link, "https://usher.example"), http.NoBody)
	request.Header.Set("Authorization", "Bearer administrator")
	request.Header.Set("Prefer", "odata.maxpagesize=50, return=minimal")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	var body map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	items, _ = body["value"].([]any)
	next, _ = body["@odata.deltaLink"].(string)
	return items, next, recorder.Header().Get("Preference-Applied")
}

func TestADeltaTellsChangedPropertiesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := newStore(t)
		handler := newAPI(t, kept, graphapi.Dependencies{})
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ana := directory.User{ID: "ana", UserPrincipalName: "ana@contoso.example", DisplayName: "Ana", Attributes: attr.New("User", "ana", map[string]attr.Value{
			"city": attr.Text("Graz"), "jobTitle": attr.Text("Seller"),
		})}
		boss := directory.User{ID: "boss", UserPrincipalName: "boss@contoso.example", DisplayName: "Boss"}
		must(kept.PutUser(t.Context(), boss))
		must(kept.PutUser(t.Context(), ana))
		must(kept.PutGroup(t.Context(), directory.Group{ID: "g", DisplayName: "G", SecurityEnabled: true}))
		time.Sleep(48 * time.Hour)
		_, users, applied := minimal(t, handler, "/v1.0/users/delta?$select=displayName,city,jobTitle,manager,onPremisesExtensionAttributes")
		if applied != "" {
			t.Errorf("a full round applies %q", applied)
		}
		_, groups, _ := minimal(t, handler, "/v1.0/groups/delta")

		// Each step is long after the one before, because what is a day old may be told again.
		want := func(link *string, wanted string) {
			t.Helper()
			time.Sleep(time.Second)
			items, next, applied := minimal(t, handler, *link)
			data, err := json.Marshal(items)
			must(err)
			if diff := cmp.Diff(wanted, string(data)); diff != "" || applied != "return=minimal" {
				t.Errorf("applied %q (-want +got):\n%s", applied, diff)
			}
			*link = next
			time.Sleep(48 * time.Hour)
			_, *link, _ = minimal(t, handler, *link)
		}
		ana.Attributes = ana.Attributes.With("city", attr.Text("Linz")).With("mobilePhone", attr.Text("1")).Without("jobTitle")
		must(kept.PutUser(t.Context(), ana))
		want(&users, `[{"city":"Linz","id":"ana","jobTitle":null}]`)
		ana.ManagerID, ana.Attributes = "boss", ana.Attributes.With("extensionAttribute3", attr.Text("x"))
		must(kept.PutUser(t.Context(), ana))
		items, _, _ := minimal(t, handler, users)
		data, err := json.Marshal(items)
		must(err)
		for _, part := range []string{`"extensionAttribute3":"x"`, `"manager@delta"`} {
			if !strings.Contains(string(data), part) {
				t.Errorf("%s is not in %s", part, data)
			}
		}
		if strings.Contains(string(data), "displayName") {
			t.Errorf("more than what changed is in %s", data)
		}
		time.Sleep(48 * time.Hour)
		_, users, _ = minimal(t, handler, users)
		must(kept.RemoveUser(t.Context(), "ana"))
		must(kept.RestoreUser(t.Context(), "ana"))
		if items, _, _ := minimal(t, handler, users); len(items) != 1 || items[0].(map[string]any)["displayName"] != "Ana" {
			t.Errorf("who was restored comes as %v", items)
		}
		must(kept.PutGroup(t.Context(), directory.Group{ID: "g", DisplayName: "H", SecurityEnabled: true}))
		want(&groups, `[{"displayName":"H","id":"g"}]`)
		must(kept.PutMember(t.Context(), directory.Member{Group: "g", Member: "ana", Type: "User"}))
		want(&groups, `[{"id":"g","members@delta":[{"@odata.type":"#microsoft.graph.user","id":"ana"}]}]`)
		must(kept.Edit(t.Context(), "purge", func(e store.Editor) error { return e.PurgeGroup(t.Context(), "g") }))
		want(&groups, `[{"@removed":{"reason":"deleted"},"id":"g"}]`)
		must(kept.PutGroup(t.Context(), directory.Group{ID: "g", DisplayName: "New", SecurityEnabled: true}))
		if items, _, _ := minimal(t, handler, groups); len(items) != 1 || items[0].(map[string]any)["securityEnabled"] != true {
			t.Errorf("who is new comes as %v", items)
		}
		if _, link, applied := minimal(t, handler, "/v1.0/applications/delta?$deltatoken=latest"); applied != "" || link == "" {
			t.Errorf("of applications %q is applied", applied)
		} else if _, _, applied = minimal(t, handler, link); applied != "" {
			t.Errorf("of applications %q is applied", applied)
		}
	})
}

func TestTheMomentOfCreationIsTold(t *testing.T) {
	t.Parallel()
	kept := newStore(t)
	handler := newAPI(t, kept, graphapi.Dependencies{})
	before := time.Now().Add(-time.Second)
	for _, id := range []string{"ana", "ben"} {
		if err := kept.PutUser(t.Context(), directory.User{ID: id, UserPrincipalName: id + "@contoso.example", DisplayName: id}); err != nil {
			t.Fatal(err)
		}
	}
	if err := kept.PutGroup(t.Context(), directory.Group{ID: "g", DisplayName: "G"}); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		"/v1.0/users?$select=id,createdDateTime", "/v1.0/users?$select=id,createdDateTime&$filter=displayName%20eq%20'ben'", "/v1.0/groups",
		"/v1.0/users/delta?$select=createdDateTime",
	} {
		_, body := fetch(t, handler, address)
		items, _ := body["value"].([]any)
		for _, item := range items {
			text, _ := item.(map[string]any)["createdDateTime"].(string)
			if at, err := time.Parse(time.RFC3339, text); err != nil || at.Before(before.Truncate(time.Second)) {
				t.Errorf("%s: %v", address, item)
			}
		}
		if len(items) == 0 {
			t.Errorf("%s: nothing", address)
		}
	}
}

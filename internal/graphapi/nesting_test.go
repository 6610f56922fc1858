package graphapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/usher-id/usher/directory"
)

// ids returns the ids of a list, page by page.
func (w *world) ids(address string) []string {
	w.tb.Helper()
	var ids []string
	for address != "" {
		page := w.object(w.want(http.StatusOK, http.MethodGet, strings.TrimPrefix(address, "https://usher.example"), ""))
		for _, item := range page["value"].([]any) {
			ids = append(ids, item.(map[string]any)["id"].(string))
		}
		address, _ = page["@odata.nextLink"].(string)
	}
	return ids
}

func TestTransitiveMembershipsGoThroughGroupsInGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const outer = "aaaaaaaa-0000-0000-0000-0000000000c0"
	w.must(w.store.PutGroup(t.Context(), directory.Group{ID: outer, DisplayName: "Everyone", SecurityEnabled: true}))
	for _, m := range []directory.Member{{Group: outer, Member: sales, Type: "Group"}, {Group: outer, Member: cleo, Type: "User"}, {Group: sales, Member: outer, Type: "Group"}} {
		w.must(w.store.PutMember(t.Context(), m))
	}
	for path, want := range map[string][]string{
		"groups/" + outer + "/transitiveMembers":                                                                     {ana, ben, cleo, sales},
		"groups/" + outer + "/transitiveMembers?$top=2":                                                              {ana, ben, cleo, sales},
		"groups/" + outer + "/transitiveMembers/microsoft.graph.user":                                                {ana, ben, cleo},
		"groups/" + outer + "/transitiveMembers/microsoft.graph.group":                                               {sales},
		"groups/" + sales + "/transitiveMembers/graph.group":                                                         {outer},
		"groups/" + sales + "/transitiveMemberOf":                                                                    {outer},
		"users/" + ana + "/transitiveMemberOf":                                                                       {outer, sales},
		"users/cleo@contoso.com/transitiveMemberOf/microsoft.graph.group?$filter=displayName%20eq%20'Sales'":         {sales},
		"groups/" + outer + "/transitiveMembers/microsoft.graph.user?$filter=startsWith(userPrincipalName,%20'ben')": {ben},
		"servicePrincipals/" + principal + "/transitiveMemberOf":                                                     {},
	} {
		if got := w.ids("/v1.0/" + path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if got := send(t, w.handler, "reader", http.MethodGet, "/v1.0/groups/"+outer+"/transitiveMembers/$count", http.NoBody, "ConsistencyLevel", "eventual"); got.Body.String() != "4" {
		t.Errorf("the count is %s", got.Body)
	}
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/groups/nobody/transitiveMembers", "")
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/users/nobody/transitiveMemberOf", "")
}

func TestOwnersAreFollowedWhereTheyAreSelected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	follow := func(address string) (value []any, link string) {
		t.Helper()
		page := w.object(w.want(http.StatusOK, http.MethodGet, strings.TrimPrefix(address, "https://usher.example"), ""))
		link, _ = page["@odata.deltaLink"].(string)
		return page["value"].([]any), link
	}
	wantOwners := func(value []any, want string) {
		t.Helper()
		if len(value) != 1 {
			t.Fatalf("%v", value)
		}
		owners, err := json.Marshal(value[0].(map[string]any)["owners@delta"])
		w.must(err)
		if string(owners) != want {
			t.Errorf("owners: %s, want %s", owners, want)
		}
	}
	for set, object := range map[string]string{"groups": sales, "applications": object, "servicePrincipals": principal} {
		path := "/v1.0/" + set + "/" + object + "/owners"
		w.want(http.StatusNoContent, http.MethodPost, path+"/$ref", `{"@odata.id":"https://x/users/`+ana+`"}`)
		value, link := follow("/v1.0/" + set + "/delta?$select=displayName,owners")
		wantOwners(value, `[{"@odata.type":"#microsoft.graph.user","id":"`+ana+`"}]`)
		_, silent := follow("/v1.0/" + set + "/delta?$select=displayName")
		w.want(http.StatusNoContent, http.MethodPost, path+"/$ref", `{"@odata.id":"https://x/users/`+ben+`"}`)
		w.want(http.StatusNoContent, http.MethodDelete, path+"/"+ana+"/$ref", "")
		value, link = follow(link)
		wantOwners(value, `[{"@removed":{"reason":"deleted"},"id":"`+ana+`"},{"@odata.type":"#microsoft.graph.user","id":"`+ben+`"}]`)
		if value, _ = follow(link); len(value) != 0 {
			t.Errorf("%s: nothing changed: %v", set, value)
		}
		value, _ = follow(silent)
		wantOwners(value, `null`)
	}
}

package graphapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-id/usher/directory"
)

func TestDomainsAreThoseOfTheUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.store.PutUser(t.Context(), directory.User{ID: "d", UserPrincipalName: "dora@Fabrikam.example", DisplayName: "Dora"}))
	w.must(w.store.PutUser(t.Context(), directory.User{ID: "e", UserPrincipalName: "eva@gone.example", DisplayName: "Eva"}))
	w.must(w.store.RemoveUser(t.Context(), "e"))
	w.wantText("/v1.0/domains?$select=id,isDefault", `"value":[{"id":"contoso.com","isDefault":true},{"id":"fabrikam.example","isDefault":false}]`, true)
	w.wantText("/beta/domains/CONTOSO.com", `"isVerified":true`, true)
	w.wantText("/v1.0/domains?$filter=isDefault%20eq%20true", "fabrikam", false)
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/domains/gone.example", "")
}

func TestAProgramIsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/v1.0/me", "/beta/me/", "/v1.0/me/manager", "/v1.0/me?$select=id"} {
		if answer := w.want(http.StatusBadRequest, http.MethodGet, path, ""); !strings.Contains(answer, `"code":"BadRequest","message":"/me request is only valid with delegated authentication flow."`) {
			t.Errorf("%s: %s", path, answer)
		}
	}
}

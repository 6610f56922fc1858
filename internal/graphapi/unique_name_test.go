package graphapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/usher-id/usher/internal/graphapi"
)

// Of many who take a unique name at the same time, one has it.
func TestAUniqueNameIsTakenOnce(t *testing.T) {
	t.Parallel()
	handler := newAPI(t, newStore(t), graphapi.Dependencies{})
	codes := make([]int, 8)
	var group sync.WaitGroup
	for i := range codes {
		group.Go(func() {
			body := fmt.Sprintf(`{"displayName":"G%d","mailEnabled":false,"mailNickname":"g","securityEnabled":true,"uniqueName":"only"}`, i)
			codes[i] = send(t, handler, "administrator", http.MethodPost, "/v1.0/groups", strings.NewReader(body)).Code
		})
	}
	group.Wait()
	slices.Sort(codes)
	if codes[0] != http.StatusCreated || codes[1] != http.StatusBadRequest || codes[len(codes)-1] != http.StatusBadRequest {
		t.Errorf("%v", codes)
	}
}

func TestApplicationsAreFoundByTheirUniqueName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.object(w.want(http.StatusCreated, http.MethodPost, "/v1.0/applications", `{"displayName":"Wiki","uniqueName":"wiki"}`))
	w.wantText("/v1.0/applications(uniqueName='WIKI')", made["id"].(string), true)
	w.want(http.StatusNoContent, http.MethodPatch, "/v1.0/applications(uniqueName='wiki')", `{"notes":"x","uniqueName":"wiki"}`)
	w.want(http.StatusNoContent, http.MethodPost, "/v1.0/applications(uniqueName='wiki')/owners/$ref", `{"@odata.id":"https://x/users/`+ana+`"}`)
	w.wantText("/v1.0/applications(uniqueName='wiki')/owners", ana, true)
	w.wantText("/v1.0/applications(uniqueName='wiki')/extensionProperties", `"value":[]`, true)
	if answer := w.want(http.StatusBadRequest, http.MethodPost, "/v1.0/applications", `{"displayName":"Other","uniqueName":"Wiki"}`); !strings.Contains(answer, "uniqueName") {
		t.Error(answer)
	}
	w.want(http.StatusBadRequest, http.MethodPatch, "/v1.0/applications/"+object, `{"uniqueName":"wiki"}`)
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/applications(uniqueName='')", "")
	w.want(http.StatusNoContent, http.MethodDelete, "/v1.0/applications(uniqueName='wiki')", "")
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/applications(uniqueName='wiki')", "")
}

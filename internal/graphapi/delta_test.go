package graphapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/graphapi"
)

// fetch gets an absolute or relative address as an administrator.
func fetch(t *testing.T, handler http.Handler, address string) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimPrefix(address, "https://usher.example"), http.NoBody)
	request.Header.Set("Authorization", "Bearer administrator")
	request.Header.Set("ConsistencyLevel", "eventual")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	body := map[string]any{}
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %d %s", address, recorder.Code, recorder.Body)
	}
	return recorder, body
}

func TestADeltaTokenEndsAfterAWeekAndSaysWhereToBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newAPI(t, newStore(t), graphapi.Dependencies{})
		_, body := fetch(t, handler, "/v1.0/users/delta")
		link, _ := body["@odata.deltaLink"].(string)
		time.Sleep(7*24*time.Hour - time.Second)
		if answer, body := fetch(t, handler, link); answer.Code != http.StatusOK {
			t.Errorf("within a week: %d %v", answer.Code, body)
		}
		time.Sleep(2 * time.Second)
		answer, body := fetch(t, handler, link)
		fault, _ := body["error"].(map[string]any)
		if answer.Code != http.StatusGone || fault["code"] != "syncStateNotFound" || answer.Header().Get("Location") != "https://usher.example/v1.0/users/delta" {
			t.Errorf("after a week: %d %v, Location %q", answer.Code, body, answer.Header().Get("Location"))
		}
	})
}

func TestATokenFromBeforeTheDatabaseWasPutBackIsTooNew(t *testing.T) {
	t.Parallel()
	later := newStore(t)
	if err := later.PutUser(t.Context(), directory.User{ID: "ana", UserPrincipalName: "ana@contoso.example", DisplayName: "Ana"}); err != nil {
		t.Fatal(err)
	}
	_, body := fetch(t, newAPI(t, later, graphapi.Dependencies{}), "/v1.0/users/delta")
	link, _ := body["@odata.deltaLink"].(string)
	if answer, body := fetch(t, newAPI(t, newStore(t), graphapi.Dependencies{}), link); answer.Code != http.StatusGone {
		t.Errorf("%d %v", answer.Code, body)
	}
}

// Somebody who follows a group of 2,500 members, page by page, while members leave
// and join, has in the end exactly those who are in it.
func TestWhoFollowsALargeGroupHasItsMembersInTheEnd(t *testing.T) {
	t.Parallel()
	opened := newStore(t)
	handler := newAPI(t, opened, graphapi.Dependencies{})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	name := func(i int) string { return fmt.Sprintf("u%05d", i) }
	_, err := opened.Import(t.Context(), func(yield func(directory.Delta, error) bool) {
		yield(directory.Delta{Content: directory.Group{ID: "g", DisplayName: "Large", SecurityEnabled: true}}, nil)
		for i := range 2500 {
			yield(directory.Delta{Content: directory.User{ID: name(i), UserPrincipalName: name(i) + "@contoso.example", DisplayName: name(i)}}, nil)
			yield(directory.Delta{Content: directory.Member{Group: "g", Member: name(i), Type: "User"}}, nil)
		}
	}, false)
	must(err)
	have := map[string]bool{}
	follow := func(address string, between func()) string {
		t.Helper()
		for {
			_, body := fetch(t, handler, address)
			items, _ := body["value"].([]any)
			for _, item := range items {
				group, _ := item.(map[string]any)
				members, _ := group["members@delta"].([]any)
				for _, m := range members {
					member, _ := m.(map[string]any)
					id, _ := member["id"].(string)
					have[id] = member["@removed"] == nil
				}
			}
			between()
			if next, more := body["@odata.nextLink"].(string); more {
				address = next
				continue
			}
			link, _ := body["@odata.deltaLink"].(string)
			return link
		}
	}
	left := 0
	link := follow("/v1.0/groups/delta?$select=members", func() {
		for range 400 {
			must(opened.RemoveMember(t.Context(), directory.Member{Group: "g", Member: name(left * 2), Type: "User"}))
			left++
		}
	})
	follow(link, func() {})
	for i := range 2500 {
		if want := i%2 == 1 || i >= 2*left; have[name(i)] != want {
			t.Fatalf("%s: %v, want %v after %d left", name(i), have[name(i)], want, left)
		}
	}
}

// The pages of a collection have each item once, whatever the order and the filter.
func TestPagesHaveEachUserOnce(t *testing.T) {
	t.Parallel()
	opened := newStore(t)
	handler := newAPI(t, opened, graphapi.Dependencies{})
	for i := range 57 {
		id := fmt.Sprintf("u%02d", i)
		user := directory.User{ID: id, UserPrincipalName: id + "@contoso.example", DisplayName: fmt.Sprintf("Name %d", i%7), AccountEnabled: i%3 > 0}
		if err := opened.PutUser(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]int{
		"$top=10": 57, "$top=57": 57, "$top=10&$orderby=displayName": 57, "$top=1&$orderby=displayName%20desc,userPrincipalName": 57,
		"$top=4&$filter=accountEnabled%20eq%20true": 38, "$top=4&$filter=accountEnabled%20eq%20true&$orderby=displayName%20desc&$count=true": 38,
	} {
		seen := map[string]int{}
		address := "/v1.0/users?" + query
		previous := ""
		for pages := 0; address != ""; pages++ {
			_, body := fetch(t, handler, address)
			items, _ := body["value"].([]any)
			for _, item := range items {
				user, _ := item.(map[string]any)
				id, _ := user["id"].(string)
				seen[id]++
				label, _ := user["displayName"].(string)
				if strings.Contains(query, "orderby=displayName%20desc") && previous != "" && label > previous {
					t.Errorf("%s: %q after %q", query, label, previous)
				}
				previous = label
			}
			address, _ = body["@odata.nextLink"].(string)
			if pages > 60 {
				t.Fatalf("%s does not end", query)
			}
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s: %s comes %d times", query, id, times)
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d users, want %d", query, len(seen), want)
		}
	}
}

func TestATokenFromBeforeTheFeedWasShortenedBeginsAnew(t *testing.T) {
	t.Parallel()
	opened := newStore(t)
	handler := newAPI(t, opened, graphapi.Dependencies{})
	_, body := fetch(t, handler, "/v1.0/users/delta")
	link, _ := body["@odata.deltaLink"].(string)
	if err := opened.PutUser(t.Context(), directory.User{ID: "ana", UserPrincipalName: "ana@contoso.example", DisplayName: "Ana"}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, at := range []time.Time{now, now.Add(2 * time.Hour)} {
		if _, err := opened.PruneChanges(t.Context(), at, time.Hour, 1000); err != nil {
			t.Fatal(err)
		}
	}
	if answer, body := fetch(t, handler, link); answer.Code != http.StatusGone {
		t.Errorf("%d %v, although a change is lost", answer.Code, body)
	}
	_, body = fetch(t, handler, "/v1.0/users/delta")
	link, _ = body["@odata.deltaLink"].(string)
	if answer, body := fetch(t, handler, link); answer.Code != http.StatusOK {
		t.Errorf("a new token: %d %v", answer.Code, body)
	}
}

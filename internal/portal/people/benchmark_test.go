package people

import (
	"fmt"
	"iter"
	"net/http"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

// crowd yields people who all report to Ana and are all in the group Sales.
func crowd(count int) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for i := range count {
			id := fmt.Sprintf("u%06d", i)
			user := directory.User{
				ID: id, UserPrincipalName: id + "@contoso.com", DisplayName: fmt.Sprintf("Person %06d", i*7919%count), AccountEnabled: true, ManagerID: portaltest.Ana,
				Attributes: attr.New("User", id, map[string]attr.Value{"department": attr.Text(fmt.Sprint("Department ", i%50)), "jobTitle": attr.Text("Consultant")}),
			}
			if !yield(directory.Delta{Content: user}, nil) || !yield(directory.Delta{Content: directory.Member{Group: portaltest.Sales, Member: id, Type: "User"}}, nil) {
				return
			}
		}
	}
}

func BenchmarkPagesOf100000People(b *testing.B) {
	w := newWorld(b)
	app := w.Connected()
	w.Assign(app, "Group", portaltest.Sales, "Standard User")
	_, err := w.Store.Import(b.Context(), crowd(100_000), false)
	w.Must(err)
	for _, path := range []string{
		"/users", "/users?search=person+0999", "/users?search=nobody", "/users?department=department+7", "/users?state=disabled", "/users/u000007", "/users/" + portaltest.Ana,
		"/users/" + portaltest.Ana + "/reports", "/users/u000007/history", "/groups", "/groups/" + portaltest.Sales, "/groups/" + portaltest.Sales + "?search=nobody",
		"/groups/" + portaltest.Sales + "/history", "/groups/" + portaltest.Sales + "/history?at=2099-01-01",
	} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if answer := w.Get(store.RoleReader, path); answer.Status != http.StatusOK {
					b.Fatalf("status %d", answer.Status)
				}
			}
		})
	}
}

package graphapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
)

const benchmarkUsers = 100_000

func benchmarkName(i int) string {
	return fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
}

// BenchmarkAPI asks with 16 clients a directory of 100,000 users, and reports
// requests a second and the 99th percentile: first alone, then while cycles run that
// provision all of them.
func BenchmarkAPI(b *testing.B) {
	w := newWorld(b)
	w.prepare()
	w.signIn()
	_, err := w.store.Import(b.Context(), benchmarkDirectory, false)
	w.must(err)
	_, err = w.store.Assign(b.Context(), directory.AssignmentRequest{Application: principal, PrincipalType: "Group", Principal: "everyone", Role: "Standard User"})
	w.must(err)
	var next atomic.Int64
	b.Run("alone", func(b *testing.B) { benchmarkKinds(b, w.handler, &next) })
	ctx, stop := context.WithCancel(b.Context())
	var cycles sync.WaitGroup
	cycles.Go(func() {
		for ctx.Err() == nil {
			if err := w.fullCycle(ctx); err != nil && ctx.Err() == nil {
				b.Error(err)
				return
			}
		}
	})
	b.Run("beside a cycle", func(b *testing.B) { benchmarkKinds(b, w.handler, &next) })
	stop()
	cycles.Wait()
}

// fullCycle looks at everyone.
func (w *world) fullCycle(ctx context.Context) error {
	session, err := w.runner.Open(ctx, principal)
	if err != nil {
		return err
	}
	_, err = w.runner.Run(ctx, session, engine.Run{Full: true})
	return errors.Join(err, session.Connector.Close())
}

// benchmarkDirectory yields a group that requests add members to, and one that
// everybody is in.
func benchmarkDirectory(yield func(directory.Delta, error) bool) {
	for _, id := range []string{"large", "everyone"} {
		if !yield(directory.Delta{Content: directory.Group{ID: id, DisplayName: id, SecurityEnabled: true}}, nil) {
			return
		}
	}
	for i := range benchmarkUsers {
		user := directory.User{
			ID: benchmarkName(i), UserPrincipalName: fmt.Sprintf("user%d@contoso.example", i), DisplayName: fmt.Sprintf("User %d", i), AccountEnabled: true,
			Attributes: attr.New("User", "", map[string]attr.Value{
				"department": attr.Text("Sales"), "jobTitle": attr.Text("Account Executive"), "givenName": attr.Text("User"), "surname": attr.Text("Number"),
				"mail": attr.Text(fmt.Sprintf("user%d@contoso.example", i)), "mailNickname": attr.Text(fmt.Sprintf("user%d", i)),
			}),
		}
		if !yield(directory.Delta{Content: user}, nil) {
			return
		}
	}
	for i := range benchmarkUsers {
		if !yield(directory.Delta{Content: directory.Member{Group: "everyone", Member: benchmarkName(i), Type: "User"}}, nil) {
			return
		}
	}
}

func benchmarkKinds(b *testing.B, handler http.Handler, next *atomic.Int64) {
	b.Helper()
	for _, kind := range []struct {
		name    string
		request func(i int64) (method, target, body string)
	}{
		{"get a user", func(i int64) (string, string, string) {
			return http.MethodGet, "/v1.0/users/" + benchmarkName(int(i*7919%benchmarkUsers)), ""
		}},
		{"filter by userPrincipalName", func(i int64) (string, string, string) {
			return http.MethodGet, fmt.Sprintf("/v1.0/users?$filter=userPrincipalName%%20eq%%20'user%d@contoso.example'", i*7919%benchmarkUsers), ""
		}},
		{"list a page of 999", func(int64) (string, string, string) { return http.MethodGet, "/v1.0/users?$top=999", "" }},
		{"delta page", func(int64) (string, string, string) { return http.MethodGet, "/v1.0/users/delta", "" }},
		{"create a user", func(i int64) (string, string, string) {
			return http.MethodPost, "/v1.0/users", fmt.Sprintf(`{"accountEnabled":true,"displayName":"New %d","mailNickname":"new","userPrincipalName":"new%d@contoso.example","passwordProfile":{}}`, i, i)
		}},
		{"add a member", func(i int64) (string, string, string) {
			return http.MethodPost, "/v1.0/groups/large/members/$ref", `{"@odata.id":"https://x/users/` + benchmarkName(int(i%benchmarkUsers)) + `"}`
		}},
	} {
		b.Run(kind.name, func(b *testing.B) { benchmarkRequests(b, handler, next, kind.request) })
	}
}

func benchmarkRequests(b *testing.B, handler http.Handler, next *atomic.Int64, make func(i int64) (method, target, body string)) {
	b.Helper()
	const clients = 16
	took := [clients][]time.Duration{}
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	began, used := time.Now(), processorTime(b)
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				method, target, body := make(next.Add(1))
				request := httptest.NewRequestWithContext(b.Context(), method, target, strings.NewReader(body))
				request.Header.Set("Authorization", "Bearer administrator")
				recorder := httptest.NewRecorder()
				start := time.Now()
				handler.ServeHTTP(recorder, request)
				took[client] = append(took[client], time.Since(start))
				if recorder.Code >= http.StatusBadRequest {
					b.Errorf("%s %s: %d %s", method, target, recorder.Code, recorder.Body)
				}
			}
		})
	}
	group.Wait()
	elapsed := time.Since(began)
	used = processorTime(b) - used
	all := slices.Concat(took[:]...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "requests/s")
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-us/request")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

// processorTime returns how long the process has kept the processor busy: unlike the
// clock it does not tell of what else the machine did.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

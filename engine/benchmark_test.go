package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
)

// BenchmarkInitialCycle provisions 10,000 people into an org with 20 ms latency,
// and posts the very same collections with a bare loop of the same concurrency
// into another such org. It reports the ratio of the two.
//
//	go test -run '^$' -bench InitialCycle -benchtime 3x ./engine
func BenchmarkInitialCycle(b *testing.B) {
	var cycle, bare time.Duration
	var created, calls int64
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, worldOptions{users: 11_700, latency: 20 * time.Millisecond})
		recorder := &recorder{next: w.org.Client().Transport}
		w.runner.Environment.Transport = recorder
		b.StartTimer()
		began := time.Now()
		run := w.cycle(b)
		cycle += time.Since(began)
		b.StopTimer()
		created, calls = int64(run.Counts.Created), run.Counts.Calls
		other := newWorld(b, worldOptions{users: 30, latency: 20 * time.Millisecond})
		bare += recorder.replay(b, other, 5)
		b.StartTimer()
	}
	b.ReportMetric(cycle.Seconds()/bare.Seconds(), "x-bare-loop")
	b.ReportMetric(float64(created), "created")
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(float64(created)*float64(b.N)/cycle.Seconds(), "users/s")
}

// recorder keeps the bodies of collections that were posted.
type recorder struct {
	next   http.RoundTripper
	mu     sync.Mutex
	bodies [][]byte
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPost && bytes.HasSuffix([]byte(request.URL.Path), []byte("/composite/sobjects")) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.bodies = append(r.bodies, body)
		r.mu.Unlock()
	}
	return r.next.RoundTrip(request)
}

// replay posts the recorded collections to another org and returns how long that
// took.
func (r *recorder) replay(b *testing.B, w *world, concurrency int) time.Duration {
	b.Helper()
	client, token := w.org.Client(), w.token(b)
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(concurrency)
	for _, body := range r.bodies {
		group.Go(func() error { return post(b.Context(), client, token, body) })
	}
	w.must(b, group.Wait())
	return time.Since(began)
}

func post(ctx context.Context, client *http.Client, token string, body []byte) error {
	const address = "https://simulated.my.salesforce.com/services/data/v64.0/composite/sobjects"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", encodingOf(body))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // read to the end.
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %.200s: %w", response.StatusCode, answer, err)
	}
	return nil
}

// encodingOf tells whether the connector had compressed the body.
func encodingOf(body []byte) string {
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return "gzip"
	}
	return "identity"
}

func (w *world) token(b *testing.B) string {
	b.Helper()
	known := w.org.Credentials()
	form := "grant_type=client_credentials&client_id=" + known.ClientID + "&client_secret=" + known.ClientSecret
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://simulated.my.salesforce.com/services/oauth2/token", bytes.NewReader([]byte(form)))
	w.must(b, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := w.org.Client().Do(request)
	w.must(b, err)
	defer response.Body.Close() //nolint:errcheck // decoded below.
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	w.must(b, json.NewDecoder(response.Body).Decode(&answer))
	return answer.AccessToken
}

// BenchmarkIncrementalCycle runs cycles of 100 changes in directories of two
// sizes: calls and time must not depend on the size.
//
//	go test -run '^$' -bench IncrementalCycle -benchtime 10x ./engine
func BenchmarkIncrementalCycle(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", size), func(b *testing.B) {
			w := newWorld(b, worldOptions{users: size, org: func(c *salesforcetest.Config) { c.DailyLimit = 10_000_000 }})
			w.cycle(b)
			people := w.first(b, 100)
			var calls int64
			round := 0
			for b.Loop() {
				b.StopTimer()
				round++
				for _, user := range people {
					user.Attributes = user.Attributes.With("surname", attr.Text(fmt.Sprintf("Name %d", round)))
					w.must(b, w.store.PutUser(b.Context(), user))
				}
				b.StartTimer()
				run := w.cycle(b)
				calls = run.Counts.Calls
				if run.Counts.Updated != len(people) {
					b.Fatalf("%+v, want %d updates", run.Counts, len(people))
				}
			}
			b.ReportMetric(float64(calls), "calls")
		})
	}
}

// first returns n people who have an account in use.
func (w *world) first(b *testing.B, n int) []directory.User {
	b.Helper()
	active := w.active()
	var people []directory.User
	for user, err := range w.store.Users(b.Context(), "") {
		w.must(b, err)
		if _, found := active[user.UserPrincipalName]; found {
			people = append(people, user)
		}
		if len(people) == n {
			break
		}
	}
	return people
}

// BenchmarkReevaluation looks at everyone again with nothing to write.
//
//	go test -run '^$' -bench Reevaluation -benchtime 5x ./engine
func BenchmarkReevaluation(b *testing.B) {
	w := newWorld(b, worldOptions{users: 20_000})
	w.cycle(b)
	people := 0
	for b.Loop() {
		run, err := w.try(b.Context(), b, engine.Run{Full: true})
		w.must(b, err)
		if run.Counts.Writes != 0 {
			b.Fatalf("%+v, want nothing written", run.Counts)
		}
		people += run.Counts.Collected
	}
	b.ReportMetric(float64(people)/b.Elapsed().Seconds(), "users/s")
}

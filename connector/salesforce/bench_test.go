package salesforce_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

// BenchmarkCreate creates 10,000 users in an org that takes 20 ms for each
// request, through the connector and with a bare loop that posts the same
// collections with the same concurrency.
func BenchmarkCreate(b *testing.B) {
	const users, size, workers = 10_000, 200, 5
	batches := make([][]plan.Change, users/size)
	for i := range batches {
		for j := range size {
			batches[i] = append(batches[i], create(username(i*size+j)))
		}
	}
	var through, bare time.Duration
	for b.Loop() {
		b.StopTimer()
		began := time.Now()
		calls := createThroughConnector(b, batches, workers)
		through += time.Since(began)
		began = time.Now()
		createBare(b, batches, workers)
		bare += time.Since(began)
		b.ReportMetric(float64(calls), "calls")
		b.StartTimer()
	}
	b.ReportMetric(through.Seconds()/float64(b.N), "s/connector")
	b.ReportMetric(bare.Seconds()/float64(b.N), "s/bare")
	b.ReportMetric(through.Seconds()/bare.Seconds(), "ratio")
}

func slowOrg(b *testing.B) (*salesforcetest.Org, *salesforcetest.Server) {
	b.Helper()
	config := salesforcetest.Default()
	config.Latency = 20 * time.Millisecond
	org, err := salesforcetest.New(config)
	if err != nil {
		b.Fatal(err)
	}
	server, err := org.Listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	return org, server
}

func createThroughConnector(b *testing.B, batches [][]plan.Change, workers int) int64 {
	b.Helper()
	org, server := slowOrg(b)
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org).With("BaseAddress", server.URL)})
	if err != nil {
		b.Fatal(err)
	}
	share(workers, len(batches), func(i int) {
		for _, outcome := range c.Apply(b.Context(), batches[i]) {
			if outcome.Err != nil {
				b.Error(outcome.Err)
			}
		}
	})
	return c.Usage().Calls
}

func createBare(b *testing.B, batches [][]plan.Change, workers int) {
	b.Helper()
	org, server := slowOrg(b)
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org).With("BaseAddress", server.URL)})
	if err != nil {
		b.Fatal(err)
	}
	profile := ""
	for role, err := range c.Roles(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		if role.Name == "Standard User" {
			profile = role.ID
		}
	}
	token := bearer(b, org, server.URL)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	share(workers, len(batches), func(i int) {
		body := collection(b, batches[i], profile)
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL+"/services/data/v64.0/composite/sobjects", bytes.NewReader(body))
		if err != nil {
			b.Error(err)
			return
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			b.Error(err)
			return
		}
		var rows []struct{ Success bool }
		if err := json.NewDecoder(response.Body).Decode(&rows); err != nil || len(rows) != len(batches[i]) || !rows[0].Success {
			b.Errorf("%d rows, %v", len(rows), err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	})
}

// bearer gets a token by the OAuth client credentials flow.
func bearer(b *testing.B, org *salesforcetest.Org, address string) string {
	b.Helper()
	form := fmt.Sprintf("grant_type=client_credentials&client_id=%s&client_secret=%s", org.Credentials().ClientID, org.Credentials().ClientSecret)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address+"/services/oauth2/token", bytes.NewReader([]byte(form)))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultTransport.RoundTrip(request) //nolint:forbidigo // the bare loop has no client of a connector.
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil || token.AccessToken == "" {
		b.Fatal("no token", err)
	}
	return token.AccessToken
}

// collection writes a batch as a program without a connector would.
func collection(b *testing.B, batch []plan.Change, profile string) []byte {
	b.Helper()
	records := make([]map[string]any, len(batch))
	for i, change := range batch {
		records[i] = map[string]any{"attributes": map[string]string{"type": "User"}, "ProfileId": profile}
		for _, field := range change.Fields {
			switch {
			case field.Name == "ProfileName":
			case field.New.Kind() == attr.Boolean:
				records[i][field.Name] = field.New.Bool()
			default:
				records[i][field.Name] = field.New.String()
			}
		}
	}
	body, err := json.Marshal(map[string]any{"allOrNone": false, "records": records})
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// share does n pieces of work with so many workers.
func share(workers, n int, do func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range workers {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// BenchmarkRead reads 10,000 users without latency, in memory: what remains is
// the work of the connector and the org.
func BenchmarkRead(b *testing.B) {
	org, err := salesforcetest.New(salesforcetest.Default())
	if err != nil {
		b.Fatal(err)
	}
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{Credentials: passwords(org), Transport: org.Client().Transport})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 50 {
		var batch []plan.Change
		for j := range 200 {
			batch = append(batch, create(username(i*200+j)))
		}
		c.Apply(b.Context(), batch)
	}
	users := 0
	for b.Loop() {
		for _, err := range c.Read(b.Context(), connector.Query{Type: "User", All: true}) {
			if err != nil {
				b.Fatal(err)
			}
			users++
		}
	}
	b.ReportMetric(float64(users)/b.Elapsed().Seconds(), "users/s")
}

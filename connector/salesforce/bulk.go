package salesforce

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/provisioning"
)

const (
	// largestBulkFrom bounds the setting, and with it what is kept in memory: a batch is
	// twice as large.
	largestBulkFrom = 2_500
	// longestPoll is the longest wait between two looks at a job.
	longestPoll = 15 * time.Second
	// longestJob is when a job is given up. What it did until then counts.
	longestJob = time.Hour
	// lastWord is how long there is to give up a job when the caller has gone.
	lastWord = 10 * time.Second
)

// newBulkFrom reads the setting: from how many writes of one kind on a batch is
// written by Bulk API 2.0, 0 for never.
func newBulkFrom(c provisioning.Credentials) (int, error) {
	text := strings.TrimSpace(c.Get(keyBulkFrom))
	if text == "" {
		return 0, nil
	}
	from, err := strconv.Atoi(text)
	if err != nil || from < 1 || from > largestBulkFrom {
		return 0, invalidSetting(keyBulkFrom, fmt.Sprintf("%q is not a number of writes from 1 to %d", text, largestBulkFrom))
	}
	return from, nil
}

// withBulk fits the capabilities to a connection that writes in bulk. A batch is
// large enough that one kind of write in it comes to the number although the other
// rows of it need something else; fewer of them are under way, so that no more is
// kept in memory.
func withBulk(capabilities connector.Capabilities, from int) connector.Capabilities {
	if from > 0 {
		capabilities.BatchSize = max(batchSize, 2*from)
		capabilities.Concurrency = max(1, capabilities.Concurrency*batchSize/capabilities.BatchSize)
	}
	return capabilities
}

// bulkJob is a job of Bulk API 2.0 as Salesforce describes it (Bulk API 2.0 and Bulk
// API Developer Guide, "Get Information About an Ingest Job").
type bulkJob struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Processed int    `json:"numberRecordsProcessed"`
	Failed    int    `json:"numberRecordsFailed"`
}

// over reports whether nothing more is written for the job.
func (j bulkJob) over() bool {
	return j.State == "JobComplete" || j.State == "Failed" || j.State == "Aborted"
}

// openJob makes a job. A job whose making was not heard of does no harm: nothing is
// uploaded to it, and Salesforce forgets it.
func (c *client) openJob(ctx context.Context, operation string) (bulkJob, error) {
	body := fmt.Appendf(nil, `{"object":"User","operation":%q,"contentType":"CSV","lineEnding":"LF","columnDelimiter":"COMMA"}`, operation)
	return c.jobRequest(ctx, http.MethodPost, "", body)
}

// uploadJob sends the rows. They are not looked at before the job is closed.
func (c *client) uploadJob(ctx context.Context, id string, content []byte) error {
	_, err := c.call(ctx, func(s session) request {
		return request{method: http.MethodPut, url: s.url("/jobs/ingest/"+id+"/batches", ""), body: content, media: "text/csv; charset=UTF-8", asItIs: true}
	})
	return err
}

// moveJob asks for another state of a job.
func (c *client) moveJob(ctx context.Context, id, state string) (bulkJob, error) {
	return c.jobRequest(ctx, http.MethodPatch, "/"+id, fmt.Appendf(nil, `{"state":%q}`, state))
}

// lookAtJob returns how far a job has come.
func (c *client) lookAtJob(ctx context.Context, id string) (bulkJob, error) {
	var job bulkJob
	err := c.patiently(ctx, func() error {
		var err error
		job, err = c.jobRequest(ctx, http.MethodGet, "/"+id, nil)
		return err
	})
	return job, err
}

func (c *client) jobRequest(ctx context.Context, method, path string, body []byte) (bulkJob, error) {
	a, err := c.call(ctx, func(s session) request {
		return request{method: method, url: s.url("/jobs/ingest"+path, ""), body: body, media: mediaJSON}
	})
	if err != nil {
		return bulkJob{}, err
	}
	var job bulkJob
	if err := json.Unmarshal(a.body, &job); err != nil || job.ID == "" || job.State == "" {
		return bulkJob{}, c.own(codeUnexpectedAnswer, "what Salesforce says of a bulk job cannot be read", err)
	}
	return job, nil
}

// closeJob has the rows of a job written. When the answer is lost, or says nothing,
// the job itself tells whether it was closed. begun is false when it is certain that
// nothing of the job is or will be written; an error with begun means that nobody
// knows.
func (c *client) closeJob(ctx context.Context, id string) (begun bool, err error) {
	lost := false
	for attempt := 1; ; attempt++ {
		if _, err = c.moveJob(ctx, id, "UploadComplete"); err == nil {
			return true, nil
		}
		if !refusedOutright(err) {
			lost = true
			job, unknown := c.lookAtJob(ctx, id)
			if unknown != nil {
				return true, err
			}
			if job.State != "Open" {
				return true, nil
			}
		}
		if !transient(err) || attempt == maxAttempts || !pause(ctx, attempt, asError(err).RetryAfter) {
			// A request that was lost may still arrive, unless the job is given up.
			return !c.abortJob(ctx, id) && lost, err
		}
	}
}

// refusedOutright reports whether Salesforce turned a request away before it looked
// what it is about.
func refusedOutright(err error) bool {
	return slices.Contains([]connector.Kind{connector.QuotaExceeded, connector.Unauthorized, connector.Forbidden, connector.Throttled}, connector.KindOf(err))
}

// abortJob gives a job up and reports whether Salesforce has agreed.
func (c *client) abortJob(ctx context.Context, id string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	job, err := c.moveJob(ctx, id, "Aborted")
	return err == nil && job.State == "Aborted"
}

// awaitJob waits until a job is over. One that takes too long is given up: what it
// did until then counts.
func (c *client) awaitJob(ctx context.Context, id string) (bulkJob, error) {
	wait := cmp.Or(c.options.BulkPoll, time.Second)
	for began := time.Now(); ; wait = min(2*wait, longestPoll) {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			c.abortJob(ctx, id)
			return bulkJob{}, c.own(codeAnswerLost, "stopped while a bulk job was carried out", ctx.Err())
		case <-timer.C:
		}
		job, err := c.lookAtJob(ctx, id)
		if err != nil || job.over() {
			return job, err
		}
		if time.Since(began) > longestJob {
			c.abortJob(ctx, id)
			began = began.Add(longestJob) // until Salesforce has taken notice
		}
	}
}

// jobResults reads one of the lists of results of a job.
func (c *client) jobResults(ctx context.Context, id, list string) ([]byte, error) {
	var a answer
	err := c.patiently(ctx, func() error {
		var err error
		a, err = c.call(ctx, func(s session) request {
			return request{method: http.MethodGet, url: s.url("/jobs/ingest/"+id+"/"+list, ""), accept: "text/csv"}
		})
		return err
	})
	return a.body, err
}

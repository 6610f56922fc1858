package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// jobs are those of Bulk API 2.0. It has a lock of its own, which is not held
// while rows are written.
type jobs struct {
	mu     sync.Mutex
	list   []*job // oldest first
	serial uint64
}

// job is one bulk job, of either kind.
type job struct {
	id, kind                      string // kind is ingest or query
	operation, object, user       string
	state, failure                string
	delimiter, lineEnding         string
	external, query               string
	version                       int
	created, changed              int64
	content                       []byte // of an ingest job, until it is carried out
	processed, failed             int
	header                        []string
	succeeded, refused, untouched [][]string
	rows                          [][]string // of a query
}

// jobLife is how long a job is kept.
const jobLife = 7 * 24 * time.Hour

// add keeps a new job and forgets those whose time is over.
func (j *jobs) add(pod string, made *job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.serial++
	made.id = makeID("750", pod, j.serial)
	made.created = time.Now().UnixMilli()
	made.changed = made.created
	for len(j.list) > 0 && made.created-j.list[0].created > jobLife.Milliseconds() {
		j.list = j.list[1:]
	}
	j.list = append(j.list, made)
}

// find looks a job up by its id, or returns nil.
func (j *jobs) find(kind, id string) *job {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, known := range j.list {
		if known.kind == kind && idKey(known.id) == idKey(id) {
			return known
		}
	}
	return nil
}

// drop forgets every job.
func (j *jobs) drop() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = nil
}

// given is the number of jobs that were ever made, which their ids count on.
func (j *jobs) given() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.serial
}

// countFrom makes the next id follow the given one.
func (j *jobs) countFrom(serial uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.serial = serial
}

// remove forgets one job.
func (j *jobs) remove(gone *job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, known := range j.list {
		if known == gone {
			j.list = append(j.list[:i:i], j.list[i+1:]...)
			return
		}
	}
}

// queries counts the query jobs of the last 24 hours.
func (j *jobs) queries() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n, since := 0, time.Now().Add(-24*time.Hour).UnixMilli()
	for _, known := range j.list {
		if known.kind == "query" && known.created > since {
			n++
		}
	}
	return n
}

// batches counts the batches of 10,000 rows that the ingest jobs of the last 24
// hours were cut into, which have an allocation of their own.
func (j *jobs) batches() int {
	const rowsPerBatch = 10_000
	j.mu.Lock()
	defer j.mu.Unlock()
	n, since := 0, time.Now().Add(-24*time.Hour).UnixMilli()
	for _, known := range j.list {
		if known.kind == "ingest" && known.created > since {
			n += (known.processed + rowsPerBatch - 1) / rowsPerBatch
		}
	}
	return n
}

// jobsResource answers /jobs/….
func (o *Org) jobsResource(c *call, path []string) *answer {
	if len(path) == 0 {
		return refuse(notFound())
	}
	kind := strings.ToLower(path[0])
	if kind != "ingest" && kind != "query" {
		return refuse(notFound())
	}
	if len(path) == 1 {
		return o.allJobs(c, kind)
	}
	found := o.jobs.find(kind, path[1])
	if found == nil {
		return refuse(newError(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist"))
	}
	if len(path) == 2 {
		return o.oneJob(c, found)
	}
	if kind == "query" {
		return o.queryResults(c, found, path[2])
	}
	return o.ingestContent(c, found, path[2])
}

// allJobs lists or creates jobs.
func (o *Org) allJobs(c *call, kind string) *answer {
	switch {
	case c.method == http.MethodGet:
		o.jobs.mu.Lock()
		defer o.jobs.mu.Unlock()
		list := []any{}
		for _, known := range o.jobs.list {
			if known.kind == kind {
				list = append(list, known.describe())
			}
		}
		return reply(http.StatusOK, []member{{"done", true}, {"records", list}, {"nextRecordsUrl", nil}})
	case c.method != http.MethodPost:
		return refuse(methodNotAllowed(c.method, "GET", "POST"))
	}
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	if kind == "query" {
		return o.createQueryJob(c, members)
	}
	return o.createIngestJob(c, members)
}

// oneJob reads, moves or deletes a job.
func (o *Org) oneJob(c *call, j *job) *answer {
	switch c.method {
	case http.MethodGet:
		o.jobs.mu.Lock()
		defer o.jobs.mu.Unlock()
		return reply(http.StatusOK, j.describe())
	case http.MethodPatch:
		return o.moveJob(c, j)
	case http.MethodDelete:
		o.jobs.remove(j)
		return &answer{status: http.StatusNoContent}
	}
	return refuse(methodNotAllowed(c.method, "GET", "PATCH", "DELETE"))
}

// moveJob takes a job to UploadComplete or Aborted, the only states that a client
// may ask for. The rows are written at
// once; the answer shows the state before that, as an asynchronous job would.
func (o *Org) moveJob(c *call, j *job) *answer {
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	state := findText(members, "state")
	o.jobs.mu.Lock()
	before := j.state
	legal := state == "Aborted" && (before == "Open" || before == "UploadComplete" || before == "InProgress") ||
		state == "UploadComplete" && before == "Open" && j.kind == "ingest"
	if !legal {
		o.jobs.mu.Unlock()
		return refuse(newError(http.StatusBadRequest, "INVALIDJOBSTATE", fmt.Sprintf("A job in state %s cannot move to state %s", before, state)))
	}
	j.state, j.changed = state, time.Now().UnixMilli()
	described := j.describe()
	o.jobs.mu.Unlock()
	if state == "UploadComplete" {
		if a := o.ingest(c, j); a != nil {
			return a
		}
	}
	return reply(http.StatusOK, described)
}

// describe is the JSON of a job. The caller holds the lock of the jobs.
func (j *job) describe() []member {
	members := []member{
		{"id", j.id},
		{"operation", j.operation},
		{"object", j.object},
		{"createdById", j.user},
		{"createdDate", formatTime(j.created)},
		{"systemModstamp", formatTime(j.changed)},
		{"state", j.state},
		{"concurrencyMode", "Parallel"},
		{"contentType", "CSV"},
		{"apiVersion", jsonVersion(j.version)},
		{"lineEnding", j.lineEnding},
		{"columnDelimiter", j.delimiter},
	}
	if j.kind == "query" {
		return append(members, member{"jobType", "V2Query"}, member{"numberRecordsProcessed", len(j.rows)}, member{"retries", 0}, member{"totalProcessingTime", 1})
	}
	members = append(members, member{"jobType", "V2Ingest"})
	if j.state == "Open" {
		members = append(members, member{"contentUrl", fmt.Sprintf("services/data/v%d.0/jobs/ingest/%s/batches", j.version, j.id)})
	}
	if j.external != "" {
		members = append(members, member{"externalIdFieldName", j.external})
	}
	if j.failure != "" {
		members = append(members, member{"errorMessage", j.failure})
	}
	return append(members,
		member{"numberRecordsProcessed", j.processed}, member{"numberRecordsFailed", j.failed}, member{"retries", 0},
		member{"totalProcessingTime", j.processed}, member{"apiActiveProcessingTime", j.processed}, member{"apexProcessingTime", 0})
}

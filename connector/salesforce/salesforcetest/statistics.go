package salesforcetest

import (
	"maps"
	"strings"
	"sync"
	"time"
)

// Statistics counts what an org was asked and what it wrote.
type Statistics struct {
	// Calls is the number of HTTP requests, sign-ins included.
	Calls int `json:"calls"`
	// ByKind splits Calls: login, token, query, query-more, describe, limits, read, create, update, upsert, delete,
	// collections-create, collections-update, collections-upsert, collections-delete, collections-read, composite,
	// batch, graph, bulk-ingest, bulk-query, versions and other.
	ByKind map[string]int `json:"byKind"`
	// Queries is the number of SOQL statements that were carried out.
	Queries int `json:"queries"`
	// Rows that were written, and those that were refused.
	RowsWritten int `json:"rowsWritten"`
	RowsCreated int `json:"rowsCreated"`
	RowsUpdated int `json:"rowsUpdated"`
	RowsDeleted int `json:"rowsDeleted"`
	RowsRefused int `json:"rowsRefused"`
}

// Request is one of the last requests, for people to look at.
type Request struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Kind   string    `json:"kind"`
	Status int       `json:"status"`
}

// recorder has a lock of its own, taken inside that of the org.
type recorder struct {
	mu     sync.Mutex
	counts Statistics
	recent []Request
}

const recentRequests = 50

// request notes an HTTP request. Tokens and passwords stand in headers and
// bodies, which are not kept.
func (r *recorder) request(c *call, a *answer) {
	kind := c.outcome.kind
	if kind == "page" || kind == "control" {
		return
	}
	fill(&kind, "other")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Calls++
	if r.counts.ByKind == nil {
		r.counts.ByKind = map[string]int{}
	}
	r.counts.ByKind[kind]++
	if len(r.recent) == recentRequests {
		r.recent = append(r.recent[:0], r.recent[1:]...)
	}
	path := "/" + strings.Join(c.path, "/")
	r.recent = append(r.recent, Request{At: time.Now(), Method: c.method, Path: path, Kind: kind, Status: a.status})
}

// rows notes written and refused rows.
func (r *recorder) rows(created, updated, deleted, refused int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.RowsCreated += created
	r.counts.RowsUpdated += updated
	r.counts.RowsDeleted += deleted
	r.counts.RowsRefused += refused
	r.counts.RowsWritten += created + updated + deleted
}

// queried counts a statement of SOQL, wherever it came from.
func (r *recorder) queried() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Queries++
}

// Statistics returns what was counted since the start or the last reset.
func (o *Org) Statistics() Statistics {
	o.statistics.mu.Lock()
	defer o.statistics.mu.Unlock()
	counts := o.statistics.counts
	counts.ByKind = maps.Clone(counts.ByKind)
	if counts.ByKind == nil {
		counts.ByKind = map[string]int{}
	}
	return counts
}

// ResetStatistics starts counting anew.
func (o *Org) ResetStatistics() {
	o.statistics.mu.Lock()
	defer o.statistics.mu.Unlock()
	o.statistics.counts, o.statistics.recent = Statistics{}, nil
}

// usage is the daily allocation of API requests, counted by the hour over the
// last 24.
type usage struct {
	mu    sync.Mutex
	limit int
	hours map[int64]int
}

// spend takes requests and tells whether they were allowed.
func (u *usage) spend(requests int) (used, limit int, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	hour := time.Now().Unix() / 3_600
	if u.hours == nil {
		u.hours = map[int64]int{}
	}
	for at, count := range u.hours {
		if at <= hour-24 {
			delete(u.hours, at)
			continue
		}
		used += count
	}
	if used+requests > u.limit {
		return used, u.limit, false
	}
	u.hours[hour] += requests
	return used + requests, u.limit, true
}

// now tells what is used without spending.
func (u *usage) now() (used, limit int) {
	used, limit, _ = u.spend(0)
	return used, limit
}

// setLimit changes the allocation; what is used stays used.
func (u *usage) setLimit(limit int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.limit = limit
}

// reset forgets what was used.
func (u *usage) reset() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.hours)
}

// byHour copies what was used, by hours since 1970.
func (u *usage) byHour() map[int64]int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.hours)
}

// setByHour replaces what was used.
func (u *usage) setByHour(hours map[int64]int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.hours = hours
}

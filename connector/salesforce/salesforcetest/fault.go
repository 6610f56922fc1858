package salesforcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults. FaultRowLock and FaultRowError concern one record, all
// others the whole request that carries the operation.
const (
	FaultReset          FaultKind = "reset"           // the connection is cut before anything is done
	FaultResponseLost   FaultKind = "response-lost"   // everything is done, then the connection is cut
	FaultServerError    FaultKind = "server-error"    // 500 UNKNOWN_EXCEPTION, nothing is done
	FaultUnavailable    FaultKind = "unavailable"     // 503 SERVER_UNAVAILABLE, nothing is done
	FaultQuota          FaultKind = "quota"           // 403 REQUEST_LIMIT_EXCEEDED of the daily allocation, nothing is done
	FaultConcurrent     FaultKind = "concurrent"      // 403 REQUEST_LIMIT_EXCEEDED of concurrent requests, nothing is done
	FaultRowLock        FaultKind = "row-lock"        // UNABLE_TO_LOCK_ROW for one record
	FaultRowError       FaultKind = "row-error"       // Code and Message for one record, as from a validation rule or a trigger, or for a sign-in
	FaultSessionExpired FaultKind = "session-expired" // the session ends, nothing is done
	FaultHalfPage       FaultKind = "half-page"       // a page of a query lacks half of its records; totalSize stays
	FaultShortPage      FaultKind = "short-page"      // a page ends early and the next one goes on there, which is legal
	FaultTruncatedBody  FaultKind = "truncated-body"  // everything is done, half of the answer arrives
	FaultSlow           FaultKind = "slow"            // everything is done, the answer takes Delay longer
)

// faultKinds lists all kinds, for the checks of schedules from outside.
func faultKinds() []FaultKind {
	return []FaultKind{
		FaultReset, FaultResponseLost, FaultServerError, FaultUnavailable, FaultQuota, FaultConcurrent, FaultRowLock, FaultRowError,
		FaultSessionExpired, FaultHalfPage, FaultShortPage, FaultTruncatedBody, FaultSlow,
	}
}

// check tells what a schedule from outside has wrong. A fault that could never
// happen is refused rather than waited for.
func (f *Fault) check() error {
	switch {
	case !slices.Contains(faultKinds(), f.Kind):
		return fmt.Errorf("there is no kind of fault %q", f.Kind)
	case f.Operation != "" && !slices.Contains(faultOperations(), strings.ToLower(f.Operation)):
		return fmt.Errorf("there is no operation %q; known are %s", f.Operation, strings.Join(faultOperations(), ", "))
	case f.Operation != "" && !slices.Contains(operationsOf(f.Kind), strings.ToLower(f.Operation)):
		return fmt.Errorf("a fault of the kind %s cannot hit the operation %q, only %s", f.Kind, f.Operation, strings.Join(operationsOf(f.Kind), ", "))
	case f.Kind == FaultRowError && f.Code == "":
		return fmt.Errorf("a fault of the kind %s needs a code", f.Kind)
	case f.Kind == FaultSlow && f.Delay <= 0:
		return fmt.Errorf("a fault of the kind %s needs a delay", f.Kind)
	case f.Page < 0 || f.Nth < 0 || f.Times < -1:
		return errors.New("page, nth and times count from 1, and times may be -1 for all")
	}
	return nil
}

// operationsOf lists what a kind of fault can hit: rows are written one by one,
// only queries have pages, and a session ends only where there is one.
func operationsOf(kind FaultKind) []string {
	switch kind {
	case FaultRowLock:
		return []string{"create", "update", "delete"}
	case FaultRowError:
		return []string{"login", "token", "create", "update", "delete"}
	case FaultHalfPage, FaultShortPage:
		return []string{"query"}
	case FaultSessionExpired:
		return []string{"query", "create", "update", "delete", "read", "describe", "limits"}
	case FaultReset, FaultResponseLost, FaultServerError, FaultUnavailable, FaultQuota, FaultConcurrent, FaultTruncatedBody, FaultSlow:
	}
	return faultOperations()
}

// faultOperations lists what the operation of a fault can be.
func faultOperations() []string {
	return []string{"login", "token", "query", "create", "update", "delete", "read", "describe", "limits"}
}

// Fault is one entry of a schedule. It matches logical operations, never times
// or whole requests: the second creation of a username, page 3 of a query.
type Fault struct { //nolint:recvcheck // reading needs a pointer, and writing must do without.
	Kind FaultKind `json:"kind" yaml:"kind"`
	// Operation is login, token, query, create, update, delete, read, describe or limits; empty is any.
	Operation string `json:"operation,omitzero" yaml:"operation"`
	// Object is the sObject, such as User; empty is any.
	Object string `json:"object,omitzero" yaml:"object"`
	// Match is a username, an id or a name, or part of the text of a query; empty is any.
	Match string `json:"match,omitzero" yaml:"match"`
	// Page is that of a query, from 1; 0 is any.
	Page int `json:"page,omitzero" yaml:"page"`
	// Nth is the first match that fails, from 1; 0 is 1.
	Nth int `json:"nth,omitzero" yaml:"nth"`
	// Times is how many matches fail from then on; 0 is 1, -1 is all.
	Times int `json:"times,omitzero" yaml:"times"`
	// Delay is that of FaultSlow.
	Delay time.Duration `json:"delay,omitzero" yaml:"delay"`
	// Code and Message are those of FaultRowError, such as FIELD_CUSTOM_VALIDATION_EXCEPTION.
	Code    string `json:"code,omitzero" yaml:"code"`
	Message string `json:"message,omitzero" yaml:"message"`
}

// UnmarshalJSON reads a fault whose delay is a duration such as "1s", or
// nanoseconds. It refuses names that no fault has.
func (f *Fault) UnmarshalJSON(text []byte) error {
	type plainFault Fault
	read := struct {
		*plainFault
		Delay any `json:"delay"`
	}{plainFault: (*plainFault)(f)}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("read a fault: %w", err)
	}
	var err error
	switch delay := read.Delay.(type) {
	case string:
		f.Delay, err = time.ParseDuration(delay)
	case float64:
		f.Delay = time.Duration(delay)
	}
	return err
}

// MarshalJSON writes the delay as a duration such as "1s".
func (f Fault) MarshalJSON() ([]byte, error) {
	type plainFault Fault
	written := struct {
		plainFault
		Delay string `json:"delay,omitzero"`
	}{plainFault: plainFault(f)}
	if f.Delay != 0 {
		written.Delay = f.Delay.String()
	}
	return json.Marshal(written)
}

// operation is what a request, or one row of it, does.
type operation struct {
	name, object string
	keys         []string // in whatever form a fault may name it
	page         int
}

// matches compares the logical operation with what the fault names. Ids are the
// same in both lengths, and part of a query is enough.
func (f *Fault) matches(op operation) bool {
	if f.Operation != "" && !strings.EqualFold(f.Operation, op.name) || f.Object != "" && !strings.EqualFold(f.Object, op.object) {
		return false
	}
	if f.Page != 0 && f.Page != op.page {
		return false
	}
	return f.Match == "" || slices.ContainsFunc(op.keys, func(key string) bool {
		return strings.EqualFold(key, f.Match) || isID(key) && idKey(key) == idKey(f.Match) ||
			op.name == "query" && strings.Contains(strings.ToLower(key), strings.ToLower(f.Match))
	})
}

// faultPlan is a schedule and how far it has come. It has a lock of its own.
type faultPlan struct {
	mu    sync.Mutex
	armed []*armedFault
	some  atomic.Bool // lets requests pass quickly when nothing is scheduled
}

type armedFault struct {
	Fault
	seen, fired int
}

// set replaces the schedule.
func (p *faultPlan) set(faults []Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = nil
	p.some.Store(len(faults) > 0)
	for _, f := range faults {
		p.armed = append(p.armed, &armedFault{Fault: f})
	}
}

// add puts a fault behind the others.
func (p *faultPlan) add(fault Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = append(p.armed, &armedFault{Fault: fault})
	p.some.Store(true)
}

// list returns the schedule.
func (p *faultPlan) list() []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Fault, len(p.armed))
	for i, f := range p.armed {
		list[i] = f.Fault
	}
	return list
}

// hit counts the operation for every fault that matches it, and returns the
// first one that is due.
func (p *faultPlan) hit(op operation, rows bool) (due Fault, hit bool) {
	if !p.some.Load() {
		return Fault{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.armed {
		if (f.Kind == FaultRowLock || f.Kind == FaultRowError) != rows || !f.matches(op) {
			continue
		}
		f.seen++
		if !hit && f.seen >= max(1, f.Nth) && (f.Times < 0 || f.fired < max(1, f.Times)) {
			f.fired++
			due, hit = f.Fault, true
		}
	}
	return due, hit
}

// SetFaults replaces the schedule of faults and starts counting anew.
func (o *Org) SetFaults(faults []Fault) { o.faults.set(faults) }

// consult asks the schedule about the operations that a request is about to
// carry out. An answer that is not nil is given instead of doing anything.
func (c *call) consult(o *Org, operations ...operation) *answer {
	for _, op := range operations {
		fault, hit := o.faults.hit(op, false)
		if !hit {
			continue
		}
		if a := c.suffer(o, fault); a != nil {
			a.abort = true
			return a
		}
	}
	return nil
}

// suffer carries out a fault of the whole request: what it returns is answered
// instead, nil lets the request go on.
func (c *call) suffer(o *Org, fault Fault) *answer {
	outcome := &c.top.outcome
	switch fault.Kind {
	case FaultReset:
		outcome.after = FaultReset
		return &answer{status: http.StatusBadGateway}
	case FaultServerError:
		return refuse(newError(http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (123456789)"))
	case FaultUnavailable:
		return refuse(newError(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE", "SERVER_UNAVAILABLE"))
	case FaultQuota:
		return refuse(quotaExceeded())
	case FaultConcurrent:
		return refuse(newError(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."))
	case FaultSessionExpired:
		o.sessions.end(c.top.token)
		return refuse(sessionExpired())
	case FaultResponseLost, FaultTruncatedBody:
		outcome.after = fault.Kind
	case FaultHalfPage, FaultShortPage:
		outcome.page = fault.Kind
	case FaultSlow:
		outcome.delay += fault.Delay
	case FaultRowLock, FaultRowError:
	}
	return nil
}

// rowFault tells whether the schedule refuses the record of one row.
func (o *Org) rowFault(op operation) *apiError {
	fault, hit := o.faults.hit(op, true)
	switch {
	case !hit:
		return nil
	case fault.Kind == FaultRowLock:
		return rowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
	}
	return rowError(fault.Code, fault.Message)
}

package salesforcetest

import (
	"maps"
	"net/http"
	"slices"
	"sync"
)

// UserWrite is a change of a user, as the org's content shows it.
type UserWrite struct {
	ID     string // of the user
	Action string // create, update, disable or enable
}

// Witness is an org that takes one request at a time and notes what each of them
// changed in the content. It looks at the content alone, so it does not matter by which
// resource and in which form something was written.
type Witness struct {
	org    *Org
	around func(call int, serve func())
	mutex  sync.Mutex
	calls  int
	seen   map[string]User
	writes []UserWrite
}

// NewWitness begins with the content that the org has.
func NewWitness(org *Org) *Witness {
	w := &Witness{org: org, seen: make(map[string]User)}
	w.look()
	w.writes = nil
	return w
}

// Client returns a client that reaches the witness in memory; see Org.Client.
func (w *Witness) Client() *http.Client { return &http.Client{Transport: transport{handler: w}} }

// Intercept has a function called for each request from now on, with its number among
// all, from 1. It calls serve, or not, and may panic with http.ErrAbortHandler, which
// leaves the request without an answer. Nil ends that.
func (w *Witness) Intercept(around func(call int, serve func())) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.around = around
}

// Calls returns how many requests came.
func (w *Witness) Calls() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.calls
}

// Writes returns the changes of users so far, in their order.
func (w *Witness) Writes() []UserWrite {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(w.writes)
}

// ServeHTTP implements http.Handler.
func (w *Witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.calls++
	answer, cut := &memoryWriter{header: http.Header{}}, false
	serve := func() {
		cut = serveRecovering(w.org, answer, r)
		w.look()
	}
	if w.around == nil {
		serve()
	} else {
		w.around(w.calls, serve)
	}
	maps.Copy(out.Header(), answer.header)
	if answer.status != 0 {
		out.WriteHeader(answer.status)
		_, _ = out.Write(answer.body.Bytes()) // whoever asked may be gone
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
}

// look notes what has changed.
func (w *Witness) look() {
	for _, user := range w.org.Users() {
		before, known := w.seen[user.ID]
		w.seen[user.ID] = user
		action := "update"
		switch {
		case !known:
			action = "create"
		case before.Changed.Equal(user.Changed) && before.same(user):
			continue
		case before.IsActive && !user.IsActive:
			action = "disable"
		case !before.IsActive && user.IsActive:
			action = "enable"
		}
		w.writes = append(w.writes, UserWrite{user.ID, action})
	}
}

// same reports whether two users hold the same values. That somebody signed in is no
// change of a value.
func (u User) same(other User) bool {
	held, holds := maps.Clone(u.fields), maps.Clone(other.fields)
	delete(held, "lastlogindate")
	delete(holds, "lastlogindate")
	return u.PendingEmail == other.PendingEmail && u.IsFrozen == other.IsFrozen && maps.Equal(held, holds) &&
		slices.Equal(u.PermissionSets, other.PermissionSets) && slices.Equal(u.Groups, other.Groups)
}

package salesforcetest

import (
	"strings"
	"sync"
)

// Universe is all Salesforce there is: usernames are unique over the orgs that
// share one. It is safe for concurrent use.
type Universe struct {
	mu    sync.Mutex
	taken map[string]struct{}
	orgs  int
}

// NewUniverse returns a universe without any org.
func NewUniverse() *Universe { return &Universe{taken: map[string]struct{}{}} }

// Reserve marks a username as taken by an org that nobody here can see. Upper
// and lower case are the same.
func (u *Universe) Reserve(username string) { u.claim(username) }

// Taken tells whether an org has the username, or it was reserved.
func (u *Universe) Taken(username string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, taken := u.taken[strings.ToLower(username)]
	return taken
}

// claim takes a username and tells whether it was free.
func (u *Universe) claim(username string) bool {
	key := strings.ToLower(username)
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, taken := u.taken[key]; taken {
		return false
	}
	u.taken[key] = struct{}{}
	return true
}

// release gives a username back, when its user got another one.
func (u *Universe) release(username string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.taken, strings.ToLower(username))
}

// nextOrg numbers the orgs from 1, which is what their ids are made of.
func (u *Universe) nextOrg() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.orgs++
	return u.orgs
}

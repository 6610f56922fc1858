package salesforcetest

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Universe is all Salesforce there is: usernames are unique over the orgs that
// share one. It is safe for concurrent use.
type Universe struct {
	mu       sync.Mutex
	taken    map[string]struct{} // in lower case
	reserved map[string]struct{} // those of orgs that nobody here can see
	orgs     int
}

// NewUniverse returns a universe without any org.
func NewUniverse() *Universe {
	return &Universe{taken: map[string]struct{}{}, reserved: map[string]struct{}{}}
}

// Reserve marks a username as taken by an org that nobody here can see. Upper
// and lower case are the same.
func (u *Universe) Reserve(username string) {
	if u.claim(username) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.reserved[strings.ToLower(username)] = struct{}{}
	}
}

// reservations lists what was reserved, in order.
func (u *Universe) reservations() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Sorted(maps.Keys(u.reserved))
}

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

// seenOrg makes later orgs get other numbers than one that was there before.
func (u *Universe) seenOrg(number int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.orgs = max(u.orgs, number)
}

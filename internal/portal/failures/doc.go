// Package failures is the part of the portal about changes that failed and are kept to
// be tried again: grouped by cause, with what the cause means and what to do about it,
// and a retry of one, of a cause, or of all.
package failures

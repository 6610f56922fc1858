// Package removals is the part of the portal about removals that the guard holds:
// accounts that a cycle would have taken away, had they not been suspiciously many. An
// administrator allows or rejects them, one by one or all.
package removals

// Package engine runs cycles: it collects the people that a job concerns, judges
// who is in scope, holds too many removals, matches, decides, applies and
// commits, in batches, leavers first.
//
// It knows no SQL and no HTTP: the directory, the ledger of connections and log
// entries, and the connector to the target are given to it.
package engine

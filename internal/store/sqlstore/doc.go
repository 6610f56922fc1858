// Package sqlstore keeps Usher's state in SQLite or in PostgreSQL. It implements
// store.Store, and with it what the engine needs, in one SQL text for both
// databases; what differs is in the files sqlite.go and postgres.go.
//
// It decides nothing: who is in scope, what a change does and when a job runs is
// for others. It keeps no state of its own outside the database but the ids that
// it read ahead for a collection that is under way.
//
// # Time and text
//
// Moments are kept as microseconds since 1970 in UTC, values of attributes and
// settings as JSON, ids and keys as text that sorts byte by byte. What is looked up
// whatever its letter case is kept a second time in lower case.
//
// # The change feed
//
// Every change of the directory has a row in the table changes, with a number that
// a transaction takes from a counter as its last act. The lock on the counter makes
// the transactions commit in the order of their numbers, so that a reader who saw a
// number has seen all before it.
package sqlstore

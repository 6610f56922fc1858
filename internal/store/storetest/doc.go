// Package storetest holds what every store has to do, as tests that any
// implementation of store.Store runs, a property test against a model in memory,
// benchmarks, and throw-away PostgreSQL databases for tests.
//
// It knows nothing of how a store keeps things: it sees the interfaces alone.
package storetest

// Package store is the contract of Usher's database: what commands and servers
// may ask of it, one small interface for each concern, and the errors that it
// answers with. What the engine asks of it is declared in package engine.
//
// It stores nothing itself: package sqlstore does, on SQLite and on PostgreSQL,
// and storetest holds what both have to do.
package store

package store

import (
	"context"
	"time"
)

// How often a node says that it serves, and after how long without that it is taken for
// one that died.
const (
	NodeSeenEach = 20 * time.Second
	NodeGone     = 90 * time.Second
)

// Node is a process that serves the portal and the API and runs cycles. Several may share
// a database.
type Node struct {
	ID        string // of the process: one that is started again is another one
	Host      string // name of the machine, as it calls itself
	Version   string // of Usher
	StartedAt time.Time
	SeenAt    time.Time
}

// Serves reports whether the node was heard of lately.
func (n Node) Serves(now time.Time) bool { return now.Sub(n.SeenAt) < NodeGone }

// DatabaseState is what the database says of itself.
type DatabaseState struct {
	Kind       string // "SQLite" or "PostgreSQL"
	Version    string // of the database
	Bytes      int64  // that it takes on disk, all tables and indexes
	Migration  string // that was run last, such as "0030_uploads"
	MigratedAt time.Time
	Migrations int // that were run
	Known      int // migrations that this program knows
}

// Nodes keeps which processes serve, and knows the state of the database.
type Nodes interface {
	// NoteNode says that a node serves, at its SeenAt. Nodes that were not seen for a day
	// before that are forgotten.
	NoteNode(ctx context.Context, node Node) error

	// ForgetNode says that a node does not serve any more.
	ForgetNode(ctx context.Context, id string) error

	// Nodes returns the nodes, the one that serves longest first.
	Nodes(ctx context.Context) ([]Node, error)

	// DatabaseState returns the state of the database.
	DatabaseState(ctx context.Context) (DatabaseState, error)
}

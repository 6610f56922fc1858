package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/journal"
)

// AuditSearch selects audit records. The zero AuditSearch selects all.
type AuditSearch struct {
	Actor        string // exactly
	Activity     string // exactly
	Text         string // part of the activity, actor, subject or detail, whatever the letter case
	Since, Until time.Time
}

// Logs is how people look through the provisioning log and the audit log.
type Logs interface {
	// FindEntries returns a part of the entries that the query selects, the newest first:
	// by moment, or, of a cycle, a person, a plan, by id. The query's Before, OldestFirst
	// and Limit are not looked at. It takes a bounded time however rare what is looked for
	// is: a part may hold fewer entries than asked for, even none, and have a part after it.
	FindEntries(ctx context.Context, query journal.Query, page Page) (Listing[journal.Entry], error)

	// CountEntries counts the entries that the query selects, up to 10,000 and in a bounded
	// time: More says that there are, or may be, others.
	CountEntries(ctx context.Context, query journal.Query) (Count, error)

	// Entry returns the entry with this id, or ErrNotFound.
	Entry(ctx context.Context, id int64) (journal.Entry, error)

	// FindAudits returns a part of the audit records that are selected, the newest first.
	// What FindEntries says of the time that it takes holds.
	FindAudits(ctx context.Context, search AuditSearch, page Page) (Listing[journal.Audit], error)
}

// Lists is all that a store tells in parts, for people to look through.
type Lists interface {
	Search
	Access
	Accounts
	Logs
	Cycles
	Insights
	History
}

package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// SchemaDraft is a synchronization schema that somebody changes and did not save yet.
type SchemaDraft struct {
	JobID     string
	Owner     string         // whose draft it is; everybody has one of a job at most
	Tag       string         // names this state of the draft: another one after each change
	Base      mapping.Schema // what was saved when the draft was begun
	Schema    mapping.Schema
	ChangedAt time.Time
}

// DraftImpact is what is known so far of what a draft would mean for everybody.
type DraftImpact struct {
	Last     string              `json:"last"`     // id of the user who was looked at last
	Looked   int                 `json:"looked"`   // people who were looked at
	Expected int                 `json:"expected"` // about how many there are to be looked at
	Changed  int                 `json:"changed"`  // those for whom a cycle would do something else
	Complete bool                `json:"complete"` // there is nobody else
	Before   provisioning.Counts `json:"before"`   // what cycles would do with the saved schema
	After    provisioning.Counts `json:"after"`    // and with the draft
	Losses   DraftLosses         `json:"losses"`
}

// DraftLosses tells who loses the account because of a draft, and would not with the
// saved schema.
type DraftLosses struct {
	Disabled int             `json:"disabled"`
	Deleted  int             `json:"deleted"`
	Later    int             `json:"later"` // when a grace period is over
	First    []plan.Identity `json:"first"` // some of them, in the order in which they were found
	Mark     string          `json:"mark"`  // stands for all of them, and for what becomes of each; empty for nobody
}

// Count returns how many people lose the account.
func (l DraftLosses) Count() int { return l.Disabled + l.Deleted + l.Later }

// DraftChange is somebody for whom a draft changes something.
type DraftChange struct {
	Number int         `json:"-"`      // from 1, in the order in which they were found
	Before plan.Change `json:"before"` // what a cycle would do with the saved schema
	After  plan.Change `json:"after"`  // and with the draft
}

// SchemaDrafts keeps what administrators change of schemas before they save it. Drafts
// go with their job.
type SchemaDrafts interface {
	// SchemaDraft returns somebody's draft, zero when there is none.
	SchemaDraft(ctx context.Context, jobID, owner string) (SchemaDraft, error)

	// SchemaDrafts returns all drafts of a job without the schemas, the newest first.
	SchemaDrafts(ctx context.Context, jobID string) ([]SchemaDraft, error)

	// PutSchemaDraft keeps a draft if the one that is there is still in the state with the
	// tag given (empty: there is none), and else is ErrConflict. What was known of its
	// impact is forgotten. An unknown job is ErrNotFound.
	PutSchemaDraft(ctx context.Context, draft SchemaDraft, previous string) error

	// DiscardSchemaDraft removes a draft that is in the state with the tag; one that is in
	// another state, or is not there, is ErrConflict.
	DiscardSchemaDraft(ctx context.Context, jobID, owner, tag string) error

	// DraftImpact returns what is known of the impact of a draft, zero when nothing is.
	DraftImpact(ctx context.Context, jobID, owner string) (DraftImpact, error)

	// PutDraftImpact replaces it and adds the changes to those that are kept. It is
	// ErrConflict when the draft is in another state than that with the tag, or not as
	// many people were looked at as given: somebody else went on from there.
	PutDraftImpact(ctx context.Context, draft SchemaDraft, looked int, impact DraftImpact, changes []DraftChange) error

	// DraftChanges returns the changes that are kept after a number, at most limit.
	DraftChanges(ctx context.Context, jobID, owner string, after, limit int) ([]DraftChange, error)
}

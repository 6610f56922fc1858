package engine

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// PlanKept is how long a plan may be applied, and is kept. What it was made of is long
// over by then.
const PlanKept = 30 * 24 * time.Hour

// PlanKind says what a stored plan is for.
type PlanKind string

// The kinds of plan.
const (
	CyclePlan PlanKind = "cycle" // what a whole cycle would do
	UndoPlan  PlanKind = "undo"  // takes back what a cycle wrote
	DriftPlan PlanKind = "drift" // sets right what was changed in the target
)

// PlanState is how far a plan has come.
type PlanState string

// The states of a plan.
const (
	PlanDraft    PlanState = "draft" // being made; nobody sees it
	PlanReady    PlanState = "ready"
	PlanApplying PlanState = "applying" // begun; applying it again goes on
	PlanApplied  PlanState = "applied"  // over, whatever became of its items
)

// ItemState is what became of one item of a plan.
type ItemState string

// The states of an item.
const (
	ItemOpen    ItemState = "open"
	ItemDone    ItemState = "done"
	ItemRefused ItemState = "refused" // something changed since it was planned
	ItemFailed  ItemState = "failed"  // the target refused it
	ItemNone    ItemState = "none"    // was never to be carried out: it could not be planned, or is held
)

// Plan is the head of a stored plan. Its items are read apart, because there may be
// as many as there are people.
type Plan struct {
	Key           string    `json:"-"`  // where it is kept; also the id of the cycle that applies it
	ID            string    `json:"id"` // hash of its content, in hexadecimal
	JobID         string    `json:"jobId"`
	ApplicationID string    `json:"applicationId"`
	Kind          PlanKind  `json:"kind"`
	State         PlanState `json:"state"`
	At            time.Time `json:"createdDateTime"` // expressions of the mapping that ask for the time get this one
	By            string    `json:"createdBy,omitzero"`
	Schema        string    `json:"schema"`         // hash of the synchronization schema that it was made with
	Cycle         string    `json:"cycle,omitzero"` // of an undo: the cycle that it takes back

	Counts  provisioning.Counts       `json:"counts"`
	Reasons map[string]int            `json:"reasons,omitempty"` // items by action and reason code: "disable NotAssigned"
	Guard   string                    `json:"guard,omitzero"`    // why the removal guard would hold the removals, empty when it would not
	Calls   PlannedCalls              `json:"calls"`
	Seats   []provisioning.SeatDemand `json:"seats,omitempty"` // what it asks of the target's licences
	Notes   []string                  `json:"notes,omitempty"` // what whoever applies it should know

	AppliedAt time.Time `json:"appliedDateTime,omitzero"`
	AppliedBy string    `json:"appliedBy,omitzero"`

	seal provisioning.Secret // keys the seals of values that are not to be seen
}

// Seal returns the secret that the plan's redacted values are sealed with.
func (p Plan) Seal() provisioning.Secret { return p.seal }

// Sealed returns the plan with the secret for its redacted values.
func (p Plan) Sealed(secret provisioning.Secret) Plan {
	p.seal = secret
	return p
}

// Removals returns how many accounts the plan takes away.
func (p Plan) Removals() int { return p.Counts.Disabled + p.Counts.Deleted }

// PlannedCalls are the requests that applying a plan takes.
type PlannedCalls struct {
	Read  int64 `json:"read"`  // as many as planning took: every account is looked at again
	Write int64 `json:"write"` // at the least: one for each full batch of one kind of write
}

// PlanItem is one change of a plan. Items of a plan are told apart by person and
// attribute.
type PlanItem struct {
	Change     plan.Change     `json:"change"`
	Attribute  string          `json:"attribute,omitzero"`  // of a reference that is written once both accounts exist; else empty
	Referenced string          `json:"referenced,omitzero"` // the person that such a reference points to
	Seals      map[string]Seal `json:"seals,omitempty"`     // of redacted fields
	State      ItemState       `json:"-"`
	Note       string          `json:"-"` // why it was refused or failed
}

// Seal stands for the values of a redacted field: it tells whether they are the same,
// and not what they are.
type Seal struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// ItemResult is what became of an item, for a Commit.
type ItemResult struct {
	SourceID  string
	Attribute string
	State     ItemState
	Note      string
}

// ItemQuery selects items of a plan, in the order of source id and attribute.
type ItemQuery struct {
	Actions    []plan.Action // none: any
	States     []ItemState   // none: any
	SourceIDs  []string      // none: anybody's
	References bool          // references alone; false: no references, unless All
	All        bool          // both people and references
	After      PlanItem      // where the last page ended: its person and attribute
	Limit      int
}

// Plans keeps stored plans.
type Plans interface {
	// DraftPlan keeps a plan that is being made, and PutItems its items; an item that is
	// there is replaced. DiscardPlan removes a plan.
	DraftPlan(ctx context.Context, p Plan) error
	PutItems(ctx context.Context, key string, items []PlanItem) error
	DiscardPlan(ctx context.Context, key string) error

	// PlanReferences takes the references off a draft whose other end has neither an
	// account nor an item that gives it one, and returns the next references that wait
	// from earlier cycles and will be written with this plan: in the order of source id and
	// attribute, after the one given.
	PlanReferences(ctx context.Context, p Plan, after Reference, limit int) ([]PlannedReference, error)

	// FinishPlan writes the head of a plan: with it, a draft is ready.
	FinishPlan(ctx context.Context, p Plan) error

	// PlanItems returns items, at most ItemQuery.Limit of them.
	PlanItems(ctx context.Context, key string, query ItemQuery) ([]PlanItem, error)

	// AdvancePlan writes state, moment and administrator of a plan that is applied. It
	// checks the fencing token.
	AdvancePlan(ctx context.Context, cycle Cycle, p Plan) error
}

// PlannedReference is a reference that waits, and who has it.
type PlannedReference struct {
	Reference
	Connection Connection // of the user whose account has the reference
	Name       string     // user principal name of that user
}

// sealValue seals one value of a field.
func (p Plan) sealValue(field string, value attr.Value) string {
	mac := hmac.New(sha256.New, []byte(p.seal.Reveal()))
	mac.Write([]byte(field + "\x00"))
	mac.Write(value.AppendJSON(nil))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// item makes an item of a change; redacted values are sealed and forgotten.
func (p Plan) item(change plan.Change) (PlanItem, error) {
	item := PlanItem{State: ItemOpen}
	for _, field := range change.Fields {
		if !field.Redacted {
			continue
		}
		if item.Seals == nil {
			item.Seals = make(map[string]Seal)
		}
		item.Seals[field.Name] = Seal{p.sealValue(field.Name, field.Old), p.sealValue(field.Name, field.New)}
	}
	change.ID, change.Steps = "", nil
	if change.Status != plan.Planned && change.Status != plan.Skipped {
		item.State = ItemNone
	}
	// What is kept, shown and hashed is what its JSON holds.
	text, err := json.Marshal(change)
	if err == nil {
		err = json.Unmarshal(text, &item.Change)
	}
	if err != nil {
		return item, fmt.Errorf("write down the change of %s: %w", change.Source.Name, err)
	}
	return item, nil
}

// hashPlan begins the hash of a plan's content with what its head says before it is
// applied.
func hashPlan(p Plan) (hash.Hash, error) {
	p.ID, p.State, p.AppliedAt, p.AppliedBy = "", "", time.Time{}, ""
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("hash the plan: %w", err)
	}
	sum := sha256.New()
	sum.Write(text)
	return sum, nil
}

// identify computes the hash of a plan with all of its items.
func (e *Engine) identify(ctx context.Context, p Plan) (string, error) {
	sum, err := hashPlan(p)
	if err != nil {
		return "", err
	}
	err = e.eachItem(ctx, p.Key, ItemQuery{All: true}, func(items []PlanItem) error {
		for _, item := range items {
			text, err := json.Marshal(item)
			if err != nil {
				return fmt.Errorf("hash the plan: %w", err)
			}
			sum.Write(text)
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// eachItem hands the items of a plan on, page by page.
func (e *Engine) eachItem(ctx context.Context, key string, query ItemQuery, take func([]PlanItem) error) error {
	query.Limit = pageSize
	for {
		items, err := e.Plans.PlanItems(ctx, key, query)
		if err != nil {
			return fmt.Errorf("read the items of the plan: %w", err)
		}
		if len(items) > 0 {
			if err := take(items); err != nil {
				return err
			}
		}
		if len(items) < query.Limit {
			return nil
		}
		query.After = items[len(items)-1]
	}
}

// SchemaHash names the content of a synchronization schema: two with the same hash
// are the same.
func SchemaHash(schema any) (string, error) {
	text, err := json.Marshal(schema)
	if err != nil {
		return "", fmt.Errorf("hash the synchronization schema: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

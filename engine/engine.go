package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Engine runs cycles on a directory, a ledger and a list of removals. It keeps no
// state of its own and is safe for concurrent use.
type Engine struct {
	Directory Directory
	Ledger    Ledger
	Removals  Removals
	Attempts  Attempts
	Plans     Plans
	Log       *slog.Logger
}

// Run is what one cycle needs and what it is asked to do.
type Run struct {
	JobID       string
	Connector   connector.Connector
	Mapping     *mapping.Mapping
	Full        bool              // an initial cycle although the job does not need one
	Users       []string          // on demand: only these users, by id
	DryRun      bool              // decide, write nothing anywhere
	InitiatedBy string            // for the log; empty for Usher itself
	Observe     func(Progress)    // called from one goroutine at a time; may be nil
	Report      func(plan.Change) // every change when it is over, from one goroutine at a time; may be nil
}

// Cycle runs one cycle and returns its record, also when it failed: then the
// error says why it stopped, and what was done until then is committed. What the
// cycle did not come to is done by the next one.
func (e *Engine) Cycle(ctx context.Context, run Run) (provisioning.Run, error) {
	c, err := e.open(ctx, run)
	if err != nil {
		return provisioning.Run{}, err
	}
	err = c.run(ctx)
	return c.close(ctx, err)
}

// open loads the job and takes a new fencing token. A dry run takes none, and on
// demand the present one is used: neither ends a cycle that is running.
func (e *Engine) open(ctx context.Context, run Run) (*cycle, error) {
	begin := e.Ledger.Begin
	if run.DryRun || len(run.Users) > 0 {
		begin = e.Ledger.Look // it may run beside a cycle
	}
	job, err := begin(ctx, run.JobID)
	if err != nil {
		return nil, fmt.Errorf("begin cycle of job %s: %w", run.JobID, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a cycle id: %w", err)
	}
	run.Users = unique(run.Users)
	descriptor := run.Connector.Describe()
	c := &cycle{
		Engine: e, asked: run, job: job, began: time.Now().UTC(),
		cycle: Cycle{ID: id.String(), JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence},
		kind:  kindOf(run, job), target: descriptor.Capabilities, callsBefore: run.Connector.Usage().Calls,
		log: e.Log.With("job_id", job.ID, "cycle_id", id.String()),
	}
	c.rules = c.planRules()
	c.progress.observe = run.Observe
	c.progress.current.CycleID, c.progress.current.Kind, c.progress.current.Began = c.cycle.ID, c.kind, c.began
	return c, nil
}

// unique leaves repetitions out and keeps the order.
func unique(ids []string) []string {
	var result []string
	for _, id := range ids {
		if !slices.Contains(result, id) {
			result = append(result, id)
		}
	}
	return result
}

func kindOf(run Run, job provisioning.Job) provisioning.CycleKind {
	switch {
	case len(run.Users) > 0:
		return provisioning.OnDemand
	case run.Full || !job.Status.InitialDone:
		return provisioning.Initial
	}
	return provisioning.Incremental
}

func (c *cycle) planRules() plan.Rules {
	return plan.Rules{
		TargetType: c.target.ObjectType, ActiveAttribute: c.target.ActiveAttribute, NameAttribute: c.target.NameAttribute,
		Deletes: c.target.Deletes, Flows: c.asked.Mapping.Flows, Settings: c.job.Settings,
		Spelling:     c.target.Spelling,
		SourceSystem: c.asked.Mapping.SourceSystem, TargetSystem: c.asked.Mapping.TargetSystem,
	}
}

// cycle is one run in progress.
type cycle struct {
	*Engine

	asked       Run
	job         provisioning.Job
	cycle       Cycle
	kind        provisioning.CycleKind
	target      connector.Capabilities
	rules       plan.Rules
	until       directory.Cursor
	began       time.Time
	moment      time.Time // that expressions of the mapping get, instead of began
	callsBefore int64
	progress    progress
	log         *slog.Logger
	draft       *draft    // the plan that is being made, nil in a cycle
	applied     *applying // the plan that is being carried out, nil in a cycle
	attempts    attempts
	found       int             // removals that this cycle found and no earlier one failed to make
	dryRemovals []Removal       // what a dry run would put on the list
	renewed     map[string]bool // people whose removal was held for long and is looked at anew
	heldAnew    int             // how many of them are held again
	marks       marks
	resumed     string // the cycle goes on after this id
	telling     sync.Mutex
	counting    sync.Mutex
	reserving   sync.Mutex
	claims      map[string]string         // found accounts that are being connected, to whom
	reserved    map[string]string         // values chosen in this cycle, to the person they are for
	staged      int                       // removals that are held at the end
	seats       *connector.SeatCount      // nil when the target has no roles
	licenses    []provisioning.LicenseUse // as the target told when the roles were imported
	held        string                    // why the removal guard holds removals, empty when it does not
	deferred    map[string]bool           // people on the list of removals whose removal failed and is not due yet
}

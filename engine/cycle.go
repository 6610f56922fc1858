package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// run goes through the phases of a cycle.
func (c *cycle) run(ctx context.Context) error {
	until, err := c.Directory.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the position of the change feed: %w", err)
	}
	c.until = until
	c.resume()
	if err := c.recall(ctx); err != nil {
		return err
	}
	if c.kind == provisioning.OnDemand {
		return c.people(ctx) // what earlier cycles left behind is for a whole cycle
	}
	if err := c.roles(ctx); err != nil {
		return err
	}
	if err := c.findRemovals(ctx); err != nil {
		return err
	}
	if err := c.people(ctx); err != nil {
		return err
	}
	if err := c.references(ctx); err != nil {
		return err
	}
	if err := c.settleAttempts(ctx); err != nil {
		return err
	}
	return c.countHeld(ctx)
}

// roles imports the target's roles. Two with one name cannot be told apart by an
// assignment, so they stop the job, as in Microsoft Entra.
func (c *cycle) roles(ctx context.Context) error {
	if !c.target.ImportsRoles {
		return nil
	}
	c.progress.phase("roles")
	var roles []connector.Role
	for role, err := range c.asked.Connector.Roles(ctx) {
		if err != nil {
			return fmt.Errorf("import roles: %w", err)
		}
		roles = append(roles, role)
	}
	if err := distinct(roles); err != nil {
		return err
	}
	features := c.asked.Connector.Usage().Features
	c.seats = connector.NewSeatCount(connector.NewSeatBook(c.target, roles, features))
	c.licenses = licenseUse(roles, features)
	if c.asked.DryRun {
		return nil
	}
	if _, err := c.Ledger.ImportRoles(ctx, c.cycle, roles); err != nil {
		return fmt.Errorf("import roles: %w", err)
	}
	return nil
}

// partial reports whether the run concerns some people only: it says nothing about how
// far the job has come.
func (c *cycle) partial() bool { return c.kind == provisioning.OnDemand || c.applied != nil }

// distinct refuses roles that share a name.
func distinct(roles []connector.Role) error {
	seen := make(map[string]connector.Role, len(roles))
	for _, role := range roles {
		if other, twice := seen[strings.ToLower(role.Name)]; twice {
			return &quarantineError{
				reason: provisioning.EncounteredQuarantineException, code: "DuplicateRoles",
				message: fmt.Sprintf("two roles of the target are called %q (%s and %s); rename one of them there", role.Name, other.ID, role.ID),
			}
		}
		seen[strings.ToLower(role.Name)] = role
	}
	return nil
}

// quarantineError stops a cycle and puts its job into quarantine.
type quarantineError struct {
	reason        provisioning.QuarantineReason
	code, message string
	cause         error // nil when it is the engine's own finding
}

func (e *quarantineError) Error() string { return e.message }

func (e *quarantineError) Unwrap() error { return e.cause }

// close records how the cycle ended. A cycle that was fenced off records nothing:
// the job belongs to the newer one.
func (c *cycle) close(ctx context.Context, failure error) (provisioning.Run, error) {
	if cause := context.Cause(ctx); failure != nil && cause != nil && !errors.Is(failure, ErrFenced) {
		failure = &interruptedError{cause} // what broke off with it is of no interest
	}
	run := c.record(failure)
	if c.asked.DryRun || errors.Is(failure, ErrFenced) {
		return run, failure
	}
	record := c.keep(run, failure)
	// A cycle that was interrupted still records its end.
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if c.partial() && !c.unauthorized(failure) {
		if err := c.Attempts.Record(finish, record); err != nil {
			c.log.WarnContext(ctx, "the record of the cycle is lost", "error", err.Error())
		}
		return run, failure
	}
	c.job = c.closed(c.job, run, failure)
	if err := c.Ledger.Finish(finish, c.cycle, c.job, record); err != nil {
		return run, errors.Join(failure, fmt.Errorf("record the end of the cycle: %w", err))
	}
	c.log.InfoContext(ctx, "cycle ended", "kind", string(c.kind), "state", string(run.State), "collected", run.Counts.Collected,
		"writes", run.Counts.Writes, "failed", run.Counts.Failed, "api_calls", run.Counts.Calls)
	return run, failure
}

// keep returns what is kept of the cycle.
func (c *cycle) keep(run provisioning.Run, failure error) provisioning.CycleRecord {
	record := newRecord(c.cycle, run, failure)
	record.InitiatedBy, record.PlanID, record.Held, record.Licenses = c.asked.InitiatedBy, c.planID(), c.removalsHeld(), c.licenses
	usage := c.asked.Connector.Usage()
	record.Quota = provisioning.Quota{Limit: usage.Limit, Used: usage.LimitUsed}
	return record
}

// newRecord returns the record of a run, with the code of what it failed with.
func newRecord(cycle Cycle, run provisioning.Run, failure error) provisioning.CycleRecord {
	record := provisioning.CycleRecord{Run: run, JobID: cycle.JobID, ApplicationID: cycle.ApplicationID}
	if target, ok := errors.AsType[*connector.Error](failure); ok {
		record.Code = target.Code
	}
	if q, ok := errors.AsType[*quarantineError](failure); ok {
		record.Code = q.code
	}
	return record
}

// licenseUse returns the licences of roles and features, by name.
func licenseUse(roles []connector.Role, features []connector.Feature) []provisioning.LicenseUse {
	byName := make(map[string]provisioning.LicenseUse)
	note := func(l connector.License) {
		if l.Name != "" {
			byName[l.Name] = provisioning.LicenseUse{Name: l.Name, Total: l.Total, Used: l.Used}
		}
	}
	for _, role := range roles {
		note(role.License)
	}
	for _, feature := range features {
		note(feature.License)
	}
	uses := slices.Collect(maps.Values(byName))
	slices.SortFunc(uses, func(a, b provisioning.LicenseUse) int { return strings.Compare(a.Name, b.Name) })
	return uses
}

func (c *cycle) record(failure error) provisioning.Run {
	counts := c.progress.snapshot()
	counts.Calls = c.asked.Connector.Usage().Calls - c.callsBefore
	run := provisioning.Run{CycleID: c.cycle.ID, Kind: c.kind, State: provisioning.Succeeded, Began: c.began, Ended: time.Now().UTC(), Counts: counts, Seats: c.seatDemands()}
	switch {
	case failure != nil:
		run.State, run.Error = provisioning.Failed, failure.Error()
	case counts.Failed+counts.Refused > 0:
		run.State = provisioning.EntryLevelErrors
	}
	return run
}

// closed returns the job as the cycle leaves it. The watermark moves only when
// everything was looked at.
func (c *cycle) closed(job provisioning.Job, run provisioning.Run, failure error) provisioning.Job {
	if !c.partial() {
		job.Status.LastRun = run
	}
	if failure != nil && !c.partial() && !c.asked.Full {
		job.Status.Resume = c.left()
	}
	job.Status.ResumeAt = time.Time{}
	if target, ok := errors.AsType[*connector.Error](failure); ok && target.Kind == connector.QuotaExceeded && target.RetryAfter > 0 {
		job.Status.ResumeAt = run.Ended.Add(target.RetryAfter)
	}
	if _, interrupted := errors.AsType[*interruptedError](failure); interrupted {
		return job // the next cycle goes on; nothing is wrong with the job
	}
	if failure != nil {
		return failed(job, failure, run.Ended)
	}
	initial := !job.Status.InitialDone
	job.Watermark = c.until
	job.Status.InitialDone, job.Status.Resume = true, provisioning.Resume{}
	job.Status.SuccessiveFailure = 0
	job.Status.LastSuccess = run
	if run.Counts.Writes > 0 {
		job.Status.LastExport = run
	}
	job.Status.Code = provisioning.Active
	if job.Schedule.State != provisioning.ScheduleActive {
		job.Status.Code = provisioning.Paused // a cycle by hand does not turn provisioning on
	}
	if job.Status.SteadySince.IsZero() {
		job.Status.SteadySince = run.Ended
	}
	return c.judged(job, run, initial)
}

// judged puts the job into quarantine, or lifts it, by what a complete cycle counted.
// When too much failed in an initial cycle, the job does not go on trying: what
// failed is forgotten, and it waits for an administrator.
func (c *cycle) judged(job provisioning.Job, run provisioning.Run, initial bool) provisioning.Job {
	before := job.Status.Quarantine
	job.Status.Quarantine, job.Status.EscrowsPruned = provisioning.Quarantine{}, false
	enter := func(reason provisioning.QuarantineReason, code, why string) {
		job.Status.Code = provisioning.Quarantined
		job.Status.Quarantine = provisioning.Quarantine{Reason: reason, Code: code, Message: why}.After(before, run.Ended)
	}
	reason, why := c.failures(run.Counts).Judge(job.Settings.FailurePercent)
	held := c.removalsHeld()
	switch {
	case reason != "" && initial:
		enter(reason, string(reason), why+"; it was the initial cycle: what failed is not tried again by itself, and provisioning is paused until it is started again")
		job.Status.Code, job.Status.EscrowsPruned = provisioning.Paused, true
		job.Status.Quarantine.NextAttempt = time.Time{} // there is none
	case reason != "" && held == "":
		enter(reason, string(reason), why)
	case held != "":
		if c.heldAnew > 0 {
			job.Status.RemovalsRenewed = c.began
		}
		enter(provisioning.TooManyDeletes, plan.CodeStaged, held)
	}
	return job
}

// failed returns the job after a cycle that failed as a whole.
func failed(job provisioning.Job, failure error, moment time.Time) provisioning.Job {
	job.Status.SuccessiveFailure++
	if quarantine, found := quarantineFor(failure); found {
		job.Status.Code = provisioning.Quarantined
		job.Status.Quarantine = quarantine.After(job.Status.Quarantine, moment)
	}
	return job
}

// failures are the figures that the job is judged by.
func (c *cycle) failures(counts provisioning.Counts) Failures {
	return Failures{Events: counts.Collected, Failed: counts.Failed, References: counts.Refused}
}

// removalsHeld returns why removals wait for an administrator, whether they were
// found by this cycle or by an earlier one.
func (c *cycle) removalsHeld() string {
	if c.held == "" && c.staged > 0 {
		text := fmt.Sprintf("%d removals are held since an earlier cycle", c.staged)
		if c.heldAnew > 0 {
			text += fmt.Sprintf("; %d of them were looked at anew and are held again, because nobody decided on them", c.heldAnew)
		}
		return text
	}
	return c.held
}

// interruptedError says that a cycle was asked to stop before its end.
type interruptedError struct{ cause error }

func (e *interruptedError) Error() string { return "the cycle was stopped: " + e.cause.Error() }

func (e *interruptedError) Unwrap() error { return e.cause }

// unauthorized reports whether a failure concerns the credentials, which is worth
// recording even when only one person was asked for.
func (c *cycle) unauthorized(failure error) bool {
	return errors.Is(failure, connector.Unauthorized)
}

// quarantineFor tells whether a failure concerns the job as a whole: credentials
// that do not work, duplicate roles, a job that cannot be opened.
func quarantineFor(failure error) (provisioning.Quarantine, bool) {
	if q, ok := errors.AsType[*quarantineError](failure); ok {
		return provisioning.Quarantine{Reason: q.reason, Code: q.code, Message: q.message}, true
	}
	target, ok := errors.AsType[*connector.Error](failure)
	if !ok || target.Kind != connector.Unauthorized {
		return provisioning.Quarantine{}, false
	}
	message := target.Error()
	if target.Advice != "" {
		message += " " + target.Advice
	}
	return provisioning.Quarantine{Reason: provisioning.EncounteredQuarantineException, Code: target.Code, Message: message}, true
}

package provisioning

import "time"

// OperationKind says what an operation does.
type OperationKind string

// The kinds of operation.
const (
	MakingPlan   OperationKind = "plan"   // computes what a cycle would do
	MakingUndo   OperationKind = "undo"   // makes a plan that takes back what a cycle wrote
	ApplyingPlan OperationKind = "apply"  // carries a plan out
	FindingDrift OperationKind = "drift"  // looks for changes made in the target
	Assigning    OperationKind = "assign" // makes the assignments of a file
	Importing    OperationKind = "import" // takes files into the directory
)

// OperationState is how far an operation has come.
type OperationState string

// The states of an operation.
const (
	OperationRunning OperationState = "running"
	OperationDone    OperationState = "done"
	OperationFailed  OperationState = "failed"
	OperationStopped OperationState = "stopped" // somebody stopped it, or the service ended; a plan that was being applied can be gone on with
	OperationBroken  OperationState = "broken"  // nothing was heard of it: the process that ran it died
)

// Operation is an act of an administrator that takes long and runs in the background.
type Operation struct {
	ID            string         `json:"id"`
	ApplicationID string         `json:"applicationId"` // empty for an operation of the directory
	Kind          OperationKind  `json:"kind"`
	By            string         `json:"by"`    // who asked for it
	State         OperationState `json:"state"` // see StateAt
	Progress      Progress       `json:"progress"`
	Ended         time.Time      `json:"ended,omitzero"`
	PlanID        string         `json:"planId,omitzero"`   // of the plan that is made or applied, as soon as it is known
	Refused       string         `json:"refused,omitzero"`  // code of why it was not done at all
	Message       string         `json:"message,omitzero"`  // what happened and what to do, when it failed; what an import did
	UploadID      string         `json:"uploadId,omitzero"` // of the files that are imported
	Replace       bool           `json:"replace,omitzero"`  // who is not in those files is removed
}

// StateAt returns the state as it is at a moment: an operation that runs and of which
// nothing was heard for a while is broken.
func (o Operation) StateAt(now time.Time) OperationState {
	if o.State == OperationRunning && now.Sub(o.Progress.At) >= progressStale {
		return OperationBroken
	}
	return o.State
}

// OperationHeard returns since when an operation must have been heard of to be running.
func OperationHeard(now time.Time) time.Time { return now.Add(-progressStale) }

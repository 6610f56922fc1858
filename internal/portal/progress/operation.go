package progress

import (
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// Refresh is how often a browser without scripts looks at an operation again.
const Refresh = 3 * time.Second

// State says how an operation stands.
func State(state provisioning.OperationState) page.State {
	switch state {
	case provisioning.OperationRunning:
		return page.State{Text: "Under way", Colour: "info"}
	case provisioning.OperationDone:
		return page.State{Text: "Done", Colour: "success"}
	case provisioning.OperationFailed:
		return page.State{Text: "Failed", Colour: "danger"}
	case provisioning.OperationStopped:
		return page.State{Text: "Stopped", Colour: "warning"}
	case provisioning.OperationBroken:
		return page.State{Text: "Broke off", Colour: "danger"}
	}
	return page.State{Text: string(state), Colour: "secondary"}
}

// Took says how long an operation took; empty while it is not over.
func Took(operation provisioning.Operation) string {
	if operation.Ended.IsZero() {
		return ""
	}
	return page.Duration(operation.Ended.Sub(operation.Progress.Began).Round(time.Millisecond))
}

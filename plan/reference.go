package plan

import (
	"fmt"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
)

// Waiting is a reference of a change whose other end has no account yet.
type Waiting struct {
	Attribute  string
	Referenced string // id of the source object
}

// Resolve replaces references to source objects by references to their accounts
// in the target. What cannot be resolved is taken out of the result, so that the
// account goes ahead without it, and listed.
func Resolve(desired mapping.Desired, accountOf func(sourceID string) (targetID string)) (mapping.Desired, []Waiting) {
	var waiting []Waiting
	var flows []mapping.Flow
	for i, flow := range desired.Flows {
		ref := flow.Value.Ref()
		if flow.Rule.Reference == "" || flow.Value.IsNull() {
			continue
		}
		if flows == nil {
			flows = append(flows, desired.Flows...)
		}
		target := ref.ID
		if ref.Type != mapping.TargetReference {
			target = accountOf(ref.ID)
		}
		if target == "" {
			waiting = append(waiting, Waiting{flow.Rule.Target, ref.ID})
			flows[i].Value = attr.Value{}
			flows[i].Ignored = true
			continue
		}
		flows[i].Value = attr.RefTo(attr.Ref{Type: flow.Rule.Reference, ID: target})
	}
	if flows != nil {
		desired.Flows = flows
	}
	return desired, waiting
}

// Link makes the change that writes one reference of an account whose other end
// has come to exist.
func Link(source, target Identity, attribute string, old, reference attr.Value, rules Rules) Change {
	change := Change{
		Action: Update, Status: Planned, Source: source, Target: target,
		Fields:  []Field{{Name: attribute, Old: old, New: reference}},
		Desired: attr.New(target.Type, target.ID, map[string]attr.Value{attribute: reference}),
		Current: attr.New(target.Type, target.ID, map[string]attr.Value{attribute: old}),
	}
	return change.withStep(Step{
		Name: "EntryReferenceResolution", Type: ReferenceStep, Status: Success,
		Description: fmt.Sprintf("%s of %q can be written to %s: the account it points to exists", attribute, source.Name, rules.TargetSystem),
	})
}

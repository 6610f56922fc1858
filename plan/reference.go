package plan

import (
	"fmt"
	"slices"

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
// account goes ahead without it, and listed. An attribute with several references
// is written when all of them can be resolved; until then it is left alone, with
// a warning.
func Resolve(desired mapping.Desired, accountOf func(sourceID string) (targetID string)) (mapping.Desired, []Waiting) {
	var waiting []Waiting
	var flows []mapping.Flow
	for i, flow := range desired.Flows {
		if flow.Rule.Reference == "" || flow.Value.IsNull() {
			continue
		}
		if flows == nil {
			flows = slices.Clone(desired.Flows)
		}
		resolved, missing := resolve(flow, accountOf)
		flows[i].Value = resolved
		if len(missing) == 0 {
			continue
		}
		flows[i].Value = attr.Value{}
		flows[i].Clear = flow.Rule.ExportMissing
		flows[i].Ignored = !flow.Rule.ExportMissing
		if flow.Value.Kind() != attr.List {
			waiting = append(waiting, Waiting{flow.Rule.Target, missing[0]})
			continue
		}
		desired.Warnings = append(slices.Clip(desired.Warnings),
			fmt.Sprintf("%s is not written: %d of its %d references point to somebody without an account", flow.Rule.Target, len(missing), len(flow.Value.Items())))
	}
	if flows != nil {
		desired.Flows = flows
	}
	return desired, waiting
}

// resolve resolves the references of one attribute and returns the ids of the
// source objects that have no account.
func resolve(flow mapping.Flow, accountOf func(string) string) (resolved attr.Value, missing []string) {
	var references []attr.Value
	for _, item := range flow.Value.Items() {
		ref := item.Ref()
		target := ref.ID
		if ref.Type != mapping.TargetReference {
			target = accountOf(ref.ID)
		}
		if target == "" {
			missing = append(missing, ref.ID)
			continue
		}
		references = append(references, attr.RefTo(attr.Ref{Type: flow.Rule.Reference, ID: target}))
	}
	switch {
	case flow.Value.Kind() == attr.List:
		return attr.Values(references...), missing
	case len(references) == 0:
		return attr.Value{}, missing
	}
	return references[0], missing
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

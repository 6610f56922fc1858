package plan

import (
	"fmt"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// stepName names a step after what it did, as Microsoft Entra's log does.
func stepName(step StepType, what string) string {
	if step != ExportStep {
		return "EntrySynchronization" + what
	}
	if what == title(Create) {
		what = "Add" // so the log calls it
	}
	return "EntryExport" + what
}

func importStep(facts Facts, rules Rules) Step {
	return Step{
		Name: "EntryImport", Type: ImportStep, Status: Success,
		Description: fmt.Sprintf("%s %q was read from %s", facts.Source.Type, facts.Source.Name, rules.SourceSystem),
	}
}

func scopingStep(verdict scope.Verdict) Step {
	step := Step{Name: "EntrySynchronizationScoping", Type: ScopingStep, Status: Success, Description: "in scope"}
	if verdict.In {
		if verdict.Through != "" {
			step.Description += ", assigned through the groups " + verdict.Through
		}
		return step
	}
	step.Status = Skipped
	step.Description = "out of scope: " + verdict.Text()
	return step
}

func matchingStep(facts Facts, rules Rules) Step {
	step := Step{Name: "EntrySynchronizationMatching", Type: MatchingStep, Status: Success}
	switch {
	case facts.Connected.ID != "":
		step.Description = fmt.Sprintf("connected to account %s of %s", facts.Connected.ID, rules.TargetSystem)
	case len(facts.Found) == 1:
		step.Description = fmt.Sprintf("matched account %s of %s by %s", facts.Found[0].ID, rules.TargetSystem, keyText(facts, facts.FoundBy))
	default:
		step.Description = "no account of " + rules.TargetSystem + " matches"
		for _, key := range facts.Desired.Keys {
			step.Description += "; none has " + keyText(facts, key)
		}
	}
	return step
}

// keyText names a matching attribute with its value, unless an expression redacts
// it.
func keyText(facts Facts, key mapping.Key) string {
	if redacted(facts.Desired, key.Attribute) {
		return key.Attribute + " " + redactedText
	}
	return fmt.Sprintf("%s %q", key.Attribute, key.Value)
}

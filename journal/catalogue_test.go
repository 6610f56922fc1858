package journal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	own := journal.Explanation{Code: "SalesforceLicenseLimitExceeded", Text: "no seat is free", Advice: "Buy seats."}
	catalogue := journal.NewCatalogue(own)
	timeout := journal.NewCatalogue().Explain("Timeout")
	timeout.Code = "SalesforceTimeout"
	for code, want := range map[string]journal.Explanation{
		"SalesforceLicenseLimitExceeded": own,
		"SalesforceTimeout":              timeout, // a connector's prefix before a general code
		"Nonsense":                       {Code: "Nonsense", Text: "no explanation is known for Nonsense"},
	} {
		if diff := cmp.Diff(want, catalogue.Explain(code)); diff != "" {
			t.Errorf("Explain(%q) (-want +got):\n%s", code, diff)
		}
	}
}

func TestEveryCodeOfADecisionIsExplained(t *testing.T) {
	t.Parallel()
	catalogue := journal.NewCatalogue()
	for _, code := range []string{
		plan.CodeNotEntitled, plan.CodeRedundant, plan.CodeImportSkipped, plan.CodeSkipped, plan.CodeInvalidAnchor, plan.CodeDuplicateTarget,
		plan.CodeDuplicateSource, plan.CodeReference, plan.CodeStaged, mapping.CodeSingleValue, mapping.CodeValue, mapping.CodeExpression,
		string(scope.FilterUndecided),
	} {
		if explanation := catalogue.Explain(code); explanation.Advice == "" && code != plan.CodeRedundant && code != plan.CodeSkipped {
			t.Errorf("%s is explained as %q, without advice", code, explanation.Text)
		}
	}
}

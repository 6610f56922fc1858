package engine_test

import (
	"testing"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

func TestFailuresThatQuarantine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		failures     engine.Failures
		smallPercent int
		want         provisioning.QuarantineReason
	}{
		{"4,000 failures, whatever their share", engine.Failures{Events: 4_000, Failed: 4_000}, 0, ""},
		{"45,000 failures", engine.Failures{Events: 1_000_000, Failed: 45_000}, 0, provisioning.EncounteredBaseEscrowThreshold},
		{"30,000 failed and 5,000 well", engine.Failures{Events: 35_000, Failed: 30_000}, 0, provisioning.EncounteredEscrowProportionThreshold},
		{"20,000 failed and 100,000 well", engine.Failures{Events: 120_000, Failed: 20_000}, 0, ""},
		{"40,000 and 21,000 reference failures", engine.Failures{Events: 1_000_000, Failed: 40_000, References: 21_000}, 0, provisioning.EncounteredTotalEscrowThreshold},
		{"reference failures alone", engine.Failures{Events: 50_000, References: 45_000}, 0, ""},
		{"a small tenant without a share of its own", engine.Failures{Events: 20, Failed: 20}, 0, ""},
		{"a small tenant over its share", engine.Failures{Events: 20, Failed: 13}, 60, provisioning.EncounteredEscrowProportionThreshold},
		{"a small tenant at its share", engine.Failures{Events: 20, Failed: 12}, 60, ""},
		{"too few to say", engine.Failures{Events: 9, Failed: 9}, 60, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, text := test.failures.Judge(test.smallPercent)
			if got != test.want || (text == "") != (got == "") {
				t.Errorf("%q, %q; want %q", got, text, test.want)
			}
		})
	}
}

package engine_test

import (
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/engine"
)

// TestADryRunTellsHowManySeatsAreMissing compares what a dry run says of the seats
// with what becomes of the people in the cycle after it.
func TestADryRunTellsHowManySeatsAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{org: func(config *salesforcetest.Config) {
		config.Licenses[0].Total = 6 // the administrator has one
	}})
	preview, err := w.try(t.Context(), t, engine.Run{DryRun: true})
	w.must(t, err)
	if len(w.active()) > 0 {
		t.Fatal("the dry run wrote")
	}
	if len(preview.Seats) == 0 || preview.Seats[0].License != "Chatter Free" && preview.Seats[0].License != "Salesforce" {
		t.Fatalf("the dry run says of the seats: %v", preview.Seats)
	}
	short, free := 0, 0
	for _, demand := range preview.Seats {
		short += demand.Short()
		if demand.License == "Salesforce" {
			free = demand.Free
		}
	}
	if free != 5 || short == 0 {
		t.Fatalf("%d seats are free and %d too few: %v", free, short, preview.Seats)
	}
	w.org.ResetStatistics()
	run := w.cycle(t)
	// One person has a username that another org has: the seat goes to somebody else.
	if got := run.Counts.Codes["SalesforceLicenseLimitExceeded"] + run.Counts.Codes["SalesforceDuplicateUserName"]; got != short {
		t.Errorf("%d people found no seat, the dry run said %d", got, short)
	}
	inLicence := 0
	for _, user := range w.active() {
		if user.LicenseName == "Salesforce" {
			inLicence++
		}
	}
	if inLicence != free {
		t.Errorf("%d users have one of the %d seats", inLicence, free)
	}
	if refused := w.org.Statistics().RowsRefused; refused >= short {
		t.Errorf("%d rows were sent for people without a seat", refused)
	}
}

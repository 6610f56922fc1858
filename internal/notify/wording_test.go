package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/notify"
	"github.com/usher-id/usher/provisioning"
)

var update = flag.Bool("update", false, "rewrite the golden file of the messages") //nolint:gochecknoglobals // a flag of the tests

func TestTheMessagesReadAsReviewed(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, event := range []provisioning.Event{
		provisioning.QuarantineBegan, provisioning.QuarantineChanged, provisioning.QuarantineGivenUp, provisioning.QuarantineLifted, provisioning.RemovalsStaged, provisioning.DriftFound,
		provisioning.DailyDigest, provisioning.DeliveryTest,
	} {
		n := notice(event)
		switch event {
		case provisioning.QuarantineChanged:
			n.Before = string(provisioning.TooManyDeletes)
		case provisioning.DailyDigest:
			n.Quarantine = provisioning.Quarantine{}
		case provisioning.QuarantineGivenUp:
			n.Quarantine.SeriesBegan = n.Quarantine.Began
		case provisioning.DriftFound:
			n.Drift = provisioning.DriftFinds{At: n.At, Found: 3, Repaired: 1, PlanID: "3f1d0a5c9b7e42"}
		case provisioning.QuarantineBegan, provisioning.QuarantineLifted, provisioning.RemovalsStaged, provisioning.DeliveryTest:
		}
		b.WriteString("== " + notify.Subject(n) + "\n" + notify.Text(n) + "\n")
	}
	file := filepath.Join("testdata", "messages.txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

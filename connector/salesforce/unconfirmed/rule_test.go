package unconfirmed_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// The simulated org gives the texts, and the connector recognises them by the
// words: both stand in the table, so they have to fit.
func TestTheTextsAreRecognisedByTheirWords(t *testing.T) {
	t.Parallel()
	const wrongPassword = "Invalid username, password, security token; or user locked out."
	tests := []struct {
		name string
		got  bool
		want bool
	}{
		{"login() switched off", unconfirmed.IsSOAPLoginRestricted("INVALID_LOGIN", unconfirmed.SOAPLoginRestricted), true},
		{"a wrong password", unconfirmed.IsSOAPLoginRestricted("INVALID_LOGIN", wrongPassword), false},
		{"a missing token", unconfirmed.IsSOAPLoginRestricted("INVALID_LOGIN", unconfirmed.MissingToken), false},
		{"another code", unconfirmed.IsSOAPLoginRestricted("API_DISABLED_FOR_ORG", unconfirmed.SOAPLoginRestricted), false},
		{"too many sign-ins", unconfirmed.IsLoginRateExceeded(unconfirmed.LoginRateExceeded), true},
		{"a wrong password again", unconfirmed.IsLoginRateExceeded(wrongPassword), false},
		{"too many requests at once", unconfirmed.IsConcurrentLimit("ConcurrentRequests (Concurrent API Requests) Limit exceeded."), true},
		{"too many requests a day", unconfirmed.IsConcurrentLimit("TotalRequests Limit exceeded."), false},
		{"a license without a limit", unconfirmed.HasSeat(unconfirmed.UnlimitedSeats, 1_000), true},
		{"the last seat", unconfirmed.HasSeat(2, 1), true},
		{"no seat", unconfirmed.HasSeat(2, 2), false},
		{"no seat at all", unconfirmed.HasSeat(0, 0), false},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %v", test.name, test.got)
		}
	}
}

func TestChatterLeadsToTheCoreAndNeverBack(t *testing.T) {
	t.Parallel()
	tests := []struct{ from, to, want string }{
		{"SFDC", "AUL", ""},
		{"CSN_User", "SFDC", ""},
		{"CSN_External_User", "CSN_User", ""},
		{"CSN_User", "CSN_External_User", unconfirmed.OtherUserLicense},
		{"SFDC", "CSN_User", unconfirmed.FromStandardToChatter},
		{"PID_Identity_User", "SFDC", unconfirmed.OtherUserLicense},
		{"PID_Identity_User", "PID_Identity_User", ""},
	}
	for _, test := range tests {
		if got, ok := unconfirmed.MayMove(test.from, test.to); got != test.want || ok != (test.want == "") {
			t.Errorf("from %s to %s: %q, %v", test.from, test.to, got, ok)
		}
	}
}

func TestTheWindowMovesWithTheHour(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 23, 59, 0, 0, time.FixedZone("", 3_600))
	if got := unconfirmed.WindowMoves(at); !got.Equal(time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("the window moves at %s", got)
	}
}

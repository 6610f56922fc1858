package unconfirmed

import (
	"fmt"
	"strings"
	"time"
)

// Rules that can be switched to their opposite.
const (
	// NotBeforeAnyTerm lets NOT stand before any term of a query, as in
	// A = 1 AND NOT B = 2. Otherwise it begins a condition or a pair of parentheses,
	// and is followed by one term only, which is the one form that the examples of
	// the SOQL and SOSL Reference have.
	NotBeforeAnyTerm = false
	// UnknownFieldRefusesCall makes one unknown field refuse all records of a
	// collection; otherwise it refuses its own record.
	UnknownFieldRefusesCall = true
	// FederationIDFindsUsers gives FederationIdentifier the property idLookup, with
	// which an upsert could match by it.
	FederationIDFindsUsers = false
	// UnmatchedTypeIsNull shows null for a parent that TYPEOF has neither a WHEN nor
	// an ELSE for; otherwise it shows the parent without any field.
	UnmatchedTypeIsNull = true
)

// Numbers.
const (
	// LoginsPerHour is how often one user may call login() in an hour.
	LoginsPerHour = 3_600
	// UnlimitedSeats is what UserLicense.TotalLicenses holds for a license without
	// a limit.
	UnlimitedSeats = -1
)

// HasSeat tells whether a license has a seat left.
func HasSeat(total, used int) bool { return total <= UnlimitedSeats || used < total }

// WindowMoves is when the count of a day's requests next drops: the 24 hours move
// on with every hour.
func WindowMoves(now time.Time) time.Time { return now.UTC().Truncate(time.Hour).Add(time.Hour) }

// Nickname is the CommunityNickname of a user that was created without one, made
// from a number that no other user has.
func Nickname(serial uint64) string { return fmt.Sprintf("User%d", 15_000_000_000_000_000+serial) }

// StandInName is the name of the permission set that stands for a profile or for
// a permission set group, made from the id of either.
func StandInName(id string) string { return "X" + id[:15] }

// MayHavePermissionSets tells whether users of a license, named by its
// LicenseDefinitionKey, can have permission sets.
func MayHavePermissionSets(definitionKey string) bool {
	return definitionKey != "CSN_User" && definitionKey != "CSN_External_User"
}

// MayHaveRole tells whether users of a license can have a role.
func MayHaveRole(definitionKey string) bool {
	switch definitionKey {
	case "CSN_User", "CSN_External_User", "PID_Identity_User", "PID_External_Identity":
		return false
	}
	return true
}

// MayMove tells whether a user may move from one license to another, and with
// which text it is refused. Within the core set everything goes; Chatter leads to
// the core and never back.
func MayMove(from, to string) (message string, ok bool) {
	core := map[string]bool{"SFDC": true, "AUL": true, "AUL1": true, "AUL_LIGHT": true, "FDC_SUB": true, "FDC_ONE": true, "PID_FDC_FREE": true}
	chatter := map[string]int{"CSN_External_User": 1, "CSN_User": 2}
	switch {
	case from == to, core[from] && core[to]:
		return "", true
	case chatter[from] > 0 && core[to]:
		return "", true
	case chatter[from] > 0 && chatter[to] > chatter[from]:
		return "", true
	case core[from] && chatter[to] > 0:
		return FromStandardToChatter, false
	}
	return OtherUserLicense, false
}

// IsSOAPLoginRestricted tells whether a refused SOAP login speaks of the login
// call itself being restricted and not of the credentials: the code is
// INVALID_LOGIN in both cases, only the words differ.
func IsSOAPLoginRestricted(code, message string) bool {
	text := strings.ToLower(message)
	return code == "INVALID_LOGIN" && (strings.Contains(text, "soap") || strings.Contains(text, "login() is not") || strings.Contains(text, "login is disabled"))
}

// IsLoginRateExceeded tells whether a fault says that a user signed in too often.
func IsLoginRateExceeded(message string) bool {
	text := strings.ToLower(message)
	return strings.Contains(text, "login rate") || strings.Contains(text, "too many logins")
}

// IsConcurrentLimit tells whether a request limit is that of simultaneous long
// requests and not that of the day: one code stands for both.
func IsConcurrentLimit(message string) bool { return strings.Contains(message, "Concurrent") }

// UnableTo is the code and the text for an operation (create, update or delete)
// that an object does not have at all.
func UnableTo(operation, object, label string) (code, message string) {
	switch operation {
	case "delete":
		return "INVALID_TYPE_FOR_OPERATION", fmt.Sprintf("entity type %s does not support %s", object, operation)
	case "create":
		return "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: " + label
	}
	return "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be updated: " + label
}

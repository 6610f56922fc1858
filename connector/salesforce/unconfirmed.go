package salesforce

import (
	"strings"
	"time"
)

// This file holds what Salesforce's documentation does not say and only clients,
// forum posts and experience tell.

// soapLoginRefused reports whether a refused SOAP login speaks of the login call
// itself being restricted and not of the credentials: the code is INVALID_LOGIN
// in both cases, only the words differ.
func soapLoginRefused(code, message string) bool {
	text := strings.ToLower(message)
	return code == "INVALID_LOGIN" && (strings.Contains(text, "soap") || strings.Contains(text, "login() is not") || strings.Contains(text, "login is disabled"))
}

// concurrentLimit reports whether a request limit is that of simultaneous long
// requests and not that of the day: one code stands for both.
func concurrentLimit(message string) bool {
	return strings.Contains(message, "Concurrent")
}

// loginLimit reports whether a fault says that a user signed in too often: 3,600
// times an hour are allowed.
func loginLimit(message string) bool {
	text := strings.ToLower(message)
	return strings.Contains(text, "login rate") || strings.Contains(text, "too many logins")
}

// unlimitedSeats is the number that UserLicense.TotalLicenses holds for a license
// without a limit.
const unlimitedSeats = -1

// windowMoves is when the count of a day's requests next drops: the 24 hours are
// said to move on with every hour.
func windowMoves(now time.Time) time.Time { return now.UTC().Truncate(time.Hour).Add(time.Hour) }

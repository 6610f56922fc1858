// Package accounts is the part of the portal about the accounts of an application: those
// that Usher manages, whose every account in the application is, and what was changed
// there by hand (drift).
package accounts

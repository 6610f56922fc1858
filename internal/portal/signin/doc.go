// Package signin is the part of the portal that signs people in: with a password, by
// OpenID Connect, or with a link that is good once; and their own account, with its
// password and its sessions. Who may sign in is decided by package auth.
package signin

// Package people is the part of the portal about the directory: the users and groups
// that Usher knows, who belongs to whom, what somebody has in every application, and
// what was known of them before. It changes nothing: the directory is changed by what
// feeds it.
package people

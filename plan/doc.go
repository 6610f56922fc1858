// Package plan decides what to do with one person's account in a target and
// keeps what was decided and done as a [Change]: the one value that a cycle, a
// dry run, the provisioning log and an on-demand answer are all made of.
//
// It is pure: no I/O, no clock, no log. Only this package makes a Change; every
// later stage returns a new one.
package plan

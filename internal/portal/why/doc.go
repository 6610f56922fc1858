// Package why is the part of the portal that answers why a person has an account in an
// application or not, and what a cycle would do about it now: assignments, scope,
// matching, what every mapping gives and from which values, and what happened last.
package why

// Package mapping turns a person of the directory into the account that an
// application should hold: the synchronization schema in Microsoft Graph's shape,
// and its attribute mappings compiled to what is evaluated for every person.
//
// It reads and writes no target. What differs from the account that is there, and
// what to do about it, is decided in package plan.
package mapping

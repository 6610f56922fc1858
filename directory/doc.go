// Package directory holds the words for what Usher knows about people: users,
// groups, memberships, applications, app roles, assignments, and the deltas that
// sources report. Names and meanings are those of Microsoft Graph.
//
// It holds values and rules about them. It does not store anything, and it does
// not decide who is in scope.
package directory

// Package scope decides who is in scope for provisioning: by assignment, by the
// state of the source account and by scoping filters. Its answer is a [Verdict]
// that carries every reason that holds, in words an administrator understands.
//
// It reads nothing and writes nothing: the caller brings the person, the grants
// and the filters.
package scope

// Package administration is what an administrator does with Usher: the acts behind
// the command line, the API and the portal. Whatever two of them do is here once:
// what is looked at, what is refused and why, what is written together, and the
// record in the audit log.
//
// A [Service] answers questions. [Service.By] gives the [Acts] of somebody, under
// whose name the audit log has what is done; a context never carries who it is. An
// act that cannot be done is a [Refusal], in words for people. What the store or the
// target says passes through: store.ErrNotFound and its kin, and *connector.Error
// with its advice.
//
// It knows no HTTP, prints nothing and decides about no account: that is up to the
// engine. It does not ask whether somebody may do what they do; whoever calls it
// does.
package administration

// Package change shows changes: what Usher decided about one person's account and what
// became of it. A preview, provisioning on demand, the answer to "why" and an entry of
// the provisioning log are all a plan.Change, and look the same wherever the portal
// shows them.
//
// [New] and [OfEntry] make a [View] of a change: pure functions, and all that a template
// shows is in it. [Files] has the template parts. An area gives them to page.Parse and
// uses
//
//	{{template "change" .View}}        all of it, in four tabs, as Microsoft Entra's log has them
//	{{template "change-line" .View}}   one line: the action, who, the status and the reason
//	{{template "changes" .Table}}      a [Table] of several
//
// The tabs are sections one below the other with links to each; a script makes tabs of
// them.
//
// What is redacted stays so: a View holds no value of a redacted field. The package
// reads no store and decides nothing.
package change

// Package auth signs in the clients of the API and the people who use the portal.
//
// [Service] is for programs: it keeps who they are, gives them access tokens in
// exchange for a secret or a signed assertion, and says whose a token is. It speaks
// the part of the Microsoft identity platform that programs use: the discovery
// documents and the OAuth 2.0 client credentials flow.
//
// [People] is for administrators: passwords, OpenID Connect, links that let in once,
// and the sessions that follow from them. It has no pages and sets no cookies; the
// portal does.
//
// What somebody may do is for others to check, but for changes of administrators
// themselves.
package auth

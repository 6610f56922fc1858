// Package auth signs in the clients of the API: it keeps who they are, gives them
// access tokens in exchange for a secret or a signed assertion, and says whose a
// token is.
//
// It speaks the part of the Microsoft identity platform that programs use: the
// discovery documents and the OAuth 2.0 client credentials flow. It does not sign in
// people, and what a client may do is for others to check.
package auth

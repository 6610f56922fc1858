// Package scim holds the wire types of SCIM 2.0 (RFC 7643, RFC 7644): users and bulk
// requests as they stand in JSON.
//
// It gives them no meaning, keeps nothing and sends nothing: what an attribute becomes
// is decided by those who serve or call.
package scim

// Package msgraph proves that the Go SDK of Microsoft Graph drives Usher as it is,
// with nothing but another endpoint. It starts the real binary with a simulated
// Salesforce org and goes through the whole life of an application. It is a module
// of its own because the SDK takes minutes to compile the first time; run it with
// "make interop". It is no example of how to write a client.
package msgraph

// Package unconfirmed is the one table of what is only probable about Salesforce:
// rules, codes and texts that its documentation does not give, and that clients,
// forum posts and experience tell.
//
// The connector, which has to be prepared for it, and the simulated org, which
// does it, both take it from here. When a real org shows otherwise, one edit
// corrects the connector, the simulated org and every test of both.
//
// What a public source confirms has no place here; it stands where it is used,
// with its source. The package does nothing but tell: it knows neither the
// connector nor the simulated org.
package unconfirmed

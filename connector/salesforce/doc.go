// Package salesforce provisions users into a Salesforce org: it signs in, imports
// the org's profiles as roles, finds users by id or by an attribute, and creates,
// updates, disables and enables them up to 200 at a time in one API call.
//
// The client is our own and uses the standard library alone. It follows the
// Salesforce REST API Developer Guide, the SOAP API Developer Guide (for the
// sign-in with a password) and the SOQL and SOSL Reference. What those do not say
// and only experience tells is in the package unconfirmed, which the simulated org
// shares, so that one edit corrects it in both places.
//
// # Sign-in
//
// What is filled in decides how the connector signs in, the first that fits:
//
//   - AppKey: a private key. OAuth 2.0 JWT bearer flow with ClientIdentifier and
//     UserName.
//   - Oauth2RefreshToken: OAuth 2.0 refresh token flow with ClientIdentifier and,
//     where the app has one, ClientSecret.
//   - ClientSecret: OAuth 2.0 client credentials flow with ClientIdentifier. It needs
//     the Tenant URL, because Salesforce does not offer it on the common hosts.
//   - Password: SOAP login with UserName, Password and SecretToken. Salesforce
//     retires it with the Summer '27 release.
//
// The sign-in goes to the Tenant URL where there is one, otherwise to
// login.salesforce.com or, for a sandbox, test.salesforce.com. Everything after
// it goes to the host that the answer names. Credentials never go to a host over
// plain http unless it is a loopback address.
//
// # Writes
//
// A write whose answer is lost is reported as ambiguous and never repeated here.
// Users cannot be deleted in Salesforce: a delete deactivates.
//
// Permission sets, their groups and licences, public groups, queues and the
// freezing of the sign-in are attributes of a user like any other, although each
// is a record of its own in the org: names are read, and the difference becomes
// records that are created and deleted after the user was written. Their names
// are exact, because the engine compares them.
//
// Before a batch is written, rows that cannot succeed fail with the code and the
// words of the org and cost no call: those that the org's description of User
// forbids, once a run is large enough to pay for asking ([Options]), those for
// whom no seat is left ([Seats] tells beforehand), and all but removals when the
// daily budget is used up.
//
// The package does not decide what to write, keeps nothing on disk, and does not
// sign out: the sessions of one Salesforce user are shared, and signing out would
// end those of other programs.
package salesforce

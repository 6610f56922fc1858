// Package salesforcetest is a simulated Salesforce org: an HTTP handler that a
// Salesforce client cannot tell from a real one, as far as the provisioning of
// users goes.
//
// It serves the SOAP login, the OAuth endpoints, the REST API with its
// multi-record resources, SOQL, and Bulk API 2.0, for the objects that decide
// about people's accounts: users, profiles, licences, roles, permission sets and
// groups. It enforces what a real org enforces, with the same error texts, and
// can be told to fail on schedule ([Fault]).
//
// [New] makes an org; [Org.Client] reaches it in memory, also under fake time;
// [Org.Listen] serves it on a socket. The methods of Org are the oracle of
// tests: they read and write the content by other means than HTTP.
//
// The behaviour follows Salesforce's REST API, SOQL, Bulk API 2.0 and SOAP API
// Developer Guides and the Object Reference. What no public source confirms it
// takes from the package unconfirmed. It is held to Salesforce alone and knows nothing
// of any client. It has no business data beyond accounts and contacts, no Apex and
// no metadata API; it reads JSON only, and writes XML only where one record, a
// query, a write or a refusal is answered.
package salesforcetest

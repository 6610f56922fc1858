// Package journal holds the provisioning log: what was done to whom, when, why
// and by which cycle, and the audit log of administrators' acts. It also explains
// the codes that the log uses.
//
// It reads logs that others exported, and compares what they say with what is planned.
//
// It holds values, queries and explanations. A store keeps the entries, in the
// same transaction as the state that they tell about.
package journal

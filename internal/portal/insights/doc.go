// Package insights is the part of the portal that shows how provisioning does over time,
// as charts with their numbers: what was done and what failed, why, how long cycles
// take, how soon a change of the directory reaches the account, and what is used of the
// application's licences and of its API. It counts nothing itself: the store does when
// the log is written.
package insights

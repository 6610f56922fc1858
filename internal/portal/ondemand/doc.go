// Package ondemand is the part of the portal that provisions people now: somebody is
// searched for, provisioned or only looked at, and every step of it is shown.
package ondemand

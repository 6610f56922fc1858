// Package applications is the part of the portal about enterprise applications as
// such: the list of all of them, the gallery that new ones come from, and removing one.
// What is done with one of them has areas of its own.
package applications

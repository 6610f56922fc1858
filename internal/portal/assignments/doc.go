// Package assignments is the part of the portal about who may use an application:
// users and groups with their roles, adding and removing them, files of many, and
// people whom several assignments give different roles. What an assignment does to
// accounts is shown before it is made.
package assignments

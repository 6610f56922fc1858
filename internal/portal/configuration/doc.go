// Package configuration is the part of the portal where provisioning of an application
// is set up: whether it runs by itself, what Usher signs in with, who is told of
// failures, which removals are held, and who is in scope. For an application that is
// new it leads through the steps up to turning it on.
package configuration

// Package settings is the pages about the service itself: who may sign in, which
// programs may use the API, how notices are delivered, how long the log is kept, and the
// audit log. What is allowed is decided by the packages auth and settings of the program;
// these pages show it and send forms to it.
package settings

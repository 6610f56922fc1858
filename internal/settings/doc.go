// Package settings holds what an administrator sets up of the service as a whole, as it
// is at the moment: mail server, webhook secret, public URL, retention, sign-in.
//
// They are kept in the database, where the portal changes them while the service runs.
// What flags and the environment say goes before the database; [Effective.Origin] says
// of each value where it comes from. [Live] follows what other processes change.
//
// It does not use the settings itself: it delivers no mail and signs in nobody.
package settings

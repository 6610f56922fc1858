// Package provisioning holds what an administrator sets up and sees of an
// application's synchronization: the job with its schedule, settings and status,
// the connector settings that have to be filled in, and secrets.
//
// It holds values and their rules. It runs nothing and stores nothing.
package provisioning

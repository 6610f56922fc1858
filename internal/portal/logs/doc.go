// Package logs is the part of the portal about the provisioning log: looking for entries,
// following it while it is written, one entry with all that is known of it, files for
// download, and what the reason codes mean. Administrators' own acts are in the audit log,
// which is not here.
package logs

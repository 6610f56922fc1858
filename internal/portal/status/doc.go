// Package status is the part of the portal about how provisioning is doing: the home
// page with every application, the overview of one with the cycle that runs, turning
// provisioning on and off, restarting it, and the cycles that were.
package status

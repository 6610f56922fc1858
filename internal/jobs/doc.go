// Package jobs makes provisioning jobs run by themselves: on their schedule, within
// a second or so of a change in the directory, and when a retry is due. It also has
// notices delivered. It is the only importer of the queue, River.
//
// A task of the queue is a nudge. It names a job and the cycle after which another
// one is wanted, and whoever works it looks up in Usher's own tables whether that is
// still so; a queue that is lost costs nothing but the deliveries of notices that
// were under way. A lease in Usher's tables keeps two nodes, and a node and a
// command, from running cycles of one job at the same time. The engine's fencing
// token holds where a lease cannot, as when the clocks of two nodes differ.
//
// What a cycle does, when a quarantined job is tried again and when a failed change
// is due is not decided here but by the engine.
package jobs

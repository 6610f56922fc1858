// Package metrics counts what jobs do and serves the figures to Prometheus. The
// names and labels are a part of what administrators build on: docs/operations.md
// lists them all, and a test compares.
//
// It measures nothing itself: cycles and deliveries are told to it, and the state of
// the jobs and of the queue is asked for whenever somebody reads the figures.
package metrics

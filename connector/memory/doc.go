// Package memory is the reference connector: a target on a map. It shows what the
// contract of package connector asks for with nothing around it, and it is the
// target of tests that need no real one.
//
// It can be made to normalise values as real targets do, to count seats, and to
// hold changes back until somebody confirms them. It keeps nothing on disk and
// makes no network calls. Faults are not its business; the decorator in
// connectortest adds them to any connector.
package memory

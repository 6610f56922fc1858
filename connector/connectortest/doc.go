// Package connectortest holds what every connector has to do, as a suite of
// tests, and a schedule of faults that can be laid over any connector.
//
// [Run] checks a connector against a target whose content the suite reads by
// other means than the connector. [WithFaults] makes a connector fail at chosen
// places, for tests of what uses it.
//
// The package knows no target. A connector's own tests say how to open one and
// how to look into it.
package connectortest

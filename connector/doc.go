// Package connector is the contract between the engine and the applications that
// it provisions: what a connector describes, reads and applies, the kinds of
// error that the engine decides on, the gallery of templates, the counting of seats,
// and a wrapper that records what happens.
//
// It connects to nothing itself. The connectors are in the folders below it, and
// connectortest holds what each of them has to do.
package connector

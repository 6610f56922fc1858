//go:build !linux

package main

// peakResident is not known on this system.
func peakResident() int64 { return 0 }

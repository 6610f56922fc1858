// Package attr is the bag of attributes that every side of Usher speaks: what a
// source says about a person, what a mapping wants in a target and what the
// target holds now are all an [Object], so that planning a change is a
// comparison and never a translation.
//
// It holds values, their comparison and their canonical JSON. It does not know
// what an attribute means, which attributes exist, or where an object is kept.
package attr

// Package expr is the expression language of attribute mappings: the language
// that Microsoft Entra ID's provisioning uses, with the same functions, so that
// mappings written there work here unchanged.
//
// [Parse] turns text into a tree ([Node]), [Print] turns the tree back into
// canonical text, [Check] finds everything that is wrong with it, [Compile]
// makes a [Program] of closures out of it, and [Program.Eval] computes the value
// for one source object. [ToSource] and [FromSource] convert between the tree
// and the attributeMappingSource resource of Microsoft Graph.
//
// Every evaluation is bounded in time and memory, whatever the expression and
// the values are; see the limits in limits.go.
//
// The package does not know where an attribute comes from or what a mapping does
// with the result: default values, null handling and flow types belong to the
// mapping. It reads no clock and makes no call of its own: the time, the random
// source and the lookup for SelectUniqueValue are part of the [Input].
package expr

// Package mappings is the part of the portal about the synchronization schema of an
// application: the attribute mappings, the expression builder, the scoping filters, the
// list of target attributes, and the document as a whole.
//
// Nothing here changes what is provisioned at once. What an administrator changes goes
// into a draft of their own, which every page of the area tells of; the page that saves
// it shows before for whom it changes something.
package mappings

// Package preview is where an administrator of the portal sees what would happen before
// it does: plans of an application, what is in them, applying them, taking back what a
// cycle wrote, and comparing a plan with what the incumbent did. It also has the page of
// an operation, which every act that takes long leads to.
//
// A plan is made, applied and undone by package administration; the pages show it and
// ask for it. A comparison writes nothing outside Usher.
package preview

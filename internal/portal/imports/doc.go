// Package imports is the part of the portal that fills the directory from CSV files:
// they are uploaded, shown with what they would do and whom it concerns, and taken in
// when that is confirmed. It reads no CSV itself and decides nothing: how files are
// opened is given to it, and what they do is up to package administration.
package imports

package store

import "errors"

// The errors that a store answers with; each is wrapped with what it is about.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflicts with what is there")
	ErrInvalid  = errors.New("is not valid")
	ErrNewer    = errors.New("the database was made by a newer version of Usher")
	ErrGone     = errors.New("is not kept any more")
	ErrBusy     = errors.New("the database is locked by somebody else")
)

package store

import (
	"context"

	"github.com/usher-id/usher/directory"
)

// Crowd is a number of users: those who are named by id, and the members of a group,
// with those of the groups inside it where the job counts them.
type Crowd struct {
	Users []string
	Group string // id, empty for none
}

// Standing is what people have in common who are in the same crowds and are assigned
// to an application through the same.
type Standing struct {
	Crowds []int // places of the crowds that they are in

	// Grants is like that of an engine.Subject, without paths, and without the ids of
	// assignments in person.
	Grants  []directory.Grant
	Account bool // they have an account in use, if accounts of people who stand like this were looked up

	People int
	IDs    []string // of the first of them, in order
	Digest string   // of the ids of all
}

// StandingQuery selects people whose standing is told.
type StandingQuery struct {
	JobID    string
	Crowds   []Crowd
	Accounts func(Standing) bool // of whom accounts are looked up; nil: of nobody
}

// FoundStandings are standings, with what all of them are a part of.
type FoundStandings struct {
	Standings []Standing
	InUse     int // how many accounts of the job are in use, if any were looked up
}

// MostStandingIDs is how many people of a standing are named.
const MostStandingIDs = 20

// Standings tells for many people at once through what they are assigned. Deleted
// users are nobody here, and neither are deleted groups.
type Standings interface {
	// Standings returns the standings of the people who are in one of the crowds, each
	// with the ids of the first MostStandingIDs.
	Standings(ctx context.Context, query StandingQuery) (FoundStandings, error)

	// AssignedStandings returns the standings of some of the people who are assigned, those
	// that come after an id, each with all ids. It looks at about so many people, and
	// returns the id to go on after, empty at the end. It looks for no accounts.
	AssignedStandings(ctx context.Context, jobID, after string, about int) (standings []Standing, next string, err error)
}

// Package contoso makes up a company: people with names from many cultures,
// departments with a real hierarchy of managers, groups, and who may use Salesforce
// in which role. The same options always give the same company, of any size. It
// serves the demo, the tutorial, benchmarks and tests; a small readable one lies
// beside this file as CSV.
//
// It does not know the store, the engine or any connector: it hands out values and
// writes CSV files.
package contoso

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"strconv"
)

// MinUsers is the size of the smallest company: it has the chief executive, the
// heads of all departments and one of each special case.
const MinUsers = 30

// Application is the display name of the application that people are assigned to.
const Application = "Salesforce"

// TakenUsername is the user principal name of the one assigned user whose name is
// already a username of somebody else's Salesforce org. Usernames are unique over
// all orgs, so creating that account fails although the org itself has no such user.
const TakenUsername = "noor.deboer@contoso.com"

// Options choose a company.
type Options struct {
	Users int    // number of users, at least MinUsers; fewer are taken as MinUsers
	Seed  uint64 // another seed gives other people
}

// Company is a made-up company. It holds no people: they are made anew, always the
// same, each time that they are asked for, so its size does not matter.
type Company struct {
	options Options
}

// User is one user, with the properties of Microsoft Graph's user. Empty means that
// the user does not have it.
type User struct {
	ID                string // a GUID
	UserPrincipalName string
	DisplayName       string
	GivenName         string
	Surname           string
	Mail              string
	MailNickname      string
	AccountEnabled    bool
	UserType          string // "Member" or "Guest"
	JobTitle          string
	Department        string
	CompanyName       string
	EmployeeID        string
	OfficeLocation    string
	City              string
	State             string
	Country           string
	PostalCode        string
	StreetAddress     string
	MobilePhone       string
	BusinessPhones    []string
	PreferredLanguage string // such as "pt-BR"
	ManagerID         string // id of another user; empty for the chief executive and guests
	Manager           string // user principal name of the same user
}

// Group is a security group.
type Group struct {
	ID           string // a GUID
	DisplayName  string
	Description  string
	MailNickname string
}

// Member says that a user is a direct member of a group.
type Member struct {
	Group  string // display name
	Member string // user principal name
}

// Assignment gives a group or a user a role of an application.
type Assignment struct {
	Application   string // display name
	PrincipalType string // "Group" or "User"
	Principal     string // display name of the group, user principal name of the user
	Role          string // name of the Salesforce profile
}

// Generate returns the company of these options.
func Generate(options Options) Company {
	options.Users = max(options.Users, MinUsers)
	return Company{options: options}
}

// Size returns the number of users.
func (c Company) Size() int { return c.options.Users }

// Users yields all users, managers before the people who report to them. Every
// range makes the same users again; it holds the names of managers and counts of
// equal names, nothing else.
func (c Company) Users() iter.Seq[User] {
	return func(yield func(User) bool) {
		for _, p := range c.people() {
			if !yield(p.User) {
				return
			}
		}
	}
}

// people yields the users by their number, with what the generator knows of them.
func (c Company) people() iter.Seq2[int, person] {
	return func(yield func(int, person) bool) {
		g := newGenerator(c)
		for i := range c.options.Users {
			if !yield(i, g.person(i)) {
				return
			}
		}
	}
}

// random returns the source of chance for one object. It depends on the seed, the
// kind of object and its number alone, so objects do not depend on each other.
func (c Company) random(kind string, number int) *rand.Rand {
	name := binary.BigEndian.AppendUint64([]byte(kind), c.options.Seed)
	name = strconv.AppendInt(name, int64(number), 10)
	hash := fnv.New64a()
	_, _ = hash.Write(name) // a hash never returns an error
	return rand.New(rand.NewPCG(hash.Sum64(), c.options.Seed))
}

// id makes the GUID of an object: a UUID of version 8, RFC 9562, whose bits come
// from the seed, the kind and the number.
func (c Company) id(kind string, number int) string {
	random := c.random("id "+kind, number)
	high, low := random.Uint64(), random.Uint64()
	high = high&^0xf000 | 0x8000
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}

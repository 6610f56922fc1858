package contoso

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

const (
	span          = 6 // people who report to one manager
	executive     = 0 // number of the chief executive
	companyName   = "Contoso"
	guestDomain   = "contoso.onmicrosoft.com"
	memberType    = "Member"
	guestType     = "Guest"
	takenGiven    = "Noor"
	takenSurname  = "de Boer"
	noDepartment  = -1
	executiveArea = "Executive Office"
)

// standing is what a user's number alone decides.
type standing struct {
	number     int
	department int // index in departments, noDepartment for the chief executive
	rank       int // position in the department, 0 for its head
	reports    bool
	guest      bool
	contractor bool
	disabled   bool
}

// ordinary reports whether the user is an enabled employee without reports.
func (s standing) ordinary() bool {
	return s.department != noDepartment && s.rank > 0 && !s.reports && !s.guest && !s.contractor && !s.disabled
}

// person is a user with what the generator knows of it.
type person struct {
	User
	standing
}

// generator makes the users in the order of their numbers. User 0 is the chief
// executive, the heads of the departments follow, then everybody else, mixed. In
// each department the n-th person reports to number (n-1)/span, so that the
// hierarchy is a tree whatever its size.
type generator struct {
	company     Company
	departments []department
	slots       []int   // department of each of a hundred people in a row
	positions   [][]int // by department, the slots that are its
	sizes       []int   // people in each department, its head included
	cultures    []culture
	offices     []office
	partners    [][2]string
	noMail      int            // number of the user without mail
	taken       int            // number of the user named TakenUsername
	names       map[string]int // how often a local part was given away
	managers    map[int]string // user principal names of those with reports
}

func newGenerator(c Company) *generator {
	g := &generator{
		company:     c,
		departments: departments(),
		cultures:    cultures(),
		offices:     offices(),
		partners:    partners(),
		names:       map[string]int{},
		managers:    map[int]string{},
	}
	g.slots = slots(g.departments)
	g.positions = make([][]int, len(g.departments))
	for slot, d := range g.slots {
		g.positions[d] = append(g.positions[d], slot)
	}
	g.sizes = make([]int, len(g.departments))
	for i := 1; i < c.options.Users; i++ {
		d, _ := g.place(i)
		g.sizes[d]++
	}
	g.noMail = g.lastOrdinary(c.options.Users)
	g.taken = g.lastOrdinary(g.noMail)
	return g
}

// lastOrdinary returns the last ordinary user with a number below limit whose
// department has a group that is assigned to the application.
func (g *generator) lastOrdinary(limit int) int {
	for i := limit - 1; i > 0; i-- {
		if s := g.standing(i); s.ordinary() && g.departments[s.department].group != "" {
			return i
		}
	}
	return executive
}

// firstStaff is the number of the first user who is neither chief nor head.
func (g *generator) firstStaff() int { return 1 + len(g.departments) }

// place gives department and rank of a user other than the chief executive.
func (g *generator) place(number int) (department, rank int) {
	if number < g.firstStaff() {
		return number - 1, 0
	}
	round, slot := (number-g.firstStaff())/len(g.slots), (number-g.firstStaff())%len(g.slots)
	department = g.slots[slot]
	rank = 1 + round*len(g.positions[department])
	for _, position := range g.positions[department] {
		if position < slot {
			rank++
		}
	}
	return department, rank
}

// numberOf is the inverse of place.
func (g *generator) numberOf(department, rank int) int {
	if rank == 0 {
		return 1 + department
	}
	own := g.positions[department]
	round, position := (rank-1)/len(own), (rank-1)%len(own)
	return g.firstStaff() + round*len(g.slots) + own[position]
}

// standing derives all that a number decides. Managers are never guests,
// contractors or disabled.
func (g *generator) standing(number int) standing {
	if number == executive {
		return standing{department: noDepartment, reports: true}
	}
	d, rank := g.place(number)
	s := standing{number: number, department: d, rank: rank}
	s.reports = rank == 0 || span*rank+1 < g.sizes[d]
	if !s.reports {
		s.guest = number%20 == 13
		s.contractor = !s.guest && number%19 == 7
		s.disabled = !s.guest && number%18 == 11
	}
	return s
}

// managerOf returns the number of the user's manager, false for one without.
func (g *generator) managerOf(s standing) (int, bool) {
	switch {
	case s.number == executive || s.guest:
		return 0, false
	case s.rank == 0:
		return executive, true
	}
	return g.numberOf(s.department, (s.rank-1)/span), true
}

// person makes the next user. Numbers must be asked for in rising order, each once:
// a name that was given away before gets a number.
func (g *generator) person(number int) person {
	p := person{standing: g.standing(number)}
	random := g.company.random("user", number)
	p.ID = g.company.id("user", number)
	p.AccountEnabled = !p.disabled
	p.UserType = memberType
	p.GivenName, p.Surname = g.name(random)
	if p.guest {
		g.describeGuest(&p, random)
		return p
	}
	g.describeMember(&p, random)
	if p.reports {
		g.managers[number] = p.UserPrincipalName
	}
	return p
}

func (g *generator) name(random *rand.Rand) (given, surname string) {
	c := g.cultures[random.IntN(len(g.cultures))]
	return c.given[random.IntN(len(c.given))], c.surnames[random.IntN(len(c.surnames))]
}

// describeGuest fills in a person of another company, named as Microsoft Entra ID
// names guests: the mail address with "_" for "@", then #EXT#.
func (g *generator) describeGuest(p *person, random *rand.Rand) {
	partner := g.partners[random.IntN(len(g.partners))]
	local := g.claim(ascii(p.GivenName) + "." + ascii(p.Surname))
	p.UserType = guestType
	p.DisplayName = p.GivenName + " " + p.Surname
	p.Mail = local + "@" + partner[0]
	p.MailNickname = local + "_" + partner[0] + "#EXT#"
	p.UserPrincipalName = p.MailNickname + "@" + guestDomain
	p.CompanyName = partner[1]
	p.JobTitle = "Consultant"
	p.PreferredLanguage = "en-US"
}

func (g *generator) describeMember(p *person, random *rand.Rand) {
	at := g.offices[random.IntN(len(g.offices))]
	if p.number < g.firstStaff() {
		at = g.offices[0]
	}
	var local string
	if p.number == g.taken {
		p.GivenName, p.Surname = takenGiven, takenSurname
		p.UserPrincipalName = TakenUsername
		local, _, _ = strings.Cut(TakenUsername, "@")
	} else {
		local = g.claim(ascii(p.GivenName) + "." + ascii(p.Surname))
		p.UserPrincipalName = local + "@" + at.domain
	}
	p.DisplayName = p.GivenName + " " + p.Surname
	p.MailNickname = local
	if p.number != g.noMail {
		p.Mail = p.UserPrincipalName
	}
	p.EmployeeID = fmt.Sprintf("E%06d", p.number+1)
	p.CompanyName = companyName
	p.OfficeLocation, p.StreetAddress, p.City = at.name, at.street, at.city
	p.State, p.PostalCode, p.Country = at.state, at.postalCode, at.country
	p.PreferredLanguage = at.language
	p.BusinessPhones = []string{at.phone + extension(random)}
	if random.IntN(10) < 6 {
		p.MobilePhone = at.phone + extension(random)
	}
	g.employ(p, random)
}

// employ fills in the work of a member of staff.
func (g *generator) employ(p *person, random *rand.Rand) {
	if p.number == executive {
		p.Department, p.JobTitle = executiveArea, "Chief Executive Officer"
		return
	}
	d := g.departments[p.department]
	p.Department = d.name
	switch {
	case p.rank == 0:
		p.JobTitle = d.head
	case p.reports:
		p.JobTitle = d.manager
	default:
		p.JobTitle = d.staff[random.IntN(len(d.staff))]
	}
	if p.contractor {
		p.CompanyName = "Litware"
	}
	if manager, ok := g.managerOf(p.standing); ok {
		p.ManagerID = g.company.id("user", manager)
		p.Manager = g.managers[manager]
	}
}

// claim gives away a local part of an address: itself the first time, then with a
// number.
func (g *generator) claim(local string) string {
	g.names[local]++
	if n := g.names[local]; n > 1 {
		return local + strconv.Itoa(n)
	}
	return local
}

// extension makes the last four digits of a phone number.
func extension(random *rand.Rand) string { return fmt.Sprintf("%04d", random.IntN(10000)) }

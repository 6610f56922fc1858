package contoso

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
)

// Kind says what happens to a person at work.
type Kind string

// The kinds of change.
const (
	Joiner Kind = "joiner" // is new in the company
	Mover  Kind = "mover"  // stays, with something different
	Leaver Kind = "leaver" // loses the access that the assignments gave
)

// maxLeavers bounds the leavers, however large the company, so that they stay well
// below the number of removals that a guard would take for a mistake.
const maxLeavers = 15

// Change is something that happens to one person on a working day.
type Change struct {
	Kind    Kind
	Name    string            // the person's display name, before the change
	Summary string            // "mover Zoë Müller: from Sales to Marketing"
	Deltas  []directory.Delta // what it means for the directory, in this order
}

// Changes makes up a working day: about three in a hundred people join, move or
// leave, at least ten. The changes belong to the company as Generate returns it and
// are the same for the same seed. Nobody has two of them, managers stay, and all of
// them concern people who are assigned to the application.
func Changes(c Company, seed uint64) []Change {
	day := newDay(c, seed)
	total := max(10, c.options.Users*3/100)
	leavers := min(maxLeavers, max(3, total/4))
	joiners := total / 3
	picks := day.pick(total - joiners)
	day.meet(picks)
	var changes []Change
	for _, number := range day.newcomers(joiners) {
		changes = append(changes, day.join(number))
	}
	for i, number := range picks[leavers:] {
		changes = append(changes, day.move(i, day.people[number]))
	}
	for i, number := range picks[:leavers] {
		changes = append(changes, day.leave(i, day.people[number]))
	}
	return changes
}

// day makes the changes of one company.
type day struct {
	company   Company
	generator *generator
	random    *rand.Rand
	people    map[int]person // those who are picked, and the chief and heads
}

func newDay(c Company, seed uint64) *day {
	return &day{
		company:   c,
		generator: newGenerator(c),
		random:    rand.New(rand.NewPCG(seed, c.options.Seed)),
		people:    map[int]person{},
	}
}

// suits reports whether the user may have a change: ordinary, with a group that is
// assigned, and none of the special cases.
func (d *day) suits(number int) bool {
	s := d.generator.standing(number)
	return s.ordinary() && d.generator.departments[s.department].group != "" &&
		number != d.generator.noMail && number != d.generator.taken
}

// pick chooses up to count different users, at random.
func (d *day) pick(count int) []int {
	var picks []int
	if d.company.options.Users < 50*count {
		for number := range d.company.options.Users {
			if d.suits(number) {
				picks = append(picks, number)
			}
		}
		d.random.Shuffle(len(picks), func(i, j int) { picks[i], picks[j] = picks[j], picks[i] })
		return picks[:min(count, len(picks))]
	}
	chosen := map[int]bool{}
	for len(picks) < count {
		if number := d.random.IntN(d.company.options.Users); !chosen[number] && d.suits(number) {
			chosen[number] = true
			picks = append(picks, number)
		}
	}
	return picks
}

// meet makes all users and keeps those who were picked, and the chief and heads.
func (d *day) meet(picks []int) {
	wanted := map[int]bool{}
	for _, number := range picks {
		wanted[number] = true
	}
	for number := range d.company.options.Users {
		p := d.generator.person(number)
		if wanted[number] || number < d.generator.firstStaff() {
			d.people[number] = p
		}
	}
}

// newcomers returns the numbers of people who are not yet in the company and will
// get an ordinary place with a group that is assigned.
func (d *day) newcomers(count int) []int {
	var numbers []int
	for number := d.company.options.Users; len(numbers) < count; number++ {
		if d.suits(number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// head returns the head of a department.
func (d *day) head(department int) person { return d.people[d.generator.numberOf(department, 0)] }

func (d *day) join(number int) Change {
	p := d.generator.person(number)
	head := d.head(p.department)
	p.ManagerID, p.Manager = head.ID, head.UserPrincipalName
	change := Change{
		Kind: Joiner, Name: p.DisplayName,
		Summary: fmt.Sprintf("joiner %s: %s in %s, %s", p.DisplayName, p.JobTitle, p.Department, p.OfficeLocation),
		Deltas:  []directory.Delta{put(p)},
	}
	for _, group := range p.groups(d.generator.departments) {
		change.Deltas = append(change.Deltas, membership(directory.Put, group, p))
	}
	return change
}

// move gives the person the next of four kinds of change.
func (d *day) move(i int, p person) Change {
	before := p
	change := Change{Kind: Mover, Name: p.DisplayName}
	var what string
	switch i % 4 {
	case 0:
		return d.transfer(p)
	case 1:
		p.JobTitle = promoted(p.JobTitle)
		what = fmt.Sprintf("promoted from %s to %s", before.JobTitle, p.JobTitle)
	case 2:
		d.marry(&p)
		what = fmt.Sprintf("is %s now, with the mail address %s", p.DisplayName, p.Mail)
	default:
		manager := d.head(p.department)
		if p.ManagerID == manager.ID {
			manager = d.people[executive]
		}
		p.ManagerID, p.Manager = manager.ID, manager.UserPrincipalName
		what = "reports to " + manager.DisplayName + " now"
	}
	change.Summary = fmt.Sprintf("mover %s: %s", before.DisplayName, what)
	change.Deltas = []directory.Delta{put(p)}
	return change
}

// transfer moves the person to the next department that has an assigned group.
func (d *day) transfer(p person) Change {
	all := d.generator.departments
	to := p.department
	for to == p.department || all[to].group == "" || all[to].group == "IT Administrators" {
		to = (to + 1) % len(all)
	}
	from, manager := p, d.head(to)
	p.department = to
	p.Department = all[to].name
	p.JobTitle = all[to].staff[d.random.IntN(len(all[to].staff))]
	p.ManagerID, p.Manager = manager.ID, manager.UserPrincipalName
	return Change{
		Kind: Mover, Name: p.DisplayName,
		Summary: fmt.Sprintf("mover %s: from %s to %s, as %s", p.DisplayName, from.Department, p.Department, p.JobTitle),
		Deltas: []directory.Delta{
			put(p),
			membership(directory.Remove, all[from.department].group, p),
			membership(directory.Put, all[to].group, p),
		},
	}
}

// promoted returns the next job title: a senior one, or the one after it.
func promoted(title string) string {
	if rest, ok := strings.CutPrefix(title, "Senior "); ok {
		return "Principal " + rest
	}
	return "Senior " + title
}

// marry gives the person another surname, and a mail address that goes with it. The
// user principal name stays, as it does in most companies.
func (d *day) marry(p *person) {
	old := p.Surname
	for p.Surname == old {
		_, p.Surname = d.generator.name(d.random)
	}
	p.DisplayName = p.GivenName + " " + p.Surname
	_, domain, _ := strings.Cut(p.Mail, "@")
	p.Mail = d.generator.claim(ascii(p.GivenName)+"."+ascii(p.Surname)) + "@" + domain
}

// leave takes the access away in one of three ways.
func (d *day) leave(i int, p person) Change {
	change := Change{Kind: Leaver, Name: p.DisplayName}
	own := d.generator.departments[p.department].group
	var what string
	switch i % 3 {
	case 0:
		p.AccountEnabled = false
		what = "account disabled"
		change.Deltas = []directory.Delta{put(p)}
	case 1:
		what = "removed from the group " + own
		change.Deltas = []directory.Delta{membership(directory.Remove, own, p)}
	default:
		what = "deleted from the directory"
		change.Deltas = []directory.Delta{{Operation: directory.Remove, Content: p.Directory()}}
	}
	change.Summary = fmt.Sprintf("leaver %s: %s", p.DisplayName, what)
	return change
}

func put(p person) directory.Delta {
	return directory.Delta{Operation: directory.Put, Content: p.Directory()}
}

func membership(operation directory.Operation, group string, p person) directory.Delta {
	return directory.Delta{
		Operation: operation,
		Content:   Member{Group: group, Member: p.UserPrincipalName}.Directory(),
	}
}

// Count returns how many of the changes are of one kind.
func Count(changes []Change, kind Kind) int {
	return len(slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return c.Kind != kind }))
}

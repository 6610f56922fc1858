package contoso

import "iter"

// The groups that stand beside the departments' own.
const (
	allEmployees  = "All Employees"
	contractors   = "Contractors"
	executives    = "Executives"
	partnersGroup = "Partners"
	salesManagers = "Sales Managers"
	sales         = "Sales"
)

// directStaff is how many people of departments without an assigned group are
// assigned in person, beside the chief executive.
const directStaff = 2

// groupPlan is a group and the Salesforce profile that its members get, empty for a
// group that is not assigned.
type groupPlan struct {
	name, nickname, description, profile string
}

// groupPlans returns the twelve groups. Whoever is in two assigned groups gets the
// same profile from both.
func groupPlans() []groupPlan {
	return []groupPlan{
		{sales, "sales", "Everybody who sells", "Standard User"},
		{salesManagers, "sales-managers", "Sales people with a team of their own", "Standard User"},
		{"Service", "service", "Everybody who serves customers", "Standard User"},
		{"Marketing", "marketing", "Campaigns, content and brand", "Marketing User"},
		{"IT Administrators", "it-administrators", "Run the company's systems", "System Administrator"},
		{"Engineering", "engineering", "Build the products", "Standard Platform User"},
		{"Finance", "finance", "Contracts, accounts and payroll", "Contract Manager"},
		{"HR", "hr", "Human resources", "Standard Platform User"},
		{contractors, "contractors", "People of other companies with an account of ours", "Minimum Access - Salesforce"},
		{allEmployees, "all-employees", "Everybody on the payroll", ""},
		{executives, "executives", "The chief executive and the heads of departments", ""},
		{partnersGroup, "partners", "Guests from partner companies", "Chatter Free User"},
	}
}

// Groups returns the twelve groups.
func (c Company) Groups() []Group {
	var groups []Group
	for i, plan := range groupPlans() {
		groups = append(groups, Group{
			ID:           c.id("group", i),
			DisplayName:  plan.name,
			Description:  plan.description,
			MailNickname: plan.nickname,
		})
	}
	return groups
}

// Members yields all direct memberships in the order of the users.
func (c Company) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		all := departments()
		for _, p := range c.people() {
			for _, group := range p.groups(all) {
				if !yield(Member{Group: group, Member: p.UserPrincipalName}) {
					return
				}
			}
		}
	}
}

// groups returns the names of the groups that the person is in.
func (p person) groups(all []department) []string {
	switch {
	case p.guest:
		return []string{partnersGroup}
	case p.contractor:
		return []string{contractors}
	case p.number == executive:
		return []string{allEmployees, executives}
	}
	groups := []string{allEmployees}
	own := all[p.department].group
	if own != "" {
		groups = append(groups, own)
	}
	if own == sales && p.reports {
		groups = append(groups, salesManagers)
	}
	if p.rank == 0 {
		groups = append(groups, executives)
	}
	return groups
}

// Assignments returns who may use the application in which role: groups, and a
// few people who are in none of them: the chief executive and some staff.
func (c Company) Assignments() []Assignment {
	var assignments []Assignment
	for _, plan := range groupPlans() {
		if plan.profile != "" {
			assignments = append(assignments, Assignment{Application, "Group", plan.name, plan.profile})
		}
	}
	all := departments()
	staff := 0
	for _, p := range c.people() {
		if p.number != executive && (all[p.department].group != "" || !p.ordinary()) {
			continue
		}
		role := "Standard User"
		if p.number != executive {
			role = "Standard Platform User"
			staff++
		}
		assignments = append(assignments, Assignment{Application, "User", p.UserPrincipalName, role})
		if staff == directStaff {
			break
		}
	}
	return assignments
}

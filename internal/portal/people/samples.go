package people

import (
	"fmt"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	var samples []page.Sample
	for _, some := range [][]page.Sample{a.userSamples(now), a.listSamples(), a.historySamples(now), a.groupSamples(now)} {
		samples = append(samples, some...)
	}
	return samples
}

func sampleUser(id, name, sign, title, department string) directory.User {
	return directory.User{ID: id, UserPrincipalName: sign, DisplayName: name, AccountEnabled: true, Attributes: attr.New("User", id, map[string]attr.Value{
		"jobTitle": attr.Text(title), "department": attr.Text(department),
	})}
}

func sampleUsers(now time.Time) []directory.User {
	users := []directory.User{
		sampleUser("e1001", "Ana García", "ana.garcia@contoso.com", "Account Executive", "Sales"),
		sampleUser("e1002", "Adele Vance", "adele.vance@contoso.com", "Head of Retail", "Sales & Marketing"),
		sampleUser("e1003", "Zoë Müller-Lüdenscheidt", "zoe.mueller-luedenscheidt@fabrikam.onmicrosoft.com", "Senior Vice President of Customer Success", "Customer Success"),
		sampleUser("e1004", "Jo", "jo@contoso.com", "", ""),
	}
	users[1].AccountEnabled = false
	users[3].DeletedAt = now.Add(-30 * time.Hour)
	return users
}

func hostileUser() directory.User {
	h := page.Hostile
	user := sampleUser(h, h, h, h, h)
	user.ManagerID = h
	user.Attributes = user.Attributes.With("extension_9d98a1b2c3d4_Note", attr.Text(h)).With("otherMails", attr.Texts(h, h))
	return user
}

func fullUser() directory.User {
	user := sampleUser("6f0d8c1e-4b1a-4f6b-9c61-0d5c3c1b2a10", "Ana García", "ana.garcia@contoso.com", "Account Executive", "Sales")
	user.ManagerID = "e1002"
	for name, value := range map[string]attr.Value{
		"givenName": attr.Text("Ana"), "surname": attr.Text("García"), "userType": attr.Text("Member"), "mailNickname": attr.Text("ana.garcia"),
		"companyName": attr.Text("Contoso Iberia S. L."), "employeeId": attr.Text("E-1001"), "officeLocation": attr.Text("Madrid, 3rd floor"),
		"mail": attr.Text("ana.garcia@contoso.com"), "businessPhones": attr.Texts("+34 91 123 4567", "+34 91 123 4568"), "city": attr.Text("Madrid"),
		"country": attr.Text("Spain"), "usageLocation": attr.Text("ES"), "preferredLanguage": attr.Text("es-ES"), "streetAddress": attr.Text("Calle de Alcalá 50"),
		"extensionAttribute1": attr.Text("ES-4711"), "extension_9d98a1b2c3d4e5f60718293a4b5c6d7e_Nickname": attr.Text("Anita"), "onPremisesSyncEnabled": attr.Bool(true),
	} {
		user.Attributes = user.Attributes.With(name, value)
	}
	return user
}

// sampleAccess is an application with an account, in which nothing is the matter.
func sampleAccess(name string, user directory.User, now time.Time) administration.Access {
	app := page.SampleApplication(name)
	access := administration.Access{Job: app.Job, Verdict: scope.Verdict{In: true}}
	access.Application, access.JobID = app.Application.Application, app.Job.ID
	access.Subject = engine.Subject{User: user, Connection: engine.Connection{
		SourceID: user.ID, TargetID: "005xx000001Sv6AAAS", TargetName: user.UserPrincipalName, Enabled: true, Since: now.Add(-90 * 24 * time.Hour),
	}, Grants: []directory.Grant{
		{AssignmentID: "a1", Role: directory.AppRole{ID: "r1", DisplayName: "Standard User"}, GroupID: "g1", GroupName: "Sales", Path: []string{"Sales Europe"}},
		{AssignmentID: "a2", Role: directory.AppRole{ID: "r2", DisplayName: "Sales Manager"}},
	}}
	return access
}

func leaverAccess(user directory.User, now time.Time) administration.Access {
	access := sampleAccess("Salesforce Sandbox", user, now)
	access.Verdict = scope.Verdict{Reasons: []scope.Reason{{Code: scope.NotAssigned, Text: "the user is not assigned to the application, neither in person nor through a group"}}}
	access.Subject.Grants = nil
	access.Subject.Escrow = engine.Escrow{SourceID: user.ID, Code: "SalesforceTimeout", Message: "Salesforce did not answer within 30 seconds", Attempts: 3, First: now, Next: now}
	access.Subject.Removal = engine.Removal{SourceID: user.ID, State: engine.RemovalStaged, Reason: "not assigned any more", Since: now}
	access.Subject.Leaver = engine.Leaver{SourceID: user.ID, Since: now, Due: now.Add(7 * 24 * time.Hour), Reason: "not assigned any more"}
	return access
}

func waitingAccess(user directory.User, now time.Time) administration.Access {
	access := sampleAccess("Salesforce Training", user, now)
	access.Job.Settings.SyncAll, access.Job.Status.Code = true, provisioning.NotConfigured
	access.Subject.Grants, access.Subject.Connection = nil, engine.Connection{}
	return access
}

func hostileAccess(now time.Time) administration.Access {
	h, user := page.Hostile, hostileUser()
	access := sampleAccess(h, user, now)
	access.Verdict = scope.Verdict{Reasons: []scope.Reason{{Text: h}}}
	access.Subject.Connection.TargetID, access.Subject.Connection.TargetName = h, h
	access.Subject.Connection.Pending = []plan.Pending{{Attribute: h}}
	access.Subject.Grants = []directory.Grant{{Role: directory.AppRole{ID: h, DisplayName: h}, GroupID: h, GroupName: h, Path: []string{h}}}
	access.Subject.Escrow = engine.Escrow{Code: h, Message: h, Attempts: 1}
	access.Subject.Removal = engine.Removal{State: engine.RemovalRejected, Reason: h}
	access.Subject.Accepted = []engine.Acceptance{{}}
	return access
}

func (a *Area) userSamples(now time.Time) []page.Sample {
	show := func(name string, data userData) page.Sample {
		return page.Sample{Page: "User", Case: name, Path: data.Person.Path, Answer: a.user.Show(userHead(data.Person), data)}
	}
	app, users := page.SampleApplication("Salesforce"), sampleUsers(now)
	full := newUserData(fullUser())
	full.Manager, full.Reports, full.MoreReports = newPerson(users[1]), persons(users[2:]), true
	full.Sections = userSections(fullUser(), full.Manager.Name)
	full.Groups, full.MoreGroups = groupRows(sampleGroups()), true
	full.Applications = []accessRow{newAccessRow(sampleAccess("Salesforce", fullUser(), now)), newAccessRow(leaverAccess(fullUser(), now)), newAccessRow(waitingAccess(fullUser(), now))}
	for _, entry := range change.Samples(now)[:4] {
		full.Log.Rows = append(full.Log.Rows, change.OfEntry(entry, change.Application{ID: app.ID, Name: app.DisplayName}, journal.NewCatalogue()))
	}
	empty, deleted := newUserData(users[3]), newUserData(users[3])
	empty.Person.Deleted = time.Time{}
	harm := newUserData(hostileUser())
	harm.Manager, harm.Reports, harm.Groups = harm.Person, []person{harm.Person}, []groupRow{hostileGroup()}
	harm.Applications = []accessRow{newAccessRow(hostileAccess(now))}
	harm.Log.Rows = []change.View{change.OfEntry(change.HostileEntry(now), change.Application{ID: app.ID, Name: page.Hostile}, journal.NewCatalogue())}
	return []page.Sample{show("full", full), show("empty", empty), show("deleted", deleted), show("hostile", harm)}
}

func (a *Area) listSamples() []page.Sample {
	users := func(name string, search store.UserSearch, total int, found ...directory.User) page.Sample {
		data := newUsersData(search, found)
		data.Total, data.Empty = total, data.empty()
		if len(found) > 1 {
			data.Pager = page.Pager{First: "?cursor=", Previous: "?cursor=b", Next: "?cursor=n", Shown: shownText(len(found), "user", "users")}
		}
		return page.Sample{Page: "Users", Case: name, Path: usersPath, Answer: a.users.Show(usersHead(), data)}
	}
	reports := func(name string, of person, rows ...person) page.Sample {
		return page.Sample{Page: "Direct reports", Case: name, Path: of.Path + "/reports", Answer: a.reports.Show(reportsHead(of), newReportsData(of, rows))}
	}
	many := sampleUsers(time.Now())
	for i := range 20 {
		many = append(many, sampleUser(fmt.Sprint("e2", i), fmt.Sprint("Person ", i), fmt.Sprintf("person.%d@contoso.com", i), "Consultant", "Services"))
	}
	h, ana := page.Hostile, newPerson(fullUser())
	return []page.Sample{
		users("full", store.UserSearch{}, 9300, many...), users("empty", store.UserSearch{}, 0),
		users("nobody found", store.UserSearch{Text: "zzz", Department: "Sales"}, 9300),
		users("hostile", store.UserSearch{Text: h, Department: h}, 1, hostileUser()),
		reports("full", ana, persons(many)...), reports("empty", ana), reports("hostile", newPerson(hostileUser()), newPerson(hostileUser())),
	}
}

func sampleEvents(now time.Time, text, actor string) []directory.Event {
	properties := []directory.PropertyChange{
		{Name: "department", Old: attr.Text("Retail"), New: attr.Text(text)},
		{Name: "accountEnabled", Old: attr.Bool(false), New: attr.Bool(true)},
		{Name: "jobTitle", New: attr.Text(text)},
	}
	var events []directory.Event
	for i, kind := range []directory.EventKind{
		directory.ObjectRestored, directory.ObjectRemoved, directory.MemberLeft, directory.MemberJoined, directory.RoleTaken,
		directory.ObjectUpdated, directory.RoleGiven, directory.ObjectCreated,
	} {
		each := directory.Event{At: now.Add(-time.Duration(i*i+1) * 5 * time.Hour), Kind: kind, Actor: actor}
		switch kind {
		case directory.ObjectUpdated, directory.ObjectCreated:
			each.Properties = properties
		case directory.MemberJoined, directory.MemberLeft:
			each.Membership = sampleMembership("g2", text, now)
		case directory.RoleGiven, directory.RoleTaken:
			each.Assignment = sampleTenure(text, now)
		case directory.ObjectRemoved, directory.ObjectRestored, directory.ObjectPurged:
		}
		events = append(events, each)
	}
	return events
}

func sampleMembership(groupID, groupName string, now time.Time) directory.Membership {
	return directory.Membership{
		GroupID: groupID, GroupName: groupName, MemberID: "e1001", MemberName: "Ana García", MemberType: "User",
		Period: directory.Period{Since: now.Add(-60 * 24 * time.Hour)},
	}
}

func sampleTenure(role string, now time.Time) directory.RoleTenure {
	app := page.SampleApplication("Salesforce")
	return directory.RoleTenure{
		Assignment: directory.Assignment{ApplicationID: app.ID, AppRoleID: "r1", PrincipalID: "g2", PrincipalType: "Group"}, ApplicationName: app.DisplayName,
		RoleName: role, Period: directory.Period{Since: now.Add(-80 * 24 * time.Hour), Until: now.Add(-5 * time.Hour), EndedBy: "dora@contoso.com"},
	}
}

func sampleLinks(text string, now time.Time) linksThen {
	inner, outer := sampleMembership("g2", text, now), sampleMembership("g1", text, now)
	outer.Since, outer.MemberID, outer.MemberType = time.Time{}, "g2", "Group"
	left := inner
	left.Until, left.EndedBy = now.Add(-3*time.Hour), directory.ByImport
	lasts := sampleTenure(text, now)
	lasts.Until, lasts.EndedBy = time.Time{}, ""
	return newLinksThen(administration.LinksThen{
		Memberships: []directory.Membership{inner, left},
		Access:      []administration.AccessThen{{RoleTenure: sampleTenure(text, now)}, {RoleTenure: lasts, Through: []directory.Membership{inner, outer}}},
	}, map[string]bool{lasts.ApplicationID: true})
}

func (a *Area) historySamples(now time.Time) []page.Sample {
	show := func(name string, of subject, events []directory.Event, adjust func(*historyData)) page.Sample {
		data := newHistoryData(of, events, map[string]bool{page.SampleApplication("Salesforce").ID: true})
		adjust(&data)
		return page.Sample{Page: "History of a " + of.what(), Case: name, Path: data.Path, Answer: a.history.Show(historyHead(of), data)}
	}
	user, at := fullUser(), now.Add(-24*time.Hour)
	before := user
	before.Attributes = before.Attributes.With("department", attr.Text("Retail")).With("jobTitle", attr.Text("Sales Assistant"))
	moment := func(shown then, links linksThen) func(*historyData) {
		return func(d *historyData) {
			shown.Links = links
			d.Asked, d.Then = at.UTC().Format(fieldTime), &shown
		}
	}
	asIs := func(*historyData) {}
	today, gone, hostile := newUserSubject(user, true), newUserSubject(directory.User{ID: "e7"}, false), newUserSubject(hostileUser(), true)
	group, hostileGroup := newGroupSubject(sampleGroups()[1].Group, true), newGroupSubject(hostileDirectoryGroup(), true)
	renamed := group.group
	renamed.DisplayName = "Sales and marketing"
	links, harm := sampleLinks("Sales", now), sampleLinks(page.Hostile, now)
	ofGroup := links
	ofGroup.Access, ofGroup.Members = ofGroup.Access[:1], newMembersThen([]directory.Membership{sampleMembership("g2", "Sales", now), {GroupID: "g2", MemberID: "g3", MemberName: "Newsletter", MemberType: "Group"}})
	ofGroup.Members.Pager = page.Pager{Next: "?members=n#then", Shown: "2 members"}
	harm.Members = newMembersThen([]directory.Membership{{MemberID: page.Hostile, MemberName: page.Hostile, Period: directory.Period{Until: now, EndedBy: page.Hostile}}})
	return []page.Sample{
		show("full", today, sampleEvents(now, "Sales & Marketing", "dora@contoso.com"), asIs),
		show("as of a moment", today, sampleEvents(now, "Sales & Marketing", "dora@contoso.com"), moment(newThen(before, today, at), links)),
		show("as today", today, sampleEvents(now, "Sales", directory.ByImport), moment(newThen(user, today, at), linksThen{})),
		show("links unknown", today, nil, moment(newThen(user, today, at), linksThen{Unknown: "Memberships and assignments of then are not known: the history of them begins later."})),
		show("removed for good", gone, sampleEvents(now, "Sales", ""), moment(newThen(user, gone, at), links)),
		show("too far back", today, nil, func(d *historyData) { d.Then = &then{At: at, Nothing: "The history does not reach back that far."} }),
		show("fault", today, nil, func(d *historyData) { d.Asked, d.Fault = "yesterday", "This is not a moment." }),
		show("empty", today, nil, asIs),
		show("hostile", hostile, sampleEvents(now, page.Hostile, page.Hostile), moment(newThen(hostileUser(), today, at), harm)),
		show("full", group, sampleEvents(now, "Sales", "dora@contoso.com"), moment(newGroupThen(renamed, group, at), ofGroup)),
		show("empty", group, nil, asIs),
		show("hostile", hostileGroup, sampleEvents(now, page.Hostile, page.Hostile), moment(newGroupThen(hostileDirectoryGroup(), hostileGroup, at), harm)),
	}
}

func sampleGroups() []store.FoundGroup {
	group := func(id, name, about string, security bool, members store.Count) store.FoundGroup {
		return store.FoundGroup{Members: members, Group: directory.Group{
			ID: id, DisplayName: name, SecurityEnabled: security, Attributes: attr.New("Group", id, map[string]attr.Value{"description": attr.Text(about)}),
		}}
	}
	return []store.FoundGroup{
		group("0f4c3a52-3c39-4e86-9c5f-0d0f6c1a2b3c", "All employees", "Everybody with a contract, kept by human resources.", true, store.Count{Number: 10000, More: true}),
		group("g2", "Sales", "Sales in all countries", true, store.Count{Number: 214}),
		group("g3", "Newsletter", "", false, store.Count{Number: 1}),
	}
}

func hostileGroup() groupRow { return newGroupRow(hostileDirectoryGroup()) }

func hostileDirectoryGroup() directory.Group {
	h := page.Hostile
	return directory.Group{ID: h, DisplayName: h, Attributes: attr.New("Group", h, map[string]attr.Value{"description": attr.Text(h), "mail": attr.Text(h)})}
}

func (a *Area) groupSamples(now time.Time) []page.Sample {
	list := func(name string, search store.GroupSearch, total int, rows ...groupRow) page.Sample {
		data := newGroupsData(search, "", rows)
		data.Total, data.Empty = total, data.empty()
		return page.Sample{Page: "Groups", Case: name, Path: groupsPath, Answer: a.groups.Show(groupsHead(), data)}
	}
	show := func(name string, data groupData) page.Sample {
		return page.Sample{Page: "Group", Case: name, Path: data.Group.Path, Answer: a.group.Show(groupHead(data.Group), data)}
	}
	h, groups := page.Hostile, sampleGroups()
	members := []store.FoundPrincipal{
		{ID: "e1001", Type: "User", DisplayName: "Ana García", Name: "ana.garcia@contoso.com", Enabled: true},
		{ID: "g2", Type: "Group", DisplayName: "Sales", Enabled: true},
		{ID: "e1002", Type: "User", DisplayName: "Adele Vance", Name: "adele.vance@contoso.com"},
	}
	app := page.SampleApplication("Salesforce")
	assigned := store.FoundAssignment{ApplicationName: app.DisplayName, Assignment: directory.Assignment{ApplicationID: app.ID, AppRoleID: "r1", CreatedAt: now.Add(-50 * time.Hour)}, Role: directory.AppRole{ID: "r1", DisplayName: "Standard User", Enabled: true}}
	full := newGroupData(groups[0].Group, "")
	full.Members = full.Members.with(members)
	full.Direct, full.Nested, full.Groups, full.MoreGroups = "9,300 people", "more than 10,000 people", groupRows(groups[1:]), true
	full.Assigned = []assignedRow{newAssignedRow(assigned, store.Count{Number: 9300}, false), newAssignedRow(assigned, store.Count{Number: 10000, More: true}, true)}
	full.Owners = []principal{newPrincipal(members[0]), {ID: "7b6d2c0e-3c39-4e86-9c5f-0d0f6c1a2b3c", Type: "Application or client of the API"}}
	empty := newGroupData(groups[2].Group, "")
	empty.Members, empty.Direct = empty.Members.with(nil), "0 people"
	gone := groups[1].Group
	gone.DeletedAt = now.Add(-time.Hour)
	deleted := newGroupData(gone, "nobody")
	deleted.Members = deleted.Members.with(nil)
	harm := newGroupData(hostileDirectoryGroup(), h)
	harm.Members = harm.Members.with([]store.FoundPrincipal{{ID: h, Type: h, DisplayName: h, Name: h}})
	harm.Owners, harm.Groups, harm.Direct, harm.Nested = harm.Members.Rows, []groupRow{hostileGroup()}, h, h
	harm.Assigned = []assignedRow{{Name: h, Path: app.Path(""), Role: h, Gone: true, Since: now, People: h}}
	return append([]page.Sample{
		list("full", store.GroupSearch{}, 412, groupRows(groups)...), list("empty", store.GroupSearch{}, 0), list("hostile", store.GroupSearch{Text: h}, 1, hostileGroup()),
		list("none found", store.GroupSearch{Text: "zzz"}, 412), show("full", full), show("empty", empty), show("deleted", deleted), show("hostile", harm),
	}, a.membershipSamples()...)
}

func (a *Area) membershipSamples() []page.Sample {
	show := func(name string, of principal, nested bool, groups ...directory.Group) page.Sample {
		data := newMembershipsData(of, nested).with(groups)
		return page.Sample{Page: "Member of", Case: name, Path: data.Path, Answer: a.memberships.Show(membershipsHead(of), data)}
	}
	groups := sampleGroups()
	ana := principal{ID: "e1001", Type: "User", Name: "Ana García", Path: userPath("e1001")}
	sales := principal{ID: "g2", Type: "Group", Name: "Sales", Path: groupPath("g2")}
	harm := principal{ID: page.Hostile, Type: "User", Name: page.Hostile, Path: userPath(page.Hostile)}
	return []page.Sample{
		show("full", ana, false, groups[0].Group, groups[1].Group), show("nested", sales, true, groups[0].Group), show("empty", ana, false),
		show("hostile", harm, true, hostileDirectoryGroup()),
	}
}

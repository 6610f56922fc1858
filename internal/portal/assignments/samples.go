package assignments

import (
	"fmt"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	app, hostile := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile)
	at := app.Path(menu)
	sample := func(name, kind, path string, answer page.Answer) page.Sample {
		return page.Sample{Page: name, Case: kind, Path: path, Answer: answer}
	}
	list := func(app page.Application, found store.Listing[store.FoundAssignment], roles []administration.Role, search store.AssignmentSearch) page.Answer {
		data := newListData(app, search, found, roles)
		data.Pager = page.Pager{Next: "?cursor=x"}
		return a.list.Show(listHead(app), data)
	}
	full := sampleForesight(app, "Ben Okoye", "Sales")
	harm := sampleForesight(hostile, page.Hostile, page.Hostile)
	return []page.Sample{
		sample("Users and groups", "full", at, list(app, sampleAssignments("Ana Lima", "Sales", "Standard User"), sampleRoles("Standard User"), store.AssignmentSearch{})),
		sample("Users and groups", "empty", at, list(app, store.Listing[store.FoundAssignment]{}, nil, store.AssignmentSearch{})),
		sample("Users and groups", "nothing found", at, list(app, store.Listing[store.FoundAssignment]{}, sampleRoles("Standard User"), store.AssignmentSearch{Text: "zoe"})),
		sample("Users and groups", "hostile", at, list(hostile, sampleAssignments(page.Hostile, page.Hostile, page.Hostile), sampleRoles(page.Hostile), store.AssignmentSearch{Text: page.Hostile})),
		sample("Add user/group", "full", at+"/add", a.add.Show(addHead(app), sampleAdding(app, "Ben Okoye", full))),
		sample("Add user/group", "empty", at+"/add", a.add.Show(addHead(app), addData{Path: at, Empty: page.Empty{Icon: "users", Title: "The directory is empty", Text: "Import users and groups first."}, Role: roleChoice{None: true, Field: page.Field{Name: "role", Label: "Select a role", Type: "select"}}})),
		sample("Add user/group", "hostile", at+"/add", refused(a.add.Show(addHead(hostile), sampleAdding(hostile, page.Hostile, harm)))),
		sample("Change role", "full", at+"/role", a.role.Show(roleHead(app), sampleChange(app, "Ben Okoye", full))),
		sample("Change role", "empty", at+"/role", a.role.Show(roleHead(app), changeData{Path: at, Empty: page.Empty{Icon: "list-check", Title: "Nothing is checked", Text: "Go back to the list."}})),
		sample("Change role", "hostile", at+"/role", refused(a.role.Show(roleHead(hostile), sampleChange(hostile, page.Hostile, harm)))),
		sample("Remove from an application", "full", at+"/remove", a.removal.Show(removalHead(app), sampleChange(app, "Ben Okoye", full))),
		sample("Remove from an application", "empty", at+"/remove", a.removal.Show(removalHead(app), changeData{Path: at, Empty: page.Empty{Title: "Nothing is checked", Text: "Go back to the list."}})),
		sample("Remove from an application", "hostile", at+"/remove", a.removal.Show(removalHead(hostile), sampleChange(hostile, page.Hostile, harm))),
		sample("Upload CSV", "empty", at+"/upload", a.upload.Show(uploadHead(app), newUploadData(app))),
		sample("Upload CSV", "full", at+"/upload", a.upload.Show(uploadHead(app), sampleUpload(app, "ana@contoso.com", full))),
		sample("Upload CSV", "faults", at+"/upload", refused(a.upload.Show(uploadHead(app), uploadData{Path: at, File: newUploadData(app).File, Faults: page.Faults{"": "The file cannot be taken.\nLine 2, principal: There is no user or group \"zoe\" in the directory.\nLine 7, role: The application has no role \"Emperor\" that can be assigned."}}))),
		sample("Upload CSV", "hostile", at+"/upload", a.upload.Show(uploadHead(hostile), sampleUpload(hostile, page.Hostile, harm))),
		sample("Conflicts", "full", at+"/conflicts", a.conflicts.Show(conflictsHead(app), conflictsData{Path: at, Rows: full.Conflicts, Looked: 5000, Next: "?after=x", First: "?"})),
		sample("Conflicts", "empty", at+"/conflicts", a.conflicts.Show(conflictsHead(app), newConflictsData(app, administration.FoundConflicts{Looked: 120}))),
		sample("Conflicts", "hostile", at+"/conflicts", a.conflicts.Show(conflictsHead(hostile), conflictsData{Path: at, Rows: harm.Conflicts})),
	}
}

func sampleRoles(name string) []administration.Role {
	roles := []administration.Role{
		{AppRole: directory.AppRole{ID: "1", DisplayName: name, Enabled: true}, Seats: &connector.License{Name: "Salesforce", Total: 1200, Used: 1188}},
		{AppRole: directory.AppRole{ID: "2", DisplayName: "Read Only", Enabled: true, License: "Salesforce"}},
		{AppRole: directory.AppRole{ID: "3", DisplayName: "Marketing User"}},
	}
	return roles
}

func sampleAssignments(user, group, role string) store.Listing[store.FoundAssignment] {
	found := store.Listing[store.FoundAssignment]{}
	for i := range 6 {
		each := store.FoundAssignment{Role: directory.AppRole{ID: "1", DisplayName: role, Enabled: i != 4}, Members: store.Count{Number: 10000, More: i == 0}}
		each.ID, each.AppRoleID, each.CreatedAt = fmt.Sprint("a", i), "1", time.Now().Add(-time.Duration(i*i*7)*time.Hour)
		each.Principal = store.FoundPrincipal{ID: fmt.Sprint("p", i), Type: "User", DisplayName: user, Name: "ana@contoso.com", Enabled: i != 3}
		if i%2 == 0 {
			each.Principal = store.FoundPrincipal{ID: fmt.Sprint("p", i), Type: "Group", DisplayName: group, Enabled: true}
		}
		if i == 5 {
			each.AppRoleID, each.Principal.Deleted = directory.DefaultAccess, true
		}
		found.Items = append(found.Items, each)
	}
	return found
}

func sampleForesight(app page.Application, person, group string) foresightView {
	user := directory.User{ID: "p1", DisplayName: person, UserPrincipalName: "ben@contoso.com", AccountEnabled: true}
	sales := directory.Grant{AssignmentID: "1", Role: directory.AppRole{ID: "1", DisplayName: "Standard User", Enabled: true}, GroupID: "g1", GroupName: group}
	marketing := directory.Grant{AssignmentID: "2", Role: directory.AppRole{ID: "2", DisplayName: "Read Only", Enabled: true}, GroupID: "g2", GroupName: "Marketing", Path: []string{"Field", group}}
	return newForesightView(app, administration.Foresight{
		People: 220, Gaining: 12, Losing: 31, Accounts: 30, Changing: 3, Conflicts: 7,
		LosingAccounts: []directory.User{user}, Conflicted: []administration.Conflict{{User: user, Grants: []directory.Grant{sales, marketing}, Wins: sales}},
		Leave: provisioning.Leave{Action: provisioning.LeaveDisable, Grace: 7 * 24 * time.Hour}, Held: "30 removals are more than the limit of 25 in one cycle",
	})
}

func sampleChoice(fault string) roleChoice {
	choice := roleChoice{Seats: true, Fault: fault}
	choice.fill(sampleRoles("Standard User"), "1", nil)
	return choice
}

func sampleAdding(app page.Application, name string, foresight foresightView) addData {
	data := addData{
		Path: app.Path(menu), Search: name, Role: sampleChoice(""), Foresight: foresight, Clashes: true, Confirm: "0123456789abcdef", MoreFound: true, Selected: []string{"User:p1", "Group:g1"},
		Picked: []principal{{ID: "g1", Type: "Group", Name: "Sales", Path: "/groups/g1"}},
	}
	for i := range 4 {
		data.Found = append(data.Found, principal{ID: fmt.Sprint("p", i), Type: "User", Name: name, Detail: "ben@contoso.com", Path: "/users/p1", Current: []string{"", "Standard User"}[i%2]})
	}
	if name == page.Hostile {
		data.Role = sampleChoice(page.Hostile)
		data.Faults = page.Faults{"pick": page.Hostile, "role": page.Hostile}
		data.Role.Field = data.Faults.Of(data.Role.Field)
	}
	return data
}

func sampleChange(app page.Application, name string, foresight foresightView) changeData {
	data := changeData{Path: app.Path(menu), Role: sampleChoice(""), Foresight: foresight, Accounts: 30}
	for _, each := range sampleAssignments(name, name, "Standard User").Items[:3] {
		data.Rows = append(data.Rows, newRow(each))
	}
	return data
}

func sampleUpload(app page.Application, name string, foresight foresightView) uploadData {
	data := newUploadData(app)
	data.Name, data.Upload, data.Count, data.More, data.Foresight, data.Long = "sales-2026.csv", "KQ3T5ZJ2", 13000, 12988, foresight, true
	if name == page.Hostile {
		data.Name, data.Upload, data.Confirmation.Changed = page.Hostile, page.Hostile, true
	}
	for i := range 12 {
		data.Rows = append(data.Rows, uploadedRow{Line: i + 2, Principal: name, Type: "User", Role: "Standard User"})
	}
	return data
}

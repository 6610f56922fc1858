package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// walk reads a list in parts of two to its end and back to its beginning, checks that
// both ways show the same, and returns what the items are called.
func walk[T any](w *world, read func(page store.Page) (store.Listing[T], error), name func(T) string) []string {
	w.t.Helper()
	var names []string
	page := store.Page{Limit: 2}
	var last store.Listing[T]
	for turn := 0; ; turn++ {
		part, err := read(page)
		w.must(err)
		if (part.Previous != "") != (turn > 0) {
			w.t.Fatalf("part %d has the part before %q", turn, part.Previous)
		}
		for _, item := range part.Items {
			names = append(names, name(item))
		}
		last = part
		if part.Next == "" {
			break
		}
		page.Cursor = part.Next
	}
	var back []string
	for part := last; ; {
		for _, item := range slices.Backward(part.Items) {
			back = append(back, name(item))
		}
		if part.Previous == "" {
			break
		}
		before, err := read(store.Page{Cursor: part.Previous, Limit: 2})
		w.must(err)
		if before.Next == "" {
			w.t.Fatal("there is a part after this one, and none is told")
		}
		part = before
	}
	slices.Reverse(back)
	w.equal("backward", back, names)
	return names
}

func named(id, displayName string, attributes ...string) directory.User {
	u := user(id, attributes...)
	u.DisplayName = displayName
	return u
}

func userID(u directory.User) string            { return u.ID }
func subjectID(s engine.Subject) string         { return s.User.ID }
func principalID(p store.FoundPrincipal) string { return p.ID }

func (w *world) findUsers(search store.UserSearch) []string {
	w.t.Helper()
	return walk(w, func(page store.Page) (store.Listing[directory.User], error) {
		return w.FindUsers(w.ctx(), search, page)
	}, userID)
}

func listTests() []test {
	return []test{
		{"users are found by the beginnings of words", findUsersByWords},
		{"users are listed by display name and selected by state and department", selectUsers},
		{"users and groups are found by many ids and names at once, as one by one", findPrincipals},
		{"who is renamed is found by the new name alone", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.PutUser(w.ctx(), named("a", "Ana Horvat", "surname", "Horvat")))
			w.must(w.PutUser(w.ctx(), named("a", "Ana Kovač", "surname", "Kovač")))
			w.equal("old name", w.findUsers(store.UserSearch{Text: "horv"}), nil)
			w.equal("new name", w.findUsers(store.UserSearch{Text: "kovac"}), []string{"a"})
			_, err := w.Import(w.ctx(), deltas(named("a", "Ana Babić")), false)
			w.must(err)
			w.equal("name of an import", w.findUsers(store.UserSearch{Text: "BABIC ana"}), []string{"a"})
		}},
		{"a position of another list is refused", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c")
			first, err := w.FindUsers(w.ctx(), store.UserSearch{}, store.Page{Limit: 1})
			w.must(err)
			for _, cursor := range []string{"x", "e30", first.Next + "x", "eyJwIjpbMSwyXX0"} {
				_, err := w.FindUsers(w.ctx(), store.UserSearch{}, store.Page{Cursor: cursor})
				w.wantError(err, store.ErrInvalid)
			}
			_, err = w.FindLeavers(w.ctx(), w.job, store.Page{Cursor: first.Next})
			w.wantError(err, store.ErrInvalid)
		}},
		{"groups are found with how many members they have", findGroups},
		{"members are listed by name", findMembers},
		{"reports are listed by name", findReports},
		{"the people in a group are counted", countPeople},
		{"assignments are listed by the name of whom they are for", findAssignments},
		{"who is assigned in person or through a group is listed once", findAssigned},
		{"what a user has is told for every application", accessOf},
		{"accounts are listed by name and selected by state", findAccounts},
		{"what failed is grouped by code and listed", findFailures},
		{"removals and leavers are listed by moment", findDated},
		{"entries are found newest first", findEntries},
		{"audit records are found newest first", findAudits},
	}
}

func findUsersByWords(t *testing.T, w *world) {
	t.Helper()
	for _, u := range []directory.User{
		named("a", "Zoë Müller-Lüdenscheidt", "mail", "zoe.mueller@contoso.com", "employeeId", "E-1007"),
		named("b", "Ana Berg", "givenName", "Ana", "surname", "Berg", "mail", "first.last@contoso.com"),
		named("c", "100%_Sure"),
		named("d", "Ljubica Đorđević", "surname", "Đorđević"),
	} {
		w.must(w.PutUser(w.ctx(), u))
	}
	for text, want := range map[string][]string{
		"zoe": {"a"}, "ZOË": {"a"}, "mull": {"a"}, "müll": {"a"}, "lud": {"a"}, "mueller@contoso.com": {"a"}, "e-10": {"a"}, "1007": {"a"},
		"uller": nil, "berg an": {"b"}, "ana b": {"b"}, "last@": {"b"}, "ana zoe": nil, "100%": {"c"}, "%": nil, "sure": {"c"}, "_sure": nil,
		"d@contoso.com": {"d"}, "ljub đor": {"d"}, "": {"c", "b", "d", "a"}, "   ": {"c", "b", "d", "a"}, "\x00": nil, "contoso": nil, `\`: nil,
	} {
		w.equal(fmt.Sprintf("who is found by %q", text), w.findUsers(store.UserSearch{Text: text}), want)
	}
}

func selectUsers(t *testing.T, w *world) {
	t.Helper()
	for i, name := range []string{"eve", "Bob", "ana", "Dan", "ana", "carl", "Fay"} {
		u := named(strconv.Itoa(i), name, "department", []string{"Sales", "IT"}[i%2])
		u.AccountEnabled = i != 1
		w.must(w.PutUser(w.ctx(), u))
	}
	w.must(w.RemoveUser(w.ctx(), "6"))
	w.equal("all", w.findUsers(store.UserSearch{}), []string{"2", "4", "1", "5", "3", "0"})
	w.equal("enabled", w.findUsers(store.UserSearch{State: store.EnabledUsers}), []string{"2", "4", "5", "3", "0"})
	w.equal("disabled", w.findUsers(store.UserSearch{State: store.DisabledUsers}), []string{"1"})
	w.equal("deleted", w.findUsers(store.UserSearch{State: store.DeletedUsers}), []string{"6"})
	w.equal("department", w.findUsers(store.UserSearch{Department: "sales"}), []string{"2", "4", "0"})
	w.equal("department and text", w.findUsers(store.UserSearch{Department: "IT", Text: "d"}), []string{"3"})
	_, err := w.FindUsers(w.ctx(), store.UserSearch{State: "odd"}, store.Page{})
	w.wantError(err, store.ErrInvalid)
	part, err := w.FindUsers(w.ctx(), store.UserSearch{}, store.Page{})
	w.must(err)
	w.equal("user", part.Items[0], must(w.User(w.ctx(), "2"))(w))
}

// must returns the value when there was no error.
func must[T any](value T, err error) func(w *world) T {
	return func(w *world) T {
		w.t.Helper()
		w.must(err)
		return value
	}
}

func findGroups(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("u1", "u2", "u3")
	for id, name := range map[string]string{"g1": "Sales Europe", "g2": "sales Asia", "g3": "Ops", "g4": "Old sales"} {
		g := group(id)
		g.DisplayName = name
		g.SecurityEnabled = id != "g3"
		g.Attributes = attr.New("Group", id, map[string]attr.Value{"description": attr.Text("People of " + id)})
		w.must(w.PutGroup(w.ctx(), g))
	}
	for _, id := range []string{"u1", "u2"} {
		w.must(w.PutMember(w.ctx(), directory.Member{Group: "g1", Member: id}))
	}
	w.must(w.PutMember(w.ctx(), directory.Member{Group: "g3", Member: "u1"}))
	w.must(w.RemoveGroup(w.ctx(), "g4"))
	find := func(search store.GroupSearch) []string {
		return walk(w, func(page store.Page) (store.Listing[store.FoundGroup], error) {
			return w.FindGroups(w.ctx(), search, page)
		},
			func(g store.FoundGroup) string { return g.ID + " " + g.Members.String() })
	}
	w.equal("all", find(store.GroupSearch{}), []string{"g3 1", "g2 0", "g1 2"})
	w.equal("security", find(store.GroupSearch{Kind: store.SecurityGroups}), []string{"g2 0", "g1 2"})
	w.equal("others", find(store.GroupSearch{Kind: store.OtherGroups}), []string{"g3 1"})
	w.equal("deleted", find(store.GroupSearch{Deleted: true}), []string{"g4 0"})
	w.equal("by name", find(store.GroupSearch{Text: "eur SAL"}), []string{"g1 2"})
	w.equal("by description", find(store.GroupSearch{Text: "people g2"}), []string{"g2 0"})
	memberOf := walk(w, func(page store.Page) (store.Listing[store.FoundGroup], error) {
		return w.FindMemberOf(w.ctx(), "u1", page)
	},
		func(g store.FoundGroup) string { return g.ID })
	w.equal("groups of u1", memberOf, []string{"g3", "g1"})
}

func findMembers(t *testing.T, w *world) {
	t.Helper()
	w.putGroup("g")
	w.putGroup("inside")
	w.must(w.PutMember(w.ctx(), directory.Member{Group: "g", Member: "inside", Type: "Group"}))
	for id, name := range map[string]string{"a": "Zoë", "b": "ana", "c": "Hans", "d": "Mia"} {
		w.must(w.PutUser(w.ctx(), named(id, name)))
		if id != "d" {
			w.must(w.PutMember(w.ctx(), directory.Member{Group: "g", Member: id}))
		}
	}
	find := func(text string) []string {
		return walk(w, func(page store.Page) (store.Listing[store.FoundPrincipal], error) {
			return w.FindMembers(w.ctx(), "g", text, page)
		}, principalID)
	}
	w.equal("all", find(""), []string{"b", "inside", "c", "a"})
	w.equal("found", find("zoe"), []string{"a"})
	w.equal("group", find("insi"), []string{"inside"})
	part, err := w.FindMembers(w.ctx(), "g", "", store.Page{})
	w.must(err)
	w.equal("members", part.Items[:2], []store.FoundPrincipal{
		{ID: "b", Type: "User", DisplayName: "ana", Name: "b@contoso.com", Enabled: true},
		{ID: "inside", Type: "Group", DisplayName: "Group inside", Enabled: true},
	})

	many := make([]directory.Content, 0, 2400)
	for i := range 1200 {
		id := fmt.Sprintf("m%04d", i)
		many = append(many, named(id, fmt.Sprintf("Name %04d", 1199-i)), directory.Member{Group: "g", Member: id, Type: "User"})
	}
	slices.SortStableFunc(many, func(a, b directory.Content) int {
		_, first := a.(directory.User)
		_, second := b.(directory.User)
		switch {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	_, err = w.Import(w.ctx(), deltas(many...), false)
	w.must(err)
	part, err = w.FindMembers(w.ctx(), "g", "", store.Page{Limit: 5})
	w.must(err)
	var ids []string
	for _, p := range part.Items {
		ids = append(ids, p.ID)
	}
	w.equal("of many", ids, []string{"b", "inside", "c", "m1199", "m1198"})
	w.equal("found among many", find("0007"), []string{"m1192"})
}

func findReports(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("boss", "other")
	for id, name := range map[string]string{"a": "Zoë", "b": "ana", "c": "Hans", "d": "Gone"} {
		u := named(id, name)
		u.ManagerID = "boss"
		w.must(w.PutUser(w.ctx(), u))
	}
	w.must(w.RemoveUser(w.ctx(), "d"))
	find := func(id string) []string {
		return walk(w, func(page store.Page) (store.Listing[directory.User], error) { return w.FindReports(w.ctx(), id, page) },
			func(u directory.User) string { return u.ID })
	}
	w.equal("reports", find("boss"), []string{"b", "c", "a"})
	for _, id := range []string{"other", "nobody", ""} {
		if found := find(id); len(found) > 0 {
			t.Errorf("%q has the reports %q", id, found)
		}
	}
}

func countPeople(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("u1", "u2", "u3", "u4")
	w.putGroup("outer", "u1", "u4")
	w.putGroup("inner", "u1", "u2", "u3")
	w.putGroup("old", "u4", "u3")
	for _, inside := range []directory.Member{{Group: "outer", Member: "inner"}, {Group: "inner", Member: "outer"}, {Group: "inner", Member: "old"}} {
		inside.Type = "Group"
		w.must(w.PutMember(w.ctx(), inside))
	}
	w.must(w.RemoveGroup(w.ctx(), "old"))
	w.must(w.RemoveUser(w.ctx(), "u3"))
	for group, want := range map[string][2]int{"outer": {2, 3}, "inner": {2, 3}, "nowhere": {0, 0}} {
		for i, nested := range []bool{false, true} {
			count, err := w.CountPeople(w.ctx(), group, nested)
			w.must(err)
			if count.Number != want[i] || count.More {
				t.Errorf("%s, nested %v: %v people, want %d", group, nested, count, want[i])
			}
		}
	}
}

func findAssignments(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("u1", "u2", "u3")
	w.putGroup("g1", "u1", "u2")
	cycle := w.begin()
	_, err := w.cycles.ImportRoles(w.ctx(), cycle, []connector.Role{{ID: "1", Name: "Standard User"}, {ID: "2", Name: "Chatter"}})
	w.must(err)
	w.assign("User", "u2")
	w.assign("Group", "g1")
	standard, err := w.Assign(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: "u1", Role: "Standard User"})
	w.must(err)
	find := func(search store.AssignmentSearch) []string {
		search.ApplicationID = w.app.ID
		return walk(w, func(page store.Page) (store.Listing[store.FoundAssignment], error) {
			return w.FindAssignments(w.ctx(), search, page)
		},
			func(f store.FoundAssignment) string {
				return f.Principal.Type + " " + f.PrincipalID + " " + f.Role.DisplayName + " " + f.Members.String() + " " + f.ApplicationName
			})
	}
	w.equal("all", find(store.AssignmentSearch{}),
		[]string{"Group g1 Default Access 2 Salesforce", "User u1 Standard User 0 Salesforce", "User u2 Default Access 0 Salesforce"})
	w.equal("users", find(store.AssignmentSearch{PrincipalType: "User"}), []string{"User u1 Standard User 0 Salesforce", "User u2 Default Access 0 Salesforce"})
	w.equal("found", find(store.AssignmentSearch{Text: "u2@"}), []string{"User u2 Default Access 0 Salesforce"})
	w.equal("role", find(store.AssignmentSearch{RoleID: standard.AppRoleID}), []string{"User u1 Standard User 0 Salesforce"})
	_, err = w.FindAssignments(w.ctx(), store.AssignmentSearch{PrincipalType: "x"}, store.Page{})
	w.wantError(err, store.ErrInvalid)

	of, err := w.AssignmentsOfPrincipal(w.ctx(), "u1")
	w.must(err)
	w.equal("of u1", len(of), 1)
	w.equal("assignment", of[0].Assignment, standard)
	w.equal("role", of[0].Role.DisplayName, "Standard User")
	w.equal("principal", of[0].Principal, store.FoundPrincipal{ID: "u1", Type: "User", DisplayName: "Name of u1", Name: "u1@contoso.com", Enabled: true})
}

func findAssigned(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("u1", "u2", "u3", "u4", "gone")
	w.putGroup("outer", "u1")
	w.putGroup("inner", "u3")
	w.must(w.PutMember(w.ctx(), directory.Member{Group: "outer", Member: "inner", Type: "Group"}))
	w.assign("Group", "outer")
	w.assign("User", "u1")
	w.assign("User", "u2")
	w.assign("User", "gone")
	w.must(w.RemoveUser(w.ctx(), "gone"))
	w.connect(true, "u2", "u4")
	find := func(text string) []string {
		return walk(w, func(page store.Page) (store.Listing[engine.Subject], error) {
			return w.FindAssigned(w.ctx(), w.app.ID, text, page)
		}, subjectID)
	}
	w.equal("assigned", find(""), []string{"u1", "u2"})
	w.equal("found", find("u2"), []string{"u2"})
	w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
		job.Settings.NestedGroups = true
		return job, nil
	}))
	w.equal("nested", find(""), []string{"u1", "u2", "u3"})
	part, err := w.FindAssigned(w.ctx(), w.app.ID, "", store.Page{})
	w.must(err)
	w.equal("subject", part.Items[1], w.subject("u2"))
}

func accessOf(t *testing.T, w *world) {
	t.Helper()
	second, _ := w.addApplication("Another")
	w.addApplication("Third")
	w.putUsers("u1", "u2")
	w.putGroup("g", "u1")
	_, err := w.Assign(w.ctx(), directory.AssignmentRequest{Application: second.ID, PrincipalType: "Group", Principal: "g"})
	w.must(err)
	w.connect(true, "u1")
	found, err := w.AccessOf(w.ctx(), "u1")
	w.must(err)
	w.equal("applications", len(found), 2)
	w.equal("names", []string{found[0].Application.DisplayName, found[1].Application.DisplayName}, []string{"Another", "Salesforce"})
	w.equal("grant", found[0].Subject.Grants[0].GroupName, "Group g")
	w.equal("account", found[1].Subject.Connection, connection("u1", true))
	w.equal("job", found[1].JobID, w.job)
	found, err = w.AccessOf(w.ctx(), "u2")
	w.must(err)
	w.equal("nothing", len(found), 0)
}

func findAccounts(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("b", "a", "c", "d", "e")
	w.connect(true, "b", "a", "x")
	w.connect(false, "c", "d")
	w.putGroup("g", "d")
	w.assign("Group", "g")
	w.assign("User", "a")
	find := func(search store.AccountSearch) []string {
		search.JobID = w.job
		return walk(w, func(page store.Page) (store.Listing[engine.Subject], error) {
			return w.FindAccounts(w.ctx(), search, page)
		}, subjectID)
	}
	w.equal("all", find(store.AccountSearch{}), []string{"a", "b", "c", "d", "x"})
	w.equal("enabled", find(store.AccountSearch{State: store.EnabledAccounts}), []string{"a", "b", "x"})
	w.equal("disabled", find(store.AccountSearch{State: store.DisabledAccounts}), []string{"c", "d"})
	w.equal("orphaned", find(store.AccountSearch{State: store.OrphanedAccounts}), []string{"x"})
	w.equal("unassigned", find(store.AccountSearch{State: store.UnassignedAccounts}), []string{"b", "c"})
	w.equal("by name of the person", find(store.AccountSearch{Text: "name C"}), []string{"c"})
	w.equal("by name of the account", find(store.AccountSearch{Text: "X@con"}), []string{"x"})
	w.equal("both", find(store.AccountSearch{Text: "name", State: store.UnassignedAccounts}), []string{"b", "c"})
	part, err := w.FindAccounts(w.ctx(), store.AccountSearch{JobID: w.job}, store.Page{})
	w.must(err)
	w.equal("subject", part.Items[3], w.subject("d"))
	w.equal("of nobody", part.Items[4].Gone, true)
	_, err = w.FindAccounts(w.ctx(), store.AccountSearch{JobID: "none"}, store.Page{})
	w.wantError(err, store.ErrNotFound)
	_, err = w.FindAccounts(w.ctx(), store.AccountSearch{JobID: w.job, State: "odd"}, store.Page{})
	w.wantError(err, store.ErrInvalid)
}

func findFailures(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("a", "b", "c")
	w.connect(true, "a", "b")
	failed := func(id, code string, hours int) engine.Escrow {
		return engine.Escrow{SourceID: id, Code: code, Message: "no", Attempts: 1, First: noon(hours), Next: noon(hours + 5)}
	}
	w.commit(w.begin(), engine.Commit{
		Escrows: []engine.Escrow{failed("a", "Conflict", 2), failed("b", "Conflict", 1), failed("gone", "Timeout", 3)},
		Waiting: []engine.Reference{{SourceID: "a", Attribute: "ManagerId", Referenced: "b"}},
	})
	w.commit(w.begin(), engine.Commit{Refused: []engine.FailedReference{{
		Reference: engine.Reference{SourceID: "a", Attribute: "ManagerId", Referenced: "b"}, Escrow: failed("a", "Conflict", 0),
	}}})
	groups, err := w.FailureGroups(w.ctx(), w.job)
	w.must(err)
	w.equal("groups", groups, []store.FailureGroup{
		{Code: "Conflict", Count: 3, First: noon(0), Next: noon(5)}, {Code: "Timeout", Count: 1, First: noon(3), Next: noon(8)},
	})
	find := func(code string) []string {
		return walk(w, func(page store.Page) (store.Listing[store.FoundFailure], error) {
			return w.FindFailures(w.ctx(), w.job, code, page)
		},
			func(f store.FoundFailure) string {
				return f.SourceID + f.Attribute + " " + f.Name + " " + f.AccountName
			})
	}
	w.equal("failures", find(""), []string{
		"a a@contoso.com a@contoso.com", "aManagerId a@contoso.com a@contoso.com", "b b@contoso.com b@contoso.com", "gone  ",
	})
	w.equal("timeouts", find("Timeout"), []string{"gone  "})
}

func findDated(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("a", "b", "c", "d")
	w.connect(true, "a", "b", "c", "d")
	cycle := w.begin()
	w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{
		{SourceID: "a", Reason: "left", Since: noon(3)}, {SourceID: "b", Reason: "left", Since: noon(1)}, {SourceID: "c", Reason: "left", Since: noon(1)},
	}))
	w.must(w.cycles.Hold(w.ctx(), cycle))
	w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "d", Since: noon(0)}}))
	w.commit(cycle, engine.Commit{Leavers: []engine.Leaver{leaver("a", 9), leaver("b", 8), leaver("d", 8)}})
	removals := func(state engine.RemovalState) []string {
		return walk(w, func(page store.Page) (store.Listing[engine.Subject], error) {
			return w.FindRemovals(w.ctx(), w.job, state, page)
		}, subjectID)
	}
	w.equal("staged", removals(engine.RemovalStaged), []string{"b", "c", "a"})
	w.equal("planned", removals(engine.RemovalPlanned), []string{"d"})
	w.equal("leavers", walk(w, func(page store.Page) (store.Listing[engine.Subject], error) {
		return w.FindLeavers(w.ctx(), w.job, page)
	}, subjectID),
		[]string{"b", "d", "a"})
	part, err := w.FindRemovals(w.ctx(), w.job, engine.RemovalStaged, store.Page{Limit: 1})
	w.must(err)
	w.equal("subject", part.Items[0], w.subject("b"))
}

func findEntries(t *testing.T, w *world) {
	t.Helper()
	cycle := w.begin()
	var entries []journal.Entry
	for i, status := range []plan.Status{plan.Success, plan.Failure, plan.Success, plan.Skipped, plan.Success} {
		entry := journal.Entry{At: noon(i % 3), Change: changeOf([]string{"ana", "ben"}[i%2], plan.Create, status, []string{"", "Code"}[i%2])}
		entries = append(entries, entry)
	}
	entries[4].CycleID, entries[4].PlanID = "other", "plan"
	w.commit(cycle, engine.Commit{Entries: entries})
	ids := make([]int64, 0, 5)
	for _, e := range all(t, w.Entries(w.ctx(), journal.Query{OldestFirst: true})) {
		ids = append(ids, e.ID)
	}
	for name, c := range map[string]struct {
		query journal.Query
		want  []int
	}{
		"all":         {journal.Query{}, []int{2, 4, 1, 3, 0}},
		"application": {journal.Query{ApplicationID: w.app.ID, Name: "AN"}, []int{2, 4, 0}},
		"nothing":     {journal.Query{ApplicationID: "none"}, nil},
		"statuses":    {journal.Query{Statuses: []plan.Status{plan.Failure, plan.Skipped}}, []int{1, 3}},
		"code":        {journal.Query{Code: "Code", Actions: []plan.Action{plan.Create}}, []int{1, 3}},
		"span":        {journal.Query{Since: noon(1), Until: noon(1)}, []int{4, 1}},
		"cycle":       {journal.Query{CycleID: cycle.ID}, []int{3, 2, 1, 0}},
		"cycle, span": {journal.Query{CycleID: cycle.ID, Since: noon(1)}, []int{2, 1}},
		"person":      {journal.Query{SourceID: "ben", Statuses: []plan.Status{plan.Failure}}, []int{1}},
		"plan":        {journal.Query{PlanID: "plan"}, []int{4}},
		"newer":       {journal.Query{After: ids[2]}, []int{4, 3}},
	} {
		var want []string
		for _, i := range c.want {
			want = append(want, strconv.FormatInt(ids[i], 10))
		}
		got := walk(w, func(page store.Page) (store.Listing[journal.Entry], error) {
			return w.FindEntries(w.ctx(), c.query, page)
		},
			func(e journal.Entry) string { return strconv.FormatInt(e.ID, 10) })
		w.equal(name, got, want)
		count, err := w.CountEntries(w.ctx(), c.query)
		w.must(err)
		w.equal("count of "+name, count, store.Count{Number: len(want)})
	}
	tail := all(t, w.Entries(w.ctx(), journal.Query{After: ids[2], OldestFirst: true}))
	w.equal("tail", []int64{tail[0].ID, tail[1].ID}, ids[3:])
	entry, err := w.Entry(w.ctx(), ids[3])
	w.must(err)
	w.equal("entry", entry, tail[0])
	_, err = w.Entry(w.ctx(), 12345)
	w.wantError(err, store.ErrNotFound)
}

func findAudits(t *testing.T, w *world) {
	t.Helper()
	for i, actor := range []string{"ana", "ben", "ana"} {
		w.must(w.Audit(w.ctx(), journal.Audit{At: noon(i), Activity: "Update role", Actor: actor, Subject: "Salesforce", Detail: fmt.Sprintf("Über 100%% %d", i)}))
	}
	w.must(w.Audit(w.ctx(), journal.Audit{At: noon(3), Activity: "Start", Actor: "ana", Subject: "Slack"}))
	find := func(search store.AuditSearch) []string {
		return walk(w, func(page store.Page) (store.Listing[journal.Audit], error) {
			return w.FindAudits(w.ctx(), search, page)
		},
			func(a journal.Audit) string { return strconv.Itoa(int(a.At.Sub(noon(0)).Hours())) })
	}
	w.equal("all", find(store.AuditSearch{}), []string{"3", "2", "1", "0"})
	w.equal("actor", find(store.AuditSearch{Actor: "ana"}), []string{"3", "2", "0"})
	w.equal("activity", find(store.AuditSearch{Activity: "Start"}), []string{"3"})
	w.equal("text", find(store.AuditSearch{Text: "über 100% 1"}), []string{"1"})
	w.equal("span", find(store.AuditSearch{Since: noon(1), Until: noon(2)}), []string{"2", "1"})
}

func findPrincipals(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("ana", "ben", "cleo")
	w.must(w.RemoveUser(w.ctx(), "ben"))
	for _, id := range []string{"g1", "g2", "g3"} {
		each := group(id)
		each.DisplayName = map[string]string{"g1": "Sales", "g2": "Twice", "g3": "TWICE"}[id]
		w.must(w.PutGroup(w.ctx(), each))
	}
	names := []string{"ana", strings.ToUpper(user("ana").UserPrincipalName), "ben", "sales", "g2", "twice", "nobody", "", "a\x00"}
	for range 600 {
		names = append(names, "cleo")
	}
	found, err := w.Principals(w.ctx(), names)
	w.must(err)
	for _, name := range names {
		one, err := w.User(w.ctx(), name)
		w.equal("the user "+name, found[name].User.ID, one.ID)
		w.equal("is deleted "+name, found[name].User.Deleted(), one.Deleted())
		if err != nil {
			w.wantError(err, store.ErrNotFound)
		}
		alone, err := w.Group(w.ctx(), name)
		switch groups := found[name].Groups; {
		case errors.Is(err, store.ErrConflict):
			w.equal("groups called "+name, len(groups), 2)
		case err != nil:
			w.equal("groups called "+name, len(groups), 0)
		default:
			w.equal("the group "+name, []string{groups[0].ID, groups[0].DisplayName}, []string{alone.ID, alone.DisplayName})
		}
	}
}

package salesforcetest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// people makes an org with a few users to ask about.
func people(tb testing.TB) *session {
	tb.Helper()
	s := signIn(tb, salesforcetest.Default())
	profiles := s.ids("Profile", "Name")
	boss := s.create("User", s.newUser("boss@example.com", map[string]any{"LastName": "Aalto", "Department": "Sales"}))
	s.create("User", s.newUser("zoe@example.com", map[string]any{"FirstName": "Zoë", "LastName": "O'Neil", "ManagerId": boss, "Title": "50% Engineer"}))
	s.create("User", s.newUser("max@example.com", map[string]any{
		"LastName": "mustermann", "IsActive": false, "ManagerId": boss, "Department": "sales", "ProfileId": profiles["Standard Platform User"],
	}))
	return s
}

// usernames runs a query that selects Username and returns the parts before @.
func (s *session) usernames(where string) []string {
	s.t.Helper()
	found := []string{}
	for _, record := range s.query("SELECT Username FROM User " + where) {
		name, _ := record["Username"].(string)
		local, _, _ := strings.Cut(name, "@")
		found = append(found, local)
	}
	return found
}

func TestQueriesFind(t *testing.T) {
	t.Parallel()
	s := people(t)
	boss := s.query("SELECT Id FROM User WHERE Username = 'boss@example.com'")[0]["Id"].(string)
	tests := []struct {
		where string
		want  []string
	}{
		{"", []string{"admin", "boss", "zoe", "max"}},
		{"WHERE username='ZOE@example.com'", []string{"zoe"}},
		{"WHERE Username IN ('max@example.com', 'boss@example.com', 'nobody@example.com')", []string{"boss", "max"}},
		{"WHERE Username NOT IN ('max@example.com') AND IsActive = true", []string{"admin", "boss", "zoe"}},
		{"WHERE Id = '" + boss[:15] + "'", []string{"boss"}},
		{"WHERE Id IN ('" + boss + "') OR Username IN ('max@example.com','boss@example.com')", []string{"boss", "max"}},
		{"WHERE Department = 'SALES'", []string{"boss", "max"}},
		{"WHERE toLabel(LocaleSidKey) = 'en_US' AND toLabel(LanguageLocaleKey) IN ('en_US', 'de') AND LastLoginDate = null ORDER BY toLabel(Department) NULLS LAST", []string{"boss", "max", "zoe"}},
		{"WHERE Department != 'sales'", []string{"admin", "zoe"}},
		{"WHERE Department = null", []string{"admin", "zoe"}},
		{"WHERE Department = ''", []string{"admin", "zoe"}},
		{"WHERE Manager.Username = 'boss@example.com'", []string{"zoe", "max"}},
		{"WHERE Profile.UserLicense.LicenseDefinitionKey = 'AUL'", []string{"max"}},
		{"WHERE LastName LIKE 'o\\'%'", []string{"zoe"}},
		{"WHERE Title LIKE '%0\\%%'", []string{"zoe"}},
		{"WHERE LastName LIKE 'Aalt_'", []string{"boss"}},
		{"WHERE Name = 'Zoë O\\'Neil'", []string{"zoe"}},
		{"WHERE (NOT IsActive = true) OR LastName > 'N'", []string{"zoe", "max"}},
		{"WHERE CreatedDate = TODAY AND LastLoginDate = null AND ManagerId != null", []string{"zoe", "max"}},
		{"WHERE SystemModstamp > 2020-01-01T00:00:00Z AND SystemModstamp < 2020-01-01T00:00:00+01:00", []string{}},
		{"WHERE CreatedDate > LAST_N_DAYS:3", []string{}},
		{"WHERE CreatedDate >= LAST_N_DAYS:3 LIMIT 1", []string{"admin"}},
		{"WHERE Id IN (SELECT ManagerId FROM User WHERE IsActive = false)", []string{"boss"}},
		{"WHERE ProfileId IN (SELECT Id FROM Profile WHERE Name = 'System Administrator')", []string{"admin"}},
		{"ORDER BY LastName", []string{"boss", "admin", "max", "zoe"}},
		{"ORDER BY ManagerId NULLS LAST, Username DESC", []string{"zoe", "max", "boss", "admin"}},
		{"ORDER BY Department DESC, Username LIMIT 2 OFFSET 1", []string{"zoe", "boss"}},
	}
	for _, test := range tests {
		t.Run(test.where, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, s.usernames(test.where)); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
		})
	}
}

// Large extracts are cut into ranges of ids, and pages begin behind the last id
// of the page before.
func TestIdsAreComparedByRange(t *testing.T) {
	t.Parallel()
	s := people(t)
	ids := map[string]string{}
	for _, record := range s.query("SELECT Id, Username FROM User") {
		name, _, _ := strings.Cut(record["Username"].(string), "@")
		ids[name] = record["Id"].(string)
	}
	tests := []struct {
		where string
		want  []string
	}{
		{"WHERE Id > '" + ids["boss"] + "'", []string{"zoe", "max"}},
		{"WHERE Id > '" + ids["boss"][:15] + "'", []string{"zoe", "max"}},
		{"WHERE Id >= '" + ids["boss"] + "' AND Id < '" + ids["max"] + "'", []string{"boss", "zoe"}},
		{"WHERE Id <= '" + ids["boss"][:15] + "'", []string{"admin", "boss"}},
		{"WHERE Id > '" + ids["admin"] + "' ORDER BY Id LIMIT 2", []string{"boss", "zoe"}},
		{"WHERE Id < '" + ids["max"] + "' ORDER BY Id DESC", []string{"zoe", "boss", "admin"}},
		{"WHERE ManagerId >= '" + ids["boss"] + "'", []string{"zoe", "max"}},
		{"WHERE Id > '005zzzzzzzzzzzz'", []string{}},
	}
	for _, test := range tests {
		t.Run(test.where, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, s.usernames(test.where)); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
		})
	}
}

// Sixty-two users are enough for ids that differ in the case of a letter only.
func TestIdsInOrderAreThoseOfCreation(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	s.createMany(150)
	created, paged := []any{}, []any{}
	for _, record := range s.query("SELECT Id FROM User") {
		created = append(created, record["Id"])
	}
	for last := "005000000000000"; ; {
		page := s.query("SELECT Id FROM User WHERE Id > '" + last + "' ORDER BY Id LIMIT 40")
		if len(page) == 0 {
			break
		}
		for _, record := range page {
			paged = append(paged, record["Id"])
		}
		last, _ = page[len(page)-1]["Id"].(string)
	}
	if diff := cmp.Diff(created, paged); diff != "" {
		t.Errorf("ids in the order of creation and by ranges (-want +got):\n%s", diff)
	}
}

func TestQueriesShowParentsChildrenAndSums(t *testing.T) {
	t.Parallel()
	s := people(t)
	boss, _ := s.org.User("boss@example.com")
	s.create("GroupMember", map[string]any{"GroupId": s.ids("Group", "DeveloperName")["All_Sales"], "UserOrGroupId": boss.ID})
	tests := []struct{ name, soql, want string }{
		{
			"parents", "SELECT Manager.Username, Profile.UserLicense.Name, profile.name FROM User WHERE Username = 'zoe@example.com'",
			`"Manager":{"attributes":{"type":"User","url":"URL"},"Username":"boss@example.com"},"Profile":{"attributes":{"type":"Profile","url":"URL"},"UserLicense":{"attributes":{"type":"UserLicense","url":"URL"},"Name":"Salesforce"},"Name":"Standard User"}}`,
		},
		{"no parent", "SELECT Manager.Username FROM User WHERE Username = 'boss@example.com'", `"Manager":null}`},
		{
			"children", "SELECT Username, (SELECT Username FROM ManagedUsers ORDER BY Username LIMIT 1) FROM User WHERE Username = 'boss@example.com'",
			`"ManagedUsers":{"totalSize":1,"done":true,"records":[{"attributes":{"type":"User","url":"URL"},"Username":"max@example.com"}]}}`,
		},
		{"count", "SELECT COUNT() FROM User WHERE IsActive = true", `{"totalSize":3,"done":true,"records":[]}`},
		{
			"groups", "SELECT Department, COUNT(Id) n, MAX(LastName) FROM User WHERE Department != null GROUP BY Department",
			`{"attributes":{"type":"AggregateResult"},"Department":"Sales","n":2,"expr0":"mustermann"}`,
		},
		{"sum", "SELECT SUM(TotalLicenses), COUNT(Id) FROM UserLicense WHERE Name LIKE 'Chatter%'", `"expr0":250500.0,"expr1":2}`},
		{"fields", "SELECT FIELDS(ALL) FROM UserLicense WHERE Name = 'Identity' LIMIT 200", `"LicenseDefinitionKey":"PID_Identity_User","Name":"Identity","MasterLabel":"Identity","Status":"Active","TotalLicenses":100,"UsedLicenses":0`},
		{"object named like a keyword", "SELECT DeveloperName, Related.Name FROM Group WHERE Type = 'Queue'", `"DeveloperName":"Support_Queue","Related":null}`},
		{"relationship named like a keyword", "SELECT Group.DeveloperName FROM GroupMember WHERE Group.Type = 'Regular' AND UserOrGroup.Name = 'Aalto' ORDER BY Group.Name", `"Group":{"attributes":{"type":"Group","url":"URL"},"DeveloperName":"All_Sales"}}`},
		{
			"fields by type", "SELECT g.DeveloperName, TYPEOF g.Related WHEN Organization THEN Name, IsSandbox WHEN UserRole THEN RollupDescription END FROM Group g WHERE Type = 'Organization'",
			`"DeveloperName":"AllInternalUsers","Related":{"attributes":{"type":"Organization","url":"URL"},"Name":"Simulated Org","IsSandbox":false}}`,
		},
		{
			"other fields of other types", "SELECT TYPEOF UserOrGroup WHEN Group THEN Name ELSE Id, Name END FROM GroupMember WHERE UserOrGroup.Name = 'Aalto'",
			`"UserOrGroup":{"attributes":{"type":"User","url":"URL"},"Id":"`,
		},
		{"no fields of other types", "SELECT TYPEOF UserOrGroup WHEN Group THEN Name END FROM GroupMember WHERE UserOrGroup.Name = 'Aalto'", `"UserOrGroup":null}`},
		{"labels", "SELECT toLabel(LanguageLocaleKey) language, LanguageLocaleKey FROM User WHERE Username = 'zoe@example.com'", `"language":"en_US","LanguageLocaleKey":"en_US"}`},
		{"logins", "SELECT IsFrozen, User.Username FROM UserLogin WHERE User.Username = 'zoe@example.com'", `"IsFrozen":false,"User":{`},
		{"picklist values", "SELECT Value FROM PicklistValueInfo WHERE EntityParticle.EntityDefinition.QualifiedApiName = 'User' AND EntityParticle.QualifiedApiName = 'LanguageLocaleKey' AND IsActive = true AND Value = 'pt_BR'", `"Value":"pt_BR"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := s.do(http.MethodGet, data+"/query?q="+url.QueryEscape(test.soql), "")
			text := withoutURLs(answer.text)
			if answer.status != http.StatusOK || !strings.Contains(text, test.want) {
				t.Errorf("got %d %s, want it to have %s", answer.status, text, test.want)
			}
		})
	}
}

// withoutURLs replaces the addresses of records.
func withoutURLs(text string) string {
	parts := strings.Split(text, `"url":"`)
	for i := range parts[1:] {
		_, rest, _ := strings.Cut(parts[i+1], `"`)
		parts[i+1] = `URL"` + rest
	}
	return strings.Join(parts, `"url":"`)
}

func TestQueriesAreRefused(t *testing.T) {
	t.Parallel()
	s := people(t)
	const hint = " If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
	tests := []struct{ soql, code, message string }{
		{"SELECT Id, Foo FROM User", "INVALID_FIELD", "\nSELECT Id, Foo FROM User\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo' on entity 'User'." + hint},
		{"SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."},
		{"SELECT Id FROM User WHERE Name IS NULL", "MALFORMED_QUERY", "unexpected token: 'IS'"},
		{"SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD", "value of filter criterion for field 'IsActive' must be of type boolean and should not be enclosed in quotes"},
		{"SELECT Id FROM User WHERE Name = true", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"},
		{"SELECT Id FROM User WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"},
		{"SELECT Id FROM User WHERE Id > '005'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: 005"},
		{"SELECT Id FROM User WHERE IsActive > false", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"},
		{"SELECT Id FROM User WHERE IsActive LIKE 't%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"},
		{"SELECT Id FROM User OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"},
		{"SELECT FIELDS(ALL) FROM User", "MALFORMED_QUERY", "must have a LIMIT of at most 200"},
		{"SELECT Id, Id FROM User", "INVALID_FIELD", "duplicate field selected: Id"},
		{"SELECT Id, COUNT(Id) FROM User", "MALFORMED_QUERY", "Field must be grouped or aggregated: Id"},
		{"SELECT " + strings.Join(manyParents(), ", ") + " FROM User", "MALFORMED_QUERY", "more than 35 child-to-parent relationships"},
		{"SELECT Id" + strings.Repeat(", (SELECT Id FROM ManagedUsers)", 21) + " FROM User", "MALFORMED_QUERY", "more than 20 parent-to-child relationships"},
		{"SELECT Id FROM User WHERE CALENDAR_YEAR(Username) = 2000", "INVALID_FIELD", "the function CALENDAR_YEAR is not supported for the field Username"},
		{"SELECT Id FROM User WHERE CALENDAR_YEAR(CreatedDate) = '2000'", "INVALID_FIELD", "must be of type int and should not be enclosed in quotes"},
		{"SELECT Id FROM User WHERE SQUARE(CreatedDate) = 4", "MALFORMED_QUERY", "unexpected token: 'SQUARE'"},
		{"SELECT CALENDAR_YEAR(CreatedDate) FROM User", "MALFORMED_QUERY", "unexpected token: 'CALENDAR_YEAR'"},
		{"SELECT Id, Username AS name FROM User", "MALFORMED_QUERY", "unexpected token: 'AS'"},
		{"SELECT Username name FROM User", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"},
		{"SELECT Id, toLabel(Title) x, FORMAT(CreatedDate) x FROM User", "INVALID_FIELD", "duplicate field selected: x"},
		{"SELECT Id FROM User WHERE AboutMe = 'x'", "INVALID_FIELD", "field 'AboutMe' can not be filtered in a query call"},
		{"SELECT Id FROM User WHERE Manager.AboutMe IN ('x')", "INVALID_FIELD", "field 'AboutMe' can not be filtered in a query call"},
		{"SELECT Id FROM User WHERE AboutMe LIKE 'x%'", "INVALID_FIELD", "field 'AboutMe' can not be filtered in a query call"},
		{"SELECT Id FROM User ORDER BY AboutMe", "INVALID_FIELD", "field 'AboutMe' can not be sorted in a query call"},
		{"SELECT COUNT(Id) FROM User GROUP BY AboutMe", "INVALID_FIELD", "field 'AboutMe' can not be grouped in a query call"},
		{"SELECT TYPEOF Related WHEN Account THEN Name END FROM Group", "INVALID_FIELD", "Illegal entity relationship in polymorphic 'When' expression: 'Account'"},
		{"SELECT TYPEOF Related WHEN UserRole THEN Foo END FROM Group", "INVALID_FIELD", "No such column 'Foo' on entity 'UserRole'."},
		{"SELECT TYPEOF Foo WHEN User THEN Id END FROM Group", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."},
		{"SELECT TYPEOF Related WHEN UserRole THEN Id ELSE Foo END FROM Group", "INVALID_FIELD", "No such column 'Foo' on entity 'Name'."},
		{"SELECT Related.Name, TYPEOF Related WHEN UserRole THEN Id END FROM Group", "MALFORMED_QUERY", "TYPEOF operand 'Related' and top-level SELECT list element 'Related.Name' may not reference the same relationship field."},
		{"SELECT TYPEOF Related WHEN UserRole THEN Id END, Related.Id FROM Group", "MALFORMED_QUERY", "TYPEOF operand 'Related' and top-level SELECT list element 'Related.Id' may not"},
		{"SELECT TYPEOF Related WHEN UserRole THEN Id END FROM Group GROUP BY Type", "MALFORMED_QUERY", "TYPEOF"},
		{"SELECT Foo.Name FROM User", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."},
	}
	for _, test := range tests {
		t.Run(test.soql, func(t *testing.T) {
			t.Parallel()
			answer := s.do(http.MethodGet, data+"/query?q="+url.QueryEscape(test.soql), "")
			message, _ := answer.list(t)[0]["message"].(string)
			if answer.status != http.StatusBadRequest || answer.code(t) != test.code || !strings.Contains(message, test.message) {
				t.Errorf("got %d %s, want %s %q", answer.status, answer.text, test.code, test.message)
			}
		})
	}
}

func TestTypeOfIsNewerThanSomeVersions(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	const query = "SELECT TYPEOF Related WHEN Organization THEN Id END FROM Group"
	for version, want := range map[string]string{"v45.0": "MALFORMED_QUERY", "v46.0": ""} {
		if answer := s.do(http.MethodGet, "/services/data/"+version+"/query?q="+url.QueryEscape(query), ""); answer.code(t) != want {
			t.Errorf("%s: %d %s", version, answer.status, answer.text)
		}
	}
}

// manyParents leads over 36 parents: six, and from each of them to six more.
func manyParents() []string {
	var paths []string
	for _, first := range []string{"Manager", "CreatedBy", "LastModifiedBy", "DelegatedApprover", "Manager.Manager", "CreatedBy.CreatedBy"} {
		for _, second := range []string{"Manager", "CreatedBy", "LastModifiedBy", "DelegatedApprover", "UserRole", "Profile"} {
			paths = append(paths, first+"."+second+".Name")
		}
	}
	return paths
}

// The bubble begins on Saturday, the first of January 2000; the users are made
// on the last day of February.
func TestQueriesKnowFunctionsOfDates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org, err := salesforcetest.New(salesforcetest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(59*24*time.Hour + 13*time.Hour)
		s := signInTo(t, org)
		s.create("User", s.newUser("ana@example.com"))
		s.create("User", s.newUser("ben@example.com"))
		for _, function := range []string{
			"CALENDAR_YEAR(CreatedDate) = 2000", "FISCAL_YEAR(CreatedDate) = 2000", "CALENDAR_QUARTER(CreatedDate) = 1", "CALENDAR_MONTH(CreatedDate) > 1",
			"DAY_IN_MONTH(CreatedDate) = 29", "DAY_IN_WEEK(CreatedDate) = 3", "DAY_IN_YEAR(CreatedDate) = 60", "DAY_ONLY(CreatedDate) = 2000-02-29",
			"HOUR_IN_DAY(CreatedDate) IN (13)", "WEEK_IN_MONTH(CreatedDate) = 5", "WEEK_IN_YEAR(CreatedDate) = 9",
		} {
			if diff := cmp.Diff([]string{"ana", "ben"}, s.usernames("WHERE "+function+" AND Username LIKE '%example.com'")); diff != "" {
				t.Errorf("%s: users (-want +got):\n%s", function, diff)
			}
		}
		got := []string{}
		for _, group := range s.query("SELECT CALENDAR_MONTH(CreatedDate), CALENDAR_YEAR(CreatedDate) y, COUNT(Id) FROM User GROUP BY CALENDAR_MONTH(CreatedDate), CALENDAR_YEAR(CreatedDate) ORDER BY CALENDAR_MONTH(CreatedDate) DESC") {
			got = append(got, fmt.Sprint(group["expr0"], group["y"], group["expr1"]))
		}
		if diff := cmp.Diff([]string{"2 2000 2", "1 2000 1"}, got); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
	})
}

func TestQueriesArePaged(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	s.createMany(450)
	answer := s.do(http.MethodGet, data+"/query/?q="+url.QueryEscape("SELECT Id FROM User ORDER BY Id"), "", "Sforce-Query-Options", "batchSize=200")
	sizes, ids := []int{}, map[any]bool{}
	for {
		page := answer.object(t)
		if page["totalSize"] != 451.0 {
			t.Fatalf("totalSize = %v", page["totalSize"])
		}
		sizes = append(sizes, len(records(page)))
		for _, record := range records(page) {
			ids[record["Id"]] = true
		}
		next, more := page["nextRecordsUrl"].(string)
		if page["done"] == more {
			t.Fatal("done and nextRecordsUrl contradict each other")
		}
		if !more {
			break
		}
		answer = s.do(http.MethodGet, next, "", "Sforce-Query-Options", "batchSize=200")
	}
	if !slices.Equal(sizes, []int{200, 200, 51}) || len(ids) != 451 {
		t.Errorf("pages of %v with %d ids", sizes, len(ids))
	}
}

func TestCursorsGoStale(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	s.createMany(250)
	open := func() string {
		answer := s.do(http.MethodGet, data+"/query?q=SELECT+Id+FROM+User", "", "Sforce-Query-Options", "batchSize=200")
		next, _ := answer.object(t)["nextRecordsUrl"].(string)
		return next
	}
	first := open()
	for range 10 {
		open()
	}
	if answer := s.do(http.MethodGet, first, ""); answer.code(t) != "INVALID_QUERY_LOCATOR" {
		t.Errorf("the eleventh cursor did not drop the first: %d", answer.status)
	}
	last := open()
	s.org.ExpireCursors()
	if answer := s.do(http.MethodGet, last, ""); answer.code(t) != "INVALID_QUERY_LOCATOR" {
		t.Errorf("an expired cursor works: %d", answer.status)
	}
}

// createMany creates users through collections.
func (s *session) createMany(n int) {
	s.t.Helper()
	template := s.newUser("template@example.com")
	for start := 0; start < n; start += 200 {
		rows := []map[string]any{}
		for i := start; i < min(n, start+200); i++ {
			row := map[string]any{"attributes": map[string]any{"type": "User"}}
			maps.Copy(row, template)
			row["Username"] = fmt.Sprintf("user%06d@example.com", i)
			rows = append(rows, row)
		}
		answer := s.do(http.MethodPost, data+"/composite/sobjects", encode(s.t, map[string]any{"records": rows}))
		for _, result := range answer.list(s.t) {
			if result["success"] != true {
				s.t.Fatalf("create many: %v", result)
			}
		}
	}
}

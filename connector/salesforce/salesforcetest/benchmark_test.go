package salesforcetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// richUser is a row with as many fields as a full mapping fills.
func richUser(profile, manager string, i int) map[string]any {
	return map[string]any{
		"attributes": map[string]any{"type": "User"}, "Username": fmt.Sprintf("person.number%06d@contoso.example", i),
		"Email": fmt.Sprintf("person.number%06d@contoso.example", i), "FirstName": "Person", "LastName": fmt.Sprintf("Number%06d", i),
		"Alias": fmt.Sprintf("p%06d", i), "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "de_DE", "EmailEncodingKey": "UTF-8",
		"LanguageLocaleKey": "de", "ProfileId": profile, "IsActive": true, "Title": "Engineer", "Department": "Engineering",
		"CompanyName": "Contoso", "City": "Berlin", "Country": "Germany", "PostalCode": "10115", "Street": "Main Street 1", "State": "Berlin",
		"Phone": fmt.Sprintf("+49 30 %06d", i), "MobilePhone": fmt.Sprintf("+49 171 %06d", i), "EmployeeNumber": strconv.Itoa(i),
		"FederationIdentifier": fmt.Sprintf("person.number%06d@contoso.example", i), "ManagerId": manager, "UserPermissionsMarketingUser": false,
	}
}

// richBody is a collections call that creates users from a number on.
func richBody(tb testing.TB, profile, manager string, start, n int) string {
	tb.Helper()
	rows := make([]any, n)
	for i := range rows {
		rows[i] = richUser(profile, manager, start+i)
	}
	return encode(tb, map[string]any{"allOrNone": false, "records": rows})
}

func BenchmarkCollectionsCreate200(b *testing.B) {
	s := signIn(b, salesforcetest.Config{Licenses: []salesforcetest.License{
		{Name: "Salesforce", DefinitionKey: "SFDC", Total: -1},
	}})
	profile := s.ids("Profile", "Name")["Standard User"]
	manager := s.ids("User", "Username")[salesforcetest.DefaultUsername]
	next := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		body := richBody(b, profile, manager, next, 200)
		next += 200
		b.StartTimer()
		answer := s.do(http.MethodPost, data+"/composite/sobjects", body)
		if strings.Contains(answer.text, `"success":false`) {
			b.Fatal(answer.text)
		}
	}
}

func BenchmarkLookup200UsernamesAmong50000(b *testing.B) {
	s := signIn(b, salesforcetest.Config{})
	s.createMany(50_000)
	names := make([]string, 200)
	for i := range names {
		names[i] = fmt.Sprintf("'user%06d@example.com'", i*200)
	}
	query := url.QueryEscape("SELECT Id, Username, Email, IsActive, Profile.Name FROM User WHERE Username IN (" + strings.Join(names, ",") + ")")
	b.ReportAllocs()
	for b.Loop() {
		if answer := s.do(http.MethodGet, data+"/query?q="+query, ""); answer.status != http.StatusOK {
			b.Fatal(answer.text)
		}
	}
}

// BenchmarkMemoryOf100000Users reports the heap that an org of 100,000 users with 25 fields keeps.
func BenchmarkMemoryOf100000Users(b *testing.B) {
	for b.Loop() {
		s := signIn(b, salesforcetest.Config{})
		profile := s.ids("Profile", "Name")["Standard User"]
		manager := s.ids("User", "Username")[salesforcetest.DefaultUsername]
		before := heap()
		for start := 0; start < 100_000; start += 200 {
			s.do(http.MethodPost, data+"/composite/sobjects", richBody(b, profile, manager, start, 200))
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		if n := len(s.query("SELECT Id FROM User LIMIT 2")); n != 2 {
			b.Fatal("the users are gone")
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkCreate50000UsersOneAfterTheOther creates through the handler, one
// collections call at a time.
func BenchmarkCreate50000UsersOneAfterTheOther(b *testing.B) {
	const users = 50_000
	bodies := []string{}
	for b.Loop() {
		b.StopTimer()
		s := signIn(b, salesforcetest.Config{})
		profile := s.ids("Profile", "Name")["Standard User"]
		manager := s.ids("User", "Username")[salesforcetest.DefaultUsername]
		if len(bodies) == 0 {
			for start := 0; start < users; start += 200 {
				bodies = append(bodies, richBody(b, profile, manager, start, 200))
			}
		}
		b.StartTimer()
		for _, body := range bodies {
			if answer := s.do(http.MethodPost, data+"/composite/sobjects", body); answer.status != http.StatusOK {
				b.Fatal(answer.text)
			}
		}
		b.StopTimer()
		if n := len(s.org.Users()); n != users+1 {
			b.Fatalf("%d users", n)
		}
		b.StartTimer()
	}
}

// BenchmarkScanFrozenAmong50000 reads what no index helps with.
func BenchmarkScanFrozenAmong50000(b *testing.B) {
	s := signIn(b, salesforcetest.Config{})
	s.createMany(50_000)
	query := url.QueryEscape("SELECT UserId FROM UserLogin WHERE IsFrozen = true")
	b.ReportAllocs()
	for b.Loop() {
		if answer := s.do(http.MethodGet, data+"/query?q="+query, ""); answer.status != http.StatusOK {
			b.Fatal(answer.text)
		}
	}
}

package why

import (
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	shown := &Area{Administration: &administration.Service{Catalogue: journal.NewCatalogue()}}
	app, hostile := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile)
	ask := func(name string, app page.Application, data askData) page.Sample {
		data.Path, data.Name = app.Path("why"), app.DisplayName
		return page.Sample{Page: "Why", Case: name, Path: app.Path("why"), Answer: a.ask.Show(head(app), data)}
	}
	answer := func(name string, app page.Application, why administration.Why) page.Sample {
		return page.Sample{Page: "Why, the answer", Case: name, Path: app.Path("why"), Answer: a.answer.Show(answerHead(app, why.User), shown.answerData(app, why))}
	}
	unreachable := sampleWhy()
	unreachable.Fault = &connector.Error{Kind: connector.Unavailable, Message: "the connection was refused"}
	nobody := administration.Why{User: directory.User{ID: "e1009", DisplayName: "Noor Haddad", UserPrincipalName: "noor.haddad@contoso.com"}}
	nobody.Verdict.Reasons = []scope.Reason{{Text: "the user is not assigned to the application"}}
	return []page.Sample{
		ask("empty", app, askData{}), ask("full", app, askData{Search: "a", More: true, Found: []foundPerson{{"Ana García", "ana.garcia@contoso.com", app.Path("why") + "?user=e1001"}}}),
		ask("hostile", hostile, askData{Search: page.Hostile, Found: []foundPerson{{page.Hostile, page.Hostile, hostile.Path("why") + "?user=%22"}}, Faults: page.Faults{"": page.Hostile}}),
		answer("full", app, sampleWhy()), answer("not reached", app, unreachable), answer("empty", app, nobody), answer("hostile", hostile, hostileWhy()),
	}
}

func sampleWhy() administration.Why {
	began := time.Now().Add(-26 * time.Hour)
	entries := change.Samples(time.Now())
	why := administration.Why{User: directory.User{ID: "e1002", DisplayName: "Adele Vance", UserPrincipalName: "adele.vance@contoso.com"}, Log: entries[:2]}
	why.Verdict.In = true
	why.Change = entries[1].Change
	why.Subject = engine.Subject{
		User:       why.User,
		Grants:     []directory.Grant{{Role: directory.AppRole{ID: "r", DisplayName: "Standard User"}, GroupID: "g", GroupName: "Sales", Path: []string{"Sales North"}}, {Role: directory.AppRole{ID: directory.DefaultAccess}}},
		Connection: engine.Connection{TargetID: "00501000000009FAAQ", TargetName: "adele.vance@contoso.com", Enabled: true, Since: began},
		Escrow:     engine.Escrow{Code: "RequiredFieldMissing", Message: "Required fields are missing: [Email]", Attempts: 3, First: began, Next: began.Add(28 * time.Hour)},
	}
	why.Clauses = []scope.TracedClause{
		{Filter: "Employees", Attribute: "department", Operator: "EQUALS", Operand: "Sales", Value: attr.Text("Sales"), Holds: true},
		{Filter: "Employees", Attribute: "employeeType", Operator: "IS NOT NULL", Why: "the attribute has no value"},
	}
	why.Matches = []engine.Matched{
		{Attribute: "Username", Value: attr.Text("adele.vance@contoso.com"), Hits: []engine.Hit{{ID: "00501000000009FAAQ", Name: "adele.vance@contoso.com", Connected: "e1002"}, {ID: "00501000000009GAAQ", Name: "adele@contoso.com", Connected: "e1007"}}},
		{Attribute: "FederationIdentifier", Value: attr.Text("e1002"), Hits: []engine.Hit{}},
	}
	why.Traces = []mapping.Traced{
		{Target: "Username", Expression: "[userPrincipalName]", Inputs: map[string]string{"userPrincipalName": "adele.vance@contoso.com"}, Value: attr.Text("adele.vance@contoso.com")},
		{Target: "Title", Expression: "[jobTitle]", Inputs: map[string]string{"jobTitle": ""}},
		{Target: "EmployeeNumber", Expression: "[employeeId]", Value: attr.Text("secret"), Redacted: true},
		{Target: "Alias", Expression: "Mid([mailNickname], 1, 8)", Fault: "the start is beyond the end"},
		{Target: "EmailEncodingKey", Value: attr.Value{}, Default: attr.Text("UTF-8")},
	}
	return why
}

func hostileWhy() administration.Why {
	why := sampleWhy()
	why.User = directory.User{ID: page.Hostile, DisplayName: page.Hostile, UserPrincipalName: page.Hostile}
	why.Verdict.In = false
	why.Verdict.Reasons = []scope.Reason{{Text: page.Hostile}}
	why.Subject.Grants[0].Role.DisplayName, why.Subject.Grants[0].GroupName = page.Hostile, page.Hostile
	why.Subject.Connection.TargetID, why.Subject.Connection.TargetName = page.Hostile, page.Hostile
	why.Subject.Escrow.Message, why.Subject.Escrow.Code = page.Hostile, page.Hostile
	why.Subject.Removal = engine.Removal{State: engine.RemovalStaged, Reason: page.Hostile, Since: time.Now()}
	why.Clauses = []scope.TracedClause{{Filter: page.Hostile, Attribute: page.Hostile, Operator: page.Hostile, Operand: page.Hostile, Value: attr.Text(page.Hostile), Why: page.Hostile}}
	why.Matches = []engine.Matched{{Attribute: page.Hostile, Value: attr.Text(page.Hostile), Hits: []engine.Hit{{ID: page.Hostile, Name: page.Hostile, Connected: page.Hostile}}}}
	why.Traces = []mapping.Traced{{Target: page.Hostile, Expression: page.Hostile, Inputs: map[string]string{page.Hostile: page.Hostile}, Value: attr.Text(page.Hostile), Fault: page.Hostile}}
	why.Change = change.HostileEntry(time.Now()).Change
	why.Log = []journal.Entry{change.HostileEntry(time.Now())}
	return why
}

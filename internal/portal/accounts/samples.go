package accounts

import (
	"fmt"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	app, hostile, fresh := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile), page.SampleApplication("Salesforce")
	fresh.Links = store.LinkCount{}
	paused := page.SampleApplication("Salesforce")
	paused.Job.Schedule.State = provisioning.SchedulePaused
	now := time.Now()
	subjects := sampleSubjects(now)
	harmful := subjects[0]
	harmful.User = directory.User{ID: page.Hostile, DisplayName: page.Hostile, UserPrincipalName: page.Hostile}
	harmful.Connection.TargetName, harmful.Connection.TargetID, harmful.Escrow.Code = page.Hostile, page.Hostile, page.Hostile
	harmful.Grants = []directory.Grant{{Role: directory.AppRole{DisplayName: page.Hostile}}}
	managed := func(name string, app page.Application, data managedData) page.Sample {
		return page.Sample{Page: "Accounts", Case: name, Path: app.Path("accounts"), Answer: a.managed.Show(head(app), data)}
	}
	account := engine.Account{Class: engine.AccountLocal, TargetID: "005", Name: "integration@contoso.com", Active: true}
	bad := engine.Account{Class: engine.AccountUnassigned, TargetID: page.Hostile, Name: page.Hostile, SourceID: page.Hostile, User: page.Hostile, Reason: page.Hostile}
	counts := map[engine.AccountClass]int{engine.AccountAssigned: 9121, engine.AccountUnassigned: 1, engine.AccountLocal: 204}
	survey := func(name string, app page.Application, data surveyData) page.Sample {
		return page.Sample{Page: "Every account", Case: name, Path: app.Path("accounts/survey"), Answer: a.survey.Show(surveyHead(app), data)}
	}
	drift := func(name string, app page.Application, data driftData) page.Sample {
		return page.Sample{Page: "Drift", Case: name, Path: app.Path("drift"), Answer: a.drift.Show(driftHead(app), data)}
	}
	disconnect := func(name string, data disconnectData) page.Sample {
		return page.Sample{Page: "Disconnect an account", Case: name, Path: data.Path, Answer: a.disconnect.Show(disconnectHead(app), data)}
	}
	found := newDriftData(app, engine.DriftCheck{At: now.Add(-2 * time.Hour), Full: true, Looked: 9121, Found: 3, PlanID: "1f9c0c3a5b"})
	found.Targets = []string{"Department", "Title"}
	found.add(engine.Acceptance{SourceID: "e1001", Attribute: "Title", Wanted: attr.Text("Account Executive"), At: now, By: "ann@contoso.com"}, "ana.garcia@contoso.com")
	harm := newDriftData(hostile, engine.DriftCheck{At: now, Error: page.Hostile})
	harm.Targets, harm.Faults = []string{page.Hostile}, page.Faults{"": page.Hostile}
	harm.add(engine.Acceptance{SourceID: page.Hostile, Attribute: page.Hostile, Wanted: attr.Text(page.Hostile), At: now, By: page.Hostile}, page.Hostile)
	choice := func(name string, app page.Application, accept bool, users []string, found []engine.Acceptance, changed bool) page.Sample {
		rows := make([]choiceRow, min(len(found), examples))
		for i := range rows {
			rows[i] = choiceRow{Person: found[i].SourceID, Account: found[i].SourceID}
		}
		data := newChoiceData(app, accept, found[0].Attribute, users, found, rows)
		data.Confirmation.Changed = changed
		return page.Sample{Page: "Let the application or the directory lead", Case: name, Path: data.Path, Answer: a.confirm.Show(choiceHead(app, accept), data)}
	}
	people := make([]engine.Acceptance, 214)
	for i := range people {
		people[i] = engine.Acceptance{SourceID: fmt.Sprintf("person%03d@contoso.com", i), Attribute: "Title", Held: attr.Text("Vice President"), Wanted: attr.Text("Account Executive")}
	}
	dangerous := []engine.Acceptance{{SourceID: page.Hostile, Attribute: page.Hostile, Held: attr.Text(page.Hostile), Wanted: attr.Text(page.Hostile)}}
	refused := newDisconnectData(paused, subjects[0].Connection, "ana.garcia@contoso.com")
	refused.Force, refused.Faults = true, page.Faults{"": "The account is in use and its owner left."}
	return []page.Sample{
		managed("full", app, newManagedData(app, "", "", subjects)), managed("empty", fresh, newManagedData(fresh, "", "", nil)), managed("nothing found", app, newManagedData(app, "zzz", "", nil)),
		managed("hostile", hostile, newManagedData(hostile, page.Hostile, "", []engine.Subject{harmful})),
		survey("full", app, newSurveyData(app, counts, map[engine.AccountClass][]engine.Account{engine.AccountLocal: {account}, engine.AccountUnassigned: {{Class: engine.AccountUnassigned, TargetID: "006", Name: "ben@contoso.com", SourceID: "e1", User: "ben@contoso.com", Reason: "the user is not assigned"}}}, 3*time.Second)),
		survey("empty", app, newSurveyData(app, nil, nil, time.Second)), survey("hostile", hostile, newSurveyData(hostile, counts, map[engine.AccountClass][]engine.Account{engine.AccountUnassigned: {bad}}, time.Second)),
		disconnect("full", newDisconnectData(app, subjects[0].Connection, "ana.garcia@contoso.com")), disconnect("refused", refused), disconnect("hostile", newDisconnectData(hostile, harmful.Connection, page.Hostile)),
		drift("full", app, found), drift("empty", fresh, newDriftData(fresh, engine.DriftCheck{})), drift("hostile", hostile, harm),
		choice("accept", app, true, nil, people, false), choice("accept, changed meanwhile", app, true, nil, people[:2], true), choice("retract for everybody", app, false, nil, people, false),
		choice("retract for some, while off", paused, false, []string{"person000@contoso.com", "gone@contoso.com"}, people[:1], false), choice("hostile", hostile, false, []string{page.Hostile}, dangerous, false),
	}
}

func sampleSubjects(now time.Time) []engine.Subject {
	return []engine.Subject{
		{
			User:       directory.User{ID: "e1001", DisplayName: "Ana García", UserPrincipalName: "ana.garcia@contoso.com"},
			Grants:     []directory.Grant{{Role: directory.AppRole{DisplayName: "Standard User"}}},
			Connection: engine.Connection{SourceID: "e1001", TargetID: "00501000000007GAAQ", TargetName: "ana.garcia@contoso.com", Enabled: true, Since: now.Add(-900 * time.Hour), Pending: []plan.Pending{{Attribute: "Email"}}},
		},
		{
			User:       directory.User{ID: "e1002", DisplayName: "Adele Vance", UserPrincipalName: "adele.vance@contoso.com"},
			Connection: engine.Connection{SourceID: "e1002", TargetID: "00501000000009FAAQ", TargetName: "adele.vance@contoso.com", Since: now.Add(-2000 * time.Hour)},
			Escrow:     engine.Escrow{Code: "RequiredFieldMissing", Attempts: 1}, Leaver: engine.Leaver{Due: now.Add(26 * time.Hour)},
		},
		{Gone: true, User: directory.User{ID: "e1003"}, Connection: engine.Connection{SourceID: "e1003", TargetID: "005", TargetName: "old@contoso.com", Enabled: true, Since: now}, Removal: engine.Removal{State: engine.RemovalStaged}},
	}
}

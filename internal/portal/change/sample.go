package change

import (
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// Samples returns made-up entries of the log, the newest first: one of each action and
// of each status. Only their change is of use where a page shows no entries.
func Samples(now time.Time) []journal.Entry {
	entry := func(n int64, change plan.Change) journal.Entry {
		return journal.Entry{
			ID: 4711 - n, At: now.Add(-time.Duration(n*n) * 7 * time.Minute), JobID: "salesforce.1b0b8a728a4e4c5e9f628b1d3a3f6a01.2",
			ApplicationID: page.SampleApplication("").ID, CycleID: "7b6d2c0e-3c39-4e86-9c5f-0d0f6c1a2b3c", Duration: 1430 * time.Millisecond, Change: change,
		}
	}
	entries := []journal.Entry{
		entry(0, sampleCreation()), entry(1, sampleUpdate()), entry(2, sampleFailure()), entry(3, sampleDisable()), entry(4, sampleHeld()), entry(5, sampleSkip()),
	}
	entries[1].InitiatedBy, entries[1].PlanID = "ann@contoso.com (portal)", "1f9c0c3a5b"
	return entries
}

// HostileEntry returns an entry whose every text does harm where it is not escaped.
func HostileEntry(now time.Time) journal.Entry {
	h := page.Hostile
	return journal.Entry{
		ID: 13, At: now, JobID: h, ApplicationID: h, CycleID: h, InitiatedBy: h, PlanID: h, Duration: time.Second,
		Change: plan.Change{
			ID: h, Action: plan.Action(h), Status: plan.Status(h), Source: plan.Identity{Type: "User", ID: h, Name: h}, Target: plan.Identity{Type: "User", ID: h, Name: h},
			Reason: plan.Reason{Code: h, Text: h, Advice: h}, Warnings: []string{h},
			Fields: []plan.Field{{Name: h, Old: attr.Text(h), New: attr.Texts(h, h)}},
			Steps:  []plan.Step{{Name: h, Type: plan.StepType(h), Status: plan.Status(h), Description: h, Details: map[string]string{h: h}}},
		},
	}
}

func person(id, name string) plan.Identity { return plan.Identity{Type: "User", ID: id, Name: name} }

func imported(name string) plan.Step {
	return plan.Step{Name: "EntryImport", Type: plan.ImportStep, Status: plan.Success, Description: `User "` + name + `" was read from Usher`}
}

func inScope() plan.Step {
	return plan.Step{Name: "EntrySynchronizationScoping", Type: plan.ScopingStep, Status: plan.Success, Description: "in scope, assigned through the groups Sales"}
}

func sampleCreation() plan.Change {
	const name = "mia.berg@contoso.com"
	return plan.Change{
		ID: "0d6b60f4-8d3c-4d4b-8a43-21b4a0f6f001", Action: plan.Create, Status: plan.Success,
		Source: person("e1041", name), Target: plan.Identity{Type: "User", ID: "005xx000001Sv6AAAS", Name: name},
		Fields: []plan.Field{
			{Name: "Alias", New: attr.Text("mberg")},
			{Name: "Email", New: attr.Text(name)},
			{Name: "FirstName", New: attr.Text("Mia")},
			{Name: "FederationIdentifier", New: attr.Text("hidden"), Redacted: true},
			{Name: "IsActive", New: attr.Bool(true)},
			{Name: "LastName", New: attr.Text("Berg")},
			{Name: "ProfileName", New: attr.Text("Standard User")},
			{Name: "Username", New: attr.Text(name)},
		},
		Warnings: []string{"Salesforce sent the person an e-mail to confirm the address"},
		Steps: []plan.Step{
			imported(name), inScope(),
			{Name: "EntrySynchronizationMatching", Type: plan.MatchingStep, Status: plan.Success, Description: `no account of Salesforce matches; none has Username "` + name + `"`},
			{Name: "EntryExportAdd", Type: plan.ExportStep, Status: plan.Success, Description: `User "` + name + `": create done`, Details: map[string]string{"ReportableIdentifier": name}},
		},
	}
}

func sampleUpdate() plan.Change {
	const name = "adele.vance@contoso.com"
	return plan.Change{
		ID: "0d6b60f4-8d3c-4d4b-8a43-21b4a0f6f002", Action: plan.Update, Status: plan.Success,
		Source: person("e1002", name), Target: plan.Identity{Type: "User", ID: "005xx000001Sv7BAAS", Name: name},
		Fields: []plan.Field{
			{Name: "Department", Old: attr.Text("Retail"), New: attr.Text("Sales & Marketing")},
			{Name: "MobilePhone", Old: attr.Text("+43 664 1234567")},
			{Name: "Title", New: attr.Text("Head of Retail")},
			{Name: "Street", Old: attr.Text(""), New: attr.Text("Mariahilfer Straße 1, Stiege 4, Tür 17, 1060 Wien, Österreich, second courtyard, ring twice")},
		},
		Steps: []plan.Step{
			imported(name), inScope(),
			{Name: "EntrySynchronizationMatching", Type: plan.MatchingStep, Status: plan.Success, Description: "connected to account 005xx000001Sv7BAAS of Salesforce"},
			{Name: "EntryReferenceResolution", Type: plan.ReferenceStep, Status: plan.Warning, Description: "ManagerId waits until ben@contoso.com has an account of its own", Details: map[string]string{"Attribute": "ManagerId", "ErrorCode": "UnableToResolveReferenceAttributeValue"}},
			{Name: "EntryExportUpdate", Type: plan.ExportStep, Status: plan.Success, Description: `User "` + name + `": update done`},
		},
	}
}

func sampleFailure() plan.Change {
	const name = "grady.archie@contoso.com"
	text := "No licence of Salesforce is free for the profile Standard User (tried 3 times; the next try is not before 2026-12-01T14:00:00Z)"
	return plan.Change{
		ID: "0d6b60f4-8d3c-4d4b-8a43-21b4a0f6f003", Action: plan.Create, Status: plan.Failure,
		Source: person("e1018", name), Target: plan.Identity{Type: "User", Name: name},
		Fields: []plan.Field{{Name: "Username", New: attr.Text(name)}, {Name: "ProfileName", New: attr.Text("Standard User")}},
		Reason: plan.Reason{Code: "LicenseLimitExceeded", Text: text, Advice: "Buy licences, or assign fewer people."},
		Steps: []plan.Step{
			imported(name), inScope(),
			{Name: "EntrySynchronizationMatching", Type: plan.MatchingStep, Status: plan.Success, Description: "no account of Salesforce matches"},
			{Name: "EntryExportAdd", Type: plan.ExportStep, Status: plan.Failure, Description: text},
		},
	}
}

func sampleDisable() plan.Change {
	const name = "lidia.holloway@contoso.com"
	return plan.Change{
		ID: "0d6b60f4-8d3c-4d4b-8a43-21b4a0f6f004", Action: plan.Disable, Status: plan.Success,
		Source: person("e1020", name), Target: plan.Identity{Type: "User", ID: "005xx000001Sv8CAAS", Name: name},
		Fields: []plan.Field{{Name: "IsActive", Old: attr.Bool(true), New: attr.Bool(false)}},
		Reason: plan.Reason{Code: plan.CodeNotEntitled, Text: "not assigned to the application any more"},
		Steps: []plan.Step{
			imported(name),
			{Name: "EntrySynchronizationScoping", Type: plan.ScopingStep, Status: plan.Skipped, Description: "out of scope: not assigned to the application"},
			{Name: "EntryExportDisable", Type: plan.ExportStep, Status: plan.Success, Description: `User "` + name + `": disable done`},
		},
	}
}

func sampleHeld() plan.Change {
	return plan.Change{
		ID: "0d6b60f4-8d3c-4d4b-8a43-21b4a0f6f005", Action: plan.Disable, Status: plan.Staged,
		Source: person("e1031", "diego.siciliani@contoso.com"), Target: plan.Identity{Type: "User", ID: "005xx000001Sv9DAAS", Name: "diego.siciliani@contoso.com"},
		Fields: []plan.Field{{Name: "IsActive", Old: attr.Bool(true), New: attr.Bool(false)}},
		Reason: plan.Reason{
			Code: plan.CodeStaged, Text: "31 of 118 accounts would be removed, more than the 10 that are allowed in one cycle",
			Advice: "Look at the list of staged removals and allow or reject them; nothing is removed until then.",
		},
		Steps: []plan.Step{imported("diego.siciliani@contoso.com"), {Name: "EntrySynchronizationStagedDelete", Type: plan.ProcessingStep, Status: plan.Warning, Description: "the removal is held"}},
	}
}

func sampleSkip() plan.Change {
	return plan.Change{
		ID: "0d6b60f4-8d3c-4d4b-8a43-21b4a0f6f006", Action: plan.Skip, Status: plan.Skipped, Source: person("e1044", "joni.sherman@contoso.com"),
		Reason: plan.Reason{Code: plan.CodeNotEntitled, Text: "1. kept out by the scoping filter \"Employees\": department EQUALS Legal"},
		Steps: []plan.Step{
			imported("joni.sherman@contoso.com"),
			{Name: "EntrySynchronizationSkip", Type: plan.ScopingStep, Status: plan.Skipped, Description: "kept out by a scoping filter", Details: map[string]string{"SkipReason": plan.CodeNotEntitled}},
		},
	}
}

package failures

import (
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	shown := &Area{Administration: &administration.Service{Catalogue: journal.NewCatalogue()}}
	app, hostile := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile)
	now := time.Now()
	failure := func(id, name, mail, code, message string) store.FoundFailure {
		return store.FoundFailure{
			Escrow:      engine.Escrow{SourceID: id, Code: code, Message: message, Attempts: 3, First: now.Add(-26 * time.Hour), Next: now.Add(2 * time.Hour)},
			DisplayName: name, Name: mail, AccountName: mail,
		}
	}
	groups := []store.FailureGroup{
		{Code: "LicenseLimitExceeded", Count: 1204, First: now.Add(-50 * time.Hour), Next: now.Add(20 * time.Minute)},
		{Code: "RequiredFieldMissing", Count: 2, First: now.Add(-26 * time.Hour), Next: now.Add(2 * time.Hour)},
	}
	full := shown.listData(app, groups, "RequiredFieldMissing")
	full.Rows = []row{
		newRow(app, failure("e1001", "Ana García", "ana.garcia@contoso.com", "RequiredFieldMissing", "Required fields are missing: [Email]")),
		newRow(app, failure("e1002", "", "", "RequiredFieldMissing", "Required fields are missing: [Email]")),
	}
	reference := failure("e1003", "Adele Vance", "adele.vance@contoso.com", "RequiredFieldMissing", "the manager's account is not active")
	reference.Attribute = "ManagerId"
	full.Rows = append(full.Rows, newRow(app, reference))
	full.Pager = page.Pager{Next: "?cursor=x"}
	harm := shown.listData(hostile, []store.FailureGroup{{Code: page.Hostile, Count: 1, First: now, Next: now}}, page.Hostile)
	harm.Rows = []row{newRow(hostile, failure(page.Hostile, page.Hostile, page.Hostile, page.Hostile, page.Hostile))}
	harm.Faults = page.Faults{"": page.Hostile}
	list := func(name string, app page.Application, data listData) page.Sample {
		return page.Sample{Page: "Failures", Case: name, Path: app.Path("failures"), Answer: a.list.Show(head(app), data)}
	}
	return []page.Sample{
		list("full", app, full), list("causes", app, shown.listData(app, groups, "")), list("empty", app, shown.listData(app, nil, "")), list("hostile", hostile, harm),
	}
}

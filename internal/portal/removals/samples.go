package removals

import (
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	app, hostile, quiet := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile), page.SampleApplication("Salesforce")
	app.Job.Status.Quarantine = provisioning.Quarantine{Reason: provisioning.TooManyDeletes, Message: "31 removals are more than 20 % of the 120 accounts in use"}
	hostile.Job.Status.Quarantine = provisioning.Quarantine{Reason: provisioning.TooManyDeletes, Message: page.Hostile}
	quiet.Links = store.LinkCount{}
	subject := func(id, name, mail, reason string, gone bool) engine.Subject {
		return engine.Subject{
			User: directory.User{ID: id, DisplayName: name, UserPrincipalName: mail}, Gone: gone, Connection: engine.Connection{TargetID: "005", TargetName: mail},
			Removal: engine.Removal{SourceID: id, State: engine.RemovalStaged, Reason: reason, Since: time.Now().Add(-2 * time.Hour)},
		}
	}
	full := newListData(app, engine.RemovalStaged, []engine.Subject{
		subject("e1001", "Ana García", "ana.garcia@contoso.com", "the user is not assigned to the application", false),
		subject("e1002", "Adele Vance", "adele.vance@contoso.com", "the account is disabled in the directory", false),
		subject("e1003", "", "", "the user was removed from the directory", true),
	})
	full.Pager = page.Pager{Next: app.Path("removals") + "?cursor=x"}
	harm := newListData(hostile, engine.RemovalStaged, []engine.Subject{subject(page.Hostile, page.Hostile, page.Hostile, page.Hostile, false)})
	harm.Faults = page.Faults{"": page.Hostile}
	list := func(name string, app page.Application, data listData) page.Sample {
		return page.Sample{Page: "Staged removals", Case: name, Path: app.Path("removals"), Answer: a.list.Show(head(app), data)}
	}
	confirm := func(name string, decision administration.Decision, changed bool, users, about []string) page.Sample {
		data := newConfirmData(app, decision, users, about, about[:1])
		data.Confirmation.Changed = changed
		return page.Sample{Page: "Decide about removals", Case: name, Path: app.Path("removals/decide"), Answer: a.confirm.Show(head(app).Below(confirmTitle(decision), app.Path("removals"), "Staged removals"), data)}
	}
	return []page.Sample{
		list("full", app, full), list("empty", quiet, newListData(quiet, engine.RemovalStaged, nil)), list("rejected", app, newListData(app, engine.RemovalRejected, []engine.Subject{subject("e1001", "Ana García", "ana.garcia@contoso.com", "the user is not assigned to the application", false)})), list("none rejected", app, newListData(app, engine.RemovalRejected, nil)), list("hostile", hostile, harm),
		confirm("allow all", administration.Allow, false, nil, []string{"e1001", "e1002", "e1003"}), confirm("changed meanwhile", administration.Allow, true, nil, []string{"e1001"}),
		confirm("reject one", administration.Reject, false, []string{page.Hostile}, []string{page.Hostile}), confirm("look again", administration.Reconsider, false, []string{"e1001", "e1002"}, []string{"e1001"}),
	}
}

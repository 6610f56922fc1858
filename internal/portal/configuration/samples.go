package configuration

import (
	"errors"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	full := sampleState(page.SampleApplication("Salesforce"), "Admin Username", "ana@contoso.com")
	fresh := sampleState(page.SampleApplication("Salesforce"), "Admin Username", "")
	fresh.app.Job = provisioning.Job{ApplicationID: fresh.app.ID, Schedule: provisioning.Schedule{Interval: 40 * time.Minute, State: provisioning.ScheduleDisabled}, Status: provisioning.Status{Code: provisioning.NotConfigured}}
	fresh.app.Links, fresh.assigned = store.LinkCount{}, 0
	hostile := sampleState(page.SampleApplication(page.Hostile), page.Hostile, page.Hostile)
	hostile.app.Job.Settings.DefaultDomain, hostile.unreadable = page.Hostile, errors.New(page.Hostile)
	hostile.app.Job.Settings.Notify = provisioning.Notify{Recipients: []string{page.Hostile}, Webhook: "https://hooks.contoso.com/" + page.Hostile}
	wrong := newPageData(fresh)
	wrong.Credentials = newCredentialsForm(fresh, administration.Entered{"UserName": "ana@contoso.com"}, page.Faults{"": "Nothing was saved, because the connection does not work: the username or password is wrong.\nSecrets are not shown again: enter them once more.", "UserName": "Admin Username is not known there."})
	tested := newPageData(full)
	tested.Credentials.Tested = newTested(sampleHealth("Contoso"))
	harm := newPageData(hostile)
	harm.Credentials.Tested = newTested(sampleHealth(page.Hostile))
	harm.Settings = newSettingsForm(hostile, valuesOf(hostile.app.Job.Settings, time.Hour), page.Faults{"": page.Hostile, "notify": page.Hostile, "action-unassigned": page.Hostile, "grace-unassigned": page.Hostile})
	harm.Mode.Faults = page.Faults{"": page.Hostile}
	risky := newPageData(full)
	narrow := full.app.Job.Settings
	narrow.RemovalLimit, narrow.RemovalPercent, narrow.SkipOutOfScopeDeletions = 0, 0, true
	wide := full.app.Job.Settings
	wide.SyncAll = true
	risky.Settings = newSettingsForm(full, valuesOf(narrow, time.Hour), page.Faults{"": "Look at what it means below the settings, and confirm it there."})
	risky.Settings.Risks = risks(full, 120, wide, narrow)
	risky.Settings.Confirmation = page.Confirm(risky.Settings.Risks)
	sample := func(kind string, app page.Application, data pageData) page.Sample {
		return page.Sample{Page: "Provisioning", Case: kind, Path: app.Path(menu), Answer: a.page.Show(head(app), data)}
	}
	return []page.Sample{
		sample("full", full.app, newPageData(full)),
		sample("empty", fresh.app, newPageData(fresh)),
		sample("tested", full.app, tested),
		sample("refused", fresh.app, wrong),
		sample("to be confirmed", full.app, risky),
		sample("hostile", hostile.app, harm),
	}
}

func sampleState(app page.Application, label, username string) state {
	s := state{app: app, assigned: 9300, planned: username != ""}
	s.app.Job.Settings = provisioning.Settings{RemovalLimit: 500, RemovalPercent: 5, Notify: provisioning.Notify{Recipients: []string{"ana@contoso.com"}, Webhook: "https://hooks.contoso.com/x"}}
	s.descriptor.SignIns = []connector.SignIn{
		{Name: "Client secret", Help: "An External Client App with the client credentials flow.", Keys: []string{"BaseAddress", "ClientSecret"}},
		{Name: "Username and password", Help: "As in Microsoft Entra ID.", Keys: []string{"UserName", "Password"}},
	}
	add := func(setting provisioning.Setting, value string) {
		s.fields = append(s.fields, administration.CredentialField{Setting: setting, Value: value, Saved: username != ""})
	}
	add(provisioning.Setting{Key: "UserName", Label: label, Help: "Username of the Salesforce user that Usher signs in as.", Example: "usher@contoso.com"}, username)
	add(provisioning.Setting{Key: "Password", Label: "Admin Password", Help: "Password of that user.", Secret: true}, "")
	add(provisioning.Setting{Key: "BaseAddress", Label: "Tenant URL", Help: "My Domain URL of the org.", Example: "https://contoso.my.salesforce.com"}, "")
	add(provisioning.Setting{Key: "ClientSecret", Label: "Client Secret", Help: "Consumer secret of the External Client App.", Secret: true}, "")
	add(provisioning.Setting{Key: "DailyBudget", Label: "Daily budget", Help: "How far the org's API requests of 24 hours may be used.", Example: "80%"}, "")
	return s
}

func sampleHealth(name string) connector.Health {
	return connector.Health{
		Account: name, Organization: name, Version: "64.0", Warnings: []string{"The sign-in with a password is retired with Salesforce's Summer '27 release."},
		Granted: []connector.Permission{{Name: "View Setup and Configuration", Feature: "reading profiles and roles of users"}, {Name: name, Feature: name}},
		Missing: []connector.Permission{{Name: "Manage Internal Users", Feature: "creating, updating and deactivating users"}},
	}
}

package settings

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// sampleTenant is a made-up tenant.
const sampleTenant = "0f5a1d3e-6c2b-4d7f-9a10-2b3c4d5e6f70"

// sampleAdministrators are one of each kind.
func sampleAdministrators(now time.Time) []store.Administrator {
	visitor := page.SampleVisitor()
	return []store.Administrator{
		{
			ID: visitor.ID, Name: visitor.Name, DisplayName: visitor.DisplayName, Role: store.RoleAdministrator, Issuer: "https://login.contoso.com", Subject: "00u1a2b3",
			CreatedAt: now.Add(-90 * 24 * time.Hour), SignedInAt: now.Add(-20 * time.Minute),
		},
		{ID: "2", Name: "ben@contoso.com", DisplayName: "Ben Okoye", Role: store.RoleOperator, PasswordHash: provisioning.NewSecret("x"), CreatedAt: now.Add(-40 * 24 * time.Hour), SignedInAt: now.Add(-26 * time.Hour)},
		{ID: "3", Name: "cleo@contoso.com", DisplayName: "Cleo Marsh", Role: store.RoleReader, CreatedAt: now.Add(-time.Hour)},
		{ID: "4", Name: "dora@contoso.com", DisplayName: "Dora Nagy", Role: store.RoleAdministrator, PasswordHash: provisioning.NewSecret("x"), CreatedAt: now.Add(-300 * 24 * time.Hour), SignedInAt: now.Add(-60 * 24 * time.Hour), DisabledAt: now.Add(-30 * 24 * time.Hour)},
	}
}

func sampleSessions(now time.Time) []store.Session {
	visitor := page.SampleVisitor()
	session := func(id, whose, address, agent string, ago time.Duration) store.Session {
		return store.Session{
			ID: id, AdministratorID: whose, Address: address, UserAgent: agent, CreatedAt: now.Add(-ago), SeenAt: now.Add(-ago / 3), IdleAt: now.Add(7 * time.Hour), ExpiresAt: now.Add(100 * time.Hour),
		}
	}
	return []store.Session{
		session(visitor.SessionID, visitor.ID, "192.0.2.17", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 20*time.Minute),
		session("s2", visitor.ID, "2001:db8::17", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15", 3*time.Hour),
		session("s3", "2", "198.51.100.4", "", 26*time.Hour),
	}
}

// sampleSettings are settings with everything that can be set, some of it by a flag.
func sampleSettings() settings.Effective {
	kept := store.Settings{
		Version: 12, LogDays: 90, PublicURL: "https://usher.contoso.com",
		Mail:          store.MailServer{Address: "smtp.contoso.com:587", From: "usher@contoso.com", Security: store.MailStartTLS, Username: "usher", Password: provisioning.NewSecret("x")},
		WebhookSecret: provisioning.NewSecret("x"),
		SignIn: store.SignInSettings{IdleMinutes: 60, MaxHours: 24, OpenID: store.OpenIDProvider{
			Issuer: "https://login.contoso.com", ClientID: "usher", ClientSecret: provisioning.NewSecret("x"), Label: "Contoso", Scopes: []string{"profile", "email"}, Claim: "roles",
			Roles: map[string]store.Role{"Usher.Admins": store.RoleAdministrator, "Usher.Readers": store.RoleReader},
		}},
	}
	return settings.Effective{Settings: kept, Kept: kept}
}

func hostileSettings() settings.Effective {
	h := page.Hostile
	kept := store.Settings{
		PublicURL: h, Mail: store.MailServer{Address: h, From: h, Security: h, Username: h}, Unreadable: errors.New(h), //nolint:err113 // made up
		SignIn: store.SignInSettings{OpenID: store.OpenIDProvider{Issuer: h, ClientID: h, Label: h, Scopes: []string{h}, Claim: h, Roles: map[string]store.Role{h: store.Role(h)}, DefaultRole: store.Role(h)}},
	}
	return settings.Effective{Settings: kept, Kept: kept}
}

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	samples := append(a.peopleSamples(now), a.clientSamples(now)...)
	return append(append(samples, a.settingSamples(now)...), a.auditSamples(now)...)
}

func show(name, kind, path string, answer page.Answer) page.Sample {
	return page.Sample{Page: name, Case: kind, Path: path, Answer: answer}
}

func (a *Area) peopleSamples(now time.Time) []page.Sample {
	h, visitor := page.Hostile, page.SampleVisitor()
	all, sessions := sampleAdministrators(now), sampleSessions(now)
	harm := store.Administrator{ID: h, Name: h, DisplayName: h, Role: store.Role(h), Issuer: h, Subject: h, DisabledAt: now}
	harmSession := store.Session{ID: h, AdministratorID: h, Address: h, UserAgent: h}
	provider := sampleSettings().SignIn.OpenID
	one := func(kind string, of store.Administrator, sessions []store.Session, faults page.Faults) page.Sample {
		data := newAdministratorData(of, sessions, provider, visitor)
		data.Faults, data.RoleEdit.Fault = whole(faults), faults["role"]
		return show("Administrator", kind, data.Path, a.administrator.Show(administratorHead(of.Name), data))
	}
	link := func(kind string, of auth.Link, address string) page.Sample {
		if of.Token == "" {
			of.Token = "XyZ0-9abcDEF"
		}
		data := newLinkData(of, address)
		return show("Link for an administrator", kind, administratorsPath, a.link.Show(linkHead(data), data))
	}
	removal := func(kind string, of store.Administrator, sessions int, faults page.Faults) page.Sample {
		data := newRemovalData(of, use{Sessions: make([]store.Session, sessions)}, visitor)
		data.Faults = faults
		return show("Remove an administrator", kind, data.Path+"/remove", a.removal.Show(removalHead(data.administratorRow), data))
	}
	last := page.Faults{"": page.Sentence(auth.ErrLast.Error())}
	asked := func(kind, title string, of store.Administrator, changed bool, data askedData) page.Sample {
		data.Confirmation.Changed = changed
		return show("Ask about an administrator", kind, data.Path, a.asked.Show(askedHead(title, of), data))
	}
	return []page.Sample{
		show("Administrators", "full", administratorsPath, a.administrators.Show(administratorsHead(), newAdministratorsData(all, map[string]int{all[0].ID: 2, all[1].ID: 1}, visitor.ID))),
		show("Administrators", "empty", administratorsPath, a.administrators.Show(administratorsHead(), newAdministratorsData(nil, nil, ""))),
		show("Administrators", "hostile", administratorsPath, a.administrators.Show(administratorsHead(), newAdministratorsData([]store.Administrator{harm}, map[string]int{harm.ID: 1}, ""))),
		one("full", all[0], sessions[:2], nil), one("with a password", all[1], sessions[2:], nil), one("empty", all[2], nil, nil), one("last", all[3], nil, last),
		one("hostile", harm, []store.Session{harmSession}, page.Faults{"": h, "role": h}),
		show("Invite an administrator", "empty", administratorsPath+"/invite", a.invitation.Show(invitationHead(), newInvitationData(auth.Invitation{Role: store.RoleReader}, nil))),
		show("Invite an administrator", "hostile", administratorsPath+"/invite", a.invitation.Show(invitationHead(), newInvitationData(auth.Invitation{Name: h, DisplayName: h, Role: store.Role(h)}, page.Faults{"": h, "name": h, "role": h})).With(http.StatusUnprocessableEntity)),
		link("full", auth.Link{Purpose: store.LinkInvitation, Expires: now.Add(auth.InvitationLifetime), Name: "eve@contoso.com", DisplayName: "Eve Kim", Role: store.RoleOperator}, "https://usher.contoso.com"),
		link("not encrypted", auth.Link{Purpose: store.LinkReset, Expires: now.Add(auth.ResetLifetime), Name: "ben@contoso.com", DisplayName: "Ben Okoye", Role: store.RoleOperator}, "http://127.0.0.1:8080"),
		link("hostile", auth.Link{Token: h, Name: h, DisplayName: h, Role: store.Role(h)}, h),
		removal("full", all[1], 2, nil), removal("you, the last one", all[0], 1, last), removal("empty", all[2], 0, nil), removal("hostile", harm, 0, page.Faults{"": h}),
		asked("disable", "Disable "+all[1].Name, all[1], false, newDisabling(all[1], use{sessions[:2], true}, visitor)), asked("disable, changed meanwhile", "Disable "+all[0].Name, all[0], true, newDisabling(all[0], use{}, visitor)),
		asked("less of a role", "Change the role of "+all[1].Name, all[1], false, newDemotion(all[1], store.RoleReader, visitor)), asked("end sessions", "End the sessions of "+all[1].Name, all[1], false, newEnding(all[1], use{sessions[1:], false}, visitor)),
		asked("hostile", h, harm, false, newDisabling(harm, use{[]store.Session{harmSession}, true}, visitor)), asked("hostile role", h, harm, false, newDemotion(harm, store.Role(h), visitor)),
		show("Sessions", "full", sessionsPath, a.sessions.Show(sessionsHead(), sessionsData{newSessionRows(sessions, all, visitor.SessionID), page.Pager{Next: sessionsPath + "?cursor=x"}})),
		show("Sessions", "empty", sessionsPath, a.sessions.Show(sessionsHead(), sessionsData{})),
		show("Sessions", "hostile", sessionsPath, a.sessions.Show(sessionsHead(), sessionsData{Rows: newSessionRows([]store.Session{harmSession}, []store.Administrator{harm}, "")})),
	}
}

func (a *Area) clientSamples(now time.Time) []page.Sample {
	h := page.Hostile
	clients := []store.APIClient{
		{ID: "5b0d9a52-51aa-4b5c-8f0e-0c1e6a1d2f01", Name: "ci", Role: store.RoleOperator, PublicKey: "x", CreatedAt: now.Add(-200 * time.Hour)},
		{ID: "5b0d9a52-51aa-4b5c-8f0e-0c1e6a1d2f02", Name: "old dashboard", Role: store.RoleReader, CreatedAt: now.Add(-2000 * time.Hour), RevokedAt: now.Add(-100 * time.Hour)},
		{ID: "5b0d9a52-51aa-4b5c-8f0e-0c1e6a1d2f03", Name: "terraform", Role: store.RoleAdministrator, CreatedAt: now.Add(-900 * time.Hour)},
	}
	secrets := map[string][]store.APISecret{clients[2].ID: {
		{Hint: "usher_k3x", CreatedAt: now.Add(-time.Hour)},
		{Hint: "usher_9Qa", CreatedAt: now.Add(-900 * time.Hour), ExpiresAt: now.Add(23 * time.Hour)},
		{Hint: "usher_0zz", CreatedAt: now.Add(-1900 * time.Hour), ExpiresAt: now.Add(-23 * time.Hour)},
	}}
	harm := store.APIClient{ID: h, Name: h, Role: store.Role(h), PublicKey: h}
	harmSecrets := []store.APISecret{{Hint: h}}
	one := func(kind string, of store.APIClient, secrets []store.APISecret, grace string, faults page.Faults) page.Sample {
		data := newClientDataOf(of, secrets, sampleTenant, grace, "", faults, now)
		return show("API client", kind, data.Path, a.client.Show(clientHead(of.Name), data))
	}
	made := func(kind string, issued auth.Issued, tenant string, renewed bool) page.Sample {
		data := newSecretData(issued, tenant, "https://usher.contoso.com")
		data.Renewed = renewed
		return show("Secret of an API client", kind, clientsPath, a.secret.Show(secretHead(data), data))
	}
	cut := func(kind string, of store.APIClient, secrets []store.APISecret, key string) page.Sample {
		data := newCutOff(newClientRow(of, secrets, now), "Public key, and 1 secret", "0s", key)
		return show("Rotate an API client at once", kind, data.Path, a.asked.Show(clientHead("Rotate "+of.Name), data))
	}
	revoke := func(kind string, of store.APIClient, secrets []store.APISecret) page.Sample {
		data := newRevocationData(of, secrets, now)
		return show("Revoke an API client", kind, data.Path+"/revoke", a.revocation.Show(revocationHead(data.clientRow), data))
	}
	return []page.Sample{
		show("API clients", "full", clientsPath, a.clients.Show(clientsHead(), newClientsData(clients, secrets, sampleTenant, now))),
		show("API clients", "empty", clientsPath, a.clients.Show(clientsHead(), newClientsData(nil, nil, sampleTenant, now))),
		show("API clients", "hostile", clientsPath, a.clients.Show(clientsHead(), newClientsData([]store.APIClient{harm}, map[string][]store.APISecret{h: harmSecrets}, h, now))),
		show("New API client", "empty", clientsPath+"/new", a.newClient.Show(newClientHead(), newNewClientData("", store.RoleReader, "", nil))),
		show("New API client", "hostile", clientsPath+"/new", a.newClient.Show(newClientHead(), newNewClientData(h, store.Role(h), h, page.Faults{"": h, "name": h, "publicKey": h})).With(http.StatusUnprocessableEntity)),
		made("full", auth.Issued{Client: clients[2], Secret: provisioning.NewSecret("usher_k3xJw0fQ2rT5yU8iO1pA4sD7fG0hJ3kL6zX9cV2bN5m")}, sampleTenant, true),
		made("with a key", auth.Issued{Client: clients[0]}, sampleTenant, false),
		made("hostile", auth.Issued{Client: harm, Secret: provisioning.NewSecret(h)}, h, false),
		one("full", clients[2], secrets[clients[2].ID], "24h", nil), one("with a key", clients[0], nil, "0s", nil), one("empty", clients[1], nil, "24h", nil),
		one("hostile", harm, harmSecrets, h, page.Faults{"": h, "grace": h, "publicKey": h}),
		cut("full", clients[2], secrets[clients[2].ID], ""), cut("hostile", harm, harmSecrets, h),
		revoke("full", clients[2], secrets[clients[2].ID]), revoke("empty", clients[0], nil), revoke("hostile", harm, harmSecrets),
	}
}

func (a *Area) settingSamples(now time.Time) []page.Sample {
	h, full, none, harm := page.Hostile, sampleSettings(), settings.Effective{}, hostileSettings()
	meanwhile := page.Faults{"": "Somebody else saved settings while you edited, so nothing was saved.", nameOf(settings.MailFrom): "Saved now: “usher@fabrikam.com”.", nameOf(settings.OpenIDLabel): "Saved now: nothing."}
	allFaults := page.Faults{"": h}
	for _, each := range append(append(notificationSettings(), signInSettings()...), retentionSettings()...) {
		allFaults[nameOf(each.field)] = h
	}
	fixed := newNotificationsData(full, nil, nil)
	for i := range fixed.Mail {
		fixed.Mail[i].Origin, fixed.Mail[i].Disabled, fixed.Mail[i].Forget = "--smtp-address", true, ""
	}
	untaken := newNotificationsData(full, nil, nil)
	untaken.TestTo.Value, untaken.TestTo.Fault = "ann@contoso.com", "The mail was not taken: smtp.contoso.com:587 refused the connection. It may be different in a while."
	notifications := func(kind string, data notificationsData) page.Sample {
		return show("Notifications", kind, notificationsPath, a.notifications.Show(notificationsHead(), data))
	}
	signIn := func(kind string, now settings.Effective, faults page.Faults, checked string) page.Sample {
		data := newSignInData(now, "https://usher.contoso.com", nil, faults)
		data.Checked, data.Secrets = checked, checked != ""
		return show("Sign-in settings", kind, signInPath, a.signIn.Show(signInHead(), data))
	}
	out := func(kind string, now settings.Effective, names []string) page.Sample {
		data := newSignInData(now, "https://usher.contoso.com", nil, nil)
		data.KeptOut, data.Confirmation = names, page.Confirm(names)
		return show("Sign-in settings", kind, signInPath, a.signIn.Show(signInHead(), data))
	}
	retention := func(kind string, now settings.Effective, faults page.Faults) page.Sample {
		return show("Retention", kind, retentionPath, a.retention.Show(retentionHead(), newRetentionData(now, nil, faults)))
	}
	shortening := func(kind, entered string, count store.Count) page.Sample {
		data := newShorteningData(12, entered, store.LogForever, 7, count, now.Add(-7*24*time.Hour))
		data.Oldest = now.Add(-90 * 24 * time.Hour)
		return show("Keep the log for less time", kind, retentionPath, a.shortening.Show(shorteningHead(), data))
	}
	about := func(kind, version string, state store.DatabaseState, nodes []store.Node, tenant string) page.Sample {
		data := newAboutData(version, state, nodes, "01936f2e-7c1a-7000-8000-000000000001", now)
		data.Tenant, data.Address = tenant, "https://usher.contoso.com"
		return show("About", kind, aboutPath, a.about.Show(head("About Usher"), data))
	}
	state := standing{settings: full, administrators: sampleAdministrators(now), clients: []store.APIClient{{}}}
	return []page.Sample{
		show("Settings", "full", root, a.overview.Show(overviewHead(), newOverviewData(state, true))),
		show("Settings", "empty", root, a.overview.Show(overviewHead(), newOverviewData(standing{}, true))),
		show("Settings", "for a reader", root, a.overview.Show(overviewHead(), newOverviewData(state, false))),
		show("Settings", "hostile", root, a.overview.Show(overviewHead(), newOverviewData(standing{settings: harm}, true))),
		notifications("full", newNotificationsData(full, nil, nil)), notifications("empty", newNotificationsData(none, nil, nil)),
		notifications("set by a flag", fixed), notifications("test not taken", untaken), notifications("changed meanwhile", newNotificationsData(full, nil, meanwhile)),
		notifications("hostile", newNotificationsData(harm, nil, allFaults)),
		signIn("full", full, nil, ""), signIn("empty", none, nil, ""), signIn("checked", full, nil, "https://login.contoso.com"), signIn("changed meanwhile", full, meanwhile, ""),
		signIn("hostile", harm, allFaults, h), out("keeps people out", full, []string{"ann@contoso.com", "ben@contoso.com"}), out("hostile, keeps people out", harm, slices.Repeat([]string{h}, 12)),
		retention("full", full, nil), retention("empty", none, nil), retention("hostile", harm, allFaults),
		shortening("full", "7", store.Count{Number: 10000, More: true}), shortening("empty", "7", store.Count{}), shortening("hostile", h, store.Count{Number: 1}),
		about("full", "1.0.0", store.DatabaseState{Kind: "PostgreSQL", Version: "17.2", Bytes: 734 << 20, Migration: "0034_nodes", MigratedAt: now.Add(-50 * time.Hour), Migrations: 34, Known: 34}, []store.Node{
			{ID: "01936f2e-7c1a-7000-8000-000000000001", Host: "usher-6c9f7d8b5-x2x9q", Version: "1.0.0", StartedAt: now.Add(-50 * time.Hour), SeenAt: now.Add(-3 * time.Second)},
			{ID: "01936f2e-7c1a-7000-8000-000000000002", Host: "usher-6c9f7d8b5-kp4mz", Version: "1.1.0", StartedAt: now.Add(-time.Hour), SeenAt: now.Add(-9 * time.Second)},
			{ID: "01936f2e-7c1a-7000-8000-000000000003", Host: "usher-6c9f7d8b5-dead0", Version: "1.0.0", StartedAt: now.Add(-50 * time.Hour), SeenAt: now.Add(-time.Hour)},
		}, sampleTenant),
		about("empty", "", store.DatabaseState{}, nil, ""), about("hostile", h, store.DatabaseState{Kind: h, Version: h, Migration: h}, []store.Node{{ID: h, Host: h, Version: h}}, h),
	}
}

func (a *Area) auditSamples(now time.Time) []page.Sample {
	h := page.Hostile
	audits := []journal.Audit{
		{At: now.Add(-3 * time.Minute), Activity: "Update service settings", Actor: "ann@contoso.com (administrator)", Subject: "Usher", Detail: "mail.address smtp.contoso.com:587, before not set; mail.password changed"},
		{At: now.Add(-2 * time.Hour), Activity: "Add app role assignment", Actor: "ben@contoso.com (administrator)", Subject: "Salesforce", Detail: "the group Sales in the role Standard User"},
		{At: now.Add(-26 * time.Hour), Activity: "Sign in", Actor: "ann@contoso.com (administrator)", Subject: "ann@contoso.com", Detail: "with a password, from 192.0.2.17"},
		{At: now.Add(-27 * time.Hour), Activity: "Import roles", Subject: "Salesforce"},
	}
	list := func(kind string, f auditFilter, audits []journal.Audit, pager page.Pager) page.Sample {
		_, faults := f.search()
		return show("Audit log", kind, f.path(auditPath), a.audit.Show(auditHead(), newAuditData(f, audits, pager, faults)))
	}
	return []page.Sample{
		list("full", auditFilter{}, audits, page.Pager{Next: "?cursor=next"}), list("empty", auditFilter{}, nil, page.Pager{}),
		list("filtered", auditFilter{Activity: "Sign in", Actor: "ann@contoso.com (administrator)", From: "2026-01-31"}, audits[2:3], page.Pager{}),
		list("nothing found", auditFilter{Text: "nobody"}, nil, page.Pager{}), list("nothing found so far", auditFilter{Text: "nobody"}, nil, page.Pager{Next: "?cursor=next"}),
		list("long", auditFilter{}, []journal.Audit{{At: now, Activity: "Update attribute mapping", Actor: "ana@contoso.com", Subject: "Salesforce", Detail: strings.Repeat("attribute mapping Title removed, was: [jobTitle]; ", 400)}}, page.Pager{}),
		list("hostile", auditFilter{h, h, h, h, h}, []journal.Audit{{At: now, Activity: h, Actor: h, Subject: h, Detail: h}}, page.Pager{}),
	}
}

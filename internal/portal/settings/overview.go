package settings

import (
	"context"
	"strings"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
)

// overviewData is what can be set, with how it is set now.
type overviewData struct {
	Unreadable string // why the secrets of the settings cannot be read, empty when they can
	Tiles      []tile
}

// tile leads to one page.
type tile struct {
	Icon, Title, Path, Text string
	State                   string // how it is now; empty for those who may not see it
	Locked                  bool   // the visitor may not open it
}

func overviewHead() page.Head {
	return page.Head{Title: "Settings", Section: root, Lead: "The service itself: who may use it, how it tells people of failures, and what it keeps."}
}

func (a *Area) showOverview(ctx context.Context, r *page.Request) (page.Answer, error) {
	if !r.Visitor.Administers() {
		return a.overview.Show(overviewHead(), newOverviewData(standing{}, false)), nil
	}
	now := standing{settings: a.Settings.Effective()}
	var err error
	if now.administrators, err = a.People.Administrators(ctx); err != nil {
		return page.Answer{}, err
	}
	if now.clients, err = a.Store.APIClients(ctx); err != nil {
		return page.Answer{}, err
	}
	return a.overview.Show(overviewHead(), newOverviewData(now, true)), nil
}

// standing is how the service is set up.
type standing struct {
	settings       settings.Effective
	administrators []store.Administrator
	clients        []store.APIClient
}

func newOverviewData(now standing, administers bool) overviewData {
	data := overviewData{Tiles: []tile{
		{Icon: "users", Title: "Administrators", Path: administratorsPath, Text: "Who may sign in to the portal, in which role, and where they are signed in.", State: now.people()},
		{Icon: "key", Title: "API clients", Path: clientsPath, Text: "Programs that use the API, with their secrets.", State: now.programs()},
		{Icon: "bell", Title: "Notifications", Path: notificationsPath, Text: "The mail server, the secret that signs webhooks, and the address in links.", State: now.notifications()},
		{Icon: "login", Title: "Sign-in", Path: signInPath, Text: "OpenID Connect and its roles, passwords, and how long sessions last.", State: now.signIn()},
		{Icon: "calendar", Title: "Retention", Path: retentionPath, Text: "How long the provisioning log is kept.", State: now.retention()},
		{Icon: "history", Title: "Audit log", Path: auditPath, Text: "What administrators did, and when."},
		{Icon: "info-circle", Title: "About Usher", Path: aboutPath, Text: "Version, database and addresses."},
	}}
	if administers {
		data.Unreadable = unreadable(now.settings)
		return data
	}
	for i := range data.Tiles {
		each := &data.Tiles[i]
		each.State = ""
		each.Locked = each.Path != auditPath && each.Path != aboutPath
	}
	return data
}

func (s standing) people() string {
	in, invited := 0, 0
	for _, a := range s.administrators {
		switch {
		case a.Disabled():
		case a.Invited():
			invited++
		default:
			in++
		}
	}
	text := page.Plural(in, "person", "people") + " may sign in"
	if invited > 0 {
		text += ", " + page.Number(invited) + " invited"
	}
	return text
}

func (s standing) programs() string {
	count := 0
	for _, client := range s.clients {
		if !client.Revoked() {
			count++
		}
	}
	if count == 0 {
		return "No client yet"
	}
	return page.Plural(count, "client", "clients")
}

func (s standing) notifications() string {
	parts := []string{"No mail server"}
	if s.settings.Mail.Address != "" {
		parts[0] = "Mail through " + s.settings.Mail.Address
	}
	if s.settings.WebhookSecret.IsZero() {
		return parts[0] + ", webhooks are not signed"
	}
	return strings.Join(append(parts, "webhooks are signed"), ", ")
}

func (s standing) signIn() string {
	provider := s.settings.SignIn.OpenID
	switch {
	case provider.Issuer == "":
		return "Passwords"
	case s.settings.SignIn.PasswordsOff:
		return "OpenID Connect alone"
	}
	return "OpenID Connect and passwords"
}

func (s standing) retention() string { return kept(s.settings.LogDays) }

// unreadable says that the secrets of the settings cannot be opened.
func unreadable(e settings.Effective) string {
	if e.Unreadable == nil {
		return ""
	}
	return page.Sentence(e.Unreadable.Error())
}

package settings

import (
	"context"
	"embed"
	"errors"
	"net/http"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

//go:embed *.tmpl
var files embed.FS

// Notifier delivers a notice with the settings as they are saved.
type Notifier interface {
	Mail(ctx context.Context, recipient string, notice provisioning.Notice) error
	Post(ctx context.Context, webhook string, notice provisioning.Notice) error
}

// Store is what the pages read of the database besides what administration does.
type Store interface {
	store.APIClients
	store.Nodes

	// Tenant returns the id of the one tenant.
	Tenant(ctx context.Context) (string, error)
}

// Config is what the area needs of the rest of the program. For samples all of it may be
// missing.
type Config struct {
	Administration *administration.Service
	Store          Store
	People         *auth.People
	Settings       *settings.Live
	Notifier       Notifier
	Version        string // of Usher
	Node           string // id of this process among those that serve
}

// Area is the settings of the service.
type Area struct {
	Config

	overview       page.Page[overviewData]
	administrators page.Page[administratorsData]
	administrator  page.Page[administratorData]
	removal        page.Page[removalData]
	invitation     page.Page[invitationData]
	link           page.Page[linkData]
	sessions       page.Page[sessionsData]
	clients        page.Page[clientsData]
	client         page.Page[clientData]
	newClient      page.Page[newClientData]
	secret         page.Page[secretData]
	revocation     page.Page[revocationData]
	notifications  page.Page[notificationsData]
	signIn         page.Page[signInData]
	retention      page.Page[retentionData]
	shortening     page.Page[shorteningData]
	asked          page.Page[askedData]
	audit          page.Page[auditData]
	about          page.Page[aboutData]
}

// New returns the area.
func New(config Config) *Area {
	return &Area{
		Config:         config,
		overview:       page.Parse[overviewData]("overview.tmpl", files),
		administrators: page.Parse[administratorsData]("administrators.tmpl", files),
		administrator:  page.Parse[administratorData]("administrator.tmpl", files),
		removal:        page.Parse[removalData]("removal.tmpl", files),
		invitation:     page.Parse[invitationData]("invitation.tmpl", files),
		link:           page.Parse[linkData]("link.tmpl", files),
		sessions:       page.Parse[sessionsData]("sessions.tmpl", files),
		clients:        page.Parse[clientsData]("clients.tmpl", files),
		client:         page.Parse[clientData]("client.tmpl", files),
		newClient:      page.Parse[newClientData]("client_new.tmpl", files),
		secret:         page.Parse[secretData]("secret.tmpl", files),
		revocation:     page.Parse[revocationData]("revocation.tmpl", files),
		notifications:  page.Parse[notificationsData]("notifications.tmpl", files),
		signIn:         page.Parse[signInData]("sign_in.tmpl", files),
		retention:      page.Parse[retentionData]("retention.tmpl", files),
		shortening:     page.Parse[shorteningData]("shortening.tmpl", files),
		asked:          page.Parse[askedData]("asked.tmpl", files),
		audit:          page.Parse[auditData]("audit.tmpl", files),
		about:          page.Parse[aboutData]("about.tmpl", files),
	}
}

// The paths of the area.
const (
	root               = "/settings"
	administratorsPath = root + "/administrators"
	sessionsPath       = root + "/sessions"
	clientsPath        = root + "/api-clients"
	notificationsPath  = root + "/notifications"
	signInPath         = root + "/sign-in"
	retentionPath      = root + "/retention"
	auditPath          = root + "/audit"
	aboutPath          = root + "/about"
)

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const needs = store.RoleAdministrator
	r.Get(root, a.showOverview)
	r.Get(aboutPath, a.showAbout)
	r.Get(auditPath, a.showAudit)
	r.SlowGet(auditPath+"/download", a.downloadAudit)

	r.GetFor(administratorsPath, needs, a.showAdministrators)
	r.GetFor(administratorsPath+"/invite", needs, a.askInvitation)
	r.Post(administratorsPath+"/invite", needs, a.invite)
	const one = administratorsPath + "/{administrator}"
	r.GetFor(one, needs, a.showAdministrator)
	r.Post(one+"/role", needs, a.setRole)
	r.Post(one+"/disable", needs, a.disable)
	r.Post(one+"/enable", needs, a.enable)
	r.Post(one+"/link", needs, a.makeLink)
	r.Post(one+"/sessions", needs, a.revokeSessions)
	r.GetFor(one+"/remove", needs, a.askRemoval)
	r.Post(one+"/remove", needs, a.remove)
	r.GetFor(sessionsPath, needs, a.showSessions)
	r.Post(sessionsPath+"/revoke", needs, a.revokeSession)

	r.GetFor(clientsPath, needs, a.showClients)
	r.GetFor(clientsPath+"/new", needs, a.askClient)
	r.Post(clientsPath+"/new", needs, a.createClient)
	const program = clientsPath + "/{client}"
	r.GetFor(program, needs, a.showClient)
	r.Post(program+"/rotate", needs, a.rotateClient)
	r.GetFor(program+"/revoke", needs, a.askRevocation)
	r.Post(program+"/revoke", needs, a.revokeClient)

	r.GetFor(notificationsPath, needs, a.showNotifications)
	r.Post(notificationsPath, needs, a.saveNotifications)
	r.SlowPost(notificationsPath+"/test-mail", needs, a.testMail)
	r.SlowPost(notificationsPath+"/test-webhook", needs, a.testWebhook)
	r.GetFor(signInPath, needs, a.showSignIn)
	r.Post(signInPath, needs, a.saveSignIn)
	r.SlowPost(signInPath+"/check", needs, a.checkProvider)
	r.GetFor(retentionPath, needs, a.showRetention)
	r.Post(retentionPath, needs, a.saveRetention)
}

// head is the head of a page below the overview.
func head(title string, above ...page.Link) page.Head {
	return page.Head{Title: title, Section: root, Crumbs: append([]page.Link{{Text: "Settings", Path: root}}, above...)}
}

// by is the visitor as the sign-in of people knows them.
func by(r *page.Request) auth.Visitor { return auth.Visitor(r.Visitor) }

// refused makes a page of what the sign-in of people says no to.
func refused(err error) error {
	switch input, isInput := errors.AsType[*auth.InputError](err); {
	case isInput:
		return page.Invalid(input.Field, "%s", page.Sentence(input.Reason))
	case errors.Is(err, auth.ErrLast):
		return page.Refused("Nobody would be left", page.Sentence(auth.ErrLast.Error()), "Invite somebody with the role administrator, or give the role to somebody; then do this again.")
	case errors.Is(err, auth.ErrRevoked):
		return page.Refused("The client was revoked", page.Sentence(auth.ErrRevoked.Error()), "Make another client.")
	case errors.Is(err, auth.ErrForbidden):
		return &page.Fault{Status: http.StatusForbidden, Title: "You may not do this", Text: page.Sentence(auth.ErrForbidden.Error()), Advice: "Ask an administrator."}
	}
	return err
}

// roleOptions are the roles to choose from, with what they may.
func roleOptions(selected store.Role) []page.Option {
	return page.Options(string(selected),
		[2]string{string(store.RoleReader), "Reader: sees applications, people and logs; no secrets, and not the settings for administrators"},
		[2]string{string(store.RoleOperator), "Operator: also runs, pauses, retries and applies previews"},
		[2]string{string(store.RoleAdministrator), "Administrator: may do everything"})
}

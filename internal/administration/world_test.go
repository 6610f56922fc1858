package administration_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Ids of the people and groups.
const (
	ana       = "aaaaaaaa-0000-0000-0000-0000000000b1"
	ben       = "aaaaaaaa-0000-0000-0000-0000000000b2"
	cleo      = "aaaaaaaa-0000-0000-0000-0000000000b3"
	sales     = "aaaaaaaa-0000-0000-0000-0000000000c1"
	marketing = "aaaaaaaa-0000-0000-0000-0000000000c2"
)

// world is a database with three people, ana and ben in the group Sales, ben in
// Marketing, which is inside no group, and a simulated org.
type world struct {
	tb    testing.TB
	store *sqlstore.Store
	org   *salesforcetest.Org
	*administration.Service
	acts  administration.Acts
	woken int
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return newWorldOn(tb, sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db")})
}

func newWorldOn(tb testing.TB, config sqlstore.Config) *world {
	tb.Helper()
	w := &world{tb: tb}
	var err error
	w.org, err = salesforcetest.New(salesforcetest.Default())
	w.must(err)
	config.Sealer = plainSealer{}
	w.store, err = sqlstore.Open(tb.Context(), config)
	w.must(err)
	tb.Cleanup(func() { w.must(w.store.Close()) })
	ports := w.store.Engine()
	w.Service = &administration.Service{
		Store: w.store, Catalogue: journal.NewCatalogue(), Wake: func(context.Context, string) { w.woken++ },
		Runner: &engine.Runner{
			Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: slog.New(slog.DiscardHandler)},
			Jobs:   w.store, Gallery: connector.Gallery{salesforce.Template(salesforce.Options{}), salesforce.SandboxTemplate(salesforce.Options{})},
			Environment: connector.Environment{Transport: w.org.Client().Transport},
		},
	}
	w.acts = w.By("dora@contoso.com")
	w.fill()
	return w
}

// plainSealer seals nothing: these tests keep no real secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) fill() {
	w.tb.Helper()
	ctx := w.tb.Context()
	for id, name := range map[string]string{ana: "Ana Lima", ben: "Ben Okoye", cleo: "Cleo Marsh"} {
		given, family, _ := strings.Cut(name, " ")
		mail := strings.ToLower(given) + "@contoso.com"
		w.must(w.store.PutUser(ctx, directory.User{
			ID: id, UserPrincipalName: mail, DisplayName: name, AccountEnabled: true,
			Attributes: attr.New("User", id, map[string]attr.Value{
				"givenName": attr.Text(given), "surname": attr.Text(family), "mail": attr.Text(mail), "mailNickname": attr.Text(strings.ToLower(given)),
			}),
		}))
	}
	for id, group := range map[string]string{sales: "Sales", marketing: "Marketing"} {
		w.must(w.store.PutGroup(ctx, directory.Group{ID: id, DisplayName: group, SecurityEnabled: true}))
	}
	for _, member := range []directory.Member{{Group: sales, Member: ana}, {Group: sales, Member: ben}, {Group: marketing, Member: ben}} {
		member.Type = "User"
		w.must(w.store.PutMember(ctx, member))
	}
}

// add adds Salesforce.
func (w *world) add() administration.Application {
	w.tb.Helper()
	app, err := w.acts.AddApplication(w.tb.Context(), "salesforce", "")
	w.must(err)
	return app
}

// entered is what a form sends that has everything.
func (w *world) entered() administration.Entered {
	known := w.org.Credentials()
	return administration.Entered{
		"UserName": known.Username, "Password": known.Password, "SecretToken": known.SecurityToken, "BaseAddress": "https://contoso.my.salesforce.com",
	}
}

// connected adds Salesforce, saves what it is signed in to with, and imports its roles.
func (w *world) connected() administration.Application {
	w.tb.Helper()
	app := w.add()
	_, err := w.acts.SaveEntered(w.tb.Context(), app, w.entered())
	w.must(err)
	return w.again(app)
}

// again reads an application anew.
func (w *world) again(app administration.Application) administration.Application {
	w.tb.Helper()
	app, err := w.Application(w.tb.Context(), app.ID)
	w.must(err)
	return app
}

// assigned is connected with Sales assigned as Standard User.
func (w *world) assigned() administration.Application {
	w.tb.Helper()
	app := w.connected()
	w.assign(app, "Group", "Sales", "Standard User")
	return app
}

func (w *world) assign(app administration.Application, kind, principal, role string) directory.Assignment {
	w.tb.Helper()
	made, _, err := w.acts.Assign(w.tb.Context(), app, administration.NewAssignment{PrincipalType: kind, Principal: principal, Role: role})
	w.must(err)
	return made
}

// cycle runs a cycle.
func (w *world) cycle(app administration.Application) provisioning.Run {
	w.tb.Helper()
	var run provisioning.Run
	w.must(w.Session(w.tb.Context(), app.Application, func(session engine.Session) (err error) {
		run, err = w.Runner.Run(w.tb.Context(), session, engine.Run{})
		return err
	}))
	return run
}

// audits returns activity, actor and detail of the latest records, the newest first.
func (w *world) audits(count int) []string {
	w.tb.Helper()
	var texts []string
	for record, err := range w.store.Audits(w.tb.Context(), count) {
		w.must(err)
		texts = append(texts, record.Activity+" | "+record.Actor+" | "+record.Detail)
	}
	return texts
}

// refused fails unless the error is a refusal with this code.
func (w *world) refused(err error, code administration.Code) {
	w.tb.Helper()
	_ = w.refusal(err, code)
}

// refusal is refused, and returns the refusal.
func (w *world) refusal(err error, code administration.Code) *administration.Refusal {
	w.tb.Helper()
	refusal, ok := errors.AsType[*administration.Refusal](err)
	if !ok || refusal.Code != code {
		w.tb.Fatalf("got %v (%T), want a refusal %s", err, err, code)
	}
	return refusal
}

// contains fails unless the list has the text.
func (w *world) contains(list []string, text string) {
	w.tb.Helper()
	if !slices.ContainsFunc(list, func(item string) bool { return strings.Contains(item, text) }) {
		w.tb.Errorf("%q is not in\n  %s", text, strings.Join(list, "\n  "))
	}
}

// profiles returns the profile of each active account of the org, by its username. It
// looks past the org's API.
func (w *world) profiles() map[string]string {
	profiles := map[string]string{}
	for _, user := range w.org.Users() {
		if user.IsActive {
			profiles[user.Username] = user.ProfileName
		}
	}
	return profiles
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}

package settings

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// administratorData is one administrator, with what can be done about them.
type administratorData struct {
	administratorRow

	ID       string
	Created  time.Time
	Disabled time.Time
	Issuer   string // of the OpenID provider that they come from
	Subject  string // their id there
	Given    string // the claim that gives their role, empty when it is given here
	RoleEdit page.Field
	Faults   page.Faults // of the form as a whole
	Devices  []sessionRow
}

// sessionRow is where somebody is signed in.
type sessionRow struct {
	ID        string
	Name      string // of the administrator
	Path      string // of the administrator
	Address   string
	UserAgent string
	Began     time.Time
	Seen      time.Time
	Ends      time.Time
	Yours     bool // the visitor uses it now
}

func administratorHead(name string) page.Head {
	return head(name, page.Link{Text: "Administrators", Path: administratorsPath})
}

// administratorOf returns the administrator of the path, by the id.
func (a *Area) administratorOf(ctx context.Context, r *page.Request) (store.Administrator, error) {
	found, err := a.People.Store.Administrator(ctx, r.Path("administrator"))
	if errors.Is(err, store.ErrNotFound) {
		return found, page.NotFound("There is no such administrator.")
	}
	return found, err
}

func (a *Area) showAdministrator(ctx context.Context, r *page.Request) (page.Answer, error) {
	found, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.administratorPage(ctx, r, found, nil)
}

func (a *Area) administratorPage(ctx context.Context, r *page.Request, of store.Administrator, faults page.Faults) (page.Answer, error) {
	sessions, err := a.People.Sessions(ctx, by(r), of.ID)
	if err != nil {
		return page.Answer{}, refused(err)
	}
	data := newAdministratorData(of, sessions, a.Settings.Effective().SignIn.OpenID, r.Visitor)
	data.Faults, data.RoleEdit.Fault = whole(faults), faults["role"]
	answer := a.administrator.Show(administratorHead(of.Name), data)
	if len(faults) > 0 {
		answer = answer.With(http.StatusUnprocessableEntity)
	}
	return answer, nil
}

func newAdministratorData(of store.Administrator, sessions []store.Session, provider store.OpenIDProvider, visitor page.Visitor) administratorData {
	data := administratorData{
		administratorRow: newAdministratorRow(of, visitor.ID), ID: of.ID, Created: of.CreatedAt, Disabled: of.DisabledAt, Issuer: of.Issuer, Subject: of.Subject,
		RoleEdit: page.Field{Name: "role", Label: "Role", Type: "select", Options: roleOptions(of.Role), Help: "It holds from their next click on."},
	}
	if of.Subject != "" && of.Issuer == provider.Issuer && provider.Claim != "" {
		data.Given = provider.Claim
	}
	data.Devices = newSessionRows(sessions, []store.Administrator{of}, visitor.SessionID)
	data.Sessions = len(data.Devices)
	return data
}

func newSessionRows(sessions []store.Session, all []store.Administrator, current string) []sessionRow {
	names := map[string]string{}
	for _, a := range all {
		names[a.ID] = a.Name
	}
	var rows []sessionRow
	for _, session := range sessions {
		ends := session.ExpiresAt
		if session.IdleAt.Before(ends) {
			ends = session.IdleAt
		}
		rows = append(rows, sessionRow{
			ID: session.ID, Name: names[session.AdministratorID], Path: administratorPath(session.AdministratorID), Address: session.Address, UserAgent: session.UserAgent,
			Began: session.CreatedAt, Seen: session.SeenAt, Ends: ends, Yours: session.ID == current,
		})
	}
	return rows
}

// act does something about the administrator of the path, and goes back to their page. A
// refusal is shown on it.
func (a *Area) act(ctx context.Context, r *page.Request, do func(of store.Administrator) (page.Notice, error)) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	notice, err := do(of)
	err = refused(err)
	if faults, ok := page.FaultsOf(err); ok {
		return a.administratorPage(ctx, r, of, faults)
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(administratorPath(of.ID), notice), nil
}

func (a *Area) setRole(ctx context.Context, r *page.Request) (page.Answer, error) {
	role := store.Role(r.Value("role"))
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		return page.Success("%s has the role %s.", of.Name, role), a.People.SetRole(ctx, by(r), of.ID, role)
	})
}

func (a *Area) disable(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		return page.Success("%s cannot sign in any more, and was signed out everywhere.", of.Name), a.People.Disable(ctx, by(r), of.ID)
	})
}

func (a *Area) enable(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		return page.Success("%s may sign in again.", of.Name), a.People.Enable(ctx, by(r), of.ID)
	})
}

func (a *Area) revokeSessions(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		count, err := a.People.RevokeSessions(ctx, by(r), of.ID)
		return page.Success("%s of %s ended.", page.Plural(count, "session", "sessions"), of.Name), err
	})
}

func (a *Area) makeLink(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	link, err := a.People.NewLink(ctx, by(r), of.ID)
	if err != nil {
		return page.Answer{}, refused(err)
	}
	return a.showLink(r, link), nil
}

// removalData is what ends when an administrator is removed.
type removalData struct {
	administratorRow

	Faults page.Faults
}

func removalHead(of administratorRow) page.Head {
	return head("Remove "+of.Name, page.Link{Text: "Administrators", Path: administratorsPath}, page.Link{Text: of.Name, Path: of.Path})
}

func (a *Area) askRemoval(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.removalPage(ctx, r, of, nil)
}

func (a *Area) removalPage(ctx context.Context, r *page.Request, of store.Administrator, faults page.Faults) (page.Answer, error) {
	sessions, err := a.People.Sessions(ctx, by(r), of.ID)
	if err != nil {
		return page.Answer{}, refused(err)
	}
	data := removalData{newAdministratorRow(of, r.Visitor.ID), whole(faults)}
	data.Sessions = len(sessions)
	answer := a.removal.Show(removalHead(data.administratorRow), data)
	if len(faults) > 0 {
		answer = answer.With(http.StatusUnprocessableEntity)
	}
	return answer, nil
}

func (a *Area) remove(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	err = refused(a.People.Remove(ctx, by(r), of.ID))
	if faults, ok := page.FaultsOf(err); ok {
		return a.removalPage(ctx, r, of, faults)
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(administratorsPath, page.Success("%s was removed.", of.Name)), nil
}

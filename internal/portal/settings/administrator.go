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

// setRole gives an administrator another role. One that allows less is confirmed first.
func (a *Area) setRole(ctx context.Context, r *page.Request) (page.Answer, error) {
	role := store.Role(r.Value("role"))
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if less(role, of.Role) {
		if answer, confirmed := a.ask(r, askedHead("Change the role of "+of.Name, of), newDemotion(of, role, r.Visitor)); !confirmed {
			return answer, nil
		}
	}
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		return page.Success("%s has the role %s.", of.Name, role), a.People.SetRole(ctx, by(r), of.ID, role)
	})
}

// disable keeps an administrator out, after that was confirmed.
func (a *Area) disable(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if of.Disabled() {
		return page.Redirect(administratorPath(of.ID), page.Caution("%s was disabled already.", of.Name)), nil
	}
	has, err := a.inUse(ctx, r, of)
	if err != nil {
		return page.Answer{}, err
	}
	if answer, confirmed := a.ask(r, askedHead("Disable "+of.Name, of), newDisabling(of, has, r.Visitor)); !confirmed {
		return answer, nil
	}
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		return page.Success("%s cannot sign in any more, and was signed out everywhere.", of.Name), a.People.Disable(ctx, by(r), of.ID)
	})
}

func (a *Area) enable(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.act(ctx, r, func(of store.Administrator) (page.Notice, error) {
		return page.Success("%s may sign in again.", of.Name), a.People.Enable(ctx, by(r), of.ID)
	})
}

// revokeSessions ends the sessions of an administrator, after that was confirmed.
func (a *Area) revokeSessions(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	has, err := a.inUse(ctx, r, of)
	if err != nil {
		return page.Answer{}, err
	}
	if len(has.ids(r.Visitor.SessionID)) == 0 {
		return page.Redirect(administratorPath(of.ID), page.Caution("%s has no session that could end.", of.Name)), nil
	}
	if answer, confirmed := a.ask(r, askedHead("End the sessions of "+of.Name, of), newEnding(of, has, r.Visitor)); !confirmed {
		return answer, nil
	}
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

	Confirmation page.Confirmation
	Faults       page.Faults
}

func removalHead(of administratorRow) page.Head {
	return head("Remove "+of.Name, page.Link{Text: "Administrators", Path: administratorsPath}, page.Link{Text: of.Name, Path: of.Path})
}

func (a *Area) askRemoval(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.newRemoval(ctx, r, of)
	return a.removal.Show(removalHead(data.administratorRow), data), err
}

// newRemoval makes the page that asks about a removal.
func (a *Area) newRemoval(ctx context.Context, r *page.Request, of store.Administrator) (removalData, error) {
	has, err := a.inUse(ctx, r, of)
	return newRemovalData(of, has, r.Visitor), err
}

func newRemovalData(of store.Administrator, has use, visitor page.Visitor) removalData {
	data := removalData{administratorRow: newAdministratorRow(of, visitor.ID)}
	data.Sessions = len(has.Sessions)
	data.Confirmation = page.Confirm("remove", of.ID, of.Name, of.Role, of.Disabled(), has.ids(""), has.Link)
	return data
}

func (a *Area) remove(ctx context.Context, r *page.Request) (page.Answer, error) {
	of, err := a.administratorOf(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.newRemoval(ctx, r, of)
	if err != nil {
		return page.Answer{}, err
	}
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.removal.Show(removalHead(data.administratorRow), data).With(http.StatusConflict), nil
	}
	err = refused(a.People.Remove(ctx, by(r), of.ID))
	if faults, ok := page.FaultsOf(err); ok {
		data.Faults = whole(faults)
		return a.removal.Show(removalHead(data.administratorRow), data).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(administratorsPath, page.Success("%s was removed.", of.Name)), nil
}

package settings

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// administratorsData is the list of those who may sign in.
type administratorsData struct {
	Rows []administratorRow
}

// administratorRow is somebody who may sign in, or was invited to.
type administratorRow struct {
	Name        string // that they sign in with
	DisplayName string
	Path        string
	Role        store.Role
	SignsIn     string // by what
	State       page.State
	SignedIn    time.Time
	Sessions    int
	You         bool
}

func administratorsHead() page.Head {
	h := head("Administrators")
	h.Lead = "People who may sign in to the portal."
	return h
}

func administratorPath(id string) string { return administratorsPath + "/" + url.PathEscape(id) }

func (a *Area) showAdministrators(ctx context.Context, r *page.Request) (page.Answer, error) {
	all, err := a.People.Administrators(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	counts, err := a.People.CountSessions(ctx, by(r))
	if err != nil {
		return page.Answer{}, refused(err)
	}
	return a.administrators.Show(administratorsHead(), newAdministratorsData(all, counts, r.Visitor.ID)), nil
}

func newAdministratorsData(all []store.Administrator, sessions map[string]int, you string) administratorsData {
	var data administratorsData
	for _, each := range all {
		row := newAdministratorRow(each, you)
		row.Sessions = sessions[each.ID]
		data.Rows = append(data.Rows, row)
	}
	return data
}

func newAdministratorRow(a store.Administrator, you string) administratorRow {
	row := administratorRow{
		Name: a.Name, DisplayName: a.DisplayName, Path: administratorPath(a.ID), Role: a.Role, SignedIn: a.SignedInAt, You: a.ID == you,
		State: page.State{Text: "May sign in", Colour: "success"}, SignsIn: "Nothing yet",
	}
	switch {
	case a.Subject != "" && !a.PasswordHash.IsZero():
		row.SignsIn = "OpenID Connect or password"
	case a.Subject != "":
		row.SignsIn = "OpenID Connect"
	case !a.PasswordHash.IsZero():
		row.SignsIn = "Password"
	}
	switch {
	case a.Disabled():
		row.State = page.State{Text: "Disabled", Colour: "secondary"}
	case a.Invited():
		row.State = page.State{Text: "Invited", Colour: "info"}
	}
	return row
}

// invitationData is the form that invites somebody.
type invitationData struct {
	Fields []page.Field
	Faults page.Faults // of the form as a whole
}

func invitationHead() page.Head {
	h := head("Invite an administrator", page.Link{Text: "Administrators", Path: administratorsPath})
	h.Lead = "They get a link that is good once, to choose a password with. Whoever signs in with OpenID Connect needs no invitation."
	return h
}

func newInvitationData(given auth.Invitation, faults page.Faults) invitationData {
	return invitationData{Faults: whole(faults), Fields: faulty(faults,
		page.Field{Name: "name", Label: "Name at sign-in", Value: given.Name, Required: true, Placeholder: "ann@contoso.com", Help: "Usually the e-mail address. Usher sends nothing there: you pass the link on."},
		page.Field{Name: "displayName", Label: "Display name", Value: given.DisplayName, Placeholder: "Ann Doe"},
		page.Field{Name: "role", Label: "Role", Type: "select", Options: roleOptions(given.Role)},
	)}
}

func (a *Area) askInvitation(context.Context, *page.Request) (page.Answer, error) {
	return a.invitation.Show(invitationHead(), newInvitationData(auth.Invitation{Role: store.RoleReader}, nil)), nil
}

func (a *Area) invite(ctx context.Context, r *page.Request) (page.Answer, error) {
	given := auth.Invitation{Name: r.Value("name"), DisplayName: r.Value("displayName"), Role: store.Role(r.Value("role"))}
	link, err := a.People.Invite(ctx, by(r), given)
	err = refused(err)
	if faults, ok := page.FaultsOf(err); ok {
		return a.invitation.Show(invitationHead(), newInvitationData(given, faults)).With(422), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.showLink(r, link), nil
}

// linkData is a link that was just made. It is shown in the answer to the form, and
// nowhere again.
type linkData struct {
	Name, DisplayName string
	Address           string
	Expires           time.Time
	Invitation        bool
	Role              store.Role
	Encrypted         bool // the address is https
}

func linkHead(data linkData) page.Head {
	title := "Link for " + data.Name
	if data.Invitation {
		title = data.Name + " is invited"
	}
	return head(title, page.Link{Text: "Administrators", Path: administratorsPath})
}

func (a *Area) showLink(r *page.Request, link auth.Link) page.Answer {
	data := newLinkData(link, r.Address())
	return a.link.Show(linkHead(data), data)
}

func newLinkData(link auth.Link, address string) linkData {
	return linkData{
		Name: link.Name, DisplayName: link.DisplayName, Address: link.URL(address), Expires: link.Expires, Invitation: link.Purpose == store.LinkInvitation,
		Role: link.Role, Encrypted: strings.HasPrefix(address, "https://"),
	}
}

package signin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// accountData is a visitor's own account.
type accountData struct {
	Name     string
	Display  string
	Role     store.Role
	OpenID   bool // signs in at a provider, and has no password here
	Current  page.Field
	Password page.Field
	Again    page.Field
	Sessions []session
	Faults   page.Faults
}

// session is a session as it is shown.
type session struct {
	ID      string
	Here    bool
	Address string
	Device  string // as its browser names itself
	Began   time.Time
	Seen    time.Time
	Ends    time.Time
}

func accountHead() page.Head {
	return page.Head{Title: "Your account", Lead: "Your password, and where you are signed in."}
}

func newAccountData(v page.Visitor, openID bool, sessions []store.Session, faults page.Faults) accountData {
	data := accountData{
		Name: v.Name, Display: v.DisplayName, Role: v.Role, OpenID: openID,
		Current:  faults.Of(page.Field{Name: "current", Label: "Present password", Type: "password", Required: true, Autofill: "current-password"}),
		Password: faults.Of(page.Field{Name: "password", Label: "New password", Type: "password", Required: true, Autofill: "new-password", Help: "At least 12 characters. Other sessions of yours end, and links to choose a password."}),
		Again:    faults.Of(page.Field{Name: "again", Label: "The new password again", Type: "password", Required: true, Autofill: "new-password"}),
	}
	for _, each := range sessions {
		data.Sessions = append(data.Sessions, session{each.ID, each.ID == v.SessionID, each.Address, each.UserAgent, each.CreatedAt, each.SeenAt, each.ExpiresAt})
	}
	slices.SortStableFunc(data.Sessions, func(x, y session) int { return y.Seen.Compare(x.Seen) })
	return data
}

func (a *Area) accountData(ctx context.Context, v page.Visitor, faults page.Faults) (accountData, error) {
	sessions, err := a.People.Sessions(ctx, auth.Visitor(v), v.ID)
	if err != nil {
		return accountData{}, err
	}
	people, err := a.People.Administrators(ctx)
	if err != nil {
		return accountData{}, err
	}
	at := slices.IndexFunc(people, func(p store.Administrator) bool { return p.ID == v.ID })
	return newAccountData(v, at >= 0 && people[at].Issuer != "", sessions, faults), nil
}

func (a *Area) showAccount(ctx context.Context, r *page.Request) (page.Answer, error) {
	data, err := a.accountData(ctx, r.Visitor, nil)
	return a.account.Show(accountHead(), data), err
}

func (a *Area) changePassword(ctx context.Context, r *page.Request) (page.Answer, error) {
	again := func(faults page.Faults) (page.Answer, error) {
		data, err := a.accountData(ctx, r.Visitor, faults)
		return a.account.Show(accountHead(), data).With(http.StatusUnprocessableEntity), err
	}
	if r.Raw("password") != r.Raw("again") {
		return again(page.Faults{"again": "The two passwords are different."})
	}
	err := a.People.ChangePassword(ctx, auth.Visitor(r.Visitor), r.Raw("current"), r.Raw("password"))
	if input, ok := errors.AsType[*auth.InputError](err); ok {
		return again(page.Faults{input.Field: page.Sentence(input.Reason)})
	}
	if throttled, ok := errors.AsType[*auth.ThrottledError](err); ok {
		return again(page.Faults{"current": page.Sentence(throttled.Error())})
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect("/account", page.Success("Your password was changed.")), nil
}

// revoke ends a session of the visitor, or all but the present one.
func (a *Area) revoke(ctx context.Context, r *page.Request) (page.Answer, error) {
	by := auth.Visitor(r.Visitor)
	if id := r.Value("session"); id != "" {
		if err := a.People.RevokeSession(ctx, by, id); err != nil {
			return page.Answer{}, err
		}
		return page.Redirect("/account", page.Success("The session was ended.")), nil
	}
	if !r.Checked("all") {
		return page.Answer{}, page.Invalid("", "Choose which session ends.")
	}
	count, err := a.People.RevokeSessions(ctx, by, r.Visitor.ID)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect("/account", page.Success("%s ended.", page.Plural(count, "other session was", "other sessions were"))), nil
}

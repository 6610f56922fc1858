package signin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// linkData is what the bearer of a link fills in.
type linkData struct {
	Path     string
	Lead     string
	Expires  time.Time
	SetUp    bool
	Password bool // a password has to be chosen
	Fields   []page.Field
	Button   string
	Faults   page.Faults
}

// linkFields are what a form about a link sends.
type linkFields struct{ name, displayName string }

func linkHead(link auth.Link) page.Head {
	switch link.Purpose {
	case store.LinkSetUp:
		return page.Head{Title: "Set Usher up"}
	case store.LinkReset:
		return page.Head{Title: "Choose another password"}
	case store.LinkInvitation:
	}
	return page.Head{Title: "Welcome to Usher"}
}

func newLinkData(path string, link auth.Link, given linkFields, faults page.Faults) linkData {
	data := linkData{Path: path, Expires: link.Expires, SetUp: link.Purpose == store.LinkSetUp, Password: link.NeedsPassword, Button: "Sign in"}
	switch link.Purpose {
	case store.LinkSetUp:
		data.Lead, data.Button = "You become the first administrator. You can invite others then.", "Make the first administrator"
		data.Fields = append(data.Fields,
			page.Field{Name: "name", Label: "Name to sign in with", Value: given.name, Placeholder: "ann@contoso.com", Required: true, Autofill: "username"},
			page.Field{Name: "displayName", Label: "Your name", Value: given.displayName, Autofill: "name"})
	case store.LinkInvitation:
		data.Lead = "You were invited as " + link.Name + ", with the role " + string(link.Role) + "."
	case store.LinkReset:
		data.Lead = "For " + link.Name + ". Sessions from before end."
	}
	if link.NeedsPassword {
		data.Fields = append(data.Fields,
			page.Field{Name: "password", Label: "Password", Type: "password", Required: true, Autofill: "new-password", Help: "At least 12 characters. A few words are easier to remember than signs."},
			page.Field{Name: "again", Label: "The same password again", Type: "password", Required: true, Autofill: "new-password"})
	}
	data.Faults = page.Faults{}
	for field, text := range faults {
		if field == "" {
			data.Faults[""] = text
		}
	}
	for n, field := range data.Fields {
		data.Fields[n] = faults.Of(field)
	}
	return data
}

// showLink shows what the bearer of a link fills in. It does not use the link up: mail
// programs look at addresses before people do.
func (a *Area) showLink(ctx context.Context, r *page.Request) (page.Answer, error) {
	link, err := a.People.LookAtLink(ctx, r.Path("token"))
	if err != nil {
		return a.noLink(err)
	}
	return a.link.Show(linkHead(link), newLinkData(r.HTTP.URL.Path, link, linkFields{}, nil)), nil
}

// noLink says that a link lets nobody in: it is not good any more, or its bearer was
// disabled or removed at this moment.
func (a *Area) noLink(err error) (page.Answer, error) {
	if !errors.Is(err, auth.ErrLink) && !errors.Is(err, auth.ErrCredentials) {
		return page.Answer{}, err
	}
	return page.Answer{}, &page.Fault{
		Status: http.StatusGone, Title: "This link is not good any more", Text: "It was used, replaced by a newer one, or is too old.",
		Advice: "Sign in, or ask an administrator for another link. The first administrator finds one where usher serve was started.",
	}
}

func (a *Area) redeem(ctx context.Context, r *page.Request) (page.Answer, error) {
	link, err := a.People.LookAtLink(ctx, r.Path("token"))
	if err != nil {
		return a.noLink(err)
	}
	given := linkFields{r.Value("name"), r.Value("displayName")}
	again := func(faults page.Faults) (page.Answer, error) {
		return a.link.Show(linkHead(link), newLinkData(r.HTTP.URL.Path, link, given, faults)).With(http.StatusUnprocessableEntity), nil
	}
	if link.NeedsPassword && r.Raw("password") != r.Raw("again") {
		return again(page.Faults{"again": "The two passwords are different."})
	}
	session, err := a.People.Redeem(ctx, r.Path("token"), auth.Redemption{Name: given.name, DisplayName: given.displayName, Password: r.Raw("password")}, a.device(r))
	if input, ok := errors.AsType[*auth.InputError](err); ok {
		return again(page.Faults{input.Field: page.Sentence(input.Reason)})
	}
	if err != nil {
		return a.noLink(err)
	}
	return page.Redirect("/", page.Success("Welcome, %s.", session.DisplayName)).Setting(a.cookie(r, session)), nil
}

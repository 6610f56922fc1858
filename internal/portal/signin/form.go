package signin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// formData is the page to sign in at.
type formData struct {
	Name      page.Field
	Password  page.Field
	Passwords bool   // somebody may sign in with a password
	OpenID    string // what the button of the provider says, empty without one
	Begin     string // where signing in at the provider begins
	Return    string
	Nobody    bool // there is no administrator yet
	Faults    page.Faults
}

func formHead() page.Head { return page.Head{Title: "Sign in to Usher"} }

func newFormData(settings store.SignInSettings, nobody bool, name, back string) formData {
	data := formData{
		Name:      page.Field{Name: "name", Label: "Name", Value: name, Required: true, Autofill: "username"},
		Password:  page.Field{Name: "password", Label: "Password", Type: "password", Required: true, Autofill: "current-password"},
		Passwords: !settings.PasswordsOff && !nobody, Return: back, Nobody: nobody,
	}
	if provider := settings.OpenID; provider.Issuer != "" {
		data.OpenID, data.Begin = "Sign in with "+cmp.Or(provider.Label, "OpenID Connect"), auth.OpenIDPath+"/begin?return="+url.QueryEscape(back)
	}
	return data
}

// data returns what the page shows to somebody who then goes on to a path.
func (a *Area) data(ctx context.Context, r *page.Request, back string) (formData, error) {
	people, err := a.People.Administrators(ctx)
	return newFormData(a.People.Settings(), len(people) == 0, r.Value("name"), page.Back(back)), err
}

func (a *Area) show(ctx context.Context, r *page.Request) (page.Answer, error) {
	if r.Visitor.Known() {
		return page.Redirect(page.Back(r.Value("return")), page.Notice{}), nil
	}
	data, err := a.data(ctx, r, r.Value("return"))
	return a.form.Show(formHead(), data), err
}

// signIn signs in with a password. What is wrong is told without saying whether there
// is such a name.
func (a *Area) signIn(ctx context.Context, r *page.Request) (page.Answer, error) {
	session, err := a.People.SignIn(ctx, r.Value("name"), r.Raw("password"), a.device(r))
	if err == nil {
		return page.Redirect(page.Back(r.Value("return")), page.Notice{}).Setting(a.cookie(r, session)), nil
	}
	data, failure := a.data(ctx, r, r.Value("return"))
	if failure != nil {
		return page.Answer{}, failure
	}
	status := http.StatusUnprocessableEntity
	throttled, tooOften := errors.AsType[*auth.ThrottledError](err)
	if !tooOften && !errors.Is(err, auth.ErrCredentials) && !errors.Is(err, auth.ErrPasswordsOff) {
		return page.Answer{}, err
	}
	data.Faults = page.Faults{"": page.Sentence(err.Error())}
	answer := a.form.Show(formHead(), data)
	if tooOften {
		status = http.StatusTooManyRequests
		answer = answer.Header("Retry-After", strconv.Itoa(int(throttled.RetryAfter/time.Second)+1))
	}
	return answer.With(status), nil
}

func (a *Area) signOut(ctx context.Context, r *page.Request) (page.Answer, error) {
	if err := a.People.SignOut(ctx, token(r.HTTP, a.Origin)); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect("/sign-in", page.Success("You are signed out.")).Setting(a.cookie(r, auth.Session{})), nil
}

// beginOpenID sends the browser to the provider. It is a link and no form: the policy of
// the pages lets forms lead to the portal alone, redirects included.
func (a *Area) beginOpenID(ctx context.Context, r *page.Request) (page.Answer, error) {
	back := page.Back(r.Value("return"))
	start, err := a.People.BeginOpenID(ctx, r.Address()+auth.OpenIDPath, back)
	if err != nil {
		return a.openIDFailed(ctx, r, back, err)
	}
	return page.Away(start.URL).Setting(a.remember(r, start.Cookie, start.Expires)), nil
}

func (a *Area) completeOpenID(ctx context.Context, r *page.Request) (page.Answer, error) {
	cookie, err := r.HTTP.Cookie(openIDCookie)
	if err != nil {
		cookie = &http.Cookie{}
	}
	session, next, err := a.People.CompleteOpenID(ctx, cookie.Value, r.HTTP.URL.Query(), a.device(r))
	if err != nil {
		answer, err := a.openIDFailed(ctx, r, next, err)
		return answer.Setting(a.remember(r, "", time.Time{})), err
	}
	return page.Redirect(page.Back(next), page.Notice{}).Setting(a.cookie(r, session), a.remember(r, "", time.Time{})), nil
}

// openIDFailed shows the form again with why signing in at the provider failed.
func (a *Area) openIDFailed(ctx context.Context, r *page.Request, back string, err error) (page.Answer, error) {
	var text string
	if failed, ok := errors.AsType[*auth.OpenIDError](err); ok {
		text = failed.Reason
	} else if errors.Is(err, auth.ErrCredentials) {
		text = "Your account in Usher was disabled"
	} else {
		return page.Answer{}, err
	}
	data, err := a.data(ctx, r, back)
	data.Faults = page.Faults{"": page.Sentence(text)}
	return a.form.Show(formHead(), data).With(http.StatusUnprocessableEntity), err
}

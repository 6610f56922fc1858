package settings

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// signInData is how people sign in.
type signInData struct {
	Form      settingsForm
	Provider  []settingField
	Roles     []settingField
	Passwords []settingField
	Sessions  []settingField
	Redirect  string // that the provider has to know
	Checked   string // that the provider answers, empty unless it was asked
	Secrets   bool   // a secret was entered that the page does not hold any more

	// KeptOut are the names of those who could not sign in any more with what was entered;
	// Confirmation is what confirms that.
	KeptOut      []string
	Confirmation page.Confirmation
}

func signInHead() page.Head {
	h := head("Sign-in")
	h.Lead = "How people prove who they are, and which role they have."
	return h
}

// signInSettings are the settings of the page: five of the provider, three of roles, one
// of passwords and two of sessions.
func signInSettings() []setting {
	text := func(field settings.Field, shown page.Field, of func(s *store.Settings) *string) setting {
		return setting{
			field: field, shown: shown, text: func(s store.Settings) string { return *of(&s) },
			put: func(s *store.Settings, text string) error {
				*of(s) = text
				return nil
			},
		}
	}
	number := func(field settings.Field, shown page.Field, of func(s *store.Settings) *int) setting {
		return setting{
			field: field, shown: shown, text: func(s store.Settings) string { return numberText(*of(&s)) },
			put: func(s *store.Settings, text string) (err error) {
				*of(s), err = numberOf(text)
				return err
			},
		}
	}
	return []setting{
		text(settings.OpenIDIssuer, page.Field{Label: "Issuer", Placeholder: "https://login.microsoftonline.com/TENANT/v2.0", Help: "Of any provider that speaks OpenID Connect, without /.well-known. Empty: there is none."}, func(s *store.Settings) *string { return &s.SignIn.OpenID.Issuer }),
		text(settings.OpenIDClientID, page.Field{Label: "Client ID", Help: "Of Usher at the provider."}, func(s *store.Settings) *string { return &s.SignIn.OpenID.ClientID }),
		{field: settings.OpenIDClientSecret, shown: page.Field{Label: "Client secret"}, kept: func(s *store.Settings) *provisioning.Secret { return &s.SignIn.OpenID.ClientSecret }},
		text(settings.OpenIDLabel, page.Field{Label: "Name on the button", Placeholder: "Contoso", Help: "Sign in with …"}, func(s *store.Settings) *string { return &s.SignIn.OpenID.Label }),
		{
			field: settings.OpenIDScopes, shown: page.Field{Label: "Scopes besides openid", Placeholder: "profile email", Help: "Separated by spaces. Empty: profile and email."},
			text: func(s store.Settings) string { return strings.Join(s.SignIn.OpenID.Scopes, " ") },
			put: func(s *store.Settings, text string) error {
				s.SignIn.OpenID.Scopes = strings.Fields(text)
				return nil
			},
		},
		text(settings.OpenIDClaim, page.Field{Label: "Claim that gives the role", Placeholder: "roles", Help: "Such as roles or groups; dots lead into objects: realm_access.roles."}, func(s *store.Settings) *string { return &s.SignIn.OpenID.Claim }),
		{
			field: settings.OpenIDRoles, shown: page.Field{Label: "Values of the claim", Type: "textarea", Rows: 4, Placeholder: "Usher.Admins = administrator\nUsher.Readers = reader", Help: "A line for each: value = role. Of several the greatest role counts."},
			text: func(s store.Settings) string { return rolesText(s.SignIn.OpenID.Roles) },
			put: func(s *store.Settings, text string) (err error) {
				s.SignIn.OpenID.Roles, err = rolesOf(text)
				return err
			},
		},
		{
			field: settings.OpenIDDefaultRole, shown: page.Field{Label: "Whoever the claim gives no role", Type: "select"},
			text: func(s store.Settings) string { return string(s.SignIn.OpenID.DefaultRole) },
			put: func(s *store.Settings, text string) error {
				s.SignIn.OpenID.DefaultRole = store.Role(text)
				return nil
			},
			offer: func(value string) []page.Option {
				return append(page.Options(value, [2]string{"", "is refused"}), roleOptions(store.Role(value))...)
			},
		},
		{
			field: settings.PasswordsOff, shown: page.Field{
				Label: "People may sign in with a password", Type: "checkbox",
				Help: "It can be turned off as soon as an administrator has signed in with the OpenID provider. usher administrator link still lets somebody in.",
			},
			text: func(s store.Settings) string { return onText(!s.SignIn.PasswordsOff) },
			put: func(s *store.Settings, text string) error {
				s.SignIn.PasswordsOff = text == ""
				return nil
			},
		},
		number(settings.IdleMinutes, page.Field{Label: "Minutes without use", Type: "number", Placeholder: "480", Help: "After so long a session ends. Empty: 8 hours."}, func(s *store.Settings) *int { return &s.SignIn.IdleMinutes }),
		number(settings.MaxHours, page.Field{Label: "Hours at most", Type: "number", Placeholder: "168", Help: "After so long it ends in any case. Empty: 7 days. Both hold for new sessions."}, func(s *store.Settings) *int { return &s.SignIn.MaxHours }),
	}
}

// rolesText writes a line for each value of the claim.
func rolesText(roles map[string]store.Role) string {
	var lines []string
	for _, value := range slices.Sorted(maps.Keys(roles)) {
		lines = append(lines, value+" = "+string(roles[value]))
	}
	return strings.Join(lines, "\n")
}

// rolesOf reads the lines of rolesText. A value may hold equals signs: the last one
// counts.
func rolesOf(text string) (map[string]store.Role, error) {
	var roles map[string]store.Role
	for number, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		at := strings.LastIndex(line, "=")
		if at < 0 {
			return nil, fmt.Errorf("line %d has no role: write value = role", number+1)
		}
		value, role := strings.TrimSpace(line[:at]), store.Role(strings.ToLower(strings.TrimSpace(line[at+1:])))
		if _, twice := roles[value]; twice {
			return nil, fmt.Errorf("line %d: the value %q is there twice", number+1, value)
		}
		if roles == nil {
			roles = map[string]store.Role{}
		}
		roles[value] = role
	}
	return roles, nil
}

func newSignInData(now settings.Effective, address string, entered map[string]string, faults page.Faults) signInData {
	form := newSettingsForm(now, signInSettings(), entered, faults)
	return signInData{
		Form: form, Provider: form.Fields[:5], Roles: form.Fields[5:8], Passwords: form.Fields[8:9], Sessions: form.Fields[9:],
		Redirect: address + auth.OpenIDPath,
	}
}

func (a *Area) showSignIn(_ context.Context, r *page.Request) (page.Answer, error) {
	return a.signIn.Show(signInHead(), newSignInData(a.Settings.Effective(), r.Address(), nil, nil)), nil
}

func (a *Area) saveSignIn(ctx context.Context, r *page.Request) (page.Answer, error) {
	all := signInSettings()
	proven, err := a.People.ProvesProvider(ctx, r.Value(nameOf(settings.OpenIDIssuer)))
	if err != nil {
		return page.Answer{}, err
	}
	people, err := a.People.Administrators(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	var out []string
	var confirmation page.Confirmation
	status, faults, err := a.update(ctx, r, all, func(before, after store.Settings) page.Faults {
		faults := page.Faults{}
		out = keptOut(people, before.SignIn, after.SignIn)
		var confirmed bool
		if confirmation, confirmed = r.Confirms(page.Confirm(after.SignIn.PasswordsOff, after.SignIn.OpenID.Issuer, out)); len(out) > 0 && !confirmed {
			faults[""] = "Nothing was saved yet. See below who cannot sign in any more then, and save again if that is meant."
		}
		if !proven && locksOut(before.SignIn, after.SignIn) {
			faults[nameOf(settings.PasswordsOff)] = "Nobody with the role administrator has signed in with this provider yet, so it is not known to work. Save with passwords on, sign in with OpenID Connect once, and turn passwords off then."
		}
		if before.SignIn.OpenID.Issuer != after.SignIn.OpenID.Issuer && !after.SignIn.OpenID.ClientSecret.IsZero() {
			maps.Copy(faults, elsewhere(r, settings.OpenIDClientSecret))
		}
		return faults
	})
	switch {
	case err != nil:
		return page.Answer{}, err
	case status != 0:
		data := newSignInData(a.Settings.Effective(), r.Address(), given(r, all), faults)
		data.KeptOut, data.Confirmation = out, confirmation
		return a.signIn.Show(signInHead(), data).With(status), nil
	}
	return page.Redirect(signInPath, page.Success("The settings were saved. They hold from the next sign-in on.")), nil
}

// locksOut reports whether a change leaves a provider as the only way in that was not so
// before.
func locksOut(before, after store.SignInSettings) bool {
	return after.PasswordsOff && after.OpenID.Issuer != "" && (!before.PasswordsOff || before.OpenID.Issuer != after.OpenID.Issuer)
}

// checkProvider asks the provider that was entered whether it is one, and saves nothing.
func (a *Area) checkProvider(ctx context.Context, r *page.Request) (page.Answer, error) {
	all := signInSettings()
	now := a.Settings.Effective()
	after, faults := change(r, now, all, now.Kept)
	provider := after.SignIn.OpenID
	if provider.Issuer == "" {
		faults[nameOf(settings.OpenIDIssuer)] = "Enter the issuer first."
	}
	if wrong, ok := errors.AsType[*settings.FaultsError](settings.Check(after)); ok && len(faults) == 0 {
		faults = faultsOf(wrong, all)
	}
	if issuer := nameOf(settings.OpenIDIssuer); faults[issuer] == "" {
		err := a.People.CheckOpenID(ctx, provider)
		failure, isOpenID := errors.AsType[*auth.OpenIDError](err)
		switch {
		case isOpenID:
			faults[issuer] = page.Sentence(failure.Error())
		case err != nil:
			return page.Answer{}, err
		}
	}
	data := newSignInData(now, r.Address(), given(r, all), faults)
	data.Secrets = entersSecret(r, settings.OpenIDClientSecret)
	if len(faults) > 0 {
		return a.signIn.Show(signInHead(), data).With(http.StatusUnprocessableEntity), nil
	}
	data.Checked = provider.Issuer
	return a.signIn.Show(signInHead(), data), nil
}

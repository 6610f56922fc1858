package configuration

import (
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// credentialsForm is the form "Admin Credentials". It is made of what the connector says
// of itself, and never holds a secret.
type credentialsForm struct {
	SignIns    []signIn
	Fields     []credentialField // of the ways to sign in
	Others     []credentialField // choices
	OthersOpen bool
	Saved      bool
	Unreadable string // why what is saved cannot be read
	Faults     page.Faults
	Tested     *tested
}

// signIn is a way to sign in with the labels of the fields that it takes.
type signIn struct{ Name, Help, Fields string }

// credentialField is a field, with a check box beside a saved secret.
type credentialField struct {
	page.Field

	Forget bool // what is saved can be forgotten
}

// tested is what a test of the connection found out.
type tested struct {
	Account, Organization, Version string
	Permissions                    []permission
	Missing                        int
	Warnings                       []string
	Again                          bool // secrets were entered and are not in the form any more
}

type permission struct {
	Name, Feature string
	Granted       bool
}

const (
	settingPrefix = "setting-"
	forgetPrefix  = "forget-"
)

// newCredentialsForm makes the form. Entered is what was sent and is shown again, nil
// for what is saved; secrets are not shown again.
func newCredentialsForm(s state, entered administration.Entered, faults page.Faults) credentialsForm {
	form := credentialsForm{Faults: faults}
	if s.unreadable != nil {
		form.Unreadable = page.Sentence(s.unreadable.Error())
	}
	labels := map[string]string{}
	for _, field := range s.fields {
		labels[field.Key] = field.Label
	}
	inSignIn := map[string]bool{}
	for _, each := range s.descriptor.SignIns {
		var names []string
		for _, key := range each.Keys {
			inSignIn[key] = true
			names = append(names, labels[key])
		}
		form.SignIns = append(form.SignIns, signIn{each.Name, each.Help, strings.Join(names, ", ")})
	}
	for _, setting := range s.fields {
		form.Saved = form.Saved || setting.Saved
		field := newCredentialField(setting, entered, faults)
		if inSignIn[setting.Key] || len(s.descriptor.SignIns) == 0 {
			form.Fields = append(form.Fields, field)
			continue
		}
		form.Others = append(form.Others, field)
		form.OthersOpen = form.OthersOpen || field.Value != "" || field.Fault != ""
	}
	return form
}

func newCredentialField(setting administration.CredentialField, entered administration.Entered, faults page.Faults) credentialField {
	field := credentialField{Field: page.Field{
		Name: settingPrefix + setting.Key, Label: setting.Label, Help: setting.Help, Value: setting.Value, Required: setting.Required && !setting.Saved,
		Placeholder: setting.Example, Fault: faults[setting.Key],
	}}
	if given, sent := entered[setting.Key]; sent && !setting.Secret {
		field.Value = given
	}
	if !setting.Secret {
		return field
	}
	field.Type, field.Autofill = "password", "new-password"
	if strings.Contains(setting.Help, "PEM") { // of several lines, which a password field would join
		field.Type, field.Rows = "textarea", 4
	}
	if setting.Saved {
		field.Placeholder, field.Forget = "saved, leave empty to keep", true
	}
	return field
}

// entered reads the form. A field that was not sent stays as it is.
func entered(r *page.Request, s state) administration.Entered {
	given := administration.Entered{}
	for _, setting := range s.fields {
		name := settingPrefix + setting.Key
		switch {
		case setting.Secret && r.Checked(forgetPrefix+setting.Key) && r.Raw(name) == "":
			given[setting.Key] = administration.ForgetSaved
		case setting.Secret && r.Has(name):
			given[setting.Key] = strings.TrimRight(r.Raw(name), "\r\n")
		case r.Has(name):
			given[setting.Key] = r.Value(name)
		}
	}
	return given
}

func (a *Area) saveCredentials(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	s, err := a.state(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	given := entered(r, s)
	saving, err := r.Acts().SaveEntered(ctx, app.Application, given)
	if err != nil {
		return a.credentialsAgain(r, s, given, err)
	}
	notice := page.Success("The credentials work and were saved: signed in to %s as %s.", saving.Health.Organization, saving.Health.Account)
	if saving.Adapted {
		notice.Text += " The mapping of usernames was fitted to the sandbox."
	}
	if missing := len(saving.Health.Missing); missing > 0 {
		notice = page.Caution("%s But %s: test the connection to see which.", notice.Text, page.Plural(missing, "permission is missing", "permissions are missing"))
	}
	return page.Redirect(app.Path(menu)+"#notice", notice), nil // without a fragment, browsers go to that of the form
}

// credentialsAgain shows the form again with what is wrong. Secrets are to be entered
// once more.
func (a *Area) credentialsAgain(r *page.Request, s state, given administration.Entered, err error) (page.Answer, error) {
	faults := told(err)
	if faults == nil {
		return page.Answer{}, err
	}
	data := newPageData(s)
	data.Credentials = newCredentialsForm(s, given, faults)
	if lost(r, s, given) {
		faults[""] = strings.TrimSpace(faults[""] + "\nSecrets are not shown again: enter them once more.")
	}
	return a.again(data, s.app)
}

// lost reports whether secrets were entered that the answer does not hold any more. A
// page of which only the result of the test is replaced keeps them.
func lost(r *page.Request, s state, given administration.Entered) bool {
	return !r.Partial("tested") && slices.ContainsFunc(s.fields, func(f administration.CredentialField) bool {
		return f.Secret && given[f.Key] != "" && given[f.Key] != administration.ForgetSaved
	})
}

// test tries what was entered, with what is saved in place of secrets that are empty,
// and saves nothing.
func (a *Area) test(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	s, err := a.state(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	given := entered(r, s)
	health, err := a.Administration.TestEntered(ctx, app.Application, given)
	if err != nil {
		return a.credentialsAgain(r, s, given, err)
	}
	data := newPageData(s)
	data.Credentials = newCredentialsForm(s, given, nil)
	data.Credentials.Tested = newTested(health)
	data.Credentials.Tested.Again = lost(r, s, given)
	return a.page.Show(head(app), data), nil
}

func newTested(health connector.Health) *tested {
	t := &tested{Account: health.Account, Organization: health.Organization, Version: health.Version, Warnings: health.Warnings, Missing: len(health.Missing)}
	for _, each := range health.Missing {
		t.Permissions = append(t.Permissions, permission{each.Name, each.Feature, false})
	}
	for _, each := range health.Granted {
		t.Permissions = append(t.Permissions, permission{each.Name, each.Feature, true})
	}
	return t
}

// ForgetName is the name of the check box that forgets what is saved.
func (f credentialField) ForgetName() string {
	return forgetPrefix + strings.TrimPrefix(f.Name, settingPrefix)
}

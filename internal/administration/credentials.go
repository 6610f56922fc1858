package administration

import (
	"context"
	"errors"
	"fmt"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/secret"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// CredentialField is a setting of a connector as a form shows it. It never holds the
// value of a secret.
type CredentialField struct {
	provisioning.Setting

	Value string // what is saved; empty for a secret
	Saved bool   // something is saved
}

// CredentialFields returns the settings of an application's connector with what is
// saved. Unreadable says why that cannot be read, such as with another key than it was
// sealed with; then the fields are as if nothing was saved, and everything is entered
// anew.
func (s *Service) CredentialFields(ctx context.Context, app Application) (fields []CredentialField, unreadable error, err error) {
	template, err := s.Template(app)
	if err != nil {
		return nil, nil, err
	}
	saved, err := s.Store.Credentials(ctx, app.Job.ID)
	if errors.Is(err, secret.ErrWrongKey) {
		unreadable, err = err, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, setting := range template.Descriptor.Settings {
		field := CredentialField{Setting: setting, Value: saved.Get(setting.Key), Saved: saved.Get(setting.Key) != ""}
		if setting.Secret {
			field.Value = ""
		}
		fields = append(fields, field)
	}
	return fields, unreadable, nil
}

// Entered are credentials as a form sends them, by the keys of the settings.
type Entered map[string]string

// ForgetSaved as the value of a setting in Entered ends what is saved of it, such as a
// secret that another way to sign in had. Nobody can enter it.
const ForgetSaved = "\x00"

// merge returns the credentials that hold after what was entered is taken. A secret
// that was left empty stays as it is. But saved secrets go nowhere else than where they
// went before: when something that is no secret was changed of a way to sign in, such as
// the address, the secrets have to be entered again.
func (e Entered) merge(descriptor connector.Descriptor, saved provisioning.Credentials) (provisioning.Credentials, error) {
	settings, moved := descriptor.Settings, false
	for _, setting := range settings {
		value, given := e[setting.Key]
		moved = moved || given && !setting.Secret && descriptor.SignsInWith(setting.Key) && value != saved.Get(setting.Key)
	}
	merged := saved
	var faults []Fault
	for _, setting := range settings {
		value, given := e[setting.Key]
		switch {
		case value == ForgetSaved:
			merged = merged.With(setting.Key, "")
		case given && (value != "" || !setting.Secret):
			merged = merged.With(setting.Key, value)
		case setting.Secret && moved && saved.Get(setting.Key) != "":
			faults = append(faults, Fault{Field: setting.Key, Message: "enter " + setting.Label + " again: a saved secret is not sent to where it was not entered for"})
		}
		if setting.Required && merged.Get(setting.Key) == "" {
			faults = append(faults, Fault{Field: setting.Key, Message: setting.Label + " is missing"})
		}
	}
	for key := range e {
		if _, err := provisioning.FindSetting(settings, key); err != nil {
			faults = append(faults, Fault{Field: key, Message: err.Error()})
		}
	}
	return merged, refuseAll("the settings cannot be taken", faults)
}

// entered returns the credentials that what was entered stands for.
func (s *Service) entered(ctx context.Context, app Application, given Entered) (provisioning.Credentials, error) {
	template, err := s.Template(app)
	if err != nil {
		return nil, err
	}
	saved, err := s.Store.Credentials(ctx, app.Job.ID)
	if err != nil && !errors.Is(err, secret.ErrWrongKey) { // with another key, everything is entered anew
		return nil, err
	}
	return given.merge(template.Descriptor, saved)
}

// TestEntered tests a connection with what was entered, and saves nothing. What is
// wrong with the connection is an *OpenError or a *connector.Error, what is wrong with
// what was entered a Refusal. Permissions that the account lacks are in the Health.
func (s *Service) TestEntered(ctx context.Context, app Application, given Entered) (connector.Health, error) {
	credentials, err := s.entered(ctx, app, given)
	if err != nil {
		return connector.Health{}, err
	}
	return s.Try(ctx, app, credentials)
}

// TestSaved tests the connection with the credentials that are saved.
func (s *Service) TestSaved(ctx context.Context, app Application) (connector.Health, error) {
	if app.Job.Status.Code == provisioning.NotConfigured {
		return connector.Health{}, notConfigured(app)
	}
	return s.check(ctx, app, s.Runner)
}

func notConfigured(app Application) error {
	return refuse(NotConfigured, "", "%s has nothing to sign in with yet", app.DisplayName).
		advising("Enter its Admin Credentials and save them.")
}

// Try tests a connection with credentials that are not saved, and with them alone.
func (s *Service) Try(ctx context.Context, app Application, credentials provisioning.Credentials) (connector.Health, error) {
	runner := *s.Runner
	runner.Jobs = tried{s.Runner.Jobs, credentials}
	return s.check(ctx, app, &runner)
}

// tried answers with credentials that are only being tried.
type tried struct {
	engine.Jobs

	credentials provisioning.Credentials
}

// Credentials returns the credentials being tried.
func (t tried) Credentials(context.Context, string) (provisioning.Credentials, error) {
	return t.credentials, nil
}

func (s *Service) check(ctx context.Context, app Application, runner *engine.Runner) (connector.Health, error) {
	session, err := runner.Open(ctx, app.ID)
	if err != nil {
		return connector.Health{}, &OpenError{app.Application, err}
	}
	health, err := session.Connector.Check(ctx)
	return health, errors.Join(err, session.Connector.Close())
}

// Saving is what became of credentials that were saved.
type Saving struct {
	Health  connector.Health // what the test found out; zero without a test
	Adapted bool             // the schema was changed to fit, such as usernames to the name of a sandbox
}

// SaveEntered saves what was entered, if it works. Credentials that do not work are a
// Refusal with the code ConnectionFails, and nothing is saved. The roles of the target
// are imported the first time.
func (a Acts) SaveEntered(ctx context.Context, app Application, given Entered) (Saving, error) {
	credentials, err := a.entered(ctx, app, given)
	if err != nil {
		return Saving{}, err
	}
	saving, err := a.SaveCredentials(ctx, app, credentials, true)
	if err != nil {
		return saving, err
	}
	a.FirstRoles(ctx, app)
	a.wake(ctx, app.ID)
	return saving, nil
}

// SaveCredentials makes the credentials of an application exactly these. With test they
// are tested before, and what does not work is refused.
func (a Acts) SaveCredentials(ctx context.Context, app Application, credentials provisioning.Credentials, test bool) (saving Saving, err error) {
	template, err := a.Template(app)
	if err != nil {
		return saving, err
	}
	if test {
		if saving.Health, err = a.Try(ctx, app, credentials); err != nil {
			return saving, &Refusal{Code: ConnectionFails, Message: "nothing was saved, because the connection does not work: " + Explained(err), Err: err}
		}
	}
	err = a.Configure(ctx, app, ActivityConfigure, func(c store.Configuration) (store.Configuration, string, error) {
		before := c.Credentials
		if c.Unreadable != nil {
			before = nil // what is put takes their place
		}
		c.Credentials = credentials
		c.Job = c.Job.Configured()
		c.Job.Draft = false
		c.Schema, saving.Adapted = adapt(template, c.Schema, before, credentials)
		return c, "credentials", nil
	})
	if err != nil {
		return saving, fmt.Errorf("save credentials: %w", err)
	}
	return saving, nil
}

// adapt fits a schema to credentials where the template asks for it, such as the
// usernames of a sandbox to its name, and reports whether it did.
func adapt(template connector.Template, schema mapping.Schema, before, after provisioning.Credentials) (mapping.Schema, bool) {
	if template.Adapt == nil {
		return schema, false
	}
	if adapted, changed := template.Adapt(schema, before, after); changed {
		return adapted, true
	}
	return schema, false
}

// Explained returns what an error says, with what a target advises to do about it.
func Explained(err error) string {
	target, ok := errors.AsType[*connector.Error](err)
	if !ok || target.Advice == "" {
		return err.Error()
	}
	return fmt.Sprintf("%s (%s)", err.Error(), target.Advice)
}

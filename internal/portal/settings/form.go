package settings

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// setting is a setting with the field of a form that it is changed by. Name, value,
// fault and origin of the field come from the setting.
type setting struct {
	field settings.Field
	shown page.Field
	text  func(s store.Settings) string                // as the form has it
	put   func(s *store.Settings, text string) error   // an error is shown at the field
	kept  func(s *store.Settings) *provisioning.Secret // of a secret, instead of text and put
	offer func(value string) []page.Option             // of a select
}

// settingField is the field of a setting as a page shows it.
type settingField struct {
	page.Field

	Origin string // what sets it when the service starts, empty when it can be changed here
	Forget string // name of the check box that forgets a saved secret, empty for none
}

// settingsForm is a form of settings with the version that they had when it was shown.
type settingsForm struct {
	Version    int64
	Fields     []settingField
	Faults     page.Faults // of the form as a whole
	Unreadable string
}

const forgetPrefix = "forget-"

// nameOf is the name of a setting's field in a form.
func nameOf(field settings.Field) string { return strings.ReplaceAll(string(field), ".", "-") }

// newSettingsForm makes a form of settings. Given is what was entered before, nil for
// nothing; secrets are never in it.
func newSettingsForm(now settings.Effective, all []setting, given map[string]string, faults page.Faults) settingsForm {
	form := settingsForm{Version: now.Kept.Version, Faults: whole(faults), Unreadable: unreadable(now)}
	for _, each := range all {
		form.Fields = append(form.Fields, newSettingField(now, each, given, faults))
	}
	return form
}

func newSettingField(now settings.Effective, of setting, given map[string]string, faults page.Faults) settingField {
	field := settingField{Field: of.shown}
	field.Name = nameOf(of.field)
	field.Fault = faults[field.Name]
	origin := now.Origin(of.field)
	if origin.Fixed() {
		field.Disabled, field.Origin = true, origin.Flag
	}
	if of.kept != nil {
		field.Type, field.Autofill = "password", "new-password"
		if effective := now.Settings; !of.kept(&effective).IsZero() {
			field.Placeholder = "saved, leave empty to keep"
			if !origin.Fixed() {
				field.Forget = forgetPrefix + field.Name
			}
		}
		return field
	}
	field.Value = of.text(now.Settings)
	if entered, sent := given[field.Name]; sent && !origin.Fixed() {
		field.Value = entered
	}
	if field.Type == "checkbox" {
		field.Checked, field.Value = field.Value != "", "on"
	}
	if of.offer != nil {
		field.Options = of.offer(field.Value)
	}
	return field
}

// given returns what was entered of the settings, without secrets.
func given(r *page.Request, all []setting) map[string]string {
	entered := map[string]string{}
	for _, each := range all {
		if name := nameOf(each.field); each.kept == nil {
			entered[name] = r.Value(name)
		}
	}
	return entered
}

// change puts what was entered into settings. A secret that is empty stays as it is. What
// a flag sets is not looked at, for a browser does not send it.
func change(r *page.Request, now settings.Effective, all []setting, before store.Settings) (store.Settings, page.Faults) {
	after, faults := before, page.Faults{}
	for _, each := range all {
		name := nameOf(each.field)
		switch {
		case now.Origin(each.field).Fixed():
		case each.kept != nil:
			if secret := strings.TrimSpace(r.Raw(name)); secret != "" {
				*each.kept(&after) = provisioning.NewSecret(secret)
			} else if r.Checked(forgetPrefix + name) {
				*each.kept(&after) = provisioning.Secret{}
			}
		default:
			if err := each.put(&after, r.Value(name)); err != nil {
				faults[name] = page.Sentence(err.Error())
			}
		}
	}
	return after, faults
}

// faultsError are faults of a form that end an update.
type faultsError struct{ faults page.Faults }

// Error says that there are some.
func (e *faultsError) Error() string { return "the form has faults" }

// secretsAgain is said where secrets were entered that the answer does not hold.
const secretsAgain = "Secrets are not shown again: enter them once more."

// update saves the settings of a form. Rule says what else is wrong with them, nil for
// nothing. What is wrong with the form is in the faults, with the status that says so; a
// status of 0 is that it was saved.
func (a *Area) update(ctx context.Context, r *page.Request, all []setting, rule func(before, after store.Settings) page.Faults) (status int, faults page.Faults, err error) {
	now := a.Settings.Effective()
	version := int64(r.Number("version", -1))
	if version < 0 {
		return http.StatusUnprocessableEntity, page.Faults{"": "The form is not complete. Load the page anew and enter it again."}, nil
	}
	_, err = a.Settings.Update(ctx, by(r).Actor(), version, func(before store.Settings) (store.Settings, error) {
		after, found := change(r, now, all, before)
		if rule != nil {
			maps.Copy(found, rule(before, after))
		}
		if len(found) == 0 {
			return after, nil // what else is wrong is found by whoever saves it
		}
		if wrong, ok := errors.AsType[*settings.FaultsError](settings.Check(after)); ok {
			all := faultsOf(wrong, all)
			maps.Copy(all, found)
			found = all
		}
		return before, &faultsError{found}
	})
	wrong, isFaults := errors.AsType[*settings.FaultsError](err)
	own, isOwn := errors.AsType[*faultsError](err)
	switch {
	case err == nil:
		return 0, nil, nil
	case errors.Is(err, settings.ErrChanged):
		status, faults = http.StatusConflict, changed(a.Settings.Effective(), r, all)
	case isOwn:
		status, faults = http.StatusUnprocessableEntity, own.faults
	case isFaults:
		status, faults = http.StatusUnprocessableEntity, faultsOf(wrong, all)
	default:
		return 0, nil, err
	}
	if slices.ContainsFunc(all, func(each setting) bool { return each.kept != nil && entersSecret(r, each.field) }) {
		faults[""] = strings.TrimSpace(faults[""] + "\n" + secretsAgain)
	}
	return status, faults, nil
}

// entersSecret reports whether a secret was entered, be it the one that is saved.
func entersSecret(r *page.Request, field settings.Field) bool {
	return strings.TrimSpace(r.Raw(nameOf(field))) != ""
}

// faultsOf puts each fault to its field. What is at fault outside of the form is about
// all of it.
func faultsOf(wrong *settings.FaultsError, all []setting) page.Faults {
	faults := page.Faults{}
	for _, fault := range wrong.Faults {
		name, text := "", page.Sentence(string(fault.Field)+": "+fault.Reason)
		for _, each := range all {
			if each.field == fault.Field {
				name, text = nameOf(fault.Field), page.Sentence(fault.Reason)
			}
		}
		faults[name] = strings.TrimSpace(faults[name] + "\n" + text)
	}
	return faults
}

// changed says that somebody else saved settings since the form was shown, and at each
// field what is saved now where something else was entered.
func changed(now settings.Effective, r *page.Request, all []setting) page.Faults {
	faults := page.Faults{"": "Somebody else saved settings while you edited, so nothing was saved. Below is what you entered; where something else is saved now, the field says what. Save again to put yours in its place, or load the page anew to drop it."}
	for name, entered := range given(r, all) {
		for _, each := range all {
			if nameOf(each.field) != name || now.Origin(each.field).Fixed() || each.text(now.Kept) == entered {
				continue
			}
			faults[name] = "Saved now: " + shown(each.text(now.Kept))
		}
	}
	return faults
}

// shown is a value as a sentence has it.
func shown(value string) string {
	switch value {
	case "":
		return "nothing."
	case "on":
		return "checked."
	}
	return "“" + value + "”."
}

// whole returns the faults of a form as a whole.
func whole(faults page.Faults) page.Faults {
	if faults[""] == "" {
		return nil
	}
	return page.Faults{"": faults[""]}
}

// faulty gives fields their faults.
func faulty(faults page.Faults, fields ...page.Field) []page.Field {
	for i := range fields {
		fields[i] = faults.Of(fields[i])
	}
	return fields
}

// numberOf reads a number that may be missing.
func numberOf(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 {
		return 0, errors.New("this is not a whole number")
	}
	return number, nil
}

// numberText is a number in a form, empty for none.
func numberText(number int) string {
	if number == 0 {
		return ""
	}
	return strconv.Itoa(number)
}

func onText(on bool) string {
	if on {
		return "on"
	}
	return ""
}

package configuration

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// settingsForm is the form "Settings".
type settingsForm struct {
	Confirmation page.Confirmation
	Risks        []string // what has to be confirmed, none unless it has to be
	Mark         string   // of the settings that the form was made of
	Faults       page.Faults
	Wrong        []page.Link // what is wrong, each with the way to its field
	Notification []page.Field
	Guard        []page.Field
	GuardMeans   string // what the guard would mean today
	Scope        []page.Field
	Leaving      []leavingRow
	Grace        page.Field
	Further      []page.Field
}

// leavingRow is what becomes of accounts on one trigger.
type leavingRow struct {
	Trigger string
	Action  page.Field
	Grace   page.Field
}

// values are the settings as a form has them, by the names of its fields.
type values map[string]string

const on = "on"

func flag(is bool) string {
	if is {
		return on
	}
	return ""
}

// valuesOf puts settings into the form.
func valuesOf(s provisioning.Settings, interval time.Duration) values {
	v := values{
		"notify": strings.Join(s.Notify.Recipients, ", "), "notifyOn": flag(len(s.Notify.Recipients) > 0), "digest": flag(s.Notify.Digest),
		"removalLimit": strconv.Itoa(s.RemovalLimit), "removalPercent": strconv.Itoa(s.RemovalPercent), "removalDays": unlessUsual(s.RemovalDays),
		"failurePercent": strconv.Itoa(s.FailurePercent), "confirmationDays": unlessUsual(s.ConfirmationDays),
		"scope": "assigned", "nestedGroups": flag(s.NestedGroups), "skipOutOfScopeDeletions": flag(s.SkipOutOfScopeDeletions),
		"vanished": string(s.Vanished), "drift": string(s.Drift.Mode), "driftInterval": "",
		"interval": administration.ShowPeriod(interval), "defaultDomain": s.DefaultDomain, "grace": administration.ShowPeriod(s.Leaving.Grace),
	}
	if s.Drift.Interval != 0 {
		v["driftInterval"] = administration.ShowPeriod(s.Drift.Interval)
	}
	if s.SyncAll {
		v["scope"] = "all"
	}
	if s.Drift.Mode == "" {
		v["drift"] = string(provisioning.DriftOff)
	}
	for _, trigger := range provisioning.Triggers() {
		v["action-"+string(trigger)] = string(s.Leaving.Action(trigger))
		if grace, own := s.Leaving.GraceOn[trigger]; own {
			v["grace-"+string(trigger)] = administration.ShowPeriod(grace)
		}
	}
	return v
}

// unlessUsual writes a number of which 0 stands for the usual one, which the field shows
// in its place.
func unlessUsual(number int) string {
	if number == 0 {
		return ""
	}
	return strconv.Itoa(number)
}

// sent reads the form.
func sent(r *page.Request) values {
	v := values{}
	for name := range r.HTTP.Form {
		v[name] = r.Value(name)
	}
	return v
}

// reading collects what is wrong with the values of a form.
type reading struct {
	values

	faults page.Faults
}

func (r reading) number(name string) int {
	number, err := strconv.Atoi(r.values[name])
	if err != nil {
		r.faults[name] = "This is a whole number, such as 25."
	}
	return number
}

// usual reads a number that is left empty for the usual one, 0. The field has to be there.
func (r reading) usual(name string) int {
	if value, sent := r.values[name]; sent && value == "" {
		return 0
	}
	return r.number(name)
}

func (r reading) period(name string) time.Duration {
	period, err := administration.ParsePeriod(r.values[name])
	if err != nil {
		r.faults[name] = page.Sentence(err.Error())
	}
	return period
}

// into returns the settings with what the form says.
func (r reading) into(s provisioning.Settings) (provisioning.Settings, time.Duration) {
	s.Notify.Recipients = nil
	if r.values["notifyOn"] != "" {
		s.Notify.Recipients = addresses(r.values["notify"])
		if len(s.Notify.Recipients) == 0 {
			r.faults["notify"] = "Enter who is to be told, or take away the check mark."
		}
	}
	s.Notify.Digest = r.values["digest"] != ""
	switch {
	case r.values["webhook"] != "":
		s.Notify.Webhook = r.values["webhook"]
	case r.values["webhookForget"] != "":
		s.Notify.Webhook = ""
	}
	s.RemovalLimit, s.RemovalPercent, s.RemovalDays = r.number("removalLimit"), r.number("removalPercent"), r.usual("removalDays")
	s.FailurePercent, s.ConfirmationDays = r.number("failurePercent"), r.usual("confirmationDays")
	switch r.values["scope"] {
	case "all", "assigned":
	default:
		r.faults["scope"] = "Choose who is synchronized."
	}
	s.SyncAll, s.NestedGroups, s.SkipOutOfScopeDeletions = r.values["scope"] == "all", r.values["nestedGroups"] != "", r.values["skipOutOfScopeDeletions"] != ""
	s.Vanished = provisioning.VanishedAction(r.values["vanished"])
	s.Drift.Interval = 0
	if value, sent := r.values["driftInterval"]; !sent || value != "" {
		s.Drift.Interval = r.period("driftInterval")
	}
	if mode := provisioning.DriftMode(r.values["drift"]); mode != provisioning.DriftOff || s.Drift.Mode != "" {
		s.Drift.Mode = mode
	}
	s.DefaultDomain = r.values["defaultDomain"]
	s.Leaving.Grace = r.period("grace")
	for _, trigger := range provisioning.Triggers() {
		if action := provisioning.LeaveAction(r.values["action-"+string(trigger)]); action != s.Leaving.Action(trigger) {
			s.Leaving = s.Leaving.With(trigger, action)
		}
		s.Leaving = s.Leaving.WithoutGrace(trigger)
		if own := "grace-" + string(trigger); r.values[own] != "" {
			s.Leaving = s.Leaving.WithGrace(trigger, r.period(own))
		}
	}
	return s, r.period("interval")
}

// addresses splits what was typed into a field for several e-mail addresses.
func addresses(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
}

// changedText is said when somebody else saved settings since the form was shown.
const changedText = "Somebody else saved settings while you edited, so nothing was saved. What you entered is below: save again to put it in place of what is saved now, or load the page anew to see that."

// saveSettings saves the form, if it was made of the settings as they still are. What
// takes accounts away, or leaves them with people who left, has to be confirmed.
func (a *Area) saveSettings(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	assigned, err := a.Administration.Store.CountAssigned(ctx, app.ID)
	if err != nil {
		return page.Answer{}, err
	}
	read := reading{sent(r), page.Faults{}}
	before, after := app.Job.Settings, provisioning.Settings{}
	var confirmation page.Confirmation
	var found []string
	err = r.Acts().ChangeSettings(ctx, app.Application, func(s provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		clear(read.faults)
		before = s
		if markOf(provisioning.Job{Settings: s, Schedule: provisioning.Schedule{Interval: interval}}) != r.Value("mark") {
			return s, interval, page.Refused("", changedText, "")
		}
		changed, every := read.into(s)
		after = changed
		if len(read.faults) > 0 {
			return s, interval, page.Invalid("", "Correct what is named here, and save again.")
		}
		if err := administration.CheckSettings(changed, every); err != nil {
			return s, interval, err
		}
		found = risks(state{app: app}, assigned, s, changed)
		var confirmed bool
		if confirmation, confirmed = r.Confirms(page.Confirm(found)); len(found) > 0 && !confirmed {
			return s, interval, page.Invalid("", "Look at what it means below the settings, and confirm it there.")
		}
		return changed, every, nil
	})
	if err == nil {
		notice := page.Success("The settings were saved.")
		if before.NeedsFullCycle(after) {
			notice.Text += " The next cycle looks at everyone."
		}
		return page.Redirect(app.Path(menu)+"#notice", notice), nil // without a fragment, browsers go to that of the form
	}
	faults, ok := page.FaultsOf(err)
	if !ok {
		return page.Answer{}, err
	}
	maps.Copy(faults, read.faults)
	return a.settingsAgain(ctx, r, read.values, faults, found, confirmation)
}

// settingsAgain shows the form again with what was entered. The address of a webhook may
// be a secret and is not shown again.
func (a *Area) settingsAgain(ctx context.Context, r *page.Request, given values, faults page.Faults, found []string, confirmation page.Confirmation) (page.Answer, error) {
	app, err := r.ApplicationWithAccounts(ctx) // as it is saved now
	if err != nil {
		return page.Answer{}, err
	}
	s, err := a.state(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	if given["webhook"] != "" && faults["webhook"] == "" {
		faults["webhook"] = "It is not shown again: enter it once more."
	}
	data := newPageData(s)
	data.Settings = newSettingsForm(s, given, faults)
	data.Settings.Risks, data.Settings.Confirmation = found, confirmation
	return a.again(data, app)
}

// wrong lists what is wrong with the form in the order of its fields, each with the way
// to its field. What is about no field comes first and leads nowhere.
func (f settingsForm) wrong() []page.Link {
	faults := maps.Clone(f.Faults)
	var found []page.Link
	add := func(label string, field page.Field) {
		if field.Fault != "" {
			found = append(found, page.Link{Text: label + ": " + field.Fault, Path: "#field-" + field.Name})
		}
		delete(faults, field.Name)
	}
	fields := func(all []page.Field) {
		for _, field := range all {
			add(field.Label, field)
		}
	}
	fields(f.Notification)
	fields(f.Guard)
	fields(f.Scope)
	for _, row := range f.Leaving {
		add(row.Trigger, row.Action)
		add("Grace period, "+strings.ToLower(row.Trigger), row.Grace)
	}
	add(f.Grace.Label, f.Grace)
	fields(f.Further)
	var whole []page.Link
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		whole = append(whole, page.Link{Text: faults[name]})
	}
	return append(whole, found...)
}

// newSettingsForm makes the form of values.
func newSettingsForm(s state, v values, faults page.Faults) settingsForm {
	text := func(name, label, kind, help string) page.Field {
		return faults.Of(page.Field{Name: name, Label: label, Type: kind, Help: help, Value: v[name]})
	}
	box := func(name, label, help string) page.Field {
		return faults.Of(page.Field{Name: name, Label: label, Type: "checkbox", Help: help, Checked: v[name] != ""})
	}
	choice := func(name, label, help string, pairs ...[2]string) page.Field {
		return faults.Of(page.Field{Name: name, Label: label, Type: "select", Help: help, Options: page.Options(v[name], pairs...)})
	}
	form := settingsForm{Faults: faults, GuardMeans: guardMeans(s), Mark: markOf(s.app.Job)}
	form.Notification = []page.Field{
		text("notify", "Notification Email", "text", "Several are separated by commas."),
		box("notifyOn", "Send an email notification when a failure occurs", "They are told when the job goes into quarantine and when it is over, when removals are held, and when changes made in the application are found. Without the check mark nobody gets mail, and the addresses are not kept."),
		box("digest", "Also send a summary once a day", ""),
	}
	form.Notification = append(form.Notification, webhookFields(s.app.Job.Settings.Notify.Webhook, faults)...)
	form.Guard = []page.Field{
		text("removalLimit", "Accidental deletion threshold", "number", "Hold all removals of a cycle when they are more than this number. 0: no limit by number."),
		text("removalPercent", "Accidental deletion threshold in percent", "number", "Hold all removals of a cycle when they are more than this share of the accounts in use; counts from 11 removals on. 0: no limit by share."),
		usually(provisioning.DefaultRemovalDays, text("removalDays", "Days until held removals are looked at anew", "number", "-1: never. "+whenEmpty)),
	}
	form.Scope = []page.Field{
		choice("scope", "Scope", scopeHelp(s), [2]string{"assigned", "Sync only assigned users and groups"}, [2]string{"all", "Sync all users and groups"}),
		box("nestedGroups", "Members of groups inside an assigned group are assigned, too", "However deep. Microsoft Entra ID takes direct members alone."),
	}
	form.Leaving, form.Grace = leavingRows(v, faults), text("grace", "Grace period", "text", "How long an account is kept after its owner left, such as 7d or 12h. 0s: not at all.")
	form.Further = furtherFields(text, box, choice)
	form.Wrong = form.wrong()
	return form
}

func furtherFields(
	text func(name, label, kind, help string) page.Field, box func(name, label, help string) page.Field,
	choice func(name, label, help string, pairs ...[2]string) page.Field,
) []page.Field {
	return []page.Field{
		box("skipOutOfScopeDeletions", "Leave the accounts of people who leave the scope as they are", "Microsoft Entra's SkipOutOfScopeDeletions. Only who was removed from the directory for good still loses the account."),
		choice("vanished", "When the account of somebody in scope is gone", "Somebody may have deleted it in the application.",
			[2]string{"", "Fail, as Microsoft Entra ID does (InvalidAnchor)"}, [2]string{string(provisioning.VanishedMatch), "Match the person again, and make a new account if none matches"}),
		choice("drift", "Changes made in the application", "Looked for while provisioning is on.",
			[2]string{string(provisioning.DriftOff), "Do not look for them"}, [2]string{string(provisioning.DriftReport), "Log them and tell people"}, [2]string{string(provisioning.DriftRepair), "Log them, tell people, and set them right"}),
		usually(administration.ShowPeriod(provisioning.UsualDriftInterval), text("driftInterval", "Time between two looks for such changes", "text", "At least 1m. "+whenEmpty)),
		text("interval", "Time between two cycles", "text", "Such as 40m. At least 1m. Changes in the directory are worked off within seconds whatever it is."),
		text("defaultDomain", "Default domain", "text", "What the function DefaultDomain of the mapping gives, such as contoso.com."),
		text("failurePercent", "Quarantine from this share of failures", "number", "In percent of the people of a cycle, counts from 10 people on. 0: only from 5,000 failures on."),
		usually(provisioning.DefaultConfirmationDays, text("confirmationDays", "Days until an unconfirmed value is warned of", "number", "Such as an e-mail address that its owner has to confirm. -1: never. "+whenEmpty)),
	}
}

// whenEmpty says what a field means that shows the usual value in its place.
const whenEmpty = "Leave it empty for the usual value, which it shows then."

// usually shows the usual value in the place of an empty one.
func usually(value any, field page.Field) page.Field {
	field.Placeholder = fmt.Sprint(value)
	return field
}

// webhookFields are about the webhook. Its way may be a secret, so only the host is
// shown.
func webhookFields(saved string, faults page.Faults) []page.Field {
	field := page.Field{Name: "webhook", Label: "Webhook", Type: "url", Help: "An https URL that is posted to as well.", Placeholder: "https://hooks.contoso.com/usher"}
	if saved == "" {
		return []page.Field{faults.Of(field)}
	}
	host := ""
	if location, err := url.Parse(saved); err == nil {
		host = " at " + location.Host
	}
	field.Placeholder, field.Help = "saved, leave empty to keep", "One"+host+" is saved. "+field.Help
	return []page.Field{faults.Of(field), {Name: "webhookForget", Label: "Forget the saved webhook", Type: "checkbox"}}
}

func scopeHelp(s state) string {
	return page.Plural(s.app.Links.Enabled, "account is", "accounts are") + " in use. Whoever is out of the new scope loses the account as set below; Preview shows who."
}

// guardMeans tells what the removal guard would mean today.
func guardMeans(s state) string {
	guard := plan.Guard{Limit: s.app.Job.Settings.RemovalLimit, Percent: s.app.Job.Settings.RemovalPercent}
	if guard.Limit == 0 && guard.Percent == 0 && s.app.Links.Enabled == 0 {
		return "It is off. Set it before accounts are in use: it holds removals when a mistake would take many of them away."
	}
	if guard.Limit == 0 && guard.Percent == 0 {
		return "It is off: a mistake in the directory or in a scoping filter could take all " + page.Number(s.app.Links.Enabled) + " accounts in use away in one cycle."
	}
	from := leastHeld(guard, s.app.Links.Enabled)
	text := page.Plural(s.app.Links.Enabled, "account is", "accounts are") + " in use today"
	if from > s.app.Links.Enabled {
		text += ", so that as it is saved now no number of removals would be held."
	} else {
		text += ": as it is saved now, " + page.Plural(from, "removal", "removals") + " or more in one cycle would be held."
	}
	if s.app.Links.Staged > 0 {
		text += " " + page.Plural(s.app.Links.Staged, "removal is", "removals are") + " held now."
	}
	return text
}

// leastHeld is how many removals are held at least, one more than there are accounts for
// none.
func leastHeld(guard plan.Guard, enabled int) int {
	low, high := 1, enabled+1
	for low < high {
		middle := (low + high) / 2
		if guard.Judge(middle, enabled) != "" {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// triggerTitles are the triggers in words.
func triggerTitles() map[provisioning.Trigger]string {
	return map[provisioning.Trigger]string{
		provisioning.Unassigned: "No longer assigned", provisioning.FilteredOut: "Excluded by a scoping filter", provisioning.SourceDisabled: "Disabled in the directory",
		provisioning.SoftDeleted: "Deleted in the directory", provisioning.HardDeleted: "Removed from the directory for good",
	}
}

func leavingRows(v values, faults page.Faults) []leavingRow {
	titles := triggerTitles()
	var rows []leavingRow
	for _, trigger := range provisioning.Triggers() {
		action, grace := "action-"+string(trigger), "grace-"+string(trigger)
		rows = append(rows, leavingRow{
			Trigger: titles[trigger],
			Action: faults.Of(page.Field{Name: action, Options: page.Options(v[action],
				[2]string{string(provisioning.LeaveDisable), "Disable the account"}, [2]string{string(provisioning.LeaveDelete), "Delete it, where the application can"}, [2]string{string(provisioning.LeaveNothing), "Do nothing"})}),
			Grace: faults.Of(page.Field{Name: grace, Value: v[grace], Placeholder: "as below"}),
		})
	}
	return rows
}

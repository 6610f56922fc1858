package configuration

import (
	"context"
	"net/http"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// pageData is the page "Provisioning".
type pageData struct {
	Path        string
	Name        string
	Steps       []step // of setting up, none when it is done
	Mode        modeForm
	Credentials credentialsForm
	Settings    settingsForm
}

// step is a step of setting an application up.
type step struct {
	Title string
	Text  string
	Path  string // where it is done
	Done  bool
	Next  bool // it is the first one that is not done
}

// state is what a page is made of.
type state struct {
	app        page.Application
	descriptor connector.Descriptor
	fields     []administration.CredentialField
	unreadable error
	assigned   int                         // people, while the application is set up
	meaning    administration.StartMeaning // while provisioning is off
	planned    bool                        // a plan was made, while it is set up
}

// settingUp reports whether the application was not turned on yet, or no initial cycle
// is complete.
func (s state) settingUp() bool { return !s.app.On() || !s.app.Job.Status.InitialDone }

func head(app page.Application) page.Head {
	head := app.Of("Provisioning", menu)
	head.Lead = "How Usher keeps the accounts in " + app.DisplayName + " right."
	return head
}

func (a *Area) show(ctx context.Context, _ *page.Request, app page.Application) (page.Answer, error) {
	s, err := a.state(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	return a.page.Show(head(app), newPageData(s)), nil
}

// again shows the page with a form that had faults.
func (a *Area) again(data pageData, app page.Application) (page.Answer, error) {
	return a.page.Show(head(app), data).With(http.StatusUnprocessableEntity), nil
}

func (a *Area) state(ctx context.Context, app page.Application) (state, error) {
	s := state{app: app}
	template, err := a.Administration.Template(app.Application)
	if err != nil {
		return s, err
	}
	s.descriptor = template.Descriptor
	if s.fields, s.unreadable, err = a.Administration.CredentialFields(ctx, app.Application); err != nil {
		return s, err
	}
	if !app.On() {
		if s.meaning, err = a.Administration.MeaningOfStart(ctx, app.Application); err != nil {
			return s, err
		}
	}
	if !s.settingUp() {
		return s, nil // what follows is for the steps, and takes its time
	}
	if s.assigned, err = a.Administration.Store.CountAssigned(ctx, app.ID); err != nil {
		return s, err
	}
	for _, err := range a.Administration.Store.Plans(ctx, app.Job.ID) {
		if err != nil {
			return s, err
		}
		s.planned = true
		break
	}
	return s, nil
}

func newPageData(s state) pageData {
	return pageData{
		Path: s.app.Path(menu), Name: s.app.DisplayName, Steps: newSteps(s), Mode: newModeForm(s), Credentials: newCredentialsForm(s, nil, nil),
		Settings: newSettingsForm(s, valuesOf(s.app.Job.Settings, s.app.Job.Schedule.Interval), nil),
	}
}

// newSteps are the steps up to turning provisioning on; none once an initial cycle is
// complete.
func newSteps(s state) []step {
	job := s.app.Job
	if !s.settingUp() {
		return nil
	}
	configured := job.Status.Code != provisioning.NotConfigured
	everybody := job.Settings.SyncAll
	assigned := page.Plural(s.assigned, "person is", "people are") + " assigned."
	if everybody {
		assigned = "All users of the directory are synchronized; assignments say who gets which role. " + assigned
	}
	steps := []step{
		{Title: "Admin Credentials", Text: "What Usher signs in to " + s.app.DisplayName + " with, tested before it is saved.", Path: "#credentials", Done: configured},
		{Title: "Mappings", Text: "The default mappings are in place. Look whether they fit your directory.", Path: s.app.Path("mappings"), Done: configured},
		{Title: "Assign users and groups", Text: assigned, Path: s.app.Path("users-and-groups"), Done: everybody || s.assigned > 0},
		{Title: "Preview", Text: "See what the first cycle would do, before it does it.", Path: s.app.Path("preview"), Done: s.planned || job.Status.InitialDone},
		{Title: "Turn provisioning on", Text: "From then on cycles run by themselves.", Path: "#mode", Done: s.app.On()},
	}
	for i := range steps {
		if !steps[i].Done {
			steps[i].Next = true
			break
		}
	}
	return steps
}

// modeForm is whether provisioning runs by itself.
type modeForm struct {
	Confirmation page.Confirmation // of what turning it on works on, while it is off

	Field  page.Field
	On     bool
	Since  time.Time // of the last cycle's end
	Every  string
	First  string // what turning it on would do first, empty when nothing special
	Faults page.Faults
}

const (
	automatic = "Automatic"
	manual    = "Manual"
)

func newModeForm(s state) modeForm {
	mode, every := manual, page.Duration(s.app.Job.Schedule.Interval)
	if s.app.On() {
		mode = automatic
	}
	form := modeForm{Confirmation: page.Confirm(s.meaning), On: s.app.On(), Every: every, Since: s.app.Job.Status.LastRun.Ended, Field: page.Field{
		Name: "mode", Label: "Provisioning Mode", Type: "select",
		Options: page.Options(mode, modes()...),
		Help: "Automatic: a cycle runs every " + every + ", and within seconds of a change in the directory. Manual: nothing runs by itself; Provision on demand and Preview work. " +
			"In Usher mode and status are one switch, so Manual is also how provisioning is turned off, and it goes on where it left off.",
	}}
	if !s.app.On() && !s.app.Job.Status.InitialDone {
		form.First = "The first cycle looks at " + page.Plural(s.assigned, "assigned person", "assigned people") + ": whoever has an account there is matched, and the others get one."
		if s.assigned == 0 {
			form.First = "Nobody is assigned yet, so a first cycle would make no account."
		}
		if s.app.Job.Settings.SyncAll {
			form.First = "The first cycle looks at all users of the directory: whoever has an account there is matched, and the others get one."
		}
	}
	return form
}

// saveMode turns provisioning on or off. It is not turned on with credentials that do
// not work: its first cycle would end in quarantine.
func (a *Area) saveMode(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	var err error
	switch mode := r.Value("mode"); {
	case mode == manual && app.On():
		if err = r.Acts().Pause(ctx, app.Application, ""); err == nil {
			return page.Redirect(app.Path(menu), page.Success("Provisioning is off. Accounts stay as they are.")), nil
		}
	case mode == automatic && !app.On():
		if _, err = a.Administration.TestSaved(ctx, app.Application); err == nil {
			if confirmed, err := a.modeConfirmed(ctx, r, app); err != nil || !confirmed {
				return a.modeChanged(ctx, app, err)
			}
			err = r.Acts().Start(ctx, app.Application, administration.Starting{})
		}
		if err == nil {
			return page.Redirect(app.Path(menu), page.Success("Provisioning is on. The first cycle begins within seconds.")), nil
		}
	case mode == manual, mode == automatic:
		return page.Redirect(app.Path(menu), page.Notice{Kind: "info", Text: "Nothing was changed: the mode is " + mode + " already."}), nil
	default:
		err = page.Invalid("mode", "The mode is Manual or Automatic.")
	}
	s, stateErr := a.state(ctx, app)
	if stateErr != nil {
		return page.Answer{}, stateErr
	}
	data := newPageData(s)
	if data.Mode.Faults = told(err); data.Mode.Faults == nil {
		return page.Answer{}, err
	}
	if r.Value("mode") == automatic {
		data.Mode.Faults[""] = "Provisioning was not turned on. " + data.Mode.Faults[""]
	}
	data.Mode.Field = data.Mode.Faults.Of(data.Mode.Field)
	return a.again(data, app)
}

// modeConfirmed reports whether turning provisioning on still works on what the page
// showed that it is turned on from.
func (a *Area) modeConfirmed(ctx context.Context, r *page.Request, app page.Application) (bool, error) {
	meaning, err := a.Administration.MeaningOfStart(ctx, app.Application)
	_, confirmed := r.Confirms(page.Confirm(meaning))
	return confirmed, err
}

// modeChanged shows the page as it is now, when it is not the one any more that
// provisioning was to be turned on from.
func (a *Area) modeChanged(ctx context.Context, app page.Application, err error) (page.Answer, error) {
	if err != nil {
		return page.Answer{}, err
	}
	s, err := a.state(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	data := newPageData(s)
	data.Mode.Faults = page.Faults{"": "Provisioning was not turned on: assignments, accounts, mappings or settings changed since you looked. Look at them as they are now, and turn it on then."}
	data.Mode.Field.Options = page.Options(automatic, modes()...)
	return a.page.Show(head(app), data).With(http.StatusConflict), nil
}

// modes are those to choose from.
func modes() [][2]string {
	return [][2]string{{automatic, "Automatic – Provisioning Status: On"}, {manual, "Manual – Provisioning Status: Off"}}
}

// told returns what is wrong with a form or with the connection that it is about, nil
// for an error of another kind.
func told(err error) page.Faults {
	if faults, ok := page.FaultsOf(err); ok {
		return faults
	}
	if fault := page.FaultOf(err, ""); fault.Status == http.StatusBadGateway || fault.Status == http.StatusConflict || fault.Status == http.StatusGatewayTimeout {
		return page.Faults{"": fault.Text + " " + fault.Advice}
	}
	return nil
}

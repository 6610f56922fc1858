package status

import (
	"context"
	"net/http"
	"strings"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// startData is what turning provisioning on means.
type startData struct {
	Confirmation page.Confirmation
	Name         string
	Path         string
	Preview      string
	Assigned     int
	Everybody    bool // also who is not assigned
	Accounts     int
	Allowed      int  // removals that go ahead with the first cycle
	Guarded      bool // the removal guard has a limit
	First        bool // no cycle has been complete: everyone is looked at
	Quarantine   bool // one is lifted by it
}

func (a *Area) askStart(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.startData(ctx, app)
	return a.starting.Show(startHead(app), data), err
}

func startHead(app page.Application) page.Head { return app.Of("Start provisioning", "") }

func (a *Area) startData(ctx context.Context, app page.Application) (startData, error) {
	meaning, err := a.Administration.MeaningOfStart(ctx, app.Application)
	data := newStartData(app, meaning)
	data.Confirmation = page.Confirm(meaning)
	return data, err
}

func newStartData(app page.Application, meaning administration.StartMeaning) startData {
	return startData{
		Name: app.DisplayName, Path: app.Path("start"), Preview: app.Path("preview"), Assigned: meaning.Assigned, Accounts: meaning.Enabled, Allowed: meaning.Allowed,
		Everybody: app.Job.Settings.SyncAll, Guarded: app.Job.Settings.RemovalLimit > 0 || app.Job.Settings.RemovalPercent > 0, First: !app.Job.Status.InitialDone, Quarantine: app.Job.Status.Quarantine.Reason != "",
	}
}

// start turns provisioning on, if it still means what the page said that asked.
func (a *Area) start(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	if app.On() && app.Job.Status.Quarantine.Reason == "" {
		return page.Redirect(app.Path(""), page.Notice{Kind: "info", Text: "Provisioning of " + app.DisplayName + " is on already."}), nil
	}
	data, err := a.startData(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.starting.Show(startHead(app), data).With(http.StatusConflict), nil
	}
	if err := r.Acts().Start(ctx, app.Application, administration.Starting{}); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path(""), page.Success("Provisioning of %s is on. The first cycle begins within seconds.", app.DisplayName)), nil
}

func (a *Area) pause(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	if err := r.Acts().Pause(ctx, app.Application, ""); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path(""), page.Caution("Provisioning of %s is off. A running cycle stops at the end of its batch. Until it is started again nobody gets an account there, and nobody who leaves loses one.", app.DisplayName)), nil
}

// restartData is the choice of what a restart forgets.
type restartData struct {
	Confirmation page.Confirmation // of the removals that are held
	Name         string
	Path         string
	Choices      []restartChoice
	Faults       page.Faults
	Held         int
	Kept         int // connections, which can be forgotten
}

type restartChoice struct {
	administration.RestartChoice

	Title   string
	Checked bool
	Danger  bool
}

func newRestartData(app page.Application, chosen provisioning.RestartScope, faults page.Faults) restartData {
	data := restartData{Name: app.DisplayName, Path: app.Path("restart"), Faults: faults, Held: app.Links.Staged, Kept: app.Links.Connections}
	titles := map[provisioning.RestartScope]string{
		provisioning.RestartEscrows: "Forget failures (Escrows)", provisioning.RestartWatermark: "Look at everyone again (Watermark)",
		provisioning.RestartQuarantineState: "Lift the quarantine (QuarantineState)", provisioning.RestartConnectorDataStore: "Forget which account belongs to whom (ConnectorDataStore)",
		provisioning.RestartForceDeletes: "Let held removals go ahead (ForceDeletes)",
	}
	for _, choice := range administration.RestartChoices() {
		data.Choices = append(data.Choices, restartChoice{
			choice, titles[choice.Scope], chosen.Has(choice.Scope),
			choice.Scope == provisioning.RestartConnectorDataStore || choice.Scope == provisioning.RestartForceDeletes,
		})
	}
	return data
}

func (a *Area) askRestart(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.ApplicationWithAccounts(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	return a.showRestart(ctx, app, provisioning.RestartDefault, nil)
}

func (a *Area) showRestart(ctx context.Context, app page.Application, chosen provisioning.RestartScope, faults page.Faults) (page.Answer, error) {
	held, err := a.Administration.Decidable(ctx, app.Application, administration.Allow, nil)
	data := newRestartData(app, chosen, faults)
	data.Held, data.Confirmation = len(held), page.Confirm(held)
	return a.restart.Show(app.Of("Restart provisioning", ""), data), err
}

// restartJob forgets what was chosen. Letting removals go ahead takes accounts away, so
// it is for administrators, as allowing them is, and about those alone that the page
// counted.
func (a *Area) restartJob(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.ApplicationWithAccounts(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	text := strings.Join(r.Values("scope"), ",")
	scope, err := provisioning.ParseRestartScope(text)
	again := func(text string) (page.Answer, error) {
		answer, err := a.showRestart(ctx, app, scope, page.Faults{"": text})
		return answer.With(http.StatusUnprocessableEntity), err
	}
	forced := scope.Has(provisioning.RestartForceDeletes)
	switch {
	case err != nil:
		return again(page.Sentence(err.Error()))
	case text == "":
		scope = provisioning.RestartNone
		return again("Choose at least one thing that is to be forgotten.")
	case forced && !r.Visitor.Administers():
		return again("Letting held removals go ahead needs the role administrator.")
	}
	if forced {
		held, err := a.Administration.Decidable(ctx, app.Application, administration.Allow, nil)
		if err != nil {
			return page.Answer{}, err
		}
		if _, confirmed := r.Confirms(page.Confirm(held)); !confirmed {
			answer, err := again("Nothing was done: other removals are held than when you looked. Look at how many there are now, and send the form again if they are meant.")
			return answer.With(http.StatusConflict), err
		}
	}
	err = r.Acts().Restart(ctx, app.Application, scope, text)
	if faults, ok := page.FaultsOf(err); ok {
		answer, err := a.showRestart(ctx, app, scope, faults)
		return answer.With(http.StatusUnprocessableEntity), err
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path(""), restarted(app, text, forced)), nil
}

// restarted is the notice about a restart.
func restarted(app page.Application, text string, forced bool) page.Notice {
	notice := page.Success("%s was restarted: %s. No account was touched by it.", app.DisplayName, text)
	if forced {
		notice = page.Caution("%s was restarted: %s. The next cycle takes away the accounts whose removals were held.", app.DisplayName, text)
	}
	if !app.On() {
		notice.Kind = "warning"
		notice.Text += " Provisioning is turned off, so that cycle waits until it is started."
	}
	return notice
}

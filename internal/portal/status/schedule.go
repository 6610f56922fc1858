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
	Name       string
	Path       string
	Preview    string
	Assigned   int
	Accounts   int
	First      bool // no cycle has been complete: everyone is looked at
	Quarantine bool // one is lifted by it
}

func (a *Area) askStart(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	health, err := a.Administration.Health(ctx, app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	return a.starting.Show(app.Of("Start provisioning", ""), newStartData(app, health)), nil
}

func newStartData(app page.Application, health administration.Health) startData {
	return startData{
		Name: app.DisplayName, Path: app.Path("start"), Preview: app.Path("preview"), Assigned: health.Assigned, Accounts: health.Links.Enabled,
		First: !app.Job.Status.InitialDone, Quarantine: app.Job.Status.Quarantine.Reason != "",
	}
}

func (a *Area) start(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
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
	Name    string
	Path    string
	Choices []restartChoice
	Faults  page.Faults
	Held    int
}

type restartChoice struct {
	administration.RestartChoice

	Title   string
	Checked bool
	Danger  bool
}

func newRestartData(app page.Application, chosen provisioning.RestartScope, faults page.Faults) restartData {
	data := restartData{Name: app.DisplayName, Path: app.Path("restart"), Faults: faults, Held: app.Links.Staged}
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
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	return a.restart.Show(app.Of("Restart provisioning", ""), newRestartData(app, provisioning.RestartDefault, nil)), nil
}

// restartJob forgets what was chosen. Letting removals go ahead takes accounts away, so
// it is for administrators, as allowing them is.
func (a *Area) restartJob(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	text := strings.Join(r.Values("scope"), ",")
	scope, err := provisioning.ParseRestartScope(text)
	again := func(faults page.Faults) (page.Answer, error) {
		return a.restart.Show(app.Of("Restart provisioning", ""), newRestartData(app, scope, faults)).With(http.StatusUnprocessableEntity), nil
	}
	switch {
	case err != nil:
		return again(page.Faults{"": page.Sentence(err.Error())})
	case text == "":
		scope = provisioning.RestartNone
		return again(page.Faults{"": "Choose at least one thing that is to be forgotten."})
	case scope.Has(provisioning.RestartForceDeletes) && !r.Visitor.Administers():
		return again(page.Faults{"": "Letting held removals go ahead needs the role administrator."})
	}
	err = r.Acts().Restart(ctx, app.Application, scope, text)
	if faults, ok := page.FaultsOf(err); ok {
		return again(faults)
	}
	if err != nil {
		return page.Answer{}, err
	}
	notice := page.Success("%s was restarted: %s. No account was touched by it.", app.DisplayName, text)
	if !app.On() {
		notice = page.Caution("%s was restarted: %s. Provisioning is turned off, so the next cycle waits until it is started.", app.DisplayName, text)
	}
	return page.Redirect(app.Path(""), notice), nil
}

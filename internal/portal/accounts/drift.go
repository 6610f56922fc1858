package accounts

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// mostAccepted is how many people are shown for whom the target leads.
const mostAccepted = 100

// driftData is what was changed in the application, not in the directory.
type driftData struct {
	Name     string
	Path     string
	Accept   string
	Retract  string
	Settings string
	Check    engine.DriftCheck
	Plan     string // page of the plan that lists what was found
	Mode     string
	Next     time.Time
	Accepted []accepted
	More     bool // there are more acceptances than are shown
	Targets  []string
	Faults   page.Faults
}

// accepted is an attribute for which the application leads.
type accepted struct {
	Attribute string
	People    []acceptedPerson
}

type acceptedPerson struct {
	ID     string
	Name   string
	Path   string
	Wanted string
	At     time.Time
	By     string
}

func driftHead(app page.Application) page.Head {
	h := app.Of("Drift", "drift")
	h.Lead = "What was changed in the application by hand, while nothing changed in the directory."
	return h
}

func (a *Area) showDrift(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.loadDrift(ctx, app)
	return a.drift.Show(driftHead(app), data), err
}

func (a *Area) loadDrift(ctx context.Context, app page.Application) (driftData, error) {
	check, err := a.Administration.DriftCheck(ctx, app.Application)
	if err != nil {
		return driftData{}, err
	}
	data := newDriftData(app, check)
	schema, err := a.Administration.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return data, err
	}
	if _, object, err := schema.UserMapping(); err == nil {
		for _, each := range object.AttributeMappings {
			data.Targets = append(data.Targets, each.TargetAttributeName)
		}
		slices.Sort(data.Targets)
	}
	names, shown := a.Administration.Names(), 0
	for each, err := range a.Administration.Acceptances(ctx, app.Application) {
		if err != nil {
			return data, err
		}
		if shown++; shown > mostAccepted {
			data.More = true
			break
		}
		name, err := names.Of(ctx, each.SourceID)
		if err != nil {
			return data, err
		}
		data.add(each, name)
	}
	return data, nil
}

func newDriftData(app page.Application, check engine.DriftCheck) driftData {
	drift := app.Job.Settings.Drift
	data := driftData{
		Name: app.DisplayName, Path: app.Path("drift"), Accept: app.Path("drift/accept"), Retract: app.Path("drift/retract"), Settings: app.Path("provisioning"), Check: check,
		Next: drift.Next(check.At),
	}
	if check.PlanID != "" {
		data.Plan = app.Path("preview/" + check.PlanID)
	}
	switch drift.Mode {
	case provisioning.DriftReport:
		data.Mode = "Usher looks every " + page.Duration(cmp.Or(drift.Interval, provisioning.UsualDriftInterval)) + ", and reports what it finds."
	case provisioning.DriftRepair:
		data.Mode = "Usher looks every " + page.Duration(cmp.Or(drift.Interval, provisioning.UsualDriftInterval)) + ", and sets right what it finds."
	case provisioning.DriftOff, "":
		data.Mode = "Usher looks only when somebody asks for it."
	}
	return data
}

// add adds somebody for whom the application leads.
func (d *driftData) add(each engine.Acceptance, name string) {
	person := acceptedPerson{each.SourceID, cmp.Or(name, each.SourceID), page.UserPath(each.SourceID), each.Wanted.String(), each.At, each.By}
	at := slices.IndexFunc(d.Accepted, func(known accepted) bool { return known.Attribute == each.Attribute })
	if at < 0 {
		d.Accepted, at = append(d.Accepted, accepted{Attribute: each.Attribute}), len(d.Accepted)
	}
	d.Accepted[at].People = append(d.Accepted[at].People, person)
}

// findDrift looks for changes, in the background.
func (a *Area) findDrift(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	begun, err := a.Operations.FindDrift(ctx, r.Visitor.Actor(), app.Application, administration.Looking{Recent: r.Checked("recent")})
	if err != nil {
		return a.driftAgain(ctx, app, err)
	}
	return page.Redirect(app.Path("operations/"+begun.ID), page.Notice{}), nil
}

// driftAgain shows the page with what was refused.
func (a *Area) driftAgain(ctx context.Context, app page.Application, refused error) (page.Answer, error) {
	faults, ok := page.FaultsOf(refused)
	if !ok {
		return page.Answer{}, refused
	}
	data, err := a.loadDrift(ctx, app)
	data.Faults = faults
	return a.drift.Show(driftHead(app), data).With(http.StatusUnprocessableEntity), err
}

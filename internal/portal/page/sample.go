package page

import (
	"context"
	"net/http"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Sample is a page with made-up data, to look at and to test.
type Sample struct {
	Page   string // "Provisioning logs"
	Case   string // "empty", "full", "hostile", or what is special about it
	Path   string // where the page is in the portal, for links relative to it
	Answer Answer
	Nobody bool // whoever looks at it is not signed in
}

// Hostile is a name that does harm where it is not escaped.
const Hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)>{{.}}${7*7}'; drop table users; -- <b>bold</b>`

// SampleVisitor is who looks at samples.
func SampleVisitor() Visitor {
	return Visitor{ID: "7d1f2c1e-0000-4000-8000-000000000001", Name: "ann@contoso.com", DisplayName: "Ann Doe", Role: store.RoleAdministrator, SessionID: "1"}
}

// Show serves a sample as its page.
func (s *Site) Show(w http.ResponseWriter, r *http.Request, sample Sample) {
	request := &Request{HTTP: r, site: s, id: "sample", Visitor: SampleVisitor()}
	if sample.Nobody {
		request.Visitor = Visitor{}
	}
	s.answer(r.Context(), w, request, sample.Answer, nil)
}

// Routes returns the patterns of all routes, with their methods.
func (r *Router) Routes() []string { return r.patterns }

// SampleAuthenticate signs everybody in as the visitor of the samples, for looking at
// pages that have no data of anybody.
func SampleAuthenticate(context.Context, *http.Request) (Visitor, error) { return SampleVisitor(), nil }

// SampleApplication returns a made-up application of this name, with something of
// everything that its menu counts.
func SampleApplication(name string) Application {
	app := administration.Application{}
	app.ID, app.DisplayName, app.TemplateID = "1b0b8a72-8a4e-4c5e-9f62-8b1d3a3f6a01", name, "salesforce"
	app.Job = provisioning.Job{ID: "salesforce.1b0b8a728a4e4c5e9f628b1d3a3f6a01.2", ApplicationID: app.ID, TemplateID: "salesforce"}
	app.Job.Schedule = provisioning.Schedule{Interval: 40 * time.Minute, State: provisioning.ScheduleActive}
	app.Job.Status = provisioning.Status{Code: provisioning.Active, InitialDone: true}
	return Application{app, store.LinkCount{Connections: 9200, Enabled: 9121, Escrows: 2, Staged: 31}}
}

// Samples returns the pages of the frame itself: those about errors.
func (s *Site) Samples() []Sample {
	show := func(name string, fault *Fault) Sample {
		return Sample{Page: "Error", Case: name, Path: "/", Answer: s.fault.Show(Head{Title: fault.Title}, fault).With(fault.Status)}
	}
	return []Sample{
		show("not found", NotFound("There is no application “%s”.", Hostile)),
		show("forbidden", forbidden(Visitor{Name: "ann@contoso.com", Role: store.RoleReader}, store.RoleAdministrator)),
		show("inside", FaultOf(http.ErrBodyNotAllowed, "1b0b8a72-8a4e-4c5e-9f62-8b1d3a3f6a01")),
	}
}

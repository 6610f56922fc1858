package portal

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// How much a large world has.
const (
	largeUsers    = 100_000
	largeGroup    = 60_000 // members of one assigned group, beside those of the company
	largeEntries  = 200_000
	largeCycles   = 2000
	largeFailures = 5000
	largeRemovals = 2000
	largeBatch    = 1000
)

// large is a portal over a company of 100,000 people, most of whom have an account, and
// a month of what was done for them.
type large struct {
	*portaltest.World

	handler http.Handler
	app     administration.Application
	ids     []string          // of people, in the order in which a full cycle looks at them
	names   map[string]string // of placeholders in patterns of routes
}

func newLarge(b *testing.B) *large {
	b.Helper()
	w := &large{World: portaltest.New(b, func(*administration.Service) []portaltest.Area { return nil })}
	people, err := auth.NewPeople(auth.PeopleConfig{Store: w.Store})
	w.Must(err)
	live, err := settings.Open(b.Context(), settings.Config{Store: w.Store})
	w.Must(err)
	w.handler, err = New(Dependencies{
		Settings: live, Clients: w.Store,
		Administration: w.Service, Operations: administration.NewOperations(w.Service), People: people, Version: "test",
		Authenticate: page.SampleAuthenticate,
		NextRun:      func(job provisioning.Job, now time.Time) time.Time { return now.Add(job.Schedule.Interval) },
	})
	w.Must(err)
	w.app = w.Connected()
	w.fillDirectory()
	w.fillJob()
	w.fillPlan()
	w.nameObjects()
	w.app = w.Again(w.app)
	return w
}

// everyone is the group that most people are in.
const everyone = "aaaaaaaa-0000-0000-0000-0000000000ff"

func (w *large) fillDirectory() {
	w.TB.Helper()
	w.Must(w.Store.RemoveGroup(w.TB.Context(), portaltest.Sales)) // the company has groups of the same names
	w.Must(w.Store.RemoveGroup(w.TB.Context(), portaltest.Marketing))
	company := contoso.Generate(contoso.Options{Users: largeUsers, Seed: 1})
	_, err := w.Store.Import(w.TB.Context(), func(yield func(directory.Delta, error) bool) {
		contents := []directory.Content{directory.Group{ID: everyone, DisplayName: "Everyone who sells", SecurityEnabled: true, Attributes: attr.New("Group", everyone, nil)}}
		for _, group := range company.Groups() {
			contents = append(contents, directory.Group{ID: group.ID, DisplayName: group.DisplayName, SecurityEnabled: true})
		}
		for n := range 2000 { // beside the groups of the company
			contents = append(contents, directory.Group{ID: fmt.Sprintf("aaaaaaaa-0000-0000-0001-%012d", n), DisplayName: fmt.Sprintf("Project %04d", n), SecurityEnabled: n%10 > 0})
		}
		for _, content := range contents {
			if !yield(directory.Delta{Content: content}, nil) {
				return
			}
		}
		count := 0
		for user := range company.Users() {
			if !yield(directory.Delta{Content: user.Directory()}, nil) {
				return
			}
			if count++; count <= largeGroup && !yield(directory.Delta{Content: directory.Member{Group: everyone, Member: user.ID, Type: "User"}}, nil) {
				return
			}
		}
		for member := range company.Members() {
			if !yield(directory.Delta{Content: member.Directory()}, nil) {
				return
			}
		}
	}, false)
	w.Must(err)
	for _, assignment := range company.Assignments() {
		w.Assign(w.app, assignment.PrincipalType, assignment.Principal, w.role(assignment.Role))
	}
	w.Assign(w.app, "Group", everyone, w.role("Standard User"))
}

// role returns the id of a role of the application.
func (w *large) role(name string) string {
	w.TB.Helper()
	roles, err := w.Store.Roles(w.TB.Context(), w.app.ID)
	w.Must(err)
	for _, role := range roles {
		if role.DisplayName == name {
			return role.ID
		}
	}
	w.TB.Fatalf("there is no role %q", name)
	return ""
}

// fillJob gives accounts to most people, and fills the log, what failed and what is
// held.
func (w *large) fillJob() {
	w.TB.Helper()
	ctx, ports := w.TB.Context(), w.Store.Engine()
	for ids, err := range w.Service.Runner.Everyone(ctx, w.app.Job, "", largeBatch) {
		w.Must(err)
		w.ids = append(w.ids, ids...)
	}
	job, err := ports.Begin(ctx, w.app.Job.ID)
	w.Must(err)
	cycle := engine.Cycle{ID: "cycle-0", JobID: job.ID, ApplicationID: w.app.ID, Fence: job.Fence}
	began := time.Now().UTC().Add(-30 * 24 * time.Hour).Truncate(time.Second)
	for first := 0; first < len(w.ids); first += largeBatch {
		commit := engine.Commit{}
		for n := first; n < min(first+largeBatch, len(w.ids)); n++ {
			commit.Connections = append(commit.Connections, engine.Connection{
				SourceID: w.ids[n], TargetID: fmt.Sprintf("005%015d", n), TargetName: fmt.Sprintf("person%05d@contoso.com", n), Enabled: n%10 > 0, Since: began,
			})
			if n%(len(w.ids)/largeFailures) == 0 {
				commit.Escrows = append(commit.Escrows, engine.Escrow{
					SourceID: w.ids[n], Code: largeCode(n), Message: "The target refused it.", Attempts: 3, First: began, Next: time.Now().Add(time.Hour),
				})
			}
		}
		w.Must(ports.Commit(ctx, cycle, commit))
	}
	var removals []engine.Removal
	for n := 1; n <= largeRemovals; n++ {
		removals = append(removals, engine.Removal{SourceID: w.ids[n], State: engine.RemovalPlanned, Reason: "NotAssigned", Since: began})
	}
	w.Must(ports.Plan(ctx, cycle, removals))
	w.Must(ports.Hold(ctx, cycle))
	w.fillLog(cycle, began)
	w.Must(w.Store.UpdateJob(ctx, job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		job.Status.Code, job.Status.InitialDone, job.Schedule.State = provisioning.Active, true, provisioning.ScheduleActive
		return job, nil
	}))
}

// largeCode is one of the codes that something fails with.
func largeCode(n int) string {
	return []string{"DuplicateValue", "InvalidValue", "LicenseLimit", "RequiredValueMissing", "TargetUnavailable"}[n/7%5]
}

func (w *large) fillLog(cycle engine.Cycle, began time.Time) {
	w.TB.Helper()
	ctx, ports := w.TB.Context(), w.Store.Engine()
	step := 30 * 24 * time.Hour / largeEntries
	for first := 0; first < largeEntries; first += largeBatch {
		commit := engine.Commit{}
		for n := first; n < first+largeBatch; n++ {
			commit.Entries = append(commit.Entries, journal.Entry{
				At: began.Add(time.Duration(n) * step), CycleID: fmt.Sprintf("cycle-%d", n*largeCycles/largeEntries), Change: w.change(n),
			})
		}
		w.Must(ports.Commit(ctx, cycle, commit))
	}
	for n := range largeCycles {
		at := began.Add(time.Duration(n) * step * (largeEntries / largeCycles))
		w.Must(ports.Record(ctx, provisioning.CycleRecord{
			Run: provisioning.Run{
				CycleID: fmt.Sprintf("cycle-%d", n), Kind: provisioning.Incremental, State: provisioning.EntryLevelErrors, Began: at, Ended: at.Add(time.Minute),
				Counts: provisioning.Counts{Collected: 100, Created: 10, Updated: 80, Failed: 5, Calls: 12, Writes: 90},
			},
			JobID: cycle.JobID, ApplicationID: cycle.ApplicationID,
		}))
	}
}

// change is what was done, or is planned, for somebody.
func (w *large) change(n int) plan.Change {
	id := w.ids[n%len(w.ids)]
	change := plan.Change{
		ID: fmt.Sprintf("change-%d", n), Action: []plan.Action{plan.Create, plan.Update, plan.Update, plan.Disable}[n%4], Status: plan.Success,
		Source: plan.Identity{Type: "User", ID: id, Name: fmt.Sprintf("person%05d@contoso.com", n%len(w.ids))},
		Target: plan.Identity{Type: "User", ID: fmt.Sprintf("005%015d", n%len(w.ids)), Name: fmt.Sprintf("person%05d@contoso.com", n%len(w.ids))},
	}
	if n%20 == 0 {
		change.Status, change.Reason = plan.Failure, plan.Reason{Code: largeCode(n)}
	}
	for _, name := range []string{"City", "Country", "Department", "Email", "FirstName", "LastName", "MobilePhone", "PostalCode", "State", "Street", "Title", "Username"} {
		change.Fields = append(change.Fields, plan.Field{Name: name, Old: attr.Text("what it was before"), New: attr.Text("what it is now")})
	}
	for _, step := range []plan.StepType{plan.ImportStep, plan.ScopingStep, plan.MatchingStep, plan.ExportStep} {
		change.Steps = append(change.Steps, plan.Step{Name: "EntryStep", Type: step, Status: plan.Success, Description: "What was done in this step, in one sentence."})
	}
	return change
}

// fillPlan keeps a plan that does something for everybody.
func (w *large) fillPlan() {
	w.TB.Helper()
	ctx, ports := w.TB.Context(), w.Store.Engine()
	p := engine.Plan{
		Key: "plan-key", JobID: w.app.Job.ID, ApplicationID: w.app.ID, Kind: engine.CyclePlan, State: engine.PlanDraft, At: time.Now().UTC(), By: "dora@contoso.com",
		Reasons: map[string]int{}, Counts: provisioning.Counts{Collected: largeUsers},
	}.Sealed(provisioning.NewSecret("the plan's secret"))
	w.Must(ports.DraftPlan(ctx, p))
	for first := 0; first < largeUsers; first += largeBatch {
		var items []engine.PlanItem
		for n := first; n < first+largeBatch; n++ {
			change := w.change(n)
			change.Source.ID = fmt.Sprintf("%s-%d", change.Source.ID, n/len(w.ids)) // more of them than have accounts
			if n < len(w.ids) {
				change.Source.ID = w.ids[n]
			}
			change.Status = plan.Planned
			items = append(items, engine.PlanItem{Change: change, State: engine.ItemOpen})
			p.Reasons[string(change.Action)+" "+change.Reason.Code]++
		}
		w.Must(ports.PutItems(ctx, p.Key, items))
	}
	p.ID, p.State = "abcdef0123456789", engine.PlanReady
	w.Must(ports.FinishPlan(ctx, p))
}

// nameObjects fills in what patterns of routes ask for, and what pages need to show
// something.
func (w *large) nameObjects() {
	w.TB.Helper()
	ctx := w.TB.Context()
	entries, err := w.Store.FindEntries(ctx, journal.Query{ApplicationID: w.app.ID}, store.Page{})
	w.Must(err)
	now := time.Now().UTC()
	operation := provisioning.Operation{
		ID: "aaaaaaaa-0000-0000-0000-0000000000e1", ApplicationID: w.app.ID, Kind: provisioning.MakingPlan, State: provisioning.OperationRunning, By: "dora@contoso.com",
		Progress: provisioning.Progress{Began: now, At: now, Expected: largeUsers},
	}
	w.Must(w.Store.BeginOperation(ctx, operation))
	visitor := w.Service.By(page.SampleVisitor().Actor())
	w.Must(visitor.ChangeSchemaDraft(ctx, w.app, func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		object.AttributeMappings = object.AttributeMappings[:len(object.AttributeMappings)-1]
		return schema, nil
	}))
	administrator := store.Administrator{ID: "aaaaaaaa-0000-0000-0000-0000000000a1", Name: "ann@contoso.com", DisplayName: "Ann Doe", Role: store.RoleAdministrator, CreatedAt: now}
	client := store.APIClient{ID: "aaaaaaaa-0000-0000-0000-0000000000d1", ObjectID: "aaaaaaaa-0000-0000-0000-0000000000d2", Name: "HR", Role: store.RoleOperator, CreatedAt: now}
	w.Must(w.Store.AddAdministrator(ctx, administrator))
	w.Must(w.Store.AddAPIClient(ctx, client, nil))
	w.names = map[string]string{
		"application": w.app.ID, "user": w.ids[len(w.ids)/2], "person": w.ids[len(w.ids)/2], "group": everyone, "cycle": "cycle-1000",
		"entry": strconv.FormatInt(entries.Items[0].ID, 10), "attribute": "Username", "plan": "abcdef0123456789", "operation": operation.ID, "token": "none",
		"administrator": administrator.ID, "client": client.ID, "comparison": w.compare(), "upload": "none", "file": "users.csv", "test": "none", "role": w.role("System Administrator"),
	}
}

// assignment returns the id of the assignment of the large group.
func (w *large) assignment(ctx context.Context) string {
	w.TB.Helper()
	found, err := w.Store.AssignmentsOfPrincipal(ctx, everyone)
	w.Must(err)
	return found[0].ID
}

// compare keeps a comparison of the plan with a log that did the same for everybody.
func (w *large) compare() string {
	w.TB.Helper()
	ctx := w.TB.Context()
	comparison := store.Comparison{
		ID: "aaaaaaaa-0000-0000-0000-0000000000c9", PlanKey: "plan-key", At: time.Now().UTC(), By: "dora@contoso.com", Files: []string{"log.csv"},
		Entries: largeUsers, Counts: map[journal.Likeness]int{journal.Same: largeUsers},
	}
	w.Must(w.Store.BeginComparison(ctx, comparison))
	for first := 0; first < largeUsers; first += largeBatch {
		var found []store.FoundDifference
		for n := first; n < first+largeBatch; n++ {
			change := w.change(n)
			side := journal.Side{Action: change.Action, Status: plan.Success}
			found = append(found, store.FoundDifference{Number: n + 1, Difference: journal.Difference{
				Likeness: journal.Same, Person: change.Source, Account: change.Target, Reason: "Both do the same.", Incumbent: side, Planned: side,
			}})
		}
		w.Must(w.Store.AddDifferences(ctx, comparison.ID, found))
	}
	w.Must(w.Store.FinishComparison(ctx, comparison))
	return comparison.ID
}

package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func applicationTests() []test {
	return []test{
		{"an application is found by its ids and its name", func(t *testing.T, w *world) {
			t.Helper()
			for _, name := range []string{w.app.ID, w.app.AppID, "Salesforce", "SALESFORCE"} {
				got, err := w.Application(w.ctx(), name)
				w.must(err)
				w.equal("application found as "+name, got, w.app)
			}
			_, err := w.Application(w.ctx(), "nothing")
			w.wantError(err, store.ErrNotFound)
		}},
		{"applications have names of their own and are listed by them", func(t *testing.T, w *world) {
			t.Helper()
			w.addApplication("zeta")
			w.addApplication("Alpha")
			var names []string
			for _, app := range all(t, w.Applications(w.ctx())) {
				names = append(names, app.DisplayName)
			}
			w.equal("names", names, []string{"Alpha", "Salesforce", "zeta"})
			app, job := application("new")
			app.DisplayName = "ALPHA"
			w.wantError(w.AddApplication(w.ctx(), app, job, mapping.Schema{}), store.ErrConflict)
			app.DisplayName = ""
			w.wantError(w.AddApplication(w.ctx(), app, job, mapping.Schema{}), store.ErrInvalid)
			app, job = application("other")
			job.ApplicationID = w.app.ID
			w.wantError(w.AddApplication(w.ctx(), app, job, mapping.Schema{}), store.ErrInvalid)
			job.ApplicationID, job.ID = app.ID, w.job
			w.wantError(w.AddApplication(w.ctx(), app, job, mapping.Schema{}), store.ErrConflict)
			_, err := w.Application(w.ctx(), "other")
			w.wantError(err, store.ErrNotFound)
		}},
		{"an application is removed with all but the log", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.assign("User", "ana")
			cycle := w.begin()
			_, err := w.cycles.ImportRoles(w.ctx(), cycle, []connector.Role{{ID: "1", Name: "Standard"}})
			w.must(err)
			w.must(w.PutCredentials(w.ctx(), w.job, provisioning.Credentials{{Key: "Password", Value: provisioning.NewSecret("x")}}))
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "ana"}}))
			w.commit(cycle, engine.Commit{
				Connections: []engine.Connection{connection("ana", true)}, Escrows: []engine.Escrow{{SourceID: "ana", Attempts: 1}},
				Waiting: []engine.Reference{{SourceID: "ana", Attribute: "ManagerId", Referenced: "ben"}},
				Entries: []journal.Entry{{Change: plan.Change{Action: plan.Create}}},
			})
			w.must(w.RemoveApplication(w.ctx(), w.app.ID))
			_, err = w.Job(w.ctx(), w.app.ID)
			w.wantError(err, store.ErrNotFound)
			_, err = w.Application(w.ctx(), w.app.ID)
			w.wantError(err, store.ErrNotFound)
			w.wantError(w.RemoveApplication(w.ctx(), w.app.ID), store.ErrNotFound)
			w.wantError(w.cycles.Commit(w.ctx(), cycle, engine.Commit{}), engine.ErrFenced)
			w.addApplication("Salesforce")
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("links", count, store.LinkCount{})
			w.equal("roles and assignments", len(w.subject("ana").Grants), 0)
			credentials, err := w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", len(credentials), 0)
			w.equal("log", len(all(t, w.Entries(w.ctx(), journal.Query{}))), 1)
		}},
	}
}

func assignmentTests() []test {
	request := func(principalType, principal, role string) directory.AssignmentRequest {
		return directory.AssignmentRequest{Application: "Salesforce", PrincipalType: principalType, Principal: principal, Role: role}
	}
	return []test{
		{"an assignment resolves names and touches whom it concerns", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			w.putGroup("g", "ana", "ben")
			_, err := w.cycles.ImportRoles(w.ctx(), w.begin(), []connector.Role{{ID: "1", Name: "Standard User"}})
			w.must(err)
			roles, err := w.Roles(w.ctx(), w.app.ID)
			w.must(err)
			assign := func(r directory.AssignmentRequest) func() error {
				return func() error { _, err := w.Assign(w.ctx(), r); return err }
			}
			w.wantTouched("a user", assign(request("User", "CLEO@contoso.com", "standard user")), "cleo")
			w.wantTouched("the same again", assign(request("", "cleo", roles[0].ID)))
			w.wantTouched("a group", assign(request("Group", "Group g", "")), "ana", "ben")
			first, err := w.Assign(w.ctx(), request("Group", "g", "default access"))
			w.must(err)
			second, err := w.Assign(w.ctx(), request("Group", "g", directory.DefaultAccess))
			w.must(err)
			w.equal("the same assignment", first, second)
			w.equal("its role", first.AppRoleID, directory.DefaultAccess)
			if first.CreatedAt.IsZero() || first.ID == "" {
				t.Errorf("assignment %+v", first)
			}
			assignments := all(t, w.Assignments(w.ctx(), w.app.ID))
			w.equal("assignments", len(assignments), 2)
			if assignments[0].ID >= assignments[1].ID {
				t.Error("assignments are not in the order of id")
			}
			other, otherJob := w.addApplication("other")
			since := w.head()
			_, err = w.Assign(w.ctx(), directory.AssignmentRequest{Application: other.ID, PrincipalType: "User", Principal: "ana"})
			w.must(err)
			w.equal("touched for this application", w.touched(since), nil)
			collection := incremental(since, w.head())
			collection.JobID = otherJob
			w.equal("touched for the other application", w.collect(collection), []string{"ana"})
		}},
		{"an assignment that cannot be is refused", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			mail := group("mail")
			mail.SecurityEnabled = false
			w.must(w.PutGroup(w.ctx(), mail))
			for _, c := range []struct {
				request directory.AssignmentRequest
				kind    error
			}{
				{request("User", "nobody", ""), store.ErrNotFound},
				{request("Group", "ana", ""), store.ErrNotFound},
				{request("User", "ana", "King"), store.ErrNotFound},
				{directory.AssignmentRequest{Application: "x", Principal: "ana"}, store.ErrNotFound},
				{request("Group", "mail", ""), store.ErrInvalid},
				{request("Device", "ana", ""), store.ErrInvalid},
			} {
				_, err := w.Assign(w.ctx(), c.request)
				w.wantError(err, c.kind)
			}
		}},
		{"assignments end", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("g", "ben")
			_, err := w.cycles.ImportRoles(w.ctx(), w.begin(), []connector.Role{{ID: "1", Name: "One"}, {ID: "2", Name: "Two"}})
			w.must(err)
			for _, role := range []string{"", "One", "Two"} {
				_, err := w.Assign(w.ctx(), request("User", "ana", role))
				w.must(err)
			}
			w.assign("Group", "g")
			unassign := func(want int, r directory.AssignmentRequest) func() error {
				return func() error {
					count, err := w.Unassign(w.ctx(), r)
					w.equal("removed", count, want)
					return err
				}
			}
			w.wantTouched("one role", unassign(1, request("User", "ana", "one")), "ana")
			w.wantTouched("the same again", unassign(0, request("User", "ana", "One")))
			w.wantTouched("default access", unassign(1, request("User", "ana", directory.DefaultAccess)), "ana")
			w.wantTouched("all", unassign(1, request("User", "ana", "")), "ana")
			w.wantTouched("a group", unassign(1, request("Group", "g", "")), "ben")
			_, err = w.Unassign(w.ctx(), request("User", "nobody", ""))
			w.wantError(err, store.ErrNotFound)
		}},
		{"assigned users are counted once", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo", "dora", "eve")
			w.putGroup("g", "ana", "ben", "dora")
			w.putGroup("h", "ben", "cleo")
			w.putGroup("deleted", "eve")
			for _, id := range []string{"g", "h", "deleted"} {
				w.assign("Group", id)
			}
			w.assign("User", "ana")
			w.must(w.RemoveGroup(w.ctx(), "deleted"))
			w.must(w.RemoveUser(w.ctx(), "dora"))
			count, err := w.CountAssigned(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("assigned", count, 3)
		}},
	}
}

func jobTests() []test {
	return []test{
		{"a job is changed in one transaction", func(t *testing.T, w *world) {
			t.Helper()
			_, want := application("Salesforce")
			got, err := w.Job(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("job", got, want)
			w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				w.equal("job", job, want)
				job.Schedule = provisioning.Schedule{Interval: time.Hour + 1, State: provisioning.ScheduleActive}
				job.Settings.RemovalPercent = 7
				job.Status = provisioning.Status{
					Code: provisioning.Active, InitialDone: true, SteadySince: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
					LastRun: provisioning.Run{CycleID: "c", Error: "a\x00b", Counts: provisioning.Counts{Codes: map[string]int{"X": 1}}},
				}
				job.Watermark = 7
				want = job
				job.ID, job.ApplicationID, job.Fence = "x", "x", 99 // not to be changed here
				return job, nil
			}))
			got, err = w.Job(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("job", got, want)
			failure := errors.New("failure")
			w.wantError(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				job.Settings.RemovalPercent = 8
				return job, failure
			}), failure)
			got, err = w.cycles.Look(w.ctx(), w.job)
			w.must(err)
			w.equal("job", got, want)
			keep := func(job provisioning.Job) (provisioning.Job, error) { return job, nil }
			w.wantError(w.UpdateJob(w.ctx(), "x", keep), store.ErrNotFound)
			_, err = w.Job(w.ctx(), "x")
			w.wantError(err, store.ErrNotFound)
			_, err = w.cycles.Look(w.ctx(), "x")
			w.wantError(err, store.ErrNotFound)
		}},
		{"credentials come back in their order", func(t *testing.T, w *world) {
			t.Helper()
			got, err := w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", len(got), 0)
			want := provisioning.Credentials{}.With("UserName", "admin").With("Password", "pässword\x00\n").With("BaseAddress", "https://x")
			w.must(w.PutCredentials(w.ctx(), w.job, want))
			got, err = w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", got, want)
			want = want.With("UserName", "").With("SecretToken", "t")
			w.must(w.PutCredentials(w.ctx(), w.job, want))
			got, err = w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", got, want)
			w.wantError(w.PutCredentials(w.ctx(), "x", want), store.ErrNotFound)
			_, err = w.Credentials(w.ctx(), "x")
			w.wantError(err, store.ErrNotFound)
		}},
		{"a new schema makes the next cycle an initial one", func(t *testing.T, w *world) {
			t.Helper()
			cycle := w.begin()
			job, err := w.cycles.Look(w.ctx(), w.job)
			w.must(err)
			job.Status.InitialDone = true
			w.must(w.cycles.Finish(w.ctx(), cycle, job, provisioning.CycleRecord{}))
			schema, err := mapping.Parse([]byte(`{"id":"new","unknownMember":[1],"synchronizationRules":[{"name":"rule","priority":1,"other":null}]}`))
			w.must(err)
			w.must(w.PutSchema(w.ctx(), w.job, schema))
			got, err := w.Schema(w.ctx(), w.job)
			w.must(err)
			w.equal("schema", jsonOf(t, got), jsonOf(t, schema))
			job, err = w.cycles.Look(w.ctx(), w.job)
			w.must(err)
			w.equal("initial cycle done", job.Status.InitialDone, false)
			_, err = w.Schema(w.ctx(), "x")
			w.wantError(err, store.ErrNotFound)
			w.wantError(w.PutSchema(w.ctx(), "x", schema), store.ErrNotFound)
		}},
		{"a cycle that ends does not undo a restart", func(t *testing.T, w *world) {
			t.Helper()
			finish := func(during func()) bool {
				cycle := w.begin()
				during()
				job, err := w.cycles.Look(w.ctx(), w.job)
				w.must(err)
				job.Status.InitialDone = true
				w.must(w.cycles.Finish(w.ctx(), cycle, job, provisioning.CycleRecord{}))
				job, err = w.cycles.Look(w.ctx(), w.job)
				w.must(err)
				return job.Status.InitialDone
			}
			w.equal("done without a restart", finish(func() {}), true)
			w.equal("done after a restart", finish(func() {
				w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
					job.Status.InitialDone = false
					return job, nil
				}))
			}), false)
			w.equal("done after a new schema", finish(func() { w.must(w.PutSchema(w.ctx(), w.job, mapping.Schema{})) }), false)
			w.equal("done in the cycle after that", finish(func() {}), true)
		}},
		{"the end of a cycle leaves what an administrator set", func(t *testing.T, w *world) {
			t.Helper()
			cycle := w.begin()
			job, err := w.cycles.Look(w.ctx(), w.job)
			w.must(err)
			w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				job.Settings.SyncAll, job.Schedule.State = true, provisioning.SchedulePaused
				return job, nil
			}))
			job.Watermark, job.Status.Code = 42, provisioning.Active
			w.must(w.cycles.Finish(w.ctx(), cycle, job, provisioning.CycleRecord{}))
			job, err = w.cycles.Look(w.ctx(), w.job)
			w.must(err)
			w.equal("job", []any{job.Watermark, job.Status.Code, job.Settings.SyncAll, job.Schedule.State},
				[]any{directory.Cursor(42), provisioning.Active, true, provisioning.SchedulePaused})
		}},
	}
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func roleTests() []test {
	return []test{
		{"roles follow the target", func(t *testing.T, w *world) {
			t.Helper()
			license := connector.License{Name: "Salesforce", Total: 10}
			wantImport := func(what string, roles []connector.Role, activities ...string) []directory.AppRole {
				t.Helper()
				audits, err := w.cycles.ImportRoles(w.ctx(), w.begin(), roles)
				w.must(err)
				var got []string
				for _, audit := range audits {
					got = append(got, audit.Activity)
					if audit.ID == 0 || audit.At.IsZero() || audit.Actor == "" || audit.Subject == "" || audit.Detail == "" {
						t.Errorf("%s: audit record %+v", what, audit)
					}
				}
				w.equal(what, got, activities)
				found, err := w.Roles(w.ctx(), w.app.ID)
				w.must(err)
				return found
			}
			one, two := connector.Role{ID: "1", Name: "Standard", Description: "d", License: license}, connector.Role{ID: "2", Name: "Admin"}
			roles := wantImport("new", []connector.Role{one, two}, "Add app role", "Add app role")
			standard := roles[1]
			w.equal("roles", roles, []directory.AppRole{
				{ID: roles[0].ID, ApplicationID: w.app.ID, DisplayName: "Admin", Enabled: true, TargetID: "2"},
				{ID: standard.ID, ApplicationID: w.app.ID, DisplayName: "Standard", Description: "d", Enabled: true, TargetID: "1", License: "Salesforce"},
			})
			wantImport("the same", []connector.Role{two, one})
			one.Name, one.License.Used = "Renamed", 5
			standard.DisplayName = "Renamed"
			w.equal("renamed", wantImport("renamed", []connector.Role{one, two}, "Update app role")[1], standard)
			standard.Enabled = false
			w.equal("disabled", wantImport("missing", []connector.Role{two}, "Disable app role")[1], standard)
			wantImport("still missing", []connector.Role{two})
			standard.Enabled = true
			w.equal("enabled", wantImport("there again", []connector.Role{one, two}, "Update app role")[1], standard)
			w.equal("audit log", len(all(t, w.Audits(w.ctx(), 0))), 5)
			_, err := w.cycles.ImportRoles(w.ctx(), w.begin(), []connector.Role{one, one})
			w.wantError(err, store.ErrInvalid)
		}},
		{"a role that changes touches who has it", func(t *testing.T, w *world) {
			t.Helper()
			role, other := connector.Role{ID: "1", Name: "Standard"}, connector.Role{ID: "2", Name: "Other"}
			importRoles := func(roles ...connector.Role) func() error {
				return func() error { _, err := w.cycles.ImportRoles(w.ctx(), w.begin(), roles); return err }
			}
			w.must(importRoles(role, other)())
			w.putUsers("ana", "ben", "cleo")
			w.putGroup("g", "ben")
			for _, request := range []directory.AssignmentRequest{
				{PrincipalType: "User", Principal: "ana", Role: "Standard"},
				{PrincipalType: "Group", Principal: "g", Role: "Standard"},
				{PrincipalType: "User", Principal: "cleo", Role: "Other"},
			} {
				request.Application = w.app.ID
				_, err := w.Assign(w.ctx(), request)
				w.must(err)
			}
			w.wantTouched("the same roles", importRoles(role, other))
			w.wantTouched("a missing role", importRoles(other), "ana", "ben")
			grant := w.subject("ana").Grants[0]
			w.equal("a disabled role", []any{grant.Role.DisplayName, grant.Role.Enabled}, []any{"Standard", false})
		}},
		{"of two roles with one name the enabled one is meant", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			old, current := connector.Role{ID: "1", Name: "Standard"}, connector.Role{ID: "2", Name: "Standard"}
			for _, roles := range [][]connector.Role{{old}, {current}} {
				_, err := w.cycles.ImportRoles(w.ctx(), w.begin(), roles)
				w.must(err)
			}
			request := directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "User", Principal: "ana", Role: "Standard"}
			_, err := w.Assign(w.ctx(), request)
			w.must(err)
			w.equal("role", w.subject("ana").Grants[0].Role.TargetID, "2")
			_, err = w.cycles.ImportRoles(w.ctx(), w.begin(), []connector.Role{old, current})
			w.must(err)
			_, err = w.Assign(w.ctx(), request)
			w.wantError(err, store.ErrConflict)
		}},
	}
}

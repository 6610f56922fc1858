package storetest

import (
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

func deletedApplicationTests() []test {
	return []test{
		{"an application that was deleted is gone, and comes back without what was secret or is gone by then", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.must(w.PutCredentials(w.ctx(), w.job, provisioning.Credentials{}.With("UserName", "ana")))
			w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				job.Settings.RemovalLimit, job.Schedule.State, job.Status.Code = 7, provisioning.ScheduleActive, provisioning.NotRun
				return job, nil
			}))
			w.must(w.Configure(w.ctx(), w.job, func(c store.Configuration) (store.Configuration, error) {
				c.Default = &mapping.Schema{ID: "ours", Version: "ours"}
				return c, nil
			}))
			role := directory.AppRole{ID: "reader", ApplicationID: w.app.ID, DisplayName: "Reader", Value: "reader", Enabled: true, TargetID: "t"}
			x := directory.ExtensionProperty{ID: "x", ApplicationID: w.app.ID, Name: "extension_ab12_Nick", DataType: "String", TargetObjects: []string{"User"}}
			w.edit(func(e store.Editor) error {
				w.must(e.PutRole(w.ctx(), role))
				w.must(e.AddExtension(w.ctx(), x))
				for _, id := range []string{"ana", "ben"} {
					_, _, err := e.AddAssignment(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: id, Role: "reader"})
					w.must(err)
					_, err = e.AddOwner(w.ctx(), w.app.ObjectID, directory.Owner{ID: id, Type: "User"})
					w.must(err)
				}
				return nil
			})
			before, err := w.Registration(w.ctx(), w.app.ID)
			w.must(err)
			schema, err := w.Schema(w.ctx(), w.job)
			w.must(err)
			w.edit(func(e store.Editor) error { return e.DeleteApplication(w.ctx(), w.app.ObjectID) })
			_, err = w.Registration(w.ctx(), w.app.ID)
			w.wantError(err, store.ErrNotFound)
			_, err = w.JobByID(w.ctx(), w.job)
			w.wantError(err, store.ErrNotFound)
			deleted, err := w.DeletedApplications(w.ctx())
			w.must(err)
			w.equal("deleted", len(deleted), 1)
			w.equal("deleted registration", deleted[0].Registration, before)
			w.equal("deleted roles", deleted[0].Roles, []directory.AppRole{role})
			w.equal("it has a date", deleted[0].DeletedAt.IsZero(), false)

			w.must(w.PurgeUser(w.ctx(), "ben"))
			other, job := application("Salesforce")
			other.ID, other.ObjectID, other.AppID = "o1", "o2", "o3"
			job.ID, job.ApplicationID = "salesforce.o", "o1"
			w.must(w.AddApplication(w.ctx(), other, job, mapping.Schema{}))
			restore := func() error {
				return w.Edit(w.ctx(), "restore", func(e store.Editor) error {
					_, err := e.RestoreApplication(w.ctx(), w.app.ObjectID)
					return err
				})
			}
			w.wantError(restore(), store.ErrConflict)
			w.must(w.RemoveApplication(w.ctx(), "o1"))
			since := w.head()
			w.wantTouched("restoring", restore, "ana")
			w.equal("changed", w.changed(directory.ApplicationObject, since), []string{w.app.ObjectID})
			after, err := w.Registration(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("restored", after, before)
			restored, err := w.JobByID(w.ctx(), w.job)
			w.must(err)
			w.equal("removal limit", restored.Settings.RemovalLimit, 7)
			w.equal("schedule", restored.Schedule.State, provisioning.ScheduleDisabled)
			w.equal("status", restored.Status, provisioning.Status{Code: provisioning.NotConfigured})
			kept, err := w.Schema(w.ctx(), w.job)
			w.must(err)
			w.equal("schema", kept, schema)
			w.wantDefault("ours")
			credentials, err := w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", len(credentials), 0)
			roles, err := w.Roles(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("roles", roles, []directory.AppRole{role})
			extensions, err := w.Extensions(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("extensions", extensions, []directory.ExtensionProperty{x})
			owners, err := w.Owners(w.ctx(), w.app.ObjectID)
			w.must(err)
			w.equal("owners", owners, []directory.Owner{{ID: "ana", Type: "User"}})
			w.equal("assignments", len(all(t, w.AssignmentsAfter(w.ctx(), w.app.ID, ""))), 1)
			w.wantError(restore(), store.ErrNotFound)

			w.edit(func(e store.Editor) error { return e.DeleteApplication(w.ctx(), w.app.ID) })
			w.edit(func(e store.Editor) error { return e.PurgeApplication(w.ctx(), w.app.ObjectID) })
			_, err = w.DeletedApplication(w.ctx(), w.app.ObjectID)
			w.wantError(err, store.ErrNotFound)
			w.wantError(w.Edit(w.ctx(), "purge", func(e store.Editor) error { return e.PurgeApplication(w.ctx(), w.app.ObjectID) }), store.ErrNotFound)
			w.wantError(w.Edit(w.ctx(), "delete", func(e store.Editor) error { return e.DeleteApplication(w.ctx(), "x") }), store.ErrNotFound)
		}},
	}
}

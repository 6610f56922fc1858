package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

func configurationTests() []test {
	return []test{
		{"a job, its credentials and its schema are changed at once", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.PutCredentials(w.ctx(), w.job, provisioning.Credentials{}.With("UserName", "ana")))
			w.initialDone()
			w.must(w.Configure(w.ctx(), w.job, func(c store.Configuration) (store.Configuration, error) {
				w.equal("credentials before", c.Credentials.Get("UserName"), "ana")
				w.equal("job before", c.Job.ID, w.job)
				w.equal("unreadable", c.Unreadable, nil)
				c.Credentials = c.Credentials.With("Password", "secret").With("UserName", "")
				c.Schema.Version = "new"
				c.Job.Draft, c.Job.Settings.RemovalLimit, c.Job.Schedule.Interval = true, 3, time.Hour
				c.Audits = []journal.Audit{{Activity: "Change", Actor: "ana"}}
				return c, nil
			}))
			job, err := w.JobByID(w.ctx(), w.job)
			w.must(err)
			w.equal("draft", job.Draft, true)
			w.equal("removal limit", job.Settings.RemovalLimit, 3)
			w.equal("interval", job.Schedule.Interval, time.Hour)
			w.equal("initial done after a change of the schema", job.Status.InitialDone, false)
			credentials, err := w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", credentials, provisioning.Credentials{}.With("Password", "secret"))
			schema, err := w.Schema(w.ctx(), w.job)
			w.must(err)
			w.equal("schema", schema.Version, "new")
			w.wantAudit("Change")
		}},
		{"a change that fails changes nothing", func(t *testing.T, w *world) {
			t.Helper()
			before, err := w.JobByID(w.ctx(), w.job)
			w.must(err)
			failure := errors.New("failure")
			w.wantError(w.Configure(w.ctx(), w.job, func(c store.Configuration) (store.Configuration, error) {
				c.Job.Settings.SyncAll, c.Schema.Version = true, "other"
				c.Credentials = c.Credentials.With("Password", "secret")
				c.Audits = []journal.Audit{{Activity: "Never"}}
				return c, failure
			}), failure)
			after, err := w.JobByID(w.ctx(), w.job)
			w.must(err)
			w.equal("job", after, before)
			credentials, err := w.Credentials(w.ctx(), w.job)
			w.must(err)
			w.equal("credentials", len(credentials), 0)
			for audit, err := range w.Audits(w.ctx(), 0) {
				w.must(err)
				w.equal("audit record", audit.Activity, "")
			}
			keep := func(c store.Configuration) (store.Configuration, error) { return c, nil }
			w.wantError(w.Configure(w.ctx(), "x", keep), store.ErrNotFound)
			_, err = w.JobByID(w.ctx(), "x")
			w.wantError(err, store.ErrNotFound)
		}},
		{"settings that the feed does not do for ask for everyone, others do not", func(t *testing.T, w *world) {
			t.Helper()
			for _, step := range []struct {
				what   string
				change func(*provisioning.Job)
				done   bool
			}{
				{"a limit", func(job *provisioning.Job) { job.Settings.RemovalLimit++ }, true},
				{"sync all", func(job *provisioning.Job) { job.Settings.SyncAll = true }, false},
			} {
				w.initialDone()
				w.must(w.Configure(w.ctx(), w.job, func(c store.Configuration) (store.Configuration, error) {
					step.change(&c.Job)
					return c, nil
				}))
				job, err := w.JobByID(w.ctx(), w.job)
				w.must(err)
				w.equal("initial done after "+step.what, job.Status.InitialDone, step.done)
			}
		}},
		{"a job is renewed without its past, with its credentials", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.connect(true, "ana")
			w.must(w.PutCredentials(w.ctx(), w.job, provisioning.Credentials{}.With("UserName", "ana").With("Password", "secret")))
			cycle := w.begin()
			schema, err := w.Schema(w.ctx(), w.job)
			w.must(err)
			schema.Version = "fresh"
			fresh := provisioning.Job{ID: "salesforce.x.y", ApplicationID: w.app.ID, TemplateID: "salesforce", Draft: true, Status: provisioning.Status{Code: provisioning.NotConfigured}}
			renewed := store.Configuration{Job: fresh, Schema: schema, Audits: []journal.Audit{{Activity: "Renew"}}}

			bad := renewed
			bad.Job.ApplicationID = "other"
			w.wantError(w.RenewJob(w.ctx(), w.job, bad), store.ErrInvalid)
			bad.Job = fresh
			bad.Job.ID = w.job
			w.wantError(w.RenewJob(w.ctx(), w.job, bad), store.ErrInvalid)
			w.wantError(w.RenewJob(w.ctx(), "x", renewed), store.ErrNotFound)

			w.must(w.RenewJob(w.ctx(), w.job, renewed))
			_, err = w.JobByID(w.ctx(), w.job)
			w.wantError(err, store.ErrNotFound)
			job, err := w.Job(w.ctx(), w.app.ID)
			w.must(err)
			w.equal("job", job, fresh)
			links, err := w.CountLinks(w.ctx(), fresh.ID)
			w.must(err)
			w.equal("connections", links.Connections, 0)
			credentials, err := w.Credentials(w.ctx(), fresh.ID)
			w.must(err)
			w.equal("credentials", credentials, provisioning.Credentials{}.With("UserName", "ana").With("Password", "secret"))
			got, err := w.Schema(w.ctx(), fresh.ID)
			w.must(err)
			w.equal("schema", got.Version, "fresh")
			w.wantAudit("Renew")
			// A cycle of the job that is gone writes nothing any more.
			if err := w.cycles.Finish(w.ctx(), cycle, provisioning.Job{ID: w.job}, provisioning.CycleRecord{}); err == nil {
				w.t.Error("a cycle of a job that is gone recorded its end")
			}
		}},
		{"what the schema goes back to is the application's until it is forgotten", func(t *testing.T, w *world) {
			t.Helper()
			w.wantDefault("")
			schema, err := w.Schema(w.ctx(), w.job)
			w.must(err)
			schema.Version = "ours"
			w.initialDone()
			w.must(w.Configure(w.ctx(), w.job, func(c store.Configuration) (store.Configuration, error) {
				c.Default = &schema
				return c, nil
			}))
			w.wantDefault("ours")
			job, err := w.JobByID(w.ctx(), w.job)
			w.must(err)
			w.equal("initial done, as the schema is the same", job.Status.InitialDone, true)
			w.must(w.PutCredentials(w.ctx(), w.job, provisioning.Credentials{}.With("UserName", "ana")))
			fresh := provisioning.Job{ID: "salesforce.x.y", ApplicationID: w.app.ID, TemplateID: "salesforce", Draft: true}
			w.must(w.RenewJob(w.ctx(), w.job, store.Configuration{Job: fresh, Schema: schema}))
			w.wantDefault("ours")
			next := fresh
			next.ID = "salesforce.x.z"
			w.wantError(w.ForgetJob(w.ctx(), "x", store.Configuration{Job: next, Schema: schema}), store.ErrNotFound)
			w.wantError(w.ForgetJob(w.ctx(), fresh.ID, store.Configuration{Job: fresh, Schema: schema}), store.ErrInvalid)
			w.wantDefault("ours")
			w.must(w.ForgetJob(w.ctx(), fresh.ID, store.Configuration{Job: next, Schema: schema, Audits: []journal.Audit{{Activity: "Forget"}}}))
			w.wantDefault("")
			credentials, err := w.Credentials(w.ctx(), next.ID)
			w.must(err)
			w.equal("credentials", len(credentials), 0)
			w.wantAudit("Forget")
		}},
		{"what the schema goes back to can be taken back", func(t *testing.T, w *world) {
			t.Helper()
			for _, put := range []string{"first", "second", ""} {
				w.must(w.Configure(w.ctx(), w.job, func(c store.Configuration) (store.Configuration, error) {
					c.Default = nil
					if put != "" {
						schema := c.Schema
						schema.Version = put
						c.Default = &schema
					}
					return c, nil
				}))
				w.wantDefault(put)
			}
		}},
	}
}

// wantDefault compares the version of what the schema goes back to, empty for none.
func (w *world) wantDefault(version string) {
	w.t.Helper()
	schema, err := w.DefaultSchema(w.ctx(), w.app.ID)
	w.must(err)
	if schema == nil {
		w.equal("default schema", "", version)
		return
	}
	w.equal("default schema", schema.Version, version)
}

func (w *world) initialDone() {
	w.t.Helper()
	w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
		job.Status.InitialDone = true
		return job, nil
	}))
}

func (w *world) wantAudit(activity string) {
	w.t.Helper()
	for audit, err := range w.Audits(w.ctx(), 1) {
		w.must(err)
		w.equal("audit record", audit.Activity, activity)
		return
	}
	w.t.Errorf("the audit log is empty, want %q", activity)
}

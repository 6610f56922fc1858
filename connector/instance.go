package connector

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// Instance is a new application made from a template: with its job, turned off
// and without credentials, and its schema.
type Instance struct {
	Application directory.Application
	Job         provisioning.Job
	Schema      mapping.Schema
}

// Instantiate makes a new application of the template. The removal guard starts
// with limits that hold back an accident: 500 removals, or more than a fifth of
// the accounts, in one cycle.
func (t Template) Instantiate(displayName string, now time.Time) Instance {
	application := directory.Application{
		ID: uuid.NewString(), ObjectID: uuid.NewString(), AppID: uuid.NewString(),
		TemplateID: t.Descriptor.TemplateID, DisplayName: displayName, CreatedAt: now,
	}
	job, schema := t.NewJob(application.ID)
	return Instance{application, job, schema}
}

// NewJob makes a new job for an application of the template, turned off and without
// credentials, with its schema.
func (t Template) NewJob(applicationID string) (provisioning.Job, mapping.Schema) {
	jobID := strings.Join([]string{t.Descriptor.TemplateID, strings.ReplaceAll(applicationID, "-", ""), uuid.NewString()}, ".")
	job := provisioning.Job{
		ID: jobID, ApplicationID: applicationID, TemplateID: t.Descriptor.TemplateID,
		Schedule: provisioning.Schedule{Interval: t.Descriptor.Interval, State: provisioning.ScheduleDisabled},
		Settings: provisioning.Settings{RemovalLimit: 500, RemovalPercent: 20},
		Status:   provisioning.Status{Code: provisioning.NotConfigured},
	}
	schema := t.Schema()
	schema.ID = jobID
	return job, schema
}

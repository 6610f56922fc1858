package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// statusView is a job's status as the command line shows it.
type statusView struct {
	Application string              `json:"application"`
	JobID       string              `json:"jobId"`
	Status      provisioning.Status `json:"status"`
	State       string              `json:"provisioning"`
	Assigned    int                 `json:"assignedUsers"`
	Roles       int                 `json:"roles"` // that can be assigned
	Links       store.LinkCount     `json:"links"`
	NextRun     time.Time           `json:"nextRun,omitzero"`
	Running     *runningView        `json:"running,omitempty"` // the cycle that runs now
}

// runningView is a cycle that runs now.
type runningView struct {
	provisioning.Progress

	Done    int     `json:"done"` // objects
	Rate    float64 `json:"objectsPerSecond"`
	Seconds float64 `json:"secondsLeft,omitzero"` // until all that is expected is done; 0 when that is not known
}

func running(progress provisioning.Progress, status provisioning.Status, now time.Time) *runningView {
	if !progress.Running(status, now) {
		return nil
	}
	left, _ := progress.Left()
	return &runningView{Progress: progress, Done: progress.Done(), Rate: progress.Rate(), Seconds: left.Seconds()}
}

// String is the cycle in a line.
func (r *runningView) String() string {
	text := fmt.Sprintf("%s, %s: ", r.Kind, r.Phase)
	if r.Expected > 0 {
		text += fmt.Sprintf("%d of %d objects (%d %%)", r.Done, max(r.Expected, r.Done), 100*r.Done/max(1, r.Expected, r.Done))
	} else {
		text += counted(r.Done, "object", "objects")
	}
	text += fmt.Sprintf(", %.1f a second", r.Rate)
	if r.Seconds > 0 {
		text += ", about " + (time.Duration(r.Seconds+1) * time.Second).String() + " left"
	}
	return text
}

func newStatusCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "status APP", Short: "Show how an application's provisioning is doing", Example: "  usher status Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				view, err := w.status(ctx, given[0])
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return w.writeStatus(out, view) })
			})
		},
	}
}

func (w *workspace) status(ctx context.Context, application string) (statusView, error) {
	app, job, err := w.job(ctx, application)
	if err != nil {
		return statusView{}, err
	}
	now := time.Now().UTC()
	view := statusView{Application: app.DisplayName, JobID: job.ID, Status: job.Status, State: onOff(job), NextRun: jobs.NextRun(job, now)}
	if view.Assigned, err = w.store.CountAssigned(ctx, app.ID); err != nil {
		return view, err
	}
	if view.Links, err = w.store.CountLinks(ctx, job.ID); err != nil {
		return view, err
	}
	roles, err := w.store.Roles(ctx, app.ID)
	if err != nil {
		return view, err
	}
	for _, role := range roles {
		if role.Enabled {
			view.Roles++
		}
	}
	progress, err := w.store.Progress(ctx, job.ID)
	view.Running = running(progress, job.Status, now)
	return view, err
}

func (w *workspace) writeStatus(out io.Writer, view statusView) error {
	rows := [][]string{
		{"status", string(view.Status.Code)},
		{"provisioning", view.State},
		{"job", view.JobID},
	}
	if view.Running != nil {
		rows = append(rows, []string{"running cycle", view.Running.String()}, []string{"", view.Running.CycleID})
	}
	if !view.NextRun.IsZero() && view.Running == nil {
		rows = append(rows, []string{"next cycle", view.NextRun.Format(time.RFC3339) + " at the latest"})
	}
	rows = append(rows, [][]string{
		{"assigned users", strconv.Itoa(view.Assigned)},
		{"roles", strconv.Itoa(view.Roles)},
		{"connected accounts", fmt.Sprintf("%d, %d of them enabled", view.Links.Connections, view.Links.Enabled)},
		{"waiting for retry", strconv.Itoa(view.Links.Escrows)},
		{"waiting references", strconv.Itoa(view.Links.Waiting)},
		{"held removals", strconv.Itoa(view.Links.Staged)},
	}...)
	if view.Links.Unconfirmed > 0 {
		rows = append(rows, []string{"unconfirmed values", strconv.Itoa(view.Links.Unconfirmed)})
	}
	if view.Links.Leaving > 0 {
		rows = append(rows, []string{"in a grace period", strconv.Itoa(view.Links.Leaving)})
	}
	if view.Links.Rejected > 0 {
		rows = append(rows, []string{"rejected removals", strconv.Itoa(view.Links.Rejected)})
	}
	if resume := view.Status.ResumeAt; !resume.IsZero() {
		rows = append(rows, []string{"out of quota until", resume.Format(time.RFC3339)})
	}
	if quarantine := view.Status.Quarantine; quarantine.Reason != "" {
		rows = append(rows,
			[]string{"quarantine", fmt.Sprintf("%s since %s", quarantine.Reason, quarantine.Began.Format(time.RFC3339))},
			[]string{"", quarantine.Message},
		)
		if !quarantine.NextAttempt.IsZero() {
			rows = append(rows, []string{"next attempt", quarantine.NextAttempt.Format(time.RFC3339)})
		}
	}
	if err := writeTable(out, []string{view.Application, ""}, rows); err != nil {
		return err
	}
	last := view.Status.LastRun
	if last.CycleID == "" {
		_, err := fmt.Fprintln(out, "no cycle has run yet: usher provision", quoted(view.Application))
		return err
	}
	if _, err := fmt.Fprintf(out, "last cycle %s, ended %s\n", last.CycleID, last.Ended.Format(time.RFC3339)); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	return writeSummary(out, w.catalogue, last, false)
}

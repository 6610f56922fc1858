package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

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
	Links       store.LinkCount     `json:"links"`
}

func newStatusCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "status APP", Short: "Show how an application's provisioning is doing", Example: "  usher status Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, job, err := w.job(ctx, given[0])
				if err != nil {
					return err
				}
				assigned, err := w.store.CountAssigned(ctx, app.ID)
				if err != nil {
					return err
				}
				links, err := w.store.CountLinks(ctx, job.ID)
				if err != nil {
					return err
				}
				view := statusView{app.DisplayName, job.ID, job.Status, onOff(job), assigned, links}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return w.writeStatus(out, view) })
			})
		},
	}
}

func (w *workspace) writeStatus(out io.Writer, view statusView) error {
	rows := [][]string{
		{"status", string(view.Status.Code)},
		{"provisioning", view.State},
		{"assigned users", strconv.Itoa(view.Assigned)},
		{"connected accounts", fmt.Sprintf("%d, %d of them enabled", view.Links.Connections, view.Links.Enabled)},
		{"waiting for retry", strconv.Itoa(view.Links.Escrows)},
		{"waiting references", strconv.Itoa(view.Links.Waiting)},
		{"held removals", strconv.Itoa(view.Links.Staged)},
	}
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
			[]string{"next attempt", quarantine.NextAttempt.Format(time.RFC3339)},
		)
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

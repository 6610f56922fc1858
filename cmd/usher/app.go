package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/secret"
	"github.com/usher-id/usher/provisioning"
)

func newAppCommand(o *options) *cobra.Command {
	command := &cobra.Command{Use: "app", Short: "Add and set up applications"}
	command.AddCommand(
		newAppAddCommand(o), newAppListCommand(o), newAppShowCommand(o), newAppRemoveCommand(o), newCredentialsCommand(o), newConfigureCommand(o),
		newAppTestCommand(o), newRolesCommand(o), newStartCommand(o), newRestartCommand(o), newPauseCommand(o), newMappingsCommand(o), newMapCommand(o), newSchemaCommand(o), newNotifyCommand(o),
		newLeaversCommand(o), newEscrowsCommand(o), newRetryCommand(o), newConnectionsCommand(o), newDisconnectCommand(o), newAccountsCommand(o),
	)
	return command
}

// appView is an application as the command line shows it.
type appView struct {
	ID       string                  `json:"id"`
	Name     string                  `json:"displayName"`
	Template string                  `json:"templateId"`
	JobID    string                  `json:"jobId"`
	Status   provisioning.StatusCode `json:"status"`
	State    string                  `json:"provisioning"`
	Interval string                  `json:"interval"`
	Assigned int                     `json:"assignedUsers"`
	Settings []settingView           `json:"settings,omitempty"`
	Fault    string                  `json:"fault,omitzero"` // why the settings cannot be shown
	Limits   provisioning.Settings   `json:"jobSettings,omitzero"`
}

// settingView is a filled-in setting; the value of a secret is never shown.
type settingView struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Value string `json:"value"`
}

func newAppAddCommand(o *options) *cobra.Command {
	var name string
	command := &cobra.Command{
		Use:     "add TEMPLATE",
		Short:   "Add an application from the gallery",
		Long:    "Add makes an application with its own job, mapping and roles from a template of the gallery: " + templateNames() + ".",
		Example: "  usher app add salesforce\n  usher app add SfSandboxOutDelta --name \"Salesforce UAT\"",
		Args:    arguments("TEMPLATE"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withNew(command, func(ctx context.Context, w *workspace) error {
				app, err := w.addApplication(ctx, given[0], name)
				if err != nil {
					return err
				}
				view, err := w.appView(ctx, app)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "added %s (%s)\nnext: usher app set-credentials %s\n", app.DisplayName, app.ID, quoted(app.DisplayName))
					return err
				})
			})
		},
	}
	command.Flags().StringVar(&name, "name", "", "display name of the application; by default that of the template")
	return command
}

func templateNames() string {
	var names []string
	for _, template := range gallery() {
		names = append(names, fmt.Sprintf("%s (%s)", template.Descriptor.TemplateID, template.Descriptor.Name))
	}
	return strings.Join(names, ", ")
}

func (w *workspace) addApplication(ctx context.Context, templateName, displayName string) (directory.Application, error) {
	app, err := w.acts().AddApplication(ctx, templateName, displayName)
	if refused(err, administration.Taken) != nil {
		return app.Application, fmt.Errorf("%s; give this one another name with --name", refused(err, administration.Taken).Message)
	}
	return app.Application, err
}

func newAppListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List applications", Example: "  usher app list -o json", Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				views := []appView{}
				for app, err := range w.store.Applications(ctx) {
					if err != nil {
						return err
					}
					view, err := w.appView(ctx, app)
					if err != nil {
						return err
					}
					views = append(views, view)
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeApps(out, views) })
			})
		},
	}
}

func writeApps(out io.Writer, views []appView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		rows[i] = []string{view.Name, view.Template, string(view.Status), view.State, strconv.Itoa(view.Assigned), view.ID}
	}
	return writeTable(out, []string{"APPLICATION", "TEMPLATE", "STATUS", "PROVISIONING", "ASSIGNED", "ID"}, rows)
}

func (w *workspace) appView(ctx context.Context, app directory.Application) (appView, error) {
	job, err := w.store.Job(ctx, app.ID)
	if err != nil {
		return appView{}, err
	}
	fault := ""
	credentials, err := w.store.Credentials(ctx, job.ID)
	switch {
	case errors.Is(err, secret.ErrWrongKey):
		fault = err.Error() // all but the settings can be shown
	case err != nil:
		return appView{}, err
	}
	assigned, err := w.store.CountAssigned(ctx, app.ID)
	if err != nil {
		return appView{}, err
	}
	view := appView{
		ID: app.ID, Name: app.DisplayName, Template: app.TemplateID, JobID: job.ID, Status: job.Status.Code,
		State: onOff(job), Interval: job.Schedule.Interval.String(), Assigned: assigned, Limits: job.Settings, Fault: fault,
	}
	view.Limits.Notify.Webhook = viewOf(app.DisplayName, job.Settings.Notify).Webhook // its path may be a secret
	template, err := w.gallery.Find(app.TemplateID)
	if err != nil {
		return view, err
	}
	view.Settings = settingViews(template.Descriptor.Settings, credentials)
	return view, nil
}

func onOff(job provisioning.Job) string {
	if job.Schedule.State == provisioning.ScheduleActive {
		return "on"
	}
	return "off"
}

func settingViews(settings []provisioning.Setting, credentials provisioning.Credentials) []settingView {
	var views []settingView
	for _, setting := range settings {
		value := credentials.Get(setting.Key)
		if value == "" {
			continue
		}
		if setting.Secret {
			value = "*"
		}
		views = append(views, settingView{setting.Key, setting.Label, value})
	}
	return views
}

func newAppShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "show APP", Short: "Show an application with its settings", Example: "  usher app show Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.application(ctx, given[0])
				if err != nil {
					return err
				}
				view, err := w.appView(ctx, app)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
					rows := [][]string{
						{"id", view.ID},
						{"job", view.JobID},
						{"status", string(view.Status)},
						{"provisioning", view.State + ", every " + view.Interval},
						{"assigned users", strconv.Itoa(view.Assigned)},
						{"removal limit", fmt.Sprintf("%d in a cycle, or %d %% of the accounts", view.Limits.RemovalLimit, view.Limits.RemovalPercent)},
					}
					rows = append(rows, leavingRows(view.Limits)...)
					for _, setting := range view.Settings {
						rows = append(rows, []string{setting.Label, setting.Value})
					}
					if view.Fault != "" {
						rows = append(rows, []string{"signs in with", view.Fault})
					}
					return writeTable(out, []string{view.Name, ""}, rows)
				})
			})
		},
	}
}

func newAppRemoveCommand(o *options) *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:     "remove APP",
		Short:   "Remove an application; accounts in the target stay as they are",
		Long:    "Remove forgets an application with its assignments, roles, credentials and connections. Nobody's account is touched; the provisioning log stays. It asks for a confirmation, unless --yes gives it.",
		Example: "  usher app remove \"Salesforce UAT\"\n  usher app remove \"Salesforce UAT\" --yes", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				if err := w.confirmRemoval(ctx, command, app, yes); err != nil {
					return err
				}
				if err := w.acts().RemoveApplication(ctx, app); err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]string{"removed": app.ID}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "removed %s; the accounts there stay as they are\n", app.DisplayName)
					return err
				})
			})
		},
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask for a confirmation")
	return command
}

// confirmRemoval asks whether an application is to be removed, and says how many
// accounts nobody takes care of then.
func (w *workspace) confirmRemoval(ctx context.Context, command *cobra.Command, app administration.Application, yes bool) error {
	left, err := w.service.LeftBehind(ctx, app)
	if err != nil {
		return err
	}
	return confirm(command, yes, fmt.Sprintf("Remove %s with its settings, assignments and connections? %s stay enabled, and nobody takes them away any more.",
		app.DisplayName, counted(left.Enabled, "account", "accounts")))
}

func newAppTestCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "test APP", Short: "Test the connection to an application", Example: "  usher app test Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withSession(command, given[0], func(ctx context.Context, _ *workspace, _ directory.Application, s engine.Session) error {
				health, err := s.Connector.Check(ctx)
				if err != nil {
					return explained(err)
				}
				return o.show(command.OutOrStdout(), health, func(out io.Writer) error { return writeHealth(out, health) })
			})
		},
	}
}

func writeHealth(out io.Writer, health connector.Health) error {
	_, err := fmt.Fprintf(out, "the connection works: signed in to %s as %s, API version %s\n", health.Organization, health.Account, health.Version)
	for _, permission := range health.Missing {
		_, err = fmt.Fprintf(out, "missing permission %q: %s\n", permission.Name, permission.Feature)
	}
	for _, warning := range health.Warnings {
		_, err = fmt.Fprintf(out, "note: %s\n", warning)
	}
	return err
}

func newRolesCommand(o *options) *cobra.Command {
	var refresh bool
	command := &cobra.Command{
		Use:   "roles APP",
		Short: "Show the roles that people can be assigned to",
		Long: `Roles shows the application's roles. For Salesforce they are the org's
profiles, and --import reads them anew; every cycle does so too. A role that was
renamed in the org is renamed here, one that is gone there is disabled.`,
		Example: "  usher app roles Salesforce --import", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				read := w.service.Roles
				if refresh {
					read = w.acts().ImportRoles
				}
				roles, err := read(ctx, app)
				if err != nil {
					return explained(unopened(err))
				}
				views := roleViews(roles)
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeRoles(out, views) })
			})
		},
	}
	command.Flags().BoolVar(&refresh, "import", false, "read the roles from the application first, with the seats of their licences")
	return command
}

// roleView is a role as the command line shows it.
type roleView struct {
	ID       string             `json:"id"`
	Name     string             `json:"displayName"`
	Enabled  bool               `json:"isEnabled"`
	License  string             `json:"license,omitzero"`
	Seats    *connector.License `json:"seats,omitempty"` // known after an import only
	TargetID string             `json:"targetId"`
}

func roleViews(roles []administration.Role) []roleView {
	views := make([]roleView, len(roles))
	for i, role := range roles {
		views[i] = roleView{role.ID, role.DisplayName, role.Enabled, role.License, role.Seats, role.TargetID}
	}
	return views
}

func writeRoles(out io.Writer, views []roleView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		rows[i] = []string{view.Name, view.License, seats(view.Seats), strconv.FormatBool(view.Enabled), view.TargetID}
	}
	return writeTable(out, []string{"ROLE", "LICENCE", "SEATS FREE", "ENABLED", "ID IN TARGET"}, rows)
}

func seats(license *connector.License) string {
	switch {
	case license == nil:
		return ""
	case license.Total == connector.Unlimited:
		return "unlimited"
	}
	return fmt.Sprintf("%d of %d", license.Free(), license.Total)
}

func newStartCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "start APP", Short: "Turn provisioning on", Example: "  usher app start Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				return o.switched(ctx, command, w, given[0], func(app administration.Application) error {
					return w.acts().Start(ctx, app, administration.Starting{KeepQuarantine: true})
				})
			})
		},
	}
}

func newPauseCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "pause APP", Short: "Turn provisioning off; it resumes where it left off", Example: "  usher app pause Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				return o.switched(ctx, command, w, given[0], func(app administration.Application) error { return w.acts().Pause(ctx, app, "") })
			})
		},
	}
}

// switched turns provisioning on or off and tells about it.
func (o *options) switched(ctx context.Context, command *cobra.Command, w *workspace, name string, turn func(administration.Application) error) error {
	app, err := w.provisioned(ctx, name)
	if err != nil {
		return err
	}
	err = turn(app)
	if refusal := refused(err, administration.NotConfigured); refusal != nil {
		return fmt.Errorf("%s; \"usher app set-credentials %s\" saves it", refusal.Message, quoted(app.DisplayName))
	}
	if err != nil {
		return err
	}
	view, err := w.appView(ctx, app.Application)
	if err != nil {
		return err
	}
	return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "provisioning of %s is %s\n", view.Name, view.State)
		return err
	})
}

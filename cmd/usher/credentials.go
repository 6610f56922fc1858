package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/secret"
	"github.com/usher-id/usher/provisioning"
)

func newCredentialsCommand(o *options) *cobra.Command {
	var noTest bool
	command := &cobra.Command{
		Use:   "set-credentials APP",
		Short: "Save what Usher signs in with",
		Long: `Set-credentials saves the settings that an application's connector needs. What
is no secret is a flag. A secret comes from a file (--password-file FILE), from
the environment (USHER_PASSWORD) or from a prompt; it is never an argument. The
connection is tested before anything is saved.

` + settingsHelp(),
		Example: "  usher app set-credentials Salesforce --username usher@contoso.com --tenant-url https://contoso.my.salesforce.com\n" +
			"  USHER_PASSWORD=... USHER_SECURITY_TOKEN=... usher app set-credentials Salesforce --username usher@contoso.com",
		Args: arguments("APP"),
	}
	values := make(map[string]*string)
	for _, setting := range allSettings() {
		name := setting.Flag
		if setting.Secret {
			name += "-file"
		}
		values[setting.Key] = command.Flags().String(name, "", setting.Label+": "+setting.Help)
	}
	command.Flags().BoolVar(&noTest, "no-test", false, "save without testing the connection")
	command.RunE = func(command *cobra.Command, given []string) error {
		return o.with(command, func(ctx context.Context, w *workspace) error {
			app, job, err := w.job(ctx, given[0])
			if err != nil {
				return err
			}
			template, err := w.gallery.Find(app.TemplateID)
			if err != nil {
				return err
			}
			before, err := w.store.Credentials(ctx, job.ID)
			if err != nil && !errors.Is(err, secret.ErrWrongKey) { // with another key, everything is entered anew
				return err
			}
			asker := asker{in: command.InOrStdin(), out: command.ErrOrStderr(), flags: values, changed: command.Flags().Changed}
			credentials, err := asker.fill(template.Descriptor.Settings, before)
			if err != nil {
				return err
			}
			health := command.OutOrStdout()
			if o.output == "json" {
				health = io.Discard
			}
			if err := w.saveCredentials(ctx, administration.Application{Application: app, Job: job}, credentials, !noTest, health); err != nil {
				return err
			}
			view, err := w.appView(ctx, app)
			if err != nil {
				return err
			}
			return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
				_, err := fmt.Fprintf(out, "saved what Usher signs in to %s with\n", app.DisplayName)
				return err
			})
		})
	}
	return command
}

// allSettings returns the settings of all templates, each flag once.
func allSettings() []provisioning.Setting {
	var settings []provisioning.Setting
	seen := make(map[string]bool)
	for _, template := range gallery() {
		for _, setting := range template.Descriptor.Settings {
			if !seen[setting.Flag] {
				seen[setting.Flag] = true
				settings = append(settings, setting)
			}
		}
	}
	return settings
}

func settingsHelp() string {
	var text strings.Builder
	text.WriteString("Secrets and where they may come from:\n")
	for _, setting := range allSettings() {
		if setting.Secret {
			fmt.Fprintf(&text, "  %-14s --%s-file FILE, %s\n", setting.Label, setting.Flag, variable(setting))
		}
	}
	return text.String()
}

// variable is the environment variable of a setting.
func variable(setting provisioning.Setting) string {
	return "USHER_" + strings.ToUpper(strings.ReplaceAll(setting.Flag, "-", "_"))
}

// asker finds out the values of settings.
type asker struct {
	in      io.Reader
	out     io.Writer
	flags   map[string]*string
	changed func(flag string) bool
}

func (a asker) fill(settings []provisioning.Setting, credentials provisioning.Credentials) (provisioning.Credentials, error) {
	given := false
	for _, setting := range settings {
		value, found, err := a.value(setting)
		if err != nil {
			return nil, err
		}
		if found {
			given = true
			credentials = credentials.With(setting.Key, value)
		}
	}
	return a.prompted(settings, credentials, given)
}

// value looks at the flag, the file and the environment.
func (a asker) value(setting provisioning.Setting) (value string, found bool, err error) {
	flag := setting.Flag
	if setting.Secret {
		flag += "-file"
	}
	switch {
	case a.changed(flag) && setting.Secret:
		content, err := os.ReadFile(*a.flags[setting.Key])
		if err != nil {
			return "", false, fmt.Errorf("read %s: %w", setting.Label, err)
		}
		return strings.TrimRight(string(content), "\r\n"), true, nil
	case a.changed(flag):
		return *a.flags[setting.Key], true, nil
	}
	value, found = os.LookupEnv(variable(setting))
	return value, found, nil
}

// prompted asks for what is still missing, on a terminal.
func (a asker) prompted(settings []provisioning.Setting, credentials provisioning.Credentials, given bool) (provisioning.Credentials, error) {
	if !a.interactive() {
		if !given {
			return nil, &exitError{exitUsage, errors.New("nothing to save: give flags, files or environment variables (see --help), or run it on a terminal")}
		}
		return credentials, nil
	}
	reader := bufio.NewReader(a.in)
	for _, setting := range settings {
		if credentials.Get(setting.Key) != "" || given && !setting.Secret {
			continue
		}
		value, err := a.prompt(reader, setting)
		if err != nil {
			return nil, err
		}
		credentials = credentials.With(setting.Key, value)
	}
	return credentials, nil
}

func (a asker) interactive() bool {
	file, ok := a.in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (a asker) prompt(reader *bufio.Reader, setting provisioning.Setting) (string, error) {
	if _, err := fmt.Fprintf(a.out, "%s\n%s (Enter leaves it out): ", setting.Help, setting.Label); err != nil {
		return "", fmt.Errorf("ask for %s: %w", setting.Label, err)
	}
	if file, ok := a.in.(*os.File); ok && setting.Secret {
		text, err := term.ReadPassword(int(file.Fd()))
		if err != nil {
			return "", fmt.Errorf("read %s: %w", setting.Label, err)
		}
		_, err = fmt.Fprintln(a.out)
		return string(text), err
	}
	line, err := reader.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read %s: %w", setting.Label, err)
	}
	return strings.TrimSpace(line), nil
}

// saveCredentials tests and saves; credentials that do not work are not saved.
func (w *workspace) saveCredentials(ctx context.Context, app administration.Application, credentials provisioning.Credentials, test bool, out io.Writer) error {
	saving, err := w.acts().SaveCredentials(ctx, app, credentials, test)
	if refusal := refused(err, administration.ConnectionFails); refusal != nil {
		return fmt.Errorf("nothing was saved, because the connection does not work: %w", explained(refusal.Err))
	}
	if err != nil {
		return err
	}
	if test {
		if err := writeHealth(out, saving.Health); err != nil {
			return err
		}
	}
	if saving.Adapted {
		_, err = fmt.Fprintln(out, "the attribute mapping was changed to fit; \"usher app mappings\" shows it")
	}
	return err
}

// explained adds what to do to an error of a target.
func explained(err error) error {
	target, ok := errors.AsType[*connector.Error](err)
	if !ok || target.Advice == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, target.Advice)
}

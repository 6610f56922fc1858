package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/notify"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// notifyView is who is told about an application, as the command line shows it. Of
// the webhook it shows the host, because the rest may be a secret.
type notifyView struct {
	Application string   `json:"application"`
	Recipients  []string `json:"recipients"`
	Webhook     string   `json:"webhookHost,omitzero"`
	Digest      bool     `json:"digest"`
}

func newNotifyCommand(o *options) *cobra.Command {
	var to provisioning.Notify
	var off bool
	command := &cobra.Command{
		Use:   "notify APP",
		Short: "Show or set who is told when something is wrong",
		Long: `Notify sets who is told when an application's provisioning goes into quarantine,
when the reason changes, when it is lifted, and when removals are held; with
--digest also what was done, once a day. The flags that are given replace what was
set; without flags it is shown. Notices are delivered by usher serve, which knows
the mail server and the secret that signs webhooks.`,
		Example: "  usher app notify Salesforce --recipient admin@contoso.com --digest\n  usher app notify Salesforce --webhook https://hooks.contoso.com/usher\n  usher app notify Salesforce --off",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				set := func(now provisioning.Notify) provisioning.Notify {
					return merged(now, to, off, command.Flags().Changed)
				}
				view, err := w.setNotify(ctx, given[0], set)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error { return writeNotify(out, view) })
			})
		},
	}
	command.Flags().StringArrayVar(&to.Recipients, "recipient", nil, "e-mail address that is told; may be repeated")
	command.Flags().StringVar(&to.Webhook, "webhook", "", "https URL that is posted to")
	command.Flags().BoolVar(&to.Digest, "digest", false, "send a summary once a day")
	command.Flags().BoolVar(&off, "off", false, "tell nobody any more")
	command.MarkFlagsMutuallyExclusive("off", "recipient")
	command.MarkFlagsMutuallyExclusive("off", "webhook")
	command.MarkFlagsMutuallyExclusive("off", "digest")
	return command
}

// merged replaces what flags were given for.
func merged(now, to provisioning.Notify, off bool, changed func(flag string) bool) provisioning.Notify {
	if off {
		return provisioning.Notify{}
	}
	if changed("recipient") {
		now.Recipients = to.Recipients
	}
	if changed("webhook") {
		now.Webhook = to.Webhook
	}
	if changed("digest") {
		now.Digest = to.Digest
	}
	return now
}

// setNotify changes who is told, if that is a change, and returns it.
func (w *workspace) setNotify(ctx context.Context, application string, set func(provisioning.Notify) provisioning.Notify) (notifyView, error) {
	app, job, err := w.job(ctx, application)
	if err != nil {
		return notifyView{}, err
	}
	before, after := viewOf(app.DisplayName, job.Settings.Notify), set(job.Settings.Notify)
	if err := notify.Check(after); err != nil {
		return notifyView{}, &exitError{exitUsage, err}
	}
	view := viewOf(app.DisplayName, after)
	if after.Webhook == job.Settings.Notify.Webhook && fmt.Sprint(before) == fmt.Sprint(view) {
		return view, nil
	}
	administered := administration.Application{Application: app, Job: job}
	return view, w.acts().Configure(ctx, administered, administration.ActivityConfigure, func(c store.Configuration) (store.Configuration, string, error) {
		c.Job.Settings.Notify = set(c.Job.Settings.Notify)
		return c, "notifications: " + describeNotify(view), nil
	})
}

func viewOf(application string, to provisioning.Notify) notifyView {
	view := notifyView{Application: application, Recipients: append([]string{}, to.Recipients...), Digest: to.Digest}
	if location, err := url.Parse(to.Webhook); err == nil {
		view.Webhook = location.Host
	}
	return view
}

func describeNotify(view notifyView) string {
	told := view.Recipients
	if view.Webhook != "" {
		told = append(told, "the webhook at "+view.Webhook)
	}
	switch {
	case len(told) == 0:
		return "nobody"
	case view.Digest:
		return strings.Join(told, ", ") + ", with a daily digest"
	}
	return strings.Join(told, ", ")
}

func writeNotify(out io.Writer, view notifyView) error {
	_, err := fmt.Fprintf(out, "told about %s: %s\n", view.Application, describeNotify(view))
	return err
}

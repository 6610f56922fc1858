package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/pflag"

	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/store"
)

// demoAdministrator is whom the demo invites to the portal.
const demoAdministrator = "demo@contoso.com"

// lookAround keeps the org up, and serves the portal and the API on the demo's data
// until the demo is interrupted.
func (d *demo) lookAround(ctx context.Context) error {
	if d.options.output == "json" {
		d.out = d.command.ErrOrStderr() // the report alone is on the output
	}
	given := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	var flags serveFlags
	flags.register(given)
	log := slog.New(slog.DiscardHandler)
	served, err := d.options.openService(ctx, d.work, flags, given, log)
	if err != nil {
		return err
	}
	return errors.Join(d.show(ctx, served, log), served.jobs.Close())
}

// show serves the portal on a free port, and says how to get in.
func (d *demo) show(ctx context.Context, served *service, log *slog.Logger) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the portal: %w", err)
	}
	link, err := served.people.Invite(ctx, auth.CommandLine("usher demo"), auth.Invitation{Name: demoAdministrator, DisplayName: "Demo", Role: store.RoleAdministrator})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	d.sayWhere(link.URL("http://" + listener.Addr().String()))
	return served.run(ctx, listener, log)
}

// sayWhere says where everything is.
func (d *demo) sayWhere(portal string) {
	known := d.org.Credentials()
	d.step("Portal and org stay up until you interrupt them (Ctrl-C)")
	d.say("the portal      %s", portal)
	d.say("                choose a password there; you sign in as %s", demoAdministrator)
	d.say("the org         %s", d.server.URL)
	d.say("signed in with  %s / %s, security token %s", known.Username, known.Password, known.SecurityToken)
	for _, command := range []string{"status Salesforce", "logs Salesforce --status failure", "directory users", "why Salesforce " + contoso.TakenUsername, "provision Salesforce --dry-run"} {
		d.say("look around     usher %s --data %s", command, d.options.data)
	}
}

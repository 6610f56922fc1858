package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/examples/contoso"
)

// broken notes a promise that was not kept.
func (d *demo) broken(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.report.Broken = append(d.report.Broken, text)
	d.say("BROKEN PROMISE: %s", text)
}

// leaverName returns the user principal name of a leaver.
func (d *demo) leaverName(change contoso.Change) string {
	for _, delta := range change.Deltas {
		switch content := delta.Content.(type) {
		case directory.User:
			return content.UserPrincipalName
		case directory.Member:
			return content.Member
		}
	}
	return ""
}

// check compares the org's content, read behind its back, with the directory:
// leavers are out, nobody has two accounts, and every account in use that Usher
// made belongs to somebody who is connected.
func (d *demo) check(ctx context.Context) error {
	d.step("Looking into the org, past its API")
	accounts := make(map[string]salesforcetest.User)
	active := 0
	for _, user := range d.org.Users() {
		name := strings.ToLower(user.Username)
		if _, twice := accounts[name]; twice {
			d.broken("%s has two accounts", name)
		}
		accounts[name] = user
		if user.IsActive {
			active++
		}
	}
	for _, name := range d.leavers {
		if err := d.checkLeaver(ctx, name, accounts); err != nil {
			return err
		}
	}
	job, err := d.work.store.Job(ctx, d.app.ID)
	if err != nil {
		return err
	}
	links, err := d.work.store.CountLinks(ctx, job.ID)
	if err != nil {
		return err
	}
	const administrators = 1
	d.say("%d accounts, %d of them in use; %d leavers are out", len(accounts), active, len(d.leavers))
	if active-administrators != links.Enabled {
		d.broken("the org has %d accounts in use besides the administrator's, Usher knows of %d", active-administrators, links.Enabled)
	}
	return nil
}

func (d *demo) checkLeaver(ctx context.Context, idOrName string, accounts map[string]salesforcetest.User) error {
	user, err := d.work.user(ctx, idOrName)
	if err != nil {
		return err
	}
	name := strings.ToLower(directory.OriginalUserPrincipalName(user.UserPrincipalName))
	account, found := accounts[name]
	if found && account.IsActive {
		d.broken("%s left and still has access", name)
	}
	return nil
}

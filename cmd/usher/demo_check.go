package main

import (
	"context"
	"fmt"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/examples/contoso"
)

// broken notes a promise that was not kept.
func (d *demo) broken(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.report.Broken = append(d.report.Broken, text)
	d.say("BROKEN PROMISE: %s", text)
}

// leaverName returns the user principal name, or the id, of a leaver.
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

// check compares the org's content, read behind its back, with what Usher knows:
// no account was made twice, as many are in use as are connected and enabled, and
// leavers are out.
func (d *demo) check(ctx context.Context) error {
	d.step("Looking into the org, past its API")
	job, err := d.work.store.Job(ctx, d.app.ID)
	if err != nil {
		return err
	}
	links, err := d.work.store.CountLinks(ctx, job.ID)
	if err != nil {
		return err
	}
	const administrators = 1
	made, inUse := d.org.Statistics().RowsCreated, -administrators
	for _, license := range d.org.Licenses() {
		inUse += license.Used
	}
	d.say("%d accounts were made, %d of them are in use; Usher knows of %d and %d", made, inUse, links.Connections, links.Enabled)
	if made != links.Connections {
		d.broken("the org made %d accounts, Usher knows of %d", made, links.Connections)
	}
	if inUse != links.Enabled {
		d.broken("the org has %d accounts in use besides the administrator's, Usher knows of %d", inUse, links.Enabled)
	}
	out := 0
	for _, name := range d.leavers {
		stays, err := d.hasAccess(ctx, name)
		switch {
		case err != nil:
			return err
		case stays:
			d.broken("%s left and still has access", name)
		default:
			out++
		}
	}
	d.say("%d of %d leavers are out", out, len(d.leavers))
	return nil
}

func (d *demo) hasAccess(ctx context.Context, idOrName string) (bool, error) {
	user, err := d.work.user(ctx, idOrName)
	if err != nil {
		return false, err
	}
	account, found := d.org.User(directory.OriginalUserPrincipalName(user.UserPrincipalName))
	return found && account.IsActive, nil
}

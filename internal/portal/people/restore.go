package people

import (
	"context"

	"github.com/usher-id/usher/internal/portal/page"
)

// restoreUser brings a deleted user back.
func (a *Area) restoreUser(ctx context.Context, r *page.Request) (page.Answer, error) {
	id := r.Path("user")
	if err := r.Acts().RestoreUser(ctx, id); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(userPath(id), page.Success("The user is back. Applications that are turned on are told within seconds.")), nil
}

// restoreGroup brings a deleted group back.
func (a *Area) restoreGroup(ctx context.Context, r *page.Request) (page.Answer, error) {
	id := r.Path("group")
	if err := r.Acts().RestoreGroup(ctx, id); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(groupPath(id), page.Success("The group is back. Applications that are turned on are told within seconds.")), nil
}

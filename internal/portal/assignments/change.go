package assignments

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// changeData is a change of assignments that is to be confirmed.
type changeData struct {
	Confirmation page.Confirmation
	Known        bool // what a change of role means is on the page, and can be confirmed
	Path         string
	Rows         []row
	Role         roleChoice // of a change of role
	Foresight    foresightView
	Accounts     int // that are lost
	Faults       page.Faults
	Empty        page.Empty // shown when nothing was checked
}

func (d changeData) ids() []string {
	ids := make([]string, len(d.Rows))
	for i, each := range d.Rows {
		ids[i] = each.ID
	}
	return ids
}

// mostChanged is how many assignments are changed in one go.
const mostChanged = 200

// newChangeData reads the assignments that were checked. One that was removed meanwhile
// is left out.
func (a *Area) newChangeData(ctx context.Context, r *page.Request, app page.Application) (changeData, error) {
	data := changeData{Path: app.Path(menu), Empty: page.Empty{
		Icon: "list-check", Title: "Nothing is checked", Text: "Go back to the list and check who it is about.", Actions: []page.Link{{Text: "Users and groups", Path: app.Path(menu)}},
	}}
	ids := r.Values("id")
	if len(ids) > mostChanged {
		return data, page.Invalid("id", "At most %d assignments can be changed in one go.", mostChanged)
	}
	roles, err := a.Administration.Store.Roles(ctx, app.ID)
	if err != nil {
		return data, err
	}
	for _, id := range ids {
		assignment, err := a.Administration.Store.Assignment(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && assignment.ApplicationID != app.ID {
			continue
		}
		if err != nil {
			return data, err
		}
		found := store.FoundAssignment{Assignment: assignment}
		for _, role := range roles {
			if role.ID == assignment.AppRoleID {
				found.Role = role
			}
		}
		each := newRow(found)
		each.Principal, err = a.principal(ctx, pick{assignment.PrincipalType, assignment.PrincipalID})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return data, err
		}
		data.Rows = append(data.Rows, each)
	}
	return data, nil
}

func removalHead(app page.Application) page.Head { return below(app, "Remove from "+app.DisplayName) }

func (a *Area) askRemoval(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	data, err := a.removalData(ctx, r, app)
	return a.removal.Show(removalHead(app), data), err
}

func (a *Area) removalData(ctx context.Context, r *page.Request, app page.Application) (changeData, error) {
	data, err := a.newChangeData(ctx, r, app)
	if err != nil {
		return data, err
	}
	foresight, err := a.Administration.Foresee(ctx, app.Application, administration.Reassignment{Remove: data.ids()})
	if errors.Is(err, store.ErrNotFound) {
		return data, page.Refused("An assignment ended meanwhile", "Somebody else removed one of these assignments.", "Go back to the list and check who is left.")
	}
	data.Foresight, data.Accounts = newForesightView(app, foresight), foresight.Accounts
	data.Confirmation = confirmation(foresight, data.ids())
	return data, err
}

// remove ends assignments, if that still means for people what the page said that asked.
func (a *Area) remove(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	data, err := a.removalData(ctx, r, app)
	if err != nil {
		return page.Answer{}, err
	}
	if len(data.Rows) == 0 {
		return refused(a.removal.Show(removalHead(app), data)), nil
	}
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.removal.Show(removalHead(app), data).With(http.StatusConflict), nil
	}
	if err := r.Acts().RemoveAssignments(ctx, app.Application, data.ids()...); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path(menu), page.Success("%s removed.", page.Plural(len(data.Rows), "assignment was", "assignments were"))), nil
}

func roleHead(app page.Application) page.Head { return below(app, "Change role") }

func (a *Area) askRole(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	data, err := a.newRoleData(ctx, r, app)
	if err != nil {
		return page.Answer{}, err
	}
	return a.role.Show(roleHead(app), data), nil
}

func (a *Area) newRoleData(ctx context.Context, r *page.Request, app page.Application) (changeData, error) {
	data, err := a.newChangeData(ctx, r, app)
	if err != nil {
		return data, err
	}
	role := r.Value("role")
	if data.Role, err = a.roles(ctx, app, role, false); err != nil || role == "" || len(data.Rows) == 0 {
		return data, err
	}
	change := administration.Reassignment{Remove: data.ids()}
	for _, each := range data.Rows {
		change.Add = append(change.Add, administration.NewAssignment{PrincipalType: each.Principal.Type, Principal: each.Principal.ID, Role: role})
	}
	foresight, err := a.Administration.Foresee(ctx, app.Application, change)
	data.Foresight = newForesightView(app, foresight)
	data.Known, data.Confirmation = err == nil, confirmation(foresight, data.ids(), role)
	return data, err
}

// changeRole gives assignments another role, if that still means for people what the
// page said that asked.
func (a *Area) changeRole(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	data, err := a.newRoleData(ctx, r, app)
	if err != nil {
		return page.Answer{}, err
	}
	role := r.Value("role")
	if role == "" {
		err = page.Invalid("role", "Select a role.")
	} else if len(data.Rows) > 0 {
		var confirmed bool
		if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed && a.offered(ctx, app, role) {
			answer := a.role.Show(roleHead(app), data)
			if data.Confirmation.Changed {
				answer = answer.With(http.StatusConflict)
			}
			return answer, nil
		}
		if err = r.Acts().ChangeRole(ctx, app.Application, role, data.ids()...); err == nil {
			return page.Redirect(app.Path(menu), page.Success("The role of %s was changed to %s.", page.Plural(len(data.Rows), "assignment", "assignments"), a.roleName(ctx, app, role))), nil
		}
	}
	faults, ok := page.FaultsOf(err)
	if err != nil && !ok {
		return page.Answer{}, err
	}
	data.Faults = faults
	data.Role.Field = faults.Of(data.Role.Field)
	return refused(a.role.Show(roleHead(app), data)), nil
}

// offered reports whether an application has a role, by the id: another one is refused
// with the reason.
func (a *Area) offered(ctx context.Context, app page.Application, id string) bool {
	roles, err := a.Administration.Roles(ctx, app.Application)
	return err == nil && slices.ContainsFunc(roles, func(role administration.Role) bool { return role.ID == id && id != directory.DefaultAccess })
}

// roleName is the name of a role for a notice.
func (a *Area) roleName(ctx context.Context, app page.Application, id string) string {
	if id == directory.DefaultAccess {
		return "Default Access"
	}
	roles, err := a.Administration.Roles(ctx, app.Application)
	for _, role := range roles {
		if err == nil && role.ID == id {
			return role.DisplayName
		}
	}
	return id
}

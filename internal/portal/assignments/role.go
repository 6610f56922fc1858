package assignments

import (
	"context"
	"net/url"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// roleOptions are the roles of an application as a select offers them; with disabled
// ones for looking, without for assigning.
func roleOptions(roles []administration.Role, selected string, disabled bool) []page.Option {
	var options []page.Option
	for _, role := range roles {
		if role.Enabled || disabled {
			options = append(options, page.Option{Value: role.ID, Text: roleText(role), Selected: role.ID == selected})
		}
	}
	return options
}

// roleText is a role with its licence and the seats that are free, as far as they are
// known.
func roleText(role administration.Role) string {
	text := role.DisplayName
	switch {
	case role.Seats != nil && role.Seats.Name != "" && role.Seats.Total == connector.Unlimited:
		text += " – " + role.Seats.Name + ", seats are not limited"
	case role.Seats != nil && role.Seats.Name != "":
		text += " – " + role.Seats.Name + ", " + page.Number(role.Seats.Free()) + " of " + page.Plural(role.Seats.Total, "seat", "seats") + " free"
	case role.License != "":
		text += " – " + role.License
	}
	if !role.Enabled {
		text += " (no longer in the application)"
	}
	return text
}

// roleChoice is the choice of a role, with what can be done about the roles.
type roleChoice struct {
	Field page.Field
	Seats bool   // the seats that are free are shown, as they are now
	Fault string // why the roles could not be read
	None  bool   // there is no role to choose
}

// roles reads the roles to choose from; with seats it asks the application how many are
// free. That it does not answer is told and keeps nobody from choosing.
func (a *Area) roles(ctx context.Context, app page.Application, selected string, seats bool) (roleChoice, error) {
	var choice roleChoice
	roles, err := a.Administration.Roles(ctx, app.Application)
	if err != nil {
		return choice, err
	}
	if seats {
		if asked, err := a.Administration.RolesWithSeats(ctx, app.Application); err == nil {
			roles, choice.Seats = asked, true
		} else {
			fault := page.FaultOf(err, "")
			choice.Fault = fault.Text + " " + fault.Advice
		}
	}
	refusal := a.Administration.DefaultAccessRefused(app.Application)
	choice.fill(roles, selected, refusal)
	return choice, nil
}

// fill makes the field. Default access can be selected even where it is refused, so that
// the reason is read.
func (c *roleChoice) fill(roles []administration.Role, selected string, refusal error) {
	c.Field = page.Field{Name: "role", Label: "Select a role", Type: "select", Help: "Roles are read from the application with every cycle."}
	c.Field.Options = append([]page.Option{{Text: "Select a role"}}, roleOptions(roles, selected, false)...)
	c.None = len(c.Field.Options) == 1
	text := "Default Access"
	if refusal != nil {
		text += " – not enough here"
		c.Field.Help += " Default Access is not enough: " + refusal.Error() + "."
	}
	c.Field.Options = append(c.Field.Options, page.Option{Value: directory.DefaultAccess, Text: text, Selected: selected == directory.DefaultAccess})
}

// readRoles reads the roles of the application now, and goes back with the seats.
func (a *Area) readRoles(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	back := app.Path(menu) + "/add?" + url.Values{"pick": r.Values("pick"), "role": r.Values("role"), "search": r.Values("search"), "seats": {"yes"}}.Encode()
	roles, err := r.Acts().ImportRoles(ctx, app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(back, page.Success("%s read from %s.", page.Plural(len(roles), "role was", "roles were"), app.DisplayName)), nil
}

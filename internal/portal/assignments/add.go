package assignments

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// mostPicks is how many users and groups are added in one go; for more there are groups
// and files.
const mostPicks = 200

// found is how many users, and how many groups, a search shows.
const mostFound = 15

// addData is the page for adding users and groups.
type addData struct {
	Path      string
	Search    string
	Picked    []principal // that were selected before and are not among the found ones
	Found     []principal
	Selected  []string // keys of those that are selected
	MoreFound bool
	Role      roleChoice
	Foresight foresightView
	Clashes   bool   // there are conflicts, which are to be confirmed
	Confirm   string // stands for what is to be confirmed
	Faults    page.Faults
	Empty     page.Empty
}

// Key names a user or a group in a form.
func (p principal) Key() string { return p.Type + ":" + p.ID }

// Picks reports whether a principal is selected.
func (d addData) Picks(key string) bool { return slices.Contains(d.Selected, key) }

// pick is a user or a group that was selected.
type pick struct{ Type, ID string }

// picks reads what was selected, each once.
func picks(r *page.Request) ([]pick, error) {
	var selected []pick
	for _, key := range r.Values("pick") {
		kind, id, found := strings.Cut(key, ":")
		if !found || kind != "User" && kind != "Group" {
			return nil, page.Invalid("pick", "“%s” names no user or group.", page.Short(key, 60))
		}
		if one := (pick{kind, id}); !slices.Contains(selected, one) {
			selected = append(selected, one)
		}
	}
	if len(selected) > mostPicks {
		return nil, page.Invalid("pick", "At most %d users and groups can be added in one go. For more, assign a group or upload a CSV file.", mostPicks)
	}
	return selected, nil
}

func addHead(app page.Application) page.Head {
	head := below(app, "Add user/group")
	head.Lead = "Search for users and groups, select them, select a role, and assign. Nothing happens in " + app.DisplayName + " before the next cycle."
	return head
}

func (a *Area) showAdd(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	data, _, err := a.newAddData(ctx, r, app)
	if err != nil {
		return page.Answer{}, err
	}
	return a.add.Show(addHead(app), data), nil
}

// newAddData makes the page of what is searched for and selected, and the assignments
// that it stands for.
func (a *Area) newAddData(ctx context.Context, r *page.Request, app page.Application) (addData, []administration.NewAssignment, error) {
	data := addData{Path: app.Path(menu), Search: r.Value("search")}
	selected, err := picks(r)
	if err != nil {
		return data, nil, err
	}
	if err := a.search(ctx, &data, app); err != nil {
		return data, nil, err
	}
	seats := r.Value("seats") != "" && r.HTTP.Header.Get("HX-Request") == "" // no part of the page that htmx asks for shows them
	if data.Role, err = a.roles(ctx, app, r.Value("role"), seats); err != nil {
		return data, nil, err
	}
	var wanted []administration.NewAssignment
	for _, one := range selected {
		p, err := a.principal(ctx, one)
		if errors.Is(err, store.ErrNotFound) {
			continue // removed meanwhile
		}
		if err != nil {
			return data, nil, err
		}
		data.Selected = append(data.Selected, p.Key())
		if !slices.ContainsFunc(data.Found, func(f principal) bool { return f.Key() == p.Key() }) {
			data.Picked = append(data.Picked, p)
		}
		wanted = append(wanted, administration.NewAssignment{PrincipalType: one.Type, Principal: one.ID, Role: r.Value("role")})
	}
	if len(wanted) > 0 && r.Value("role") != "" {
		foresight, err := a.Administration.Foresee(ctx, app.Application, administration.Reassignment{Add: wanted})
		if err != nil {
			return data, nil, err
		}
		data.Foresight = newForesightView(app, foresight)
		if foresight.Conflicts > 0 {
			data.Clashes, data.Confirm = true, confirmation(foresight, wanted).Mark
		}
	}
	return data, wanted, nil
}

// search finds users and groups that can be assigned.
func (a *Area) search(ctx context.Context, data *addData, app page.Application) error {
	users, err := a.Administration.Store.FindUsers(ctx, store.UserSearch{Text: data.Search}, store.Page{Limit: mostFound})
	if err != nil {
		return err
	}
	groups, err := a.Administration.Store.FindGroups(ctx, store.GroupSearch{Text: data.Search, Kind: store.SecurityGroups}, store.Page{Limit: mostFound})
	if err != nil {
		return err
	}
	data.MoreFound = users.Next != "" || groups.Next != ""
	for _, group := range groups.Items {
		data.Found = append(data.Found, newPrincipal(store.FoundPrincipal{ID: group.ID, Type: "Group", DisplayName: group.DisplayName, Enabled: group.SecurityEnabled}, group.Members))
	}
	for _, user := range users.Items {
		data.Found = append(data.Found, personOf(user))
	}
	for i := range data.Found {
		current, err := a.Administration.Store.AssignmentsOfPrincipal(ctx, data.Found[i].ID)
		if err != nil {
			return err
		}
		var roles []string
		for _, each := range current {
			if each.ApplicationID == app.ID {
				roles = append(roles, newRow(each).Role)
			}
		}
		data.Found[i].Current = strings.Join(roles, ", ")
	}
	data.Empty = page.Empty{Icon: "search", Title: "No user or group is called “" + data.Search + "”", Text: "Look for the beginning of a name or an address. Only security groups can be assigned."}
	if data.Search == "" {
		data.Empty = page.Empty{Icon: "users", Title: "The directory is empty", Text: "Import users and groups first: from CSV files, or with a client of the API."}
	}
	return nil
}

// principal looks up a user or a group that was selected.
func (a *Area) principal(ctx context.Context, one pick) (principal, error) {
	if one.Type == "Group" {
		group, err := a.Administration.Store.Group(ctx, one.ID)
		return newPrincipal(store.FoundPrincipal{ID: group.ID, Type: "Group", DisplayName: group.DisplayName, Enabled: group.SecurityEnabled, Deleted: group.Deleted()}, store.Count{}).withoutDetail(), err
	}
	user, err := a.Administration.Store.User(ctx, one.ID)
	return personOf(user), err
}

func (p principal) withoutDetail() principal {
	p.Detail = ""
	return p
}

func (a *Area) assign(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	data, wanted, err := a.newAddData(ctx, r, app)
	if err != nil {
		return page.Answer{}, err
	}
	switch {
	case len(wanted) == 0:
		data.Faults = page.Faults{"pick": "Select at least one user or group."}
	case r.Value("role") == "":
		data.Faults = page.Faults{"role": "Select a role."}
	case data.Clashes && (data.Confirm != r.Value("confirm") || data.Confirm == ""): // not, or for others than now
		data.Faults = page.Faults{"confirm": "Some people would be given different roles. Look at who, and confirm it below, or select another role."}
	}
	if data.Faults == nil {
		added, err := r.Acts().AssignMany(ctx, app.Application, wanted)
		if err == nil {
			return page.Redirect(app.Path(menu), assigned(app, added, len(wanted))), nil
		}
		faults, ok := page.FaultsOf(err)
		if !ok {
			return page.Answer{}, err
		}
		data.Faults = faults
	}
	data.Role.Field = data.Faults.Of(data.Role.Field)
	return refused(a.add.Show(addHead(app), data)), nil
}

func assigned(app page.Application, added, wanted int) page.Notice {
	there := ""
	if wanted > added {
		there = " " + page.Plural(wanted-added, "assignment was", "assignments were") + " there already."
	}
	next := " It takes effect with the next cycle."
	if !app.On() {
		next = " It takes effect when provisioning is turned on."
	}
	return page.Success("%s made.%s%s", page.Plural(added, "assignment was", "assignments were"), there, next)
}

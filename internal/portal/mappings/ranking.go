package mappings

import (
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// rankingData is the order in which roles count for somebody who is given several.
type rankingData struct {
	Bar      bar
	Path     string
	Here     string
	Order    string // the names that are ranked, one a line
	Ranked   []rankedRole
	Others   []string // names of roles that are not ranked
	Empty    page.Empty
	ReadOnly bool
}

// rankedRole is a role in its place.
type rankedRole struct {
	Name        string
	Place       int
	First, Last bool
	Missing     bool // the application has no such role
}

func rankingHead(app page.Application) page.Head {
	h := head(app, "Role ranking")
	h.Lead = "Which role counts when somebody is given several and an account takes one."
	return h
}

func (a *Area) showRanking(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	roles, err := a.Administration.Roles(ctx, o.app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	names := make([]string, 0, len(roles))
	for _, role := range roles {
		if role.Enabled {
			names = append(names, role.DisplayName)
		}
	}
	data, err := newRankingData(o, names)
	data.ReadOnly = !r.Visitor.Administers()
	return a.ranking.Show(rankingHead(o.app), data), err
}

func newRankingData(o opened, roles []string) (rankingData, error) {
	path := o.app.Path("mappings")
	data := rankingData{Bar: newBar(o.app, o.draft), Path: path, Here: path + "/roles", Empty: page.Empty{
		Icon: "users-group", Title: "No roles are known yet", Text: "They are read from the application when its credentials are saved, and by every cycle.",
		Actions: []page.Link{{Text: "Provisioning", Path: o.app.Path("provisioning")}},
	}}
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return data, page.NotFound("%s", page.Sentence(err.Error()))
	}
	ranking := object.RoleRanking
	data.Order = strings.Join(ranking, "\n")
	named := func(name string) func(string) bool {
		return func(other string) bool { return strings.EqualFold(name, other) }
	}
	for i, name := range ranking {
		data.Ranked = append(data.Ranked, rankedRole{name, i + 1, i == 0, i == len(ranking)-1, !slices.ContainsFunc(roles, named(name))})
	}
	for _, name := range roles {
		if !slices.ContainsFunc(ranking, named(name)) {
			data.Others = append(data.Others, name)
		}
	}
	return data, nil
}

// rank changes the place of one role.
func (a *Area) rank(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	var was []string
	if order := strings.ReplaceAll(r.Raw("order"), "\r\n", "\n"); order != "" {
		was = strings.Split(order, "\n")
	}
	ranking, text := reranked(was, r)
	if err := o.change(ctx, administration.PutRoleRanking(was, ranking)); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings/roles"), kept("%s", text)), nil
}

// reranked returns the ranking that a button asks for, and what it did.
func reranked(was []string, r *page.Request) (ranking []string, text string) {
	ranking = slices.Clone(was)
	move := func(name string, by int) {
		at := slices.Index(ranking, name)
		if to := at + by; at >= 0 && to >= 0 && to < len(ranking) {
			ranking[at], ranking[to] = ranking[to], ranking[at]
		}
	}
	switch {
	case r.Has("earlier"):
		move(r.Raw("earlier"), -1)
		return ranking, r.Value("earlier") + " counts before more of the others."
	case r.Has("later"):
		move(r.Raw("later"), 1)
		return ranking, r.Value("later") + " counts after more of the others."
	case r.Has("unrank"):
		return slices.DeleteFunc(ranking, func(name string) bool { return name == r.Raw("unrank") }), r.Value("unrank") + " is not ranked any more."
	case r.Value("add") != "" && !slices.Contains(ranking, r.Raw("add")):
		return append(ranking, r.Raw("add")), r.Value("add") + " is ranked, as the last."
	}
	return ranking, "The ranking is as it was."
}

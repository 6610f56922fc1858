package assignments

import (
	"context"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// conflictsData are the people whose assignments give them different roles.
type conflictsData struct {
	Path   string
	Rows   []conflictRow
	Looked int
	Next   string // path of the part after
	First  string // path of the first part, empty on it
	Empty  page.Empty
}

func conflictsHead(app page.Application) page.Head {
	head := below(app, "Conflicts")
	head.Lead = "People whose assignments give them different roles. One counts: an assignment in person before one through a group, then by the ranking of roles in the mapping, then by name."
	return head
}

// conflictsShown is how many people are shown at a time.
const conflictsShown = 50

func (a *Area) showConflicts(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	after := r.Value("after")
	found, err := a.Administration.FindConflicts(ctx, app.Application, after, conflictsShown)
	if err != nil {
		return page.Answer{}, err
	}
	data := newConflictsData(app, found)
	if found.Next != "" {
		data.Next = r.Query("after", found.Next)
	}
	if after != "" {
		data.First = r.Query("after", "")
	}
	return a.conflicts.Show(conflictsHead(app), data), nil
}

func newConflictsData(app page.Application, found administration.FoundConflicts) conflictsData {
	data := conflictsData{Path: app.Path(menu), Looked: found.Looked, Empty: page.Empty{
		Icon: "circle-check", Title: "Nobody is given different roles", Text: page.Plural(found.Looked, "person was", "people were") + " looked at.",
	}}
	if found.Next != "" {
		data.Empty.Title = "Nobody so far is given different roles"
		data.Empty.Text += " There are more: go on with the next."
	}
	for _, conflict := range found.Conflicts {
		data.Rows = append(data.Rows, newConflictRow(conflict))
	}
	return data
}

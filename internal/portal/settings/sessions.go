package settings

import (
	"context"
	"errors"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// sessionsData is where everybody is signed in.
type sessionsData struct {
	Rows  []sessionRow
	Pager page.Pager
}

func sessionsHead() page.Head {
	h := head("Sessions", page.Link{Text: "Administrators", Path: administratorsPath})
	h.Lead = "Where people are signed in now, the newest first."
	return h
}

func (a *Area) showSessions(ctx context.Context, r *page.Request) (page.Answer, error) {
	all, err := a.People.Administrators(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	found, err := a.People.FindSessions(ctx, by(r), store.Page{Cursor: r.Value("cursor")})
	if errors.Is(err, store.ErrInvalid) {
		return page.Redirect(sessionsPath, page.Notice{}), nil // the cursor of another list
	}
	if err != nil {
		return page.Answer{}, refused(err)
	}
	return a.sessions.Show(sessionsHead(), sessionsData{newSessionRows(found.Items, all, r.Visitor.SessionID), r.Pager(found.Previous, found.Next)}), nil
}

// revokeSession ends a session, and goes back to the list that it was on.
func (a *Area) revokeSession(ctx context.Context, r *page.Request) (page.Answer, error) {
	if err := a.People.RevokeSession(ctx, by(r), r.Value("session")); err != nil {
		return page.Answer{}, refused(err)
	}
	back := sessionsPath
	if whose := r.Value("administrator"); whose != "" {
		back = administratorPath(whose)
	}
	return page.Redirect(back, page.Success("The session ended.")), nil
}

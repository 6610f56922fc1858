package settings

import (
	"context"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// sessionsData is where everybody is signed in.
type sessionsData struct {
	Rows []sessionRow
	More int // sessions that are not shown
}

// mostSessions is how many sessions the page shows: those that began last.
const mostSessions = 200

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
	sessions, err := a.People.Sessions(ctx, by(r), "")
	if err != nil {
		return page.Answer{}, refused(err)
	}
	return a.sessions.Show(sessionsHead(), newSessionsData(sessions, all, r.Visitor.SessionID)), nil
}

func newSessionsData(sessions []store.Session, all []store.Administrator, current string) sessionsData {
	shown := sessions[:min(len(sessions), mostSessions)]
	return sessionsData{newSessionRows(shown, all, current), len(sessions) - len(shown)}
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

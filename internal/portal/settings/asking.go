package settings

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// askedData asks before an act takes something from somebody.
type askedData struct {
	Confirmation page.Confirmation
	Path         string // that the form is sent to
	Back         string
	What         string // it does, with numbers
	Text         []string
	Yours        bool // it is the visitor whom it is about
	Button       string
	Icon         string
	Fields       []sentField
}

// sentField is a field that the form sends along.
type sentField struct{ Name, Value string }

// ask shows what an act would do, unless exactly that was confirmed.
func (a *Area) ask(r *page.Request, head page.Head, data askedData) (answer page.Answer, confirmed bool) {
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); confirmed {
		return answer, true
	}
	answer = a.asked.Show(head, data)
	if data.Confirmation.Changed {
		answer = answer.With(http.StatusConflict)
	}
	return answer, false
}

func askedHead(title string, of store.Administrator) page.Head {
	return head(title, page.Link{Text: "Administrators", Path: administratorsPath}, page.Link{Text: of.Name, Path: administratorPath(of.ID)})
}

// use is what an administrator has in use.
type use struct {
	Sessions []store.Session
	Link     bool // one that was not used yet
}

// inUse reads what an administrator has in use.
func (a *Area) inUse(ctx context.Context, r *page.Request, of store.Administrator) (use, error) {
	sessions, err := a.People.Sessions(ctx, by(r), of.ID)
	if err != nil {
		return use{}, refused(err)
	}
	links, err := a.People.Store.SignInLinks(ctx)
	return use{sessions, slices.ContainsFunc(links, func(l store.SignInLink) bool { return l.AdministratorID == of.ID && l.Open(time.Now()) })}, err
}

// ids returns which sessions there are, but for one.
func (u use) ids(but string) []string {
	var ids []string
	for _, session := range u.Sessions {
		if session.ID != but {
			ids = append(ids, session.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// endings says which sessions end.
func endings(count int) string {
	if count == 0 {
		return "They are not signed in anywhere."
	}
	return page.Plural(count, "session ends", "sessions end") + " at once."
}

// newDisabling asks about keeping somebody out.
func newDisabling(of store.Administrator, has use, visitor page.Visitor) askedData {
	data := askedData{
		Confirmation: page.Confirm("disable", of.ID, of.Name, of.Role, has.ids(""), has.Link), Path: administratorPath(of.ID) + "/disable", Back: administratorPath(of.ID),
		What: of.DisplayName + " (" + of.Name + ", " + string(of.Role) + ") cannot sign in any more.", Text: []string{endings(len(has.Sessions))},
		Yours: of.ID == visitor.ID, Button: "Disable " + of.Name, Icon: "user-off",
	}
	if has.Link {
		data.Text[0] += " The link to sign in with that they were given stops working."
	}
	data.Text = append(data.Text, "They keep their role, and can be enabled again.")
	return data
}

// newDemotion asks about a role that allows less.
func newDemotion(of store.Administrator, role store.Role, visitor page.Visitor) askedData {
	loses := "They cannot run, pause and retry any more."
	if of.Role == store.RoleAdministrator {
		loses = "They cannot assign, configure and change settings any more."
		if role == store.RoleReader {
			loses = "They cannot run, assign, configure and change settings any more."
		}
	}
	return askedData{
		Confirmation: page.Confirm("role", of.ID, of.Name, of.Role, role), Path: administratorPath(of.ID) + "/role", Back: administratorPath(of.ID),
		What: of.DisplayName + " (" + of.Name + ") becomes " + string(role) + ", and is " + string(of.Role) + " now.", Text: []string{loses + " It holds from their next click on."},
		Yours: of.ID == visitor.ID, Button: "Make " + of.Name + " " + string(role), Icon: "user-minus", Fields: []sentField{{"role", string(role)}},
	}
}

// newEnding asks about the end of somebody's sessions.
func newEnding(of store.Administrator, has use, visitor page.Visitor) askedData {
	ids := has.ids(visitor.SessionID)
	data := askedData{
		Confirmation: page.Confirm("sessions", of.ID, ids), Path: administratorPath(of.ID) + "/sessions", Back: administratorPath(of.ID),
		What: page.Plural(len(ids), "session", "sessions") + " of " + of.DisplayName + " (" + of.Name + ") " + endsWord(len(ids)) + " at once.",
		Text: []string{"What they entered and did not save is lost. They can sign in again."}, Button: "End " + page.Plural(len(ids), "session", "sessions"), Icon: "logout",
	}
	if len(ids) < len(has.Sessions) {
		data.Text = append(data.Text, "The session that you use now goes on.")
	}
	return data
}

func endsWord(count int) string {
	if count == 1 {
		return "ends"
	}
	return "end"
}

// newCutOff asks about a rotation that makes something stop working at once: what ends.
// The grace holds for the secrets, if they are not among it.
func newCutOff(of clientRow, ends, grace, key string) askedData {
	return askedData{
		Confirmation: page.Confirm("rotate", of.ID, of.SignsIn, ends, grace, key), Path: of.Path + "/rotate", Back: of.Path,
		What: "What " + of.Name + " (" + string(of.Role) + ") signs in with stops working at once: " + strings.ToLower(ends[:1]) + ends[1:] + ".",
		Text: []string{"A program that goes on using it is refused until it has what is made now."}, Button: "Rotate at once", Icon: "refresh",
		Fields: []sentField{{"grace", grace}, {"publicKey", key}},
	}
}

// less reports whether a role allows less than another one.
func less(role, than store.Role) bool { return role.Allows(store.RoleReader) && !role.Allows(than) }

// worksAfter reports whether somebody could sign in with the settings.
func worksAfter(of store.Administrator, with store.SignInSettings) bool {
	return !of.Disabled() && (!with.PasswordsOff && !of.PasswordHash.IsZero() || of.Subject != "" && of.Issuer == with.OpenID.Issuer && with.OpenID.Issuer != "")
}

// keptOut returns the names of those who can sign in before, and cannot after.
func keptOut(all []store.Administrator, before, after store.SignInSettings) []string {
	var names []string
	for _, each := range all {
		if worksAfter(each, before) && !worksAfter(each, after) {
			names = append(names, each.Name)
		}
	}
	return names
}

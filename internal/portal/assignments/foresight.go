package assignments

import (
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// foresightView is what a change of assignments means, in words.
type foresightView struct {
	Lines         []string
	Losing        []principal
	MoreLosing    int
	Conflicts     []conflictRow
	MoreConflicts int
	Held          string
}

// conflictRow is somebody whom several assignments give different roles.
type conflictRow struct {
	Person principal
	Wins   grantView
	Others []grantView
}

type grantView struct{ Role, Through string }

func newGrantView(grant directory.Grant) grantView {
	view := grantView{Role: grant.Role.DisplayName, Through: "in person"}
	if grant.Role.ID == directory.DefaultAccess {
		view.Role = "Default Access"
	}
	if !grant.Direct() {
		view.Through = "through " + grant.Through()
	}
	return view
}

func newConflictRow(conflict administration.Conflict) conflictRow {
	r := conflictRow{Person: personOf(conflict.User), Wins: newGrantView(conflict.Wins)}
	for _, grant := range conflict.Grants {
		if grant.Role.ID != conflict.Wins.Role.ID {
			r.Others = append(r.Others, newGrantView(grant))
		}
	}
	return r
}

func personOf(user directory.User) principal {
	return newPrincipal(store.FoundPrincipal{
		ID: user.ID, Type: "User", DisplayName: user.DisplayName, Name: user.UserPrincipalName, Enabled: user.AccountEnabled, Deleted: user.Deleted(),
	}, store.Count{})
}

func newForesightView(app page.Application, f administration.Foresight) foresightView {
	view := foresightView{Held: page.Short(f.Held, 300), MoreLosing: f.Accounts - len(f.LosingAccounts), MoreConflicts: f.Conflicts - len(f.Conflicted)}
	say := func(count int, one, many string) {
		if count > 0 {
			view.Lines = append(view.Lines, page.Plural(count, one, many))
		}
	}
	say(f.Gaining, "person gets access to "+app.DisplayName+" who had none.", "people get access to "+app.DisplayName+" who had none.")
	say(f.Changing, "person gets another role than now.", "people get another role than now.")
	say(f.Accounts, "person loses the account: with the next cycle it "+fate(f.Leave, "is", "it stays as it is")+".", "people lose their accounts: with the next cycle they "+fate(f.Leave, "are", "stay as they are")+".")
	say(f.Losing-f.Accounts, "person loses access and has no account in use.", "people lose access and have no account in use.")
	say(f.Conflicts, "person is given different roles. One of them counts, the others do nothing.", "people are given different roles. One of them counts for each, the others do nothing.")
	if len(view.Lines) == 0 && f.People > 0 {
		view.Lines = []string{"Nobody gets or loses anything by this: " + page.Plural(f.People, "person has", "people have") + " the access already, or keep it through other assignments."}
	}
	for _, user := range f.LosingAccounts {
		view.Losing = append(view.Losing, personOf(user))
	}
	for _, conflict := range f.Conflicted {
		view.Conflicts = append(view.Conflicts, newConflictRow(conflict))
	}
	return view
}

// confirmation is that of a change of assignments: of what it is, and of what it means.
func confirmation(f administration.Foresight, change ...any) page.Confirmation {
	wins := make([][2]string, len(f.Conflicted)) // who, in which role
	for i, conflict := range f.Conflicted {
		wins[i] = [2]string{conflict.User.ID, conflict.Wins.Role.ID}
	}
	return page.Confirm(change, f.Everybody, f.People, f.Gaining, f.Losing, f.Accounts, f.Changing, f.Conflicts, wins, f.Leave, f.Held)
}

// fate tells what becomes of the accounts of people who lose access.
func fate(leave provisioning.Leave, is, stays string) string {
	text := is + " disabled"
	switch leave.Action {
	case provisioning.LeaveNothing:
		return stays
	case provisioning.LeaveDelete:
		text = is + " deleted, or disabled where the application cannot delete"
	case provisioning.LeaveDisable:
	}
	if leave.Grace > 0 {
		text += ", " + page.Duration(leave.Grace) + " after that was found"
	}
	return text
}

package mappings

import (
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// lossData is who loses the account by a save, which has to be confirmed when somebody
// does, or when that is not known.
type lossData struct {
	Known  bool // everybody was looked at
	Lines  []string
	People []loser
	More   int
	Count  int
	Held   string // why the removal guard will hold the removals, empty when it will not
	Limit  string // what the guard holds
	Now    bool   // accounts are taken away at once, not after a grace period alone
	Path   string // of the removals that are held
}

// loser is somebody who loses the account.
type loser struct{ Name, Path string }

// Asks reports whether the save is to be confirmed by a tick.
func (d lossData) Asks() bool { return !d.Known || d.Count > 0 }

func newLossData(app page.Application, impact administration.Impact) lossData {
	losses := impact.Losses
	data := lossData{
		Known: impact.Complete, Count: losses.Count(), Held: page.Short(impact.Guard, 300), Limit: impact.Limit, Now: losses.Disabled+losses.Deleted > 0,
		Path: app.Path("removals"), More: losses.Count() - len(losses.First),
	}
	say := func(count int, one, many string) {
		if count > 0 {
			data.Lines = append(data.Lines, page.Plural(count, "account is "+one, "accounts are "+many)+".")
		}
	}
	say(losses.Disabled, "disabled: that person loses access", "disabled: these people lose access")
	say(losses.Deleted, "deleted, which cannot be undone", "deleted, which cannot be undone")
	say(losses.Later, "disabled or deleted when the grace period is over", "disabled or deleted when the grace period is over")
	for _, person := range losses.First {
		name := person.Name
		if name == "" {
			name = person.ID
		}
		data.People = append(data.People, loser{name, page.UserPath(person.ID)})
	}
	return data
}

// confirmation is what a save is confirmed for: from which schema to which, and who loses
// the account by that.
func confirmation(draft administration.SchemaDraft, impact administration.Impact) page.Confirmation {
	losses := impact.Losses
	return page.Confirm(draft.Tag, administration.Mark(draft.Saved), administration.Mark(draft.Schema), impact.Complete, losses.Disabled, losses.Deleted, losses.Later, losses.Mark, impact.Guard)
}

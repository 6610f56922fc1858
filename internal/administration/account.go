package administration

import (
	"context"
	"errors"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Accounts reads every account of the target, tells whose each is, and returns how many
// there are of each class. It changes nothing. An error of report ends it. Observe may
// be nil. The target is read once and in no particular order.
func (s *Service) Accounts(ctx context.Context, app Application, observe func(engine.Progress), report func(engine.Account) error) (counts map[engine.AccountClass]int, err error) {
	err = s.Session(ctx, app.Application, func(session engine.Session) (err error) {
		counts, err = s.AccountsIn(ctx, session, observe, report)
		return err
	})
	return counts, err
}

// AccountsIn is Accounts in a session that is open.
func (s *Service) AccountsIn(ctx context.Context, session engine.Session, observe func(engine.Progress), report func(engine.Account) error) (map[engine.AccountClass]int, error) {
	run := engine.Run{JobID: session.Job.ID, Connector: session.Connector, Mapping: session.Mapping, Observe: observe}
	return s.Runner.Engine.Accounts(ctx, run, report)
}

// Connections yields which account belongs to whom, in the order of people's ids.
func (s *Service) Connections(ctx context.Context, app Application) iter.Seq2[engine.Connection, error] {
	return s.Store.Connections(ctx, app.Job.ID)
}

// Disconnecting says how a connection is forgotten.
type Disconnecting struct {
	Force   bool   // also when the account is in use and its owner left; nothing takes it away then
	Waiting func() // called once when a cycle is running that is waited for; nil: it is waited for 20 seconds at most
}

// Disconnect forgets which account belongs to a person, by the id, and returns what it
// forgot, zero when there was nothing. Neither of the two is touched, and the next cycle
// matches anew. It is refused while provisioning is turned on, with the code TurnedOn,
// and without Force when the account is in use and its owner left, with AccountInUse.
func (a Acts) Disconnect(ctx context.Context, app Application, userID string, how Disconnecting) (was engine.Connection, err error) {
	if app.Job.Schedule.State == provisioning.ScheduleActive {
		return was, refuse(TurnedOn, "", "provisioning of %s is on", app.DisplayName).advising("Turn it off first.")
	}
	who, err := a.named(ctx, app, []string{userID})
	if err != nil {
		return was, err
	}
	work := func() (err error) {
		was, err = a.Store.Disconnect(ctx, app.Job.ID, userID, how.Force, func(was engine.Connection) journal.Audit {
			return a.Record(ActivityDisconnect, app.DisplayName, who+", id "+userID+" - "+accountName(was))
		})
		return err
	}
	if how.Waiting == nil {
		err = a.BetweenCycles(ctx, app.Job.ID, work)
	} else {
		err = a.Exclusively(ctx, app.Job.ID, how.Waiting, work)
	}
	if errors.Is(err, store.ErrConflict) {
		return was, &Refusal{Code: AccountInUse, Message: err.Error(), Err: err, Advice: "Disable the account in the application first, or forget the connection all the same."}
	}
	return was, err
}

// accountName names the account of a connection beside its id.
func accountName(connection engine.Connection) string {
	if connection.TargetName == "" {
		return connection.TargetID
	}
	return connection.TargetName + ", id " + connection.TargetID
}

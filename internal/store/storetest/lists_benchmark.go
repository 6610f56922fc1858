package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// BenchmarkLists measures what people look through, with 100,000 users and 200,000
// entries of the log. Each of them reads the first part and one in the middle.
func BenchmarkLists(b *testing.B, open func(b *testing.B) store.Store) {
	b.Helper()
	const users = 100_000
	c := newCompany(b, open(b), users)
	c.fillLog(b, 200_000)
	page := store.Page{}
	for _, list := range []struct {
		name string
		read func(ctx context.Context, page store.Page) (string, error)
	}{
		{"Users", usersOf(c, store.UserSearch{})},
		{"UsersByCommonWord", usersOf(c, store.UserSearch{Text: "zoe"})},
		{"UsersByRareWord", usersOf(c, store.UserSearch{Text: "user99999@"})},
		{"UsersByNoWord", usersOf(c, store.UserSearch{Text: "zoe nobody"})},
		{"UsersDisabled", usersOf(c, store.UserSearch{State: store.DisabledUsers})},
		{"UsersOfNoDepartment", usersOf(c, store.UserSearch{Department: "None"})},
		{"Groups", cursorOf(func(ctx context.Context, page store.Page) (store.Listing[store.FoundGroup], error) {
			return c.FindGroups(ctx, store.GroupSearch{Text: "group"}, page)
		})},
		{"Members", cursorOf(func(ctx context.Context, page store.Page) (store.Listing[store.FoundPrincipal], error) {
			return c.FindMembers(ctx, "group-01", "", page)
		})},
		{"MembersByNoWord", cursorOf(func(ctx context.Context, page store.Page) (store.Listing[store.FoundPrincipal], error) {
			return c.FindMembers(ctx, "group-01", "nobody", page)
		})},
		{"Assignments", cursorOf(func(ctx context.Context, page store.Page) (store.Listing[store.FoundAssignment], error) {
			return c.FindAssignments(ctx, store.AssignmentSearch{ApplicationID: "principal-Salesforce"}, page)
		})},
		{"Assigned", cursorOf(func(ctx context.Context, page store.Page) (store.Listing[engine.Subject], error) {
			return c.FindAssigned(ctx, "principal-Salesforce", "", page)
		})},
		{"AssignedByNoWord", cursorOf(func(ctx context.Context, page store.Page) (store.Listing[engine.Subject], error) {
			return c.FindAssigned(ctx, "principal-Salesforce", "nobody", page)
		})},
		{"Accounts", accountsOf(c, store.AccountSearch{})},
		{"AccountsByCommonWord", accountsOf(c, store.AccountSearch{Text: "zoe"})},
		{"AccountsByNoWord", accountsOf(c, store.AccountSearch{Text: "nobody"})},
		{"AccountsUnassigned", accountsOf(c, store.AccountSearch{State: store.UnassignedAccounts})},
		{"AccountsOrphaned", accountsOf(c, store.AccountSearch{State: store.OrphanedAccounts})},
		{"Entries", entriesOf(c, journal.Query{})},
		{"EntriesByRareName", entriesOf(c, journal.Query{Name: "nobody"})},
		{"EntriesByStatus", entriesOf(c, journal.Query{Statuses: []plan.Status{plan.Failure}, ApplicationID: "principal-Salesforce"})},
		{"EntriesOfNoCode", entriesOf(c, journal.Query{Code: "None"})},
		{"EntriesOfCycle", entriesOf(c, journal.Query{CycleID: "cycle-1", Statuses: []plan.Status{plan.Warning}})},
		{"EntriesOfSpan", entriesOf(c, journal.Query{Since: noon(1000), Until: noon(1001)})},
	} {
		b.Run(list.name, func(b *testing.B) {
			for b.Loop() {
				cursor, err := list.read(b.Context(), page)
				check(b, err)
				_, err = list.read(b.Context(), store.Page{Cursor: cursor})
				check(b, err)
			}
		})
	}
	b.Run("CountEntries", func(b *testing.B) {
		for b.Loop() {
			_, err := c.CountEntries(b.Context(), journal.Query{Name: "user1"})
			check(b, err)
		}
	})
	b.Run("Tallies", func(b *testing.B) {
		for b.Loop() {
			_, err := c.Tallies(b.Context(), store.TallySearch{Step: time.Hour})
			check(b, err)
			_, err = c.Causes(b.Context(), store.TallySearch{}, 10)
			check(b, err)
		}
	})
	b.Run("Standings", func(b *testing.B) {
		for b.Loop() {
			_, err := c.Standings(b.Context(), store.StandingQuery{JobID: c.job, Crowds: []store.Crowd{{Group: "group-01"}}, Accounts: func(store.Standing) bool { return true }})
			check(b, err)
		}
	})
	b.Run("AssignedStandings", func(b *testing.B) {
		for b.Loop() {
			_, _, err := c.AssignedStandings(b.Context(), c.job, "", 2500)
			check(b, err)
		}
	})
	b.Run("CountPeople", func(b *testing.B) {
		for b.Loop() {
			_, err := c.CountPeople(b.Context(), "group-01", true)
			check(b, err)
		}
	})
	b.Run("CountLinks", func(b *testing.B) {
		for b.Loop() {
			_, err := c.CountLinks(b.Context(), c.job)
			check(b, err)
		}
	})
	b.Run("FailureGroups", func(b *testing.B) {
		for b.Loop() {
			_, err := c.FailureGroups(b.Context(), c.job)
			check(b, err)
		}
	})
	b.Run("AccessOf", func(b *testing.B) {
		for b.Loop() {
			_, err := c.AccessOf(b.Context(), c.ids[0])
			check(b, err)
		}
	})
}

func cursorOf[T any](read func(ctx context.Context, page store.Page) (store.Listing[T], error)) func(ctx context.Context, page store.Page) (string, error) {
	return func(ctx context.Context, page store.Page) (string, error) {
		part, err := read(ctx, page)
		return part.Next, err
	}
}

func usersOf(c *company, search store.UserSearch) func(ctx context.Context, page store.Page) (string, error) {
	return func(ctx context.Context, page store.Page) (string, error) {
		part, err := c.FindUsers(ctx, search, page)
		return part.Next, err
	}
}

func accountsOf(c *company, search store.AccountSearch) func(ctx context.Context, page store.Page) (string, error) {
	search.JobID = c.job
	return func(ctx context.Context, page store.Page) (string, error) {
		part, err := c.FindAccounts(ctx, search, page)
		return part.Next, err
	}
}

func entriesOf(c *company, query journal.Query) func(ctx context.Context, page store.Page) (string, error) {
	return func(ctx context.Context, page store.Page) (string, error) {
		part, err := c.FindEntries(ctx, query, page)
		return part.Next, err
	}
}

// fillLog writes so many entries, over 30 days and a hundred cycles, and an escrow for
// every tenth user.
func (c *company) fillLog(b *testing.B, entries int) {
	b.Helper()
	begun, err := c.Engine().Begin(b.Context(), c.job)
	check(b, err)
	cycle := engine.Cycle{JobID: c.job, ApplicationID: "principal-Salesforce", Fence: begun.Fence}
	for first := 0; first < entries; first += 1000 {
		commit := engine.Commit{}
		for n := first; n < first+1000; n++ {
			change := creation(c.ids[n%len(c.ids)])
			if n%20 == 0 {
				change.Status, change.Reason.Code = plan.Failure, fmt.Sprintf("Code%d", n%7)
			}
			commit.Entries = append(commit.Entries, journal.Entry{
				At: noon(0).Add(time.Duration(n) * 30 * 24 * time.Hour / time.Duration(entries)), CycleID: fmt.Sprintf("cycle-%d", n*100/entries), Change: change,
			})
			if n%10 == 0 && n < len(c.ids) {
				commit.Escrows = append(commit.Escrows, engine.Escrow{SourceID: c.ids[n], Code: fmt.Sprintf("Code%d", n%7), Attempts: 1, First: noon(n % 100), Next: noon(n%100 + 1)})
			}
		}
		check(b, c.Engine().Commit(b.Context(), cycle, commit))
	}
}

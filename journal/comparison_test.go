package journal_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// change is a change about ana, of fields with "name=value".
func change(action plan.Action, status plan.Status, fields ...string) plan.Change {
	c := plan.Change{Action: action, Status: status, Source: plan.Identity{Type: "User", ID: "ana", Name: "ana@contoso.com"}}
	for _, text := range fields {
		name, value, _ := strings.Cut(text, "=")
		c.Fields = append(c.Fields, plan.Field{Name: name, New: attr.Text(value)})
	}
	return c
}

func because(c plan.Change, code, text string) plan.Change {
	c.Reason = plan.Reason{Code: code, Text: text}
	return c
}

func compare(t *testing.T, incumbent []plan.Change, planned ...plan.Change) []journal.Difference {
	t.Helper()
	var entries []journal.Entry
	for n, c := range incumbent {
		entries = append(entries, journal.Entry{At: time.Date(2026, 1, 31, 12, n, 0, 0, time.UTC), Change: c})
	}
	changes := func(yield func(plan.Change, error) bool) {
		for _, c := range planned {
			if !yield(c, nil) {
				return
			}
		}
	}
	var all []journal.Difference
	for d, err := range journal.Compare(entries, changes, func(name string) bool { return name == "Secret" }) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func TestOnePersonIsCompared(t *testing.T) {
	t.Parallel()
	none := plan.Change{}
	for _, test := range []struct {
		name               string
		incumbent, planned plan.Change // zero for nothing
		want               journal.Likeness
		reason             string
	}{
		{"the same creation", change(plan.Create, plan.Success, "Username=ana", "IsActive=True", "Title="), change(plan.Create, plan.Planned, "username=ana", "IsActive=true"), journal.Same, "the same is done"},
		{"a creation with another value", change(plan.Create, plan.Success, "Title=Clerk"), change(plan.Create, plan.Planned, "Title=Head"), journal.Different, "other values: Title"},
		{"an attribute that only the incumbent writes", change(plan.Update, plan.Success, "Title=Clerk", "City=Wien"), change(plan.Update, plan.Planned, "Title=Clerk"), journal.Different, "other values: City"},
		{"an attribute that only Usher writes", change(plan.Update, plan.Success, "Title=Clerk"), change(plan.Update, plan.Planned, "Title=Clerk", "City=Wien"), journal.Different, "other values: City"},
		{"a log without values", change(plan.Update, plan.Success), change(plan.Update, plan.Planned, "Title=Clerk"), journal.Same, "no values to compare"},
		{"another action", change(plan.Create, plan.Success), change(plan.Update, plan.Planned), journal.Different, "the incumbent did create, Usher would update"},
		{"disabling that is logged as an update", change(plan.Update, plan.Success, "IsActive=False", "Title=Clerk"), change(plan.Disable, plan.Planned, "IsActive=false"), journal.Same, "the same is done"},
		{"enabling that is logged as an update", change(plan.Update, plan.Warning, "IsActive=True"), change(plan.Enable, plan.Planned, "IsActive=true"), journal.Same, "the same is done"},
		{"a held removal", change(plan.Delete, plan.Staged), change(plan.Disable, plan.Planned), journal.Different, "hold the removal"},
		{"a held removal and nothing", change(plan.Delete, plan.Staged), none, journal.OnlyIncumbent, "holds the removal"},
		{"a value that is not shown", change(plan.Create, plan.Success, "Secret=canary1"), change(plan.Create, plan.Planned, "Secret=canary2"), journal.Same, "the same is done"},
		{"nothing planned", change(plan.Create, plan.Success), none, journal.OnlyIncumbent, "nothing is planned"},
		{"left alone by Usher", change(plan.Update, plan.Success), because(change(plan.Skip, plan.Skipped), "NotEffectivelyEntitled", "not assigned"), journal.OnlyIncumbent, "NotEffectivelyEntitled, not assigned"},
		{"nothing logged", none, change(plan.Create, plan.Planned), journal.OnlyPlanned, "has nothing about this person"},
		{"left alone by the incumbent", because(change(plan.Skip, plan.Skipped), "", "not assigned"), change(plan.Create, plan.Planned), journal.OnlyPlanned, "left the account alone: not assigned"},
		{"left alone by both", change(plan.Skip, plan.Skipped), none, journal.Same, "both leave the account alone"},
		{"the incumbent fails", because(change(plan.Create, plan.Failure), "Taken", ""), change(plan.Create, plan.Planned), journal.OnlyPlanned, "could not create the account: Taken"},
		{"the incumbent fails at what Usher leaves", because(change(plan.Create, plan.Failure), "Taken", ""), none, journal.OnlyIncumbent, "could not create the account: Taken"},
		{"both fail", change(plan.Create, plan.Failure), because(change(plan.Create, plan.Failure), "Taken", "is taken"), journal.Same, "neither can create the account: Taken, is taken"},
		{"Usher fails", change(plan.Create, plan.Success), because(change(plan.Create, plan.Failure), "Taken", "is taken"), journal.OnlyIncumbent, "Usher cannot create the account: Taken, is taken"},
		{"Usher fails at what the incumbent leaves", none, change(plan.Create, plan.Failure), journal.OnlyPlanned, "Usher cannot create the account: no reason is given"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var incumbent, planned []plan.Change
			if test.incumbent.Action != "" {
				incumbent = append(incumbent, test.incumbent)
			}
			if test.planned.Action != "" {
				planned = append(planned, test.planned)
			}
			all := compare(t, incumbent, planned...)
			if len(all) != 1 || all[0].Likeness != test.want || !strings.Contains(all[0].Reason, test.reason) {
				t.Fatalf("it is %+v, want %s because of %q", all, test.want, test.reason)
			}
			if text := fmt.Sprint(all[0]); strings.Contains(text, "canary") || all[0].Person.ID != "ana" {
				t.Errorf("it shows %s", text)
			}
		})
	}
}

func TestPeopleAreRecognized(t *testing.T) {
	t.Parallel()
	theirs := func(source, target plan.Identity) plan.Change {
		return plan.Change{Action: plan.Create, Status: plan.Success, Source: source, Target: target}
	}
	ours := plan.Change{
		Action: plan.Create, Status: plan.Planned, Source: plan.Identity{ID: "E1", Name: "ana@contoso.com"}, Target: plan.Identity{ID: "005", Name: "ana@contoso.com.sandbox"},
	}
	for _, test := range []struct {
		name      string
		incumbent []plan.Change
		want      int // people of the result
	}{
		{"by the id", []plan.Change{theirs(plan.Identity{ID: "e1", Name: "Ana"}, plan.Identity{})}, 1},
		{"by the account", []plan.Change{theirs(plan.Identity{ID: "x"}, plan.Identity{ID: "005"})}, 1},
		{"by the user principal name", []plan.Change{theirs(plan.Identity{ID: "x", Name: "Ana@Contoso.com"}, plan.Identity{})}, 1},
		{"by the name of the account", []plan.Change{theirs(plan.Identity{}, plan.Identity{Name: "ANA@contoso.com.sandbox"})}, 1},
		{"not by a name that two have", []plan.Change{theirs(plan.Identity{ID: "x", Name: "ana@contoso.com"}, plan.Identity{}), theirs(plan.Identity{ID: "y", Name: "ana@contoso.com"}, plan.Identity{})}, 3},
		{"not by a display name", []plan.Change{theirs(plan.Identity{ID: "x", Name: "Ana"}, plan.Identity{Name: "ana"})}, 2},
		{"not a group", []plan.Change{theirs(plan.Identity{Type: "Group", ID: "E1"}, plan.Identity{})}, 1},
	} {
		if all := compare(t, test.incumbent, ours); len(all) != test.want {
			t.Errorf("%s: %d people: %+v", test.name, len(all), all)
		}
	}
}

func TestTheLastEntryThatCountsIsCompared(t *testing.T) {
	t.Parallel()
	all := compare(t, []plan.Change{change(plan.Create, plan.Success, "Title=A"), change(plan.Update, plan.Success, "Title=B"), change(plan.Skip, plan.Skipped)}, change(plan.Update, plan.Planned, "Title=B"))
	if len(all) != 1 || all[0].Likeness != journal.Same || all[0].Incumbent.Action != plan.Update || all[0].Incumbent.At.Minute() != 1 {
		t.Errorf("compared is %+v", all)
	}
}

func TestAnErrorOfThePlanEndsTheComparison(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var planned iter.Seq2[plan.Change, error] = func(yield func(plan.Change, error) bool) { yield(plan.Change{}, broken) }
	for _, err := range journal.Compare([]journal.Entry{{Change: change(plan.Create, plan.Success)}}, planned, func(string) bool { return false }) {
		if !errors.Is(err, broken) {
			t.Errorf("it goes on: %v", err)
		}
	}
}

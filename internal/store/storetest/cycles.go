package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func initial() engine.Collection { return engine.Collection{Kind: provisioning.Initial} }

func incremental(since, until directory.Cursor) engine.Collection {
	return engine.Collection{Kind: provisioning.Incremental, Since: since, Until: until}
}

func collectTests() []test {
	return []test{
		{"an initial cycle collects who is assigned or connected", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo", "dora", "eve", "finn", "gus", "hal")
			w.putGroup("g", "ben", "cleo", "ana")
			w.putGroup("deleted", "dora")
			w.putGroup("unassigned", "eve")
			w.assign("Group", "g")
			w.assign("Group", "deleted")
			w.must(w.RemoveGroup(w.ctx(), "deleted"))
			w.assign("User", "ana")
			w.assign("User", "finn")
			w.connect(true, "gus", "gone")
			w.connect(false, "hal", "ben", "lost") // neither gone nor lost is a user
			want := []string{"ana", "ben", "cleo", "finn", "gone", "gus", "hal", "lost"}
			for _, limit := range []int{1, 2, 3, 7, 8, 100} {
				collection := initial()
				collection.Limit = limit
				w.equal("assigned or connected", w.collect(collection), want)
			}
			connected := initial()
			connected.Connected = true
			w.equal("possible leavers", w.collect(connected), []string{"gone", "gus", "lost"})
			everyone := initial()
			everyone.Everyone = true
			w.equal("everyone", w.collect(everyone), []string{"ana", "ben", "cleo", "dora", "eve", "finn", "gone", "gus", "hal", "lost"})
			everyone.Connected = true
			w.equal("possible leavers among everyone", w.collect(everyone), []string{"gone", "gus", "lost"})
		}},
		{"a collection begins after an id", func(t *testing.T, w *world) {
			t.Helper()
			since := w.head()
			w.putUsers("ana", "ben", "cleo", "dora")
			for _, id := range []string{"ana", "ben", "cleo", "dora"} {
				w.assign("User", id)
			}
			for _, collection := range []engine.Collection{initial(), incremental(since, w.head())} {
				collection.JobID, collection.Limit = w.job, 2
				for _, page := range []struct {
					after string
					want  []string
				}{
					{"", []string{"ana", "ben"}}, {"ben", []string{"cleo", "dora"}}, {"dora", nil}, // in turn
					{"", []string{"ana", "ben"}}, {"cleo", []string{"dora"}}, // and elsewhere
					{"bea", []string{"ben", "cleo"}}, {"ana", []string{"ben", "cleo"}},
				} {
					collection.After = page.after
					got, err := w.cycles.Collect(w.ctx(), collection)
					w.must(err)
					w.equal("page after "+page.after, got, page.want)
				}
			}
		}},
		{"an incremental cycle collects what is between two positions", func(t *testing.T, w *world) {
			t.Helper()
			cursors := []directory.Cursor{w.head()}
			for _, id := range []string{"ana", "ben", "cleo"} {
				w.putUsers(id)
				cursors = append(cursors, w.head())
			}
			w.equal("all", w.collect(incremental(0, cursors[3])), []string{"ana", "ben", "cleo"})
			w.equal("some", w.collect(incremental(cursors[1], cursors[2])), []string{"ben"})
			w.equal("none", w.collect(incremental(cursors[3], cursors[3])), nil)
			again := incremental(cursors[0], cursors[3])
			again.Limit = 1
			w.equal("one at a time", w.collect(again), []string{"ana", "ben", "cleo"})
		}},
		{"an incremental cycle collects escrows that are due", func(t *testing.T, w *world) {
			t.Helper()
			now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			w.commit(w.begin(), engine.Commit{Escrows: []engine.Escrow{
				{SourceID: "due", Attempts: 1, Next: now}, {SourceID: "later", Attempts: 1, Next: now.Add(time.Microsecond)},
			}})
			collection := incremental(w.head(), w.head())
			collection.Due = now
			w.equal("due", w.collect(collection), []string{"due"})
			collection.Due = time.Time{}
			w.equal("without a moment", w.collect(collection), nil)
		}},
		{"an incremental cycle collects who waits for a confirmation for long", func(t *testing.T, w *world) {
			t.Helper()
			now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			pending := func(id string, enabled bool, values ...plan.Pending) engine.Connection {
				c := connection(id, enabled)
				c.Pending = values
				return c
			}
			late, early := plan.Pending{Attribute: "Email", Since: now}, plan.Pending{Attribute: "Email", Since: now.Add(time.Microsecond)}
			alarmed := plan.Pending{Attribute: "Email", Since: now, Alarmed: true}
			w.commit(w.begin(), engine.Commit{Connections: []engine.Connection{
				pending("late", true, early, late), pending("early", true, early), pending("alarmed", true, alarmed), pending("disabled", false, late), pending("none", true),
			}})
			collection := incremental(w.head(), w.head())
			collection.Overdue = now
			w.equal("late", w.collect(collection), []string{"late"})
			collection.Overdue = time.Time{}
			w.equal("without a moment", w.collect(collection), nil)
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("accounts with a value that waits", count.Unconfirmed, 4)
			w.commit(w.begin(), engine.Commit{Connections: []engine.Connection{pending("late", true, alarmed)}})
			collection.Overdue = now
			w.equal("after the warning", w.collect(collection), nil)
		}},
		{"an incremental cycle collects possible leavers", func(t *testing.T, w *world) {
			t.Helper()
			since := w.head()
			w.putUsers("ana", "ben", "cleo")
			w.putUsers("eve")
			w.must(w.PurgeUser(w.ctx(), "eve"))
			w.connect(true, "ana", "cleo", "dora")
			w.connect(false, "ben", "eve")
			collection := incremental(since, w.head())
			collection.Connected = true
			for _, limit := range []int{1, 100} {
				collection.Limit = limit
				w.equal("possible leavers", w.collect(collection), []string{"ana", "cleo", "eve"})
			}
		}},
		{"a member who was removed before the group lost its assignment is collected", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("g", "ana", "ben")
			w.assign("Group", "g")
			w.wantTouched("both", func() error {
				if err := w.RemoveMember(w.ctx(), directory.Member{Group: "g", Member: "ana"}); err != nil {
					return err
				}
				_, err := w.Unassign(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "g"})
				return err
			}, "ana", "ben")
		}},
		{"a collection without a limit is refused", func(t *testing.T, w *world) {
			t.Helper()
			_, err := w.cycles.Collect(w.ctx(), engine.Collection{JobID: w.job, Kind: provisioning.Initial})
			w.wantError(err, store.ErrInvalid)
			_, err = w.cycles.Collect(w.ctx(), engine.Collection{JobID: w.job, Kind: provisioning.OnDemand, Limit: 1})
			w.wantError(err, store.ErrInvalid)
		}},
	}
}

func subjectTests() []test {
	return []test{
		{"a subject has all that a cycle needs", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("boss")
			ana := everyKindOfValue("ana")
			ana.ManagerID = "boss"
			w.must(w.PutUser(w.ctx(), ana))
			now := time.Date(2026, 1, 31, 12, 0, 0, 1000, time.UTC)
			escrow := engine.Escrow{SourceID: "ana", Code: "Code", Message: "message", Attempts: 2, First: now, Next: now.Add(time.Hour)}
			pending := connection("ana", false)
			pending.Pending = []plan.Pending{{Attribute: "Email", Old: attr.Text("a"), New: attr.Text("b"), Since: now}}
			cycle := w.begin()
			w.commit(cycle, engine.Commit{Connections: []engine.Connection{pending, connection("boss", true)}, Escrows: []engine.Escrow{escrow}})
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "ana", Reason: "left", Since: now}}))
			got, err := w.cycles.Subjects(w.ctx(), w.job, []string{"gone", "ana", "boss"})
			w.must(err)
			w.equal("subjects", got, []engine.Subject{
				{User: directory.User{ID: "gone"}, Gone: true},
				{
					User: ana, Connection: pending, Manager: connection("boss", true), Escrow: escrow,
					Removal: engine.Removal{SourceID: "ana", State: engine.RemovalPlanned, Reason: "left", Since: now},
				},
				{User: user("boss"), Connection: connection("boss", true)},
			})
			_, err = w.cycles.Subjects(w.ctx(), "x", []string{"ana"})
			w.wantError(err, store.ErrNotFound)
			none, err := w.cycles.Subjects(w.ctx(), w.job, nil)
			w.must(err)
			w.equal("nobody", len(none), 0)
			twice, err := w.cycles.Subjects(w.ctx(), w.job, []string{"boss", "boss"})
			w.must(err)
			w.equal("the same twice", twice[0], twice[1])
		}},
		{"grants are direct ones first and then by the name of the group", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			for _, id := range []string{"z", "b", "a"} {
				w.putGroup(id, "ana")
				w.assign("Group", id)
			}
			renamed := group("z")
			renamed.DisplayName = "Aardvark"
			w.must(w.PutGroup(w.ctx(), renamed))
			direct := w.assign("User", "ana")
			role := directory.AppRole{ID: directory.DefaultAccess, ApplicationID: w.app.ID, DisplayName: "Default Access", Enabled: true}
			grants := w.subject("ana").Grants
			for i := range grants[1:] {
				grants[i+1].AssignmentID = ""
			}
			w.equal("grants", grants, []directory.Grant{
				{AssignmentID: direct.ID, Role: role},
				{Role: role, GroupID: "z", GroupName: "Aardvark"},
				{Role: role, GroupID: "a", GroupName: "Group a"},
				{Role: role, GroupID: "b", GroupName: "Group b"},
			})
			w.equal("direct", []bool{grants[0].Direct(), grants[1].Direct()}, []bool{true, false})
			w.equal("grants of another user", len(w.subject("ben").Grants), 0)
		}},
		{"many subjects come at once", func(t *testing.T, w *world) {
			t.Helper()
			const count = 1500
			_, err := w.Import(w.ctx(), manyUsers(count), false)
			w.must(err)
			collection := initial()
			collection.Everyone, collection.Limit = true, 2*count
			ids := w.collect(collection)
			slices.Reverse(ids)
			subjects, err := w.cycles.Subjects(w.ctx(), w.job, ids)
			w.must(err)
			for i, id := range ids {
				if subjects[i].User.ID != id || subjects[i].Gone {
					t.Fatalf("subject %d is %q, want %q", i, subjects[i].User.ID, id)
				}
			}
		}},
	}
}

func commitTests() []test {
	return []test{
		{"connections are put, changed and shown", func(t *testing.T, w *world) {
			t.Helper()
			w.connect(true, "b", "a")
			got, err := w.Connection(w.ctx(), w.job, "a")
			w.must(err)
			w.equal("connection", got, connection("a", true))
			none, err := w.Connection(w.ctx(), w.job, "x")
			w.must(err)
			w.equal("no connection", none.IsZero(), true)
			changed := connection("a", false)
			changed.TargetID, changed.TargetName = "other", "new\x00name\xff"
			w.commit(w.begin(), engine.Commit{Connections: []engine.Connection{changed}})
			changed.TargetName = "new\uFFFDname\uFFFD"
			w.equal("connections", all(t, w.Connections(w.ctx(), w.job)), []engine.Connection{changed, connection("b", true)})
			claimed, err := w.cycles.Claimed(w.ctx(), w.job, []string{"other", "target-b", "target-a"})
			w.must(err)
			w.equal("claimed", claimed, map[string]string{"other": "a", "target-b": "b"})
			w.commit(w.begin(), engine.Commit{Connections: []engine.Connection{{SourceID: "b"}}})
			w.equal("connections after one ended", all(t, w.Connections(w.ctx(), w.job)), []engine.Connection{changed})
		}},
		{"an account has one user in a job", func(t *testing.T, w *world) {
			t.Helper()
			w.connect(true, "a")
			stolen := connection("b", true)
			stolen.TargetID = "target-a"
			err := w.cycles.Commit(w.ctx(), w.begin(), engine.Commit{Connections: []engine.Connection{connection("c", true), stolen}})
			w.wantError(err, store.ErrConflict)
			w.equal("connections", all(t, w.Connections(w.ctx(), w.job)), []engine.Connection{connection("a", true)})
			_, other := w.addApplication("other")
			job, err := w.cycles.Begin(w.ctx(), other)
			w.must(err)
			w.commit(engine.Cycle{JobID: job.ID, Fence: job.Fence}, engine.Commit{Connections: []engine.Connection{stolen}})
		}},
		{"escrows are put, changed and cleared", func(t *testing.T, w *world) {
			t.Helper()
			now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			escrow := engine.Escrow{SourceID: "a", Code: "C", Message: "m", Attempts: 1, First: now, Next: now}
			w.commit(w.begin(), engine.Commit{Escrows: []engine.Escrow{escrow, {SourceID: "b", Attempts: 1}}})
			escrow.Attempts, escrow.Next = 2, now.Add(time.Hour)
			w.commit(w.begin(), engine.Commit{Escrows: []engine.Escrow{escrow}, Cleared: []string{"b", "nobody"}})
			got, err := w.Escrow(w.ctx(), w.job, "a")
			w.must(err)
			w.equal("escrow", got, escrow)
			got, err = w.Escrow(w.ctx(), w.job, "b")
			w.must(err)
			w.equal("cleared", got.IsZero(), true)
		}},
		{"a newer cycle ends the writing of the older one", func(t *testing.T, w *world) {
			t.Helper()
			older := w.begin()
			newer := w.begin()
			if newer.Fence <= older.Fence {
				t.Errorf("fence %d after %d", newer.Fence, older.Fence)
			}
			_, err := w.cycles.ImportRoles(w.ctx(), older, nil)
			w.wantError(err, engine.ErrFenced)
			w.wantError(w.cycles.Commit(w.ctx(), older, engine.Commit{Connections: []engine.Connection{connection("a", true)}}), engine.ErrFenced)
			w.wantError(w.cycles.Plan(w.ctx(), older, []engine.Removal{{SourceID: "a"}}), engine.ErrFenced)
			w.wantError(w.cycles.Hold(w.ctx(), older), engine.ErrFenced)
			w.wantError(w.cycles.Finish(w.ctx(), older, provisioning.Job{}, provisioning.CycleRecord{}), engine.ErrFenced)
			w.equal("connections", len(all(t, w.Connections(w.ctx(), w.job))), 0)
			w.commit(newer, engine.Commit{Connections: []engine.Connection{connection("a", true)}})
			_, err = w.cycles.Begin(w.ctx(), "x")
			w.wantError(err, store.ErrNotFound)
		}},
		{"links are counted", func(t *testing.T, w *world) {
			t.Helper()
			cycle := w.begin()
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "a"}, {SourceID: "b"}}))
			w.must(w.cycles.Hold(w.ctx(), cycle))
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "c"}}))
			w.commit(cycle, engine.Commit{
				Connections: []engine.Connection{connection("a", true), connection("b", true), connection("c", false)},
				Escrows:     []engine.Escrow{{SourceID: "d", Attempts: 1}},
				Waiting:     []engine.Reference{{SourceID: "a", Attribute: "ManagerId", Referenced: "x"}},
			})
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("links", count, store.LinkCount{Connections: 3, Enabled: 2, Escrows: 1, Waiting: 1, Staged: 2})
			_, err = w.RejectRemovals(w.ctx(), w.job, []string{"b"})
			w.must(err)
			count, err = w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("links", count, store.LinkCount{Connections: 3, Enabled: 2, Escrows: 1, Waiting: 1, Staged: 1, Rejected: 1})
			w.addApplication("other")
			count, err = w.CountLinks(w.ctx(), "salesforce.tenant.other")
			w.must(err)
			w.equal("links of another job", count, store.LinkCount{})
		}},
	}
}

func referenceTests() []test {
	reference := func(source, attribute, referenced string) engine.Reference {
		return engine.Reference{SourceID: source, Attribute: attribute, Referenced: referenced, Old: attr.Text("old " + source)}
	}
	return []test{
		{"a reference is ready when both accounts exist", func(t *testing.T, w *world) {
			t.Helper()
			ready := func() []engine.ReadyReference {
				t.Helper()
				got, err := w.cycles.Ready(w.ctx(), w.job, engine.Reference{}, time.Now(), 100)
				w.must(err)
				return got
			}
			w.putUsers("boss", "chief")
			w.report("boss", "ana", "ben")
			w.commit(w.begin(), engine.Commit{
				Connections: []engine.Connection{connection("ana", true)},
				Waiting:     []engine.Reference{reference("ana", "ManagerId", "boss"), reference("ben", "ManagerId", "boss")},
			})
			w.equal("ready too early", ready(), nil)
			w.connect(true, "boss")
			want := []engine.ReadyReference{{
				Reference: reference("ana", "ManagerId", "boss"), Connection: connection("ana", true), Name: "ana@contoso.com", TargetID: "target-boss",
			}}
			w.equal("ready", ready(), want)
			w.connect(true, "ben")
			w.equal("ready", len(ready()), 2)
			w.report("chief", "ben")
			w.equal("ready after ben has another manager", ready(), want)
			w.connect(false, "ana")
			w.equal("ready after ana left", ready(), nil)
			w.connect(true, "ana")
			w.equal("ready after ana came back", ready(), nil)
			w.commit(w.begin(), engine.Commit{Waiting: []engine.Reference{reference("ana", "ManagerId", "boss")}})
			w.equal("ready again", ready(), want)
			w.commit(w.begin(), engine.Commit{Resolved: []engine.Reference{reference("ana", "ManagerId", "boss"), reference("ben", "ManagerId", "boss")}})
			w.equal("ready after they are written", ready(), nil)
			w.commit(w.begin(), engine.Commit{Waiting: []engine.Reference{reference("ana", "ManagerId", "boss")}})
			w.equal("ready at once", ready(), want)
			w.commit(w.begin(), engine.Commit{Waiting: []engine.Reference{reference("ana", "ManagerId", "nobody")}})
			w.equal("ready after it points elsewhere", ready(), nil)
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("waiting", count.Waiting, 1)
			w.connect(false, "ana")
			count, err = w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("waiting after ana left", count.Waiting, 0)
		}},
		{"ready references come in pages", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c")
			w.report("a", "c")
			w.report("b", "a")
			w.report("c", "b")
			w.connect(true, "a", "b", "c")
			w.commit(w.begin(), engine.Commit{Waiting: []engine.Reference{
				reference("c", "ManagerId", "a"), reference("a", "ManagerId", "b"), reference("a", "DelegateId", "b"), reference("b", "ManagerId", "c"),
			}})
			var got []string
			var after engine.Reference
			for {
				page, err := w.cycles.Ready(w.ctx(), w.job, after, time.Now(), 3)
				w.must(err)
				for _, ready := range page {
					got = append(got, ready.SourceID+" "+ready.Attribute)
					after = ready.Reference
				}
				if len(page) < 3 {
					break
				}
			}
			w.equal("ready", got, []string{"a DelegateId", "a ManagerId", "b ManagerId", "c ManagerId"})
		}},
	}
}

// report gives users a manager.
func (w *world) report(manager string, ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		u := user(id)
		u.ManagerID = manager
		w.must(w.PutUser(w.ctx(), u))
	}
}

func removalTests() []test {
	return []test{
		{"a rejected removal stays rejected until it is over or reconsidered", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("a", "b", "c")
			w.connect(true, "a", "b", "c")
			cycle, began := w.begin(), time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			var found []engine.Removal
			for _, id := range []string{"a", "b", "c"} {
				found = append(found, engine.Removal{SourceID: id, Reason: "left", Since: began})
			}
			w.must(w.cycles.Plan(w.ctx(), cycle, found))
			w.must(w.cycles.Hold(w.ctx(), cycle))
			count, err := w.RejectRemovals(w.ctx(), w.job, []string{"a", "b", "nobody"})
			w.must(err)
			w.equal("rejected", count, 2)
			w.must(w.cycles.Plan(w.ctx(), cycle, found))
			w.must(w.cycles.Hold(w.ctx(), cycle))
			rejected := func() []string {
				t.Helper()
				list, err := w.cycles.List(w.ctx(), w.job, []engine.RemovalState{engine.RemovalRejected}, "", 10)
				w.must(err)
				var ids []string
				for _, removal := range list {
					ids = append(ids, removal.SourceID)
					if !removal.Since.After(began) || removal.Reason != "left" {
						t.Errorf("%+v does not tell why, and when it was rejected", removal)
					}
				}
				return ids
			}
			w.equal("rejected", rejected(), []string{"a", "b"})
			w.equal("state", w.subject("a").Removal.State, engine.RemovalRejected)
			counts, err := w.cycles.Count(w.ctx(), w.job)
			w.must(err)
			w.equal("count", counts, engine.RemovalCount{Staged: 1})
			count, err = w.AllowRemovals(w.ctx(), w.job, []string{"a"})
			w.must(err)
			w.equal("allowed", count, 0)
			w.commit(w.begin(), engine.Commit{Removed: []string{"a"}})
			w.equal("rejected", rejected(), []string{"b"})
			w.wantTouched("reconsidering", func() error {
				count, err := w.ReconsiderRemovals(w.ctx(), w.job, nil)
				w.equal("reconsidered", count, 1)
				return err
			}, "b")
			w.equal("rejected", rejected(), nil)
			w.equal("no removal", w.subject("b").Removal.IsZero(), true)
			_, err = w.ReconsiderRemovals(w.ctx(), "x", nil)
			w.wantError(err, store.ErrNotFound)
		}},
		{"removals go from planned to staged to allowed", func(t *testing.T, w *world) {
			t.Helper()
			since := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			removal := func(id string, state engine.RemovalState) engine.Removal {
				return engine.Removal{SourceID: id, State: state, Reason: "left", Since: since}
			}
			list := func(limit int, after string, states ...engine.RemovalState) []engine.Removal {
				t.Helper()
				got, err := w.cycles.List(w.ctx(), w.job, states, after, limit)
				w.must(err)
				return got
			}
			wantCount := func(want engine.RemovalCount) {
				t.Helper()
				got, err := w.cycles.Count(w.ctx(), w.job)
				w.must(err)
				w.equal("count", got, want)
			}
			w.connect(true, "a", "b")
			w.connect(false, "c")
			cycle := w.begin()
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{removal("b", ""), removal("a", ""), removal("c", "")}))
			wantCount(engine.RemovalCount{Planned: 3})
			enabled, err := w.cycles.CountEnabled(w.ctx(), w.job)
			w.must(err)
			w.equal("enabled", enabled, 2)
			w.must(w.cycles.Hold(w.ctx(), cycle))
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{removal("a", ""), removal("d", "")}))
			wantCount(engine.RemovalCount{Planned: 1, Staged: 3})
			w.equal("staged keeps its state", list(10, "", engine.RemovalStaged),
				[]engine.Removal{removal("a", engine.RemovalStaged), removal("b", engine.RemovalStaged), removal("c", engine.RemovalStaged)})

			count, err := w.AllowRemovals(w.ctx(), w.job, []string{"a", "d", "nobody"})
			w.must(err)
			w.equal("allowed", count, 1)
			count, err = w.RejectRemovals(w.ctx(), w.job, []string{"b", "nobody"})
			w.must(err)
			w.equal("rejected", count, 1)
			w.must(w.cycles.Hold(w.ctx(), w.begin()))
			wantCount(engine.RemovalCount{Staged: 2, Allowed: 1})
			w.equal("a page", list(2, "a", engine.RemovalStaged, engine.RemovalAllowed),
				[]engine.Removal{removal("c", engine.RemovalStaged), removal("d", engine.RemovalStaged)})
			w.equal("a smaller page", len(list(1, "", engine.RemovalStaged, engine.RemovalAllowed)), 1)
			count, err = w.AllowRemovals(w.ctx(), w.job, nil)
			w.must(err)
			w.equal("allowed", count, 2)
			w.commit(w.begin(), engine.Commit{Removed: []string{"a", "c"}})
			wantCount(engine.RemovalCount{Allowed: 1})
			count, err = w.RejectRemovals(w.ctx(), w.job, nil)
			w.must(err)
			w.equal("nothing is staged", count, 0)
			wantCount(engine.RemovalCount{Allowed: 1})
			count, err = w.RejectRemovals(w.ctx(), w.job, []string{"d"})
			w.must(err)
			w.equal("an allowed one is rejected by its id", count, 1)
			wantCount(engine.RemovalCount{})
			_, err = w.AllowRemovals(w.ctx(), "x", nil)
			w.wantError(err, store.ErrNotFound)
		}},
	}
}

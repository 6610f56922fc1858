package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func TestInitialCycleCreatesWhoIsAssignedAndTheNextOneWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 600, managers: true})
	initial := w.cycle(t)
	if initial.Kind != provisioning.Initial || initial.Counts.Created < 400 {
		t.Fatalf("%+v, want an initial cycle that creates hundreds", initial)
	}
	if diff := cmp.Diff(map[string]int{"SalesforceDuplicateUserName": 1, "SalesforceRequiredFieldMissing": 1}, failures(initial)); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if got := len(w.active()); got != initial.Counts.Created {
		t.Errorf("the org has %d accounts in use, the cycle says it created %d", got, initial.Counts.Created)
	}
	batches := int64((initial.Counts.Created + 199) / 200)
	if limit := 3*batches + 20; initial.Counts.Calls > limit {
		t.Errorf("%d API calls for %d creations, want at most %d", initial.Counts.Calls, initial.Counts.Created, limit)
	}
	w.checkManagers(t)
	w.checkProfiles(t)
	for _, kind := range []string{"incremental", "full"} {
		before := w.org.Statistics().RowsWritten
		run, err := w.try(t.Context(), t, engine.Run{Full: kind == "full"})
		w.must(t, err)
		if written := w.org.Statistics().RowsWritten - before; written != 0 || run.Counts.Writes != 0 {
			t.Errorf("the %s cycle with nothing changed wrote %d rows by the org's count, %d by its own", kind, written, run.Counts.Writes)
		}
	}
}

// failures leaves out the codes of people who were skipped.
func failures(run provisioning.Run) map[string]int {
	codes := make(map[string]int)
	for code, count := range run.Counts.Codes {
		if code != plan.CodeNotEntitled {
			codes[code] = count
		}
	}
	return codes
}

// checkManagers compares every account's manager in the org with the directory.
func (w *world) checkManagers(tb testing.TB) {
	tb.Helper()
	active := w.active()
	names := make(map[string]string)
	for user, err := range w.store.Users(tb.Context(), "") {
		w.must(tb, err)
		names[user.ID] = directory.OriginalUserPrincipalName(user.UserPrincipalName)
	}
	checked := 0
	for user, err := range w.store.Users(tb.Context(), "") {
		w.must(tb, err)
		account, found := active[names[user.ID]]
		manager, managed := active[names[user.ManagerID]]
		if !found || !managed {
			continue
		}
		checked++
		if account.ManagerID != manager.ID {
			tb.Errorf("%s has manager %q in the org, want %s (%s)", account.Username, account.ManagerID, manager.ID, manager.Username)
		}
	}
	if checked == 0 {
		tb.Error("no manager was checked")
	}
}

// checkProfiles compares every account's profile in the org with the role that
// the directory says its owner is assigned in.
func (w *world) checkProfiles(tb testing.TB) {
	tb.Helper()
	active := w.active()
	for user, err := range w.store.Users(tb.Context(), "") {
		w.must(tb, err)
		account, found := active[directory.OriginalUserPrincipalName(user.UserPrincipalName)]
		if !found {
			continue
		}
		subjects, err := w.store.Engine().Subjects(tb.Context(), w.job.ID, []string{user.ID})
		w.must(tb, err)
		if role := subjects[0].Grants[0].Role.DisplayName; account.ProfileName != role {
			tb.Errorf("%s has the profile %q, want %q", account.Username, account.ProfileName, role)
		}
	}
}

func TestIncrementalCycleAfterAWorkingDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 1000, managers: true})
	w.cycle(t)
	changes := contoso.Changes(w.company, 3)
	var deltas []directory.Delta
	for _, change := range changes {
		deltas = append(deltas, change.Deltas...)
	}
	_, err := w.store.Import(t.Context(), func(yield func(directory.Delta, error) bool) {
		for _, delta := range deltas {
			if !yield(delta, nil) {
				return
			}
		}
	}, false)
	w.must(t, err)
	run := w.cycle(t)
	counts := run.Counts
	if counts.Created != contoso.Count(changes, contoso.Joiner) || counts.Disabled != contoso.Count(changes, contoso.Leaver) {
		t.Errorf("%+v, want %d created and %d disabled", counts, contoso.Count(changes, contoso.Joiner), contoso.Count(changes, contoso.Leaver))
	}
	if limit := int64(2*((len(changes)+199)/200) + 5); counts.Calls > limit {
		t.Errorf("%d API calls for %d changes, want at most %d: %v", counts.Calls, len(changes), limit, w.org.Statistics().ByKind)
	}
	w.checkManagers(t)
	w.checkProfiles(t)
	before := w.org.Statistics().RowsWritten
	w.cycle(t)
	if written := w.org.Statistics().RowsWritten - before; written != 0 {
		t.Errorf("the cycle after it wrote %d rows", written)
	}
}

func TestLeavers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		leave func(t *testing.T, w *world, user directory.User)
		back  func(t *testing.T, w *world, user directory.User) // undoes it; nil when there is no way back
	}{
		{
			"disabled in the directory",
			func(t *testing.T, w *world, user directory.User) {
				t.Helper()
				user.AccountEnabled = false
				w.must(t, w.store.PutUser(t.Context(), user))
			},
			func(t *testing.T, w *world, user directory.User) {
				t.Helper()
				w.must(t, w.store.PutUser(t.Context(), user))
			},
		},
		{
			"soft-deleted",
			func(t *testing.T, w *world, user directory.User) {
				t.Helper()
				w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			},
			func(t *testing.T, w *world, user directory.User) {
				t.Helper()
				w.must(t, w.store.RestoreUser(t.Context(), user.ID))
			},
		},
		{
			"removed for good",
			func(t *testing.T, w *world, user directory.User) {
				t.Helper()
				w.must(t, w.store.PurgeUser(t.Context(), user.ID))
			},
			nil,
		},
		{
			"taken out of every group",
			func(t *testing.T, w *world, user directory.User) {
				t.Helper()
				for _, group := range w.groupsOf(t, user.ID) {
					w.must(t, w.store.RemoveMember(t.Context(), directory.Member{Group: group, Member: user.ID, Type: "User"}))
				}
			},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 60})
			w.cycle(t)
			user := w.user(t, func(u directory.User) bool { return len(w.groupsOf(t, u.ID)) > 0 && !w.assignedInPerson(t, u.ID) })
			others := len(w.active())
			test.leave(t, w, user)
			changes := w.changes(t)
			w.expectOnly(t, changes, user.UserPrincipalName, plan.Disable)
			if _, found := w.active()[user.UserPrincipalName]; found || len(w.active()) != others-1 {
				t.Errorf("%s is in use: %v; %d accounts are in use, want %d", user.UserPrincipalName, found, len(w.active()), others-1)
			}
			if again := w.changes(t); len(again) > 0 {
				t.Errorf("the next cycle did %v, want nothing", again)
			}
			if test.back == nil {
				return
			}
			test.back(t, w, user)
			w.expectOnly(t, w.changes(t), user.UserPrincipalName, plan.Enable)
			if len(w.active()) != others {
				t.Errorf("%d accounts are in use, want %d", len(w.active()), others)
			}
		})
	}
}

func (w *world) groupsOf(tb testing.TB, userID string) []string {
	tb.Helper()
	var groups []string
	for group, err := range w.store.Groups(tb.Context()) {
		w.must(tb, err)
		for member, err := range w.store.Members(tb.Context(), group.ID) {
			w.must(tb, err)
			if member.Member == userID {
				groups = append(groups, group.ID)
			}
		}
	}
	return groups
}

func (w *world) assignedInPerson(tb testing.TB, userID string) bool {
	tb.Helper()
	for assignment, err := range w.store.Assignments(tb.Context(), w.app.ID) {
		w.must(tb, err)
		if assignment.PrincipalID == userID {
			return true
		}
	}
	return false
}

func (w *world) expectOnly(tb testing.TB, changes map[string]plan.Change, name string, action plan.Action) {
	tb.Helper()
	// Failed people are tried again with every cycle.
	for other, change := range changes {
		if change.Status == plan.Failure {
			delete(changes, other)
		}
	}
	change, found := changes[name]
	if !found && len(changes) == 1 { // someone who is gone goes by the account's name
		for _, only := range changes {
			change = only
		}
	}
	if len(changes) != 1 || change.Action != action || change.Status != plan.Success {
		tb.Errorf("the cycle did %v, want %s of %s only", changes, action, name)
	}
}

func TestUnassigningAGroupDisablesItsMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200})
	w.cycle(t)
	_, err := w.store.Unassign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "Partners"})
	w.must(t, err)
	run := w.cycle(t)
	if run.Counts.Disabled == 0 {
		t.Fatalf("%+v, want people disabled", run.Counts)
	}
	for name, user := range w.active() {
		if user.ProfileName == "Chatter Free User" && !strings.Contains(name, "contoso") {
			t.Errorf("%s of the Partners is still in use", name)
		}
	}
}

func TestTooManyRemovalsAreHeldUntilTheyAreAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 200, settings: func(s *provisioning.Settings) { s.RemovalLimit = 5 }})
	w.cycle(t)
	inUse := len(w.active())
	removed := 0
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if _, found := w.active()[user.UserPrincipalName]; found && removed < 8 {
			w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			removed++
		}
	}
	for range 2 { // also when the next cycle finds nothing new
		run := w.cycle(t)
		if run.Counts.Disabled != 0 || len(w.active()) != inUse {
			t.Fatalf("%+v: removals went ahead; %d accounts are in use, want %d", run.Counts, len(w.active()), inUse)
		}
		job, err := w.store.Job(t.Context(), w.app.ID)
		w.must(t, err)
		if job.Status.Code != provisioning.Quarantined || job.Status.Quarantine.Reason != provisioning.TooManyDeletes {
			t.Errorf("status %+v, want quarantine for TooManyDeletes", job.Status)
		}
	}
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	links, err := w.store.CountLinks(t.Context(), job.ID)
	w.must(t, err)
	if links.Staged != removed {
		t.Errorf("%d removals are held, want %d", links.Staged, removed)
	}
	if allowed, err := w.store.AllowRemovals(t.Context(), job.ID, nil); err != nil || allowed != removed {
		t.Fatalf("allowed %d removals, %v; want %d", allowed, err, removed)
	}
	if run := w.cycle(t); run.Counts.Disabled != removed || len(w.active()) != inUse-removed {
		t.Errorf("%+v, %d accounts in use; want %d disabled", run.Counts, len(w.active()), removed)
	}
}

func TestChangedMailIsWrittenOnceWhileItWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	user := w.user(t, anyone)
	user.Attributes = user.Attributes.With("mail", attr.Text("new.name@contoso.com"))
	w.must(t, w.store.PutUser(t.Context(), user))
	w.expectOnly(t, w.changes(t), user.UserPrincipalName, plan.Update)
	before := w.org.Statistics().RowsWritten
	for _, full := range []bool{false, true} {
		_, err := w.try(t.Context(), t, engine.Run{Full: full})
		w.must(t, err)
	}
	if written := w.org.Statistics().RowsWritten - before; written != 0 {
		t.Errorf("%d rows were written while the new address waits", written)
	}
	if !w.org.ConfirmEmail(user.UserPrincipalName) {
		t.Fatal("no address waits for confirmation")
	}
	if account, _ := w.org.User(user.UserPrincipalName); account.Email != "new.name@contoso.com" {
		t.Errorf("the account has the address %s", account.Email)
	}
	_, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if written := w.org.Statistics().RowsWritten - before; written != 0 {
		t.Errorf("%d rows were written after the confirmation", written)
	}
}

func TestAnotherMailAfterTheOneThatWaitsIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.cycle(t)
	user := w.user(t, anyone)
	for _, mail := range []string{"first@contoso.com", "second@contoso.com"} {
		user.Attributes = user.Attributes.With("mail", attr.Text(mail))
		w.must(t, w.store.PutUser(t.Context(), user))
		w.expectOnly(t, w.changes(t), user.UserPrincipalName, plan.Update)
		if account, _ := w.org.User(user.UserPrincipalName); account.PendingEmail != mail {
			t.Errorf("%q waits for confirmation, want %q", account.PendingEmail, mail)
		}
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 100})
	before := w.org.Statistics().RowsWritten
	planned := 0
	run, err := w.try(t.Context(), t, engine.Run{DryRun: true, Report: func(change plan.Change) {
		if change.Status == plan.Planned {
			planned++
		}
	}})
	w.must(t, err)
	if planned == 0 || planned != run.Counts.Created {
		t.Errorf("%d changes are planned, the summary says %d", planned, run.Counts.Created)
	}
	if written := w.org.Statistics().RowsWritten - before; written != 0 {
		t.Errorf("%d rows were written", written)
	}
	if got := w.cycle(t); got.Kind != provisioning.Initial || got.Counts.Created == 0 {
		t.Errorf("the cycle after the dry run: %+v, want an initial one that creates", got)
	}
}

func TestOnDemandProvisionsOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	var id string
	for member, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if len(w.groupsOf(t, member.ID)) > 1 && member.AccountEnabled && !member.Attributes.Get("mail").IsEmpty() && member.UserPrincipalName != contoso.TakenUsername {
			id = member.ID
		}
	}
	run, err := w.try(t.Context(), t, engine.Run{Users: []string{id}})
	w.must(t, err)
	if run.Counts.Created != 1 || len(w.active()) != 1 {
		t.Errorf("%+v, %d accounts in use; want one", run.Counts, len(w.active()))
	}
}

func TestWrongCredentialsPutTheJobIntoQuarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, provisioning.Credentials{}.With("UserName", "nobody@contoso.com").With("Password", "canary-password")))
	_, err := w.try(t.Context(), t, engine.Run{})
	if err == nil || strings.Contains(err.Error(), "canary-password") {
		t.Fatalf("error %v, want one without the password", err)
	}
	job, jobErr := w.store.Job(t.Context(), w.app.ID)
	w.must(t, jobErr)
	if job.Status.Code != provisioning.Quarantined || job.Status.Quarantine.Reason != provisioning.EncounteredQuarantineException {
		t.Errorf("status %+v, want quarantine", job.Status)
	}
	if job.Status.Quarantine.Message == "" {
		t.Error("the quarantine says nothing")
	}
}

func TestACycleThatWasOvertakenWritesNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 900})
	overtaken := false
	_, err := w.try(t.Context(), t, engine.Run{Report: func(plan.Change) {
		if !overtaken {
			overtaken = true
			_, err := w.store.Engine().Begin(t.Context(), w.job.ID)
			w.must(t, err)
		}
	}})
	if !errors.Is(err, engine.ErrFenced) {
		t.Fatalf("error %v, want ErrFenced", err)
	}
	w.cycle(t)
	if diff := cmp.Diff(w.connected(t), len(w.active())); diff != "" {
		t.Errorf("connected and in use (-want +got):\n%s", diff)
	}
}

func (w *world) connected(tb testing.TB) int {
	tb.Helper()
	links, err := w.store.CountLinks(tb.Context(), w.job.ID)
	w.must(tb, err)
	return links.Enabled
}

func TestExplainNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	w.must(t, w.store.PutUser(t.Context(), directory.User{ID: "stranger", UserPrincipalName: "stranger@contoso.com", DisplayName: "A Stranger", AccountEnabled: true}))
	w.session(t, func(session engine.Session) {
		run := engine.Run{JobID: w.job.ID, Connector: session.Connector, Mapping: session.Mapping}
		explanation, err := w.runner.Engine.Explain(t.Context(), run, "stranger")
		w.must(t, err)
		if explanation.Verdict.In || !strings.Contains(explanation.Verdict.Text(), "not assigned") || explanation.Change.Action != plan.Skip {
			t.Errorf("%+v", explanation)
		}
	})
}

// content is what the org holds, by names instead of ids.
func (w *world) content() map[string]string {
	names := make(map[string]string)
	for _, user := range w.org.Users() {
		names[user.ID] = user.Username
	}
	content := make(map[string]string)
	for _, user := range w.org.Users() {
		content[user.Username] = strings.Join([]string{user.Email, user.ProfileName, names[user.ManagerID], user.Get("Alias"), user.Get("IsActive")}, "|")
	}
	return content
}

func TestACycleInterruptedAtAnyCallIsMadeGoodByTheNext(t *testing.T) {
	t.Parallel()
	undisturbed := newWorld(t, worldOptions{users: 500, managers: true})
	calls := undisturbed.cycle(t).Counts.Calls
	undisturbed.cycle(t)
	want := undisturbed.content()
	for nth := int64(1); nth <= calls+1; nth++ {
		w := newWorld(t, worldOptions{users: 500, managers: true})
		ctx, cancel := context.WithCancel(t.Context())
		w.runner.Environment.Transport = &interrupter{next: w.org.Client().Transport, cancel: cancel, nth: nth}
		_, _ = w.try(ctx, t, engine.Run{}) // It is cut off, if it comes to that many calls.
		cancel()
		w.runner.Environment.Transport = w.org.Client().Transport
		w.cycle(t)
		w.cycle(t)
		if diff := cmp.Diff(want, w.content()); diff != "" {
			t.Fatalf("interrupted at call %d: the org differs from the undisturbed one (-want +got):\n%s", nth, diff)
		}
		if made := w.org.Statistics().RowsCreated; made != undisturbed.org.Statistics().RowsCreated {
			t.Fatalf("interrupted at call %d: %d accounts were made, want %d", nth, made, undisturbed.org.Statistics().RowsCreated)
		}
	}
}

// interrupter ends a cycle's context while its n-th request is under way; the
// target carries that request out all the same.
type interrupter struct {
	next   http.RoundTripper
	cancel context.CancelFunc
	calls  atomic.Int64
	nth    int64
}

func (i *interrupter) RoundTrip(request *http.Request) (*http.Response, error) {
	if i.calls.Add(1) == i.nth {
		defer i.cancel()
		return i.next.RoundTrip(request.WithContext(context.WithoutCancel(request.Context())))
	}
	return i.next.RoundTrip(request)
}

func TestTwoPeopleForOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	_, object, err := schema.UserMapping()
	w.must(t, err)
	for i, row := range object.AttributeMappings {
		if row.TargetAttributeName == "Username" {
			node, err := expr.Parse("[mail]")
			w.must(t, err)
			source := expr.ToSource(node)
			object.AttributeMappings[i].Source = &source
		}
	}
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	for _, name := range []string{"first", "second"} {
		w.must(t, w.store.PutUser(t.Context(), directory.User{
			ID: name, UserPrincipalName: name + "@contoso.com", DisplayName: name, AccountEnabled: true,
			Attributes: attr.New("User", name, map[string]attr.Value{"mail": attr.Text("shared@contoso.com"), "surname": attr.Text(name)}),
		}))
		_, err := w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: name, Role: "Standard User"})
		w.must(t, err)
	}
	run := w.cycle(t)
	if got := run.Counts.Codes[plan.CodeDuplicateSource]; got != 1 {
		t.Errorf("%d people failed with %s, want 1: %+v", got, plan.CodeDuplicateSource, run.Counts)
	}
	if account, found := w.org.User("shared@contoso.com"); !found || !account.IsActive {
		t.Error("neither of them has an account")
	}
	// The connection tells them apart in later cycles, too.
	if again := w.cycle(t); again.Counts.Codes[plan.CodeDuplicateSource] != 1 || again.Counts.Writes != 0 {
		t.Errorf("the next cycle: %+v, want the same failure and no write", again.Counts)
	}
}

func TestUniqueValuesAreChosenByAskingTheTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	mapTo(t, &schema, "CommunityNickname", `SelectUniqueValue([mailNickname], Append([mailNickname], "2"), Append([mailNickname], "3"))`)
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	names := []string{"first", "second", "third", "fourth"}
	for _, name := range names {
		w.must(t, w.store.PutUser(t.Context(), directory.User{
			ID: name, UserPrincipalName: name + "@contoso.com", DisplayName: name, AccountEnabled: true,
			Attributes: attr.New("User", name, map[string]attr.Value{
				"mail": attr.Text(name + "@contoso.com"), "surname": attr.Text(name), "mailNickname": attr.Text("nick"),
			}),
		}))
		_, err := w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: name, Role: "Standard User"})
		w.must(t, err)
	}
	run := w.cycle(t)
	if got := run.Counts.Codes[mapping.CodeExpression]; got != 1 {
		t.Errorf("%d people found every candidate taken, want 1: %+v", got, run.Counts)
	}
	got := make(map[string]bool)
	for _, name := range names {
		if account, found := w.org.User(name + "@contoso.com"); found {
			got[account.Get("CommunityNickname")] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"nick": true, "nick2": true, "nick3": true}, got); diff != "" {
		t.Errorf("nicknames (-want +got):\n%s", diff)
	}
	if again := w.cycle(t); again.Counts.Writes != 0 {
		t.Errorf("the next cycle wrote: %+v", again.Counts)
	}
}

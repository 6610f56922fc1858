package administration_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/source"
	"github.com/usher-id/usher/source/csv"
)

// files opens files of the standard names.
func (w *world) files(known bool, contents map[string]string) source.Source {
	w.tb.Helper()
	config := csv.Config{Contents: map[string][]byte{}}
	standard := csv.StandardFiles()
	for _, each := range []struct {
		name string
		file *string
	}{
		{standard.Users, &config.Files.Users},
		{standard.Groups, &config.Files.Groups},
		{standard.Members, &config.Files.Members},
		{standard.Assignments, &config.Files.Assignments},
	} {
		if text, found := contents[each.name]; found {
			*each.file, config.Contents[each.name] = each.name, []byte(text)
		}
	}
	if known {
		config.Directory, config.Applications = w.DirectoryNames(), w.DirectoryNames()
	}
	opened, err := csv.Open(config)
	w.must(err)
	return opened
}

func TestAnImportIsForeseenAndThenDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	w.assign(app, "User", ana, "Standard User")
	everybody := map[string]string{"users.csv": "id,userPrincipalName,displayName\nnew,new@contoso.com,New One\n"}
	foreseen, err := w.ForeseeImport(t.Context(), administration.Importing{From: w.files(false, everybody), Replace: true})
	w.must(err)
	if foreseen.Users.Created != 1 || foreseen.Users.Removed != foreseen.Before || len(foreseen.Accesses) != 1 || foreseen.Accesses[0].Lost != 1 {
		t.Fatalf("it foresees %+v", foreseen)
	}
	if _, err := w.store.User(t.Context(), "new"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was foreseen was done: %v", err)
	}
	done, err := w.acts.ImportDirectory(t.Context(), administration.Importing{From: w.files(false, everybody), Replace: true, Agree: func(effect store.ImportEffect) error {
		effect.Shrinkage, foreseen.Shrinkage = store.ImportEffect{}.Shrinkage, store.ImportEffect{}.Shrinkage // has the moment
		if diff := cmp.Diff(foreseen, effect); diff != "" {
			t.Errorf("it does something else (-foreseen +done):\n%s", diff)
		}
		return nil
	}})
	w.must(err)
	if done.Users.Created != 1 {
		t.Errorf("it did %+v", done)
	}
	w.contains(w.audits(1), "Import directory | dora@contoso.com | users: 1 added, 0 changed, 3 removed; who is not in the files was removed")
}

func TestAnImportThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	_, err := w.acts.ImportDirectory(t.Context(), administration.Importing{From: w.files(true, map[string]string{"groups.csv": "id,displayName\ng,G\n"}), Replace: true})
	if refusal := w.refusal(err, administration.Invalid); refusal.Field != "replace" {
		t.Errorf("%v", refusal)
	}
	_, err = w.ForeseeImport(t.Context(), administration.Importing{From: w.files(true, map[string]string{
		"assignments.csv": "application,principalType,principal,role\nNowhere,User," + ana + ",Standard User\n" +
			app.DisplayName + ",User," + ana + ",Emperor\n" + app.DisplayName + ",User," + ana + ",\n" + app.DisplayName + ",User," + ana + ",Standard User\n",
	})})
	faults, ok := errors.AsType[source.Faults](err)
	if !ok || len(faults) != 3 {
		t.Fatalf("%v", err)
	}
	for i, want := range []string{`no application "Nowhere"`, `no role "Emperor"`, "skipped"} {
		if faults[i].Line != i+2 || faults[i].Column == 0 || !strings.Contains(faults[i].Message, want) {
			t.Errorf("fault %v, want one in line %d with %s", faults[i], i+2, want)
		}
	}
	// What only the directory knows is told as well: a name that somebody else has.
	_, err = w.ForeseeImport(t.Context(), administration.Importing{From: w.files(true, map[string]string{"users.csv": "id,userPrincipalName,displayName\nother,ana@contoso.com,Other\n"})})
	w.contains([]string{w.refusal(err, administration.Invalid).Error()}, "ana@contoso.com")
	agreed := errors.New("not agreed")
	_, err = w.acts.ImportDirectory(t.Context(), administration.Importing{
		From: w.files(true, map[string]string{"users.csv": "id,userPrincipalName,displayName\nx,x@contoso.com,X\n"}), Agree: func(store.ImportEffect) error { return agreed },
	})
	if !errors.Is(err, agreed) {
		t.Errorf("%v", err)
	}
}

// More previews than the pool has connections, each of which looks up names in the
// directory, as when somebody reloads the page over and over.
func TestManyImportsAreForeseenAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, sqlstore.Config{URL: storetest.Postgres(t)})
	app := w.connected()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	contents := map[string]string{
		"members.csv":     "group,member\nMarketing,ana@contoso.com\n",
		"assignments.csv": "application,principalType,principal,role\n" + app.DisplayName + ",User,cleo@contoso.com,Standard User\n",
	}
	var previews sync.WaitGroup
	for range 20 {
		from := w.files(true, contents)
		previews.Go(func() {
			effect, err := w.ForeseeImport(ctx, administration.Importing{From: from})
			if err != nil || effect.Members.Created != 1 || effect.Assignments.Created != 1 {
				t.Errorf("%+v: %v", effect, err)
			}
		})
	}
	previews.Wait()
}

func TestAnImportIsForeseenByTheRulesOfTheApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	w.assign(app, "User", ana, "Standard User")
	roles, err := w.ForeseeImport(t.Context(), administration.Importing{From: w.files(true, map[string]string{
		"assignments.csv": "application,principalType,principal,role\n" + app.DisplayName + ",User," + ana + ",System Administrator\n",
	})})
	w.must(err)
	want := []store.AccessEffect{{ApplicationID: app.ID, DisplayName: app.DisplayName, Changed: 1, Changers: []string{"ana@contoso.com"}}}
	if diff := cmp.Diff(want, roles.Accesses); diff != "" {
		t.Errorf("another role (-want +got):\n%s", diff)
	}
	everybody := map[string]string{"users.csv": "id,userPrincipalName,displayName\nnew,new@contoso.com,New One\n"}
	for _, step := range []struct {
		syncAll      bool
		gained, lost int
	}{{false, 0, 1}, {true, 1, 3}} {
		w.must(w.store.UpdateJob(t.Context(), app.Job.ID, func(j provisioning.Job) (provisioning.Job, error) {
			j.Settings.SyncAll = step.syncAll
			return j, nil
		}))
		effect, err := w.ForeseeImport(t.Context(), administration.Importing{From: w.files(false, everybody), Replace: true})
		w.must(err)
		if len(effect.Accesses) != 1 || effect.Accesses[0].Gained != step.gained || effect.Accesses[0].Lost != step.lost {
			t.Errorf("for everybody %v: %+v", step.syncAll, effect.Accesses)
		}
	}
	// Salesforce needs a role: who has default access alone has nothing to lose.
	_, err = w.store.Unassign(t.Context(), directory.AssignmentRequest{Application: app.ID, Principal: ana})
	w.must(err)
	_, err = w.store.Assign(t.Context(), directory.AssignmentRequest{Application: app.ID, Principal: ana})
	w.must(err)
	w.must(w.store.UpdateJob(t.Context(), app.Job.ID, func(j provisioning.Job) (provisioning.Job, error) {
		j.Settings.SyncAll = false
		return j, nil
	}))
	effect, err := w.ForeseeImport(t.Context(), administration.Importing{From: w.files(false, everybody), Replace: true})
	w.must(err)
	if len(effect.Accesses) != 0 {
		t.Errorf("with default access alone: %+v", effect.Accesses)
	}
}

// clinging is a store that cannot remove uploads.
type clinging struct{ store.Store }

func (clinging) RemoveUpload(context.Context, string, string) (bool, error) {
	return false, errors.New("the database is away")
}

func TestAnImportThatIsDoneIsDoneAlsoWhereItsFilesStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Store = clinging{w.store}
	operations, _ := w.operating()
	upload := store.NewUpload("dora", "directory import")
	begun, err := operations.ImportDirectory(t.Context(), "dora@contoso.com", administration.Importing{
		From: w.files(true, map[string]string{"users.csv": "id,userPrincipalName,displayName\nnew,new@contoso.com,New One\n"}),
	}, upload)
	w.must(err)
	if ended := w.over(begun.ID); ended.State != provisioning.OperationDone || ended.Message != "users: 1 added, 0 changed, 0 removed" {
		t.Errorf("%+v", ended)
	}
	if _, err := w.store.User(t.Context(), "new"); err != nil {
		t.Error(err)
	}
}

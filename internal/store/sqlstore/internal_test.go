package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func TestAttributesComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	value := rapid.Custom(func(r *rapid.T) attr.Value {
		switch rapid.IntRange(0, 4).Draw(r, "kind") {
		case 0:
			return attr.Bool(rapid.Bool().Draw(r, "boolean"))
		case 1:
			return attr.Int(rapid.Int64().Draw(r, "integer"))
		case 2:
			return attr.Texts(rapid.SliceOf(rapid.String()).Draw(r, "texts")...)
		case 3:
			return attr.RefTo(attr.Ref{Type: "User", ID: rapid.String().Draw(r, "id")})
		}
		return attr.Text(rapid.String().Draw(r, "text"))
	})
	rapid.Check(t, func(r *rapid.T) {
		want := attr.New("User", "1", rapid.MapOf(rapid.String(), value).Draw(r, "attributes"))
		text := encodeAttributes(want)
		got, err := decodeAttributes(text, "User", "1")
		if err != nil || !got.Equal(want) {
			r.Fatalf("%s becomes %v (%v), want %v", text, got, err, want)
		}
	})
}

// Whatever the quick reader takes must be what the careful one makes of it.
func FuzzDecodeAttributes(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":"b"}`, `{"a":true,"b":false,"c":-12}`, `{"a":["b",1,true],"c":[]}`, `{"a":"\"","b":"\\"}`, `{"a":null}`, `{"a":1.5}`,
		`{"a":{"@ref":{"type":"User","id":"1"}}}`, `{"a":"b"`, `{"a":truex}`, `{"a":"b",}`, `{"a":[1,]}`, `{"a":01}`, "{\"a\":\"\n\"}", `{"a":-0}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		builder := attr.NewBuilder("User", "1", 0)
		if !scanAttributes(text, builder) {
			return
		}
		quick := builder.Object()
		var careful map[string]attr.Value
		if err := decodeJSON("attributes", text, &careful); err != nil {
			return // only what encodeAttributes wrote is ever read
		}
		if want := attr.New("User", "1", careful); strings.ToValidUTF8(text, "") == text && !quick.Equal(want) {
			t.Errorf("%q becomes %v, want %v", text, quick, want)
		}
	})
}

func TestStatementsForManyRows(t *testing.T) {
	t.Parallel()
	got := insertion{into: "t (a, b)", width: 2, then: "on conflict do nothing"}.text(2)
	if diff := cmp.Diff("insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing", got); diff != "" {
		t.Error(diff)
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	if _, err := readMigrations(migrationFiles); err != nil {
		t.Error(err)
	}
	for name, file := range map[string]string{"a gap": "0002_second.sql", "no number": "first.sql"} {
		if _, err := readMigrations(fstest.MapFS{"migrations/" + file: {}}); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

func TestLastOfKeepsTheLastOfEachKey(t *testing.T) {
	t.Parallel()
	got := lastOf([]string{"a1", "b1", "a2", "c1", "b2"}, func(s string) string { return s[:1] })
	if diff := cmp.Diff([]string{"a2", "c1", "b2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEditsAndBatchesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waiting turns
		var order []string
		var group sync.WaitGroup
		if err := waiting.take(t.Context(), &turn{queue: batchTurn}); err != nil {
			t.Fatal(err)
		}
		for _, who := range []struct {
			name  string
			queue int
		}{{"batch 1", batchTurn}, {"batch 2", batchTurn}, {"batch 3", batchTurn}, {"edit 1", editTurn}, {"edit 2", editTurn}} {
			group.Go(func() {
				if err := waiting.take(t.Context(), &turn{queue: who.queue}); err != nil {
					t.Error(err)
				}
				order = append(order, who.name)
				waiting.end()
			})
			synctest.Wait()
		}
		given, cancel := context.WithCancel(t.Context())
		cancel()
		if err := waiting.take(given, &turn{queue: editTurn}); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up waits: %v", err)
		}
		waiting.end()
		group.Wait()
		if diff := cmp.Diff([]string{"edit 1", "batch 1", "edit 2", "batch 2", "batch 3"}, order); diff != "" {
			t.Error(diff)
		}
		if err := waiting.take(t.Context(), &turn{queue: editTurn}); err != nil || !waiting.taken {
			t.Errorf("the next cannot have the turn: %v", err)
		}
	})
}

func TestIdsAreReadInTheirOrder(t *testing.T) {
	t.Parallel()
	opened, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "usher.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, format := range map[string]string{"whole": "%03d", "with commas": "%03d,"} {
		numbers := idQuery{"id", `from (with recursive numbers (number) as (select $2 union all select number - 1 from numbers where number > 1)
			select printf('` + format + `', number) as id from numbers) named where id > $1`}
		for _, most := range []int{0, 1, 50, 100, 101} {
			ids, err := opened.database.queries().ids(t.Context(), most, numbers, fmt.Sprintf(format, 10), int64(100))
			if err != nil {
				t.Fatal(err)
			}
			want := 90
			if most > 0 {
				want = min(90, most)
			}
			if len(ids) != want || ids[0] != fmt.Sprintf(format, 11) || ids[want-1] != fmt.Sprintf(format, 10+want) || !slices.IsSorted(ids) {
				t.Errorf("%s, %d: %q", name, most, ids)
			}
		}
	}
}

func TestListsOfIdsAreMergedAndTakenFromOneAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string) []string {
			ids := rapid.SliceOfN(rapid.StringMatching(`[a-c]{1,4}`), 0, 60).Draw(r, name)
			slices.Sort(ids)
			return slices.Compact(ids)
		}
		a, b := draw("a"), draw("b")
		all := slices.Concat(a, b)
		slices.Sort(all)
		if got := merge(a, b); !slices.Equal(got, slices.Compact(all)) {
			r.Fatalf("%q and %q are %q", a, b, got)
		}
		left := slices.DeleteFunc(slices.Clone(a), func(id string) bool { return slices.Contains(b, id) })
		if got := without(a, b); !slices.Equal(got, left) {
			r.Fatalf("%q without %q are %q", a, b, got)
		}
	})
}

// A plan whose removal broke off is one that nobody finishes or applies, and goes with the
// old ones.
func TestAPlanWhoseRemovalBrokeOffIsGone(t *testing.T) {
	t.Parallel()
	opened, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "usher.db"), Sealer: plainSealer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, ports := t.Context(), opened.Engine()
	app := directory.Application{ID: "app", ObjectID: "object", AppID: "client", TemplateID: "salesforce", DisplayName: "Salesforce"}
	must(opened.AddApplication(ctx, app, provisioning.Job{ID: "job", ApplicationID: "app", TemplateID: "salesforce"}, mapping.Schema{}))
	p := engine.Plan{Key: "key", JobID: "job", ApplicationID: "app", State: engine.PlanDraft, At: time.Now().UTC().Truncate(time.Microsecond)}.Sealed(provisioning.NewSecret("secret"))
	must(ports.DraftPlan(ctx, p))
	must(ports.PutItems(ctx, p.Key, []engine.PlanItem{{State: engine.ItemOpen, Change: plan.Change{Source: plan.Identity{ID: "ana"}}}}))
	p.ID, p.State = "abcdef0123456789", engine.PlanReady
	must(ports.FinishPlan(ctx, p))
	must(opened.database.write(ctx, "hide a plan", func(x *tx) error {
		_, err := x.exec(ctx, hidePlan)
		return err
	}))
	if _, err := opened.Plan(ctx, p.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is found: %v", err)
	}
	if err := ports.FinishPlan(ctx, p); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is finished: %v", err)
	}
	job, err := ports.Begin(ctx, "job")
	must(err)
	if err := ports.AdvancePlan(ctx, engine.Cycle{ID: "cycle", JobID: "job", ApplicationID: "app", Fence: job.Fence}, p); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is applied: %v", err)
	}
	removed, err := opened.RemovePlansBefore(ctx, time.Unix(0, 0))
	must(err)
	counts, err := opened.CountPlanItems(ctx, p.Key)
	must(err)
	if removed != 1 || len(counts) > 0 {
		t.Errorf("%d plans were removed, %v items are left", removed, counts)
	}
}

// plainSealer seals nothing: these tests keep no real secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

package graphapi

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyValue draws a value that an entity may hold.
func anyValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.IntRange(-1<<50, 1<<50).AsAny(), rapid.Int64Range(-1<<50, 1<<50).AsAny(),
		rapid.SliceOf(rapid.String()).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Custom(func(t *rapid.T) entity { return rapid.MapOf(rapid.String(), anyValue(depth-1)).Draw(t, "entity") }).AsAny(),
			rapid.Custom(func(t *rapid.T) []any { return rapid.SliceOf(anyValue(depth-1)).Draw(t, "list") }).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func TestEntitiesAreWrittenAsEncodingJSONReadsThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := entity(rapid.MapOf(rapid.String(), anyValue(3)).Draw(t, "entity"))
		got, err := e.appendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var gotValue, wantValue any
		if err := json.Unmarshal(got, &gotValue); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		if err := json.Unmarshal(want, &wantValue); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantValue, gotValue); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

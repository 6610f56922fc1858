package salesforcetest

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecodeJSON compares the reader with that of the standard library.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":[true,false,null],"c":{"d":"e"}}`, `"\u00e9\ud83d\ude00\ud83d\n"`, `-0.5e+10`, `01`, `[1,]`, `{"a" 1}`, `"`, "\"\x01\"", ` [ ] `, `{}x`, "\"\xff\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, fault := decodeJSON(body)
		if !utf8.Valid(body) {
			return // Such bytes are replaced one way or another.
		}
		if (fault == nil) != json.Valid(body) {
			t.Fatalf("%q: fault = %v, the standard library says valid = %t", body, fault, json.Valid(body))
		}
		if fault != nil {
			return
		}
		var want, got any
		if err := json.Unmarshal(body, &want); err != nil {
			return // Valid, but with a number out of range.
		}
		if err := json.Unmarshal(appendJSON(nil, value), &got); err != nil {
			t.Fatalf("%q was written as %q: %v", body, appendJSON(nil, value), err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", body, diff)
		}
	})
}

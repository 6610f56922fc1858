package expr

import "testing"

func TestSimplePatternsNeedNoClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pattern string
		length        int
		free          bool
	}{
		{"a phone number", `\+(?<isdCode>\d* )(?<phoneNumber>.*)`, 30, true},
		{"padding", `(.*?)(?<id>.{0,8})$`, 40, true},
		{"a class", `[()\s-]+`, 1000, true},
		{"a class on a long text", `[()\s-]+`, 50_000, false},
		{"many quantifiers", `.*.*.*.*x`, 100, false},
		{"a repeated group", `(\.)*$`, 10, false},
		{"alternatives", `a|b`, 10, false},
		{"options", `(?x)(a+) *b`, 10, false},
		{"an escaped parenthesis", `\(a\)*`, 10, true},
		{"back-references", `(.*)\1\1\1\1\1`, 30, false},
		{"a named back-reference", `(?<a>.*)\k<a>`, 100, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := compilePattern(test.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := compiled.choose(test.length) == compiled.free; got != test.free {
				t.Errorf("runs without a limit of time: %v, want %v", got, test.free)
			}
		})
	}
}

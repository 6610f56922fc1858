package graphapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// sample is what the filters of these tests are tried on.
func sample() entity {
	return entity{
		"id": "1", "displayName": "Ana O'Neil", "accountEnabled": true, "mail": nil, "size": int64(7),
		"createdDateTime": "2026-03-01T10:00:00Z", "groupTypes": []any{"Unified"}, "servicePrincipal": entity{"id": "sp"},
		"appRoles": []any{entity{"value": "Admin"}},
	}
}

func TestFiltersMatchAsMicrosoftGraphHasIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`displayName eq 'ana o''neil'`:                                  true,
		`DisplayName EQ 'Ana O''Neil'`:                                  true,
		`displayName eq 'x'`:                                            false,
		`displayName ne 'x'`:                                            true,
		`startsWith(displayName,'ana')`:                                 true,
		`startswith( displayName , 'O' )`:                               false,
		`endsWith(displayName,'NEIL')`:                                  true,
		`contains(displayName,' o')`:                                    true,
		`not(startsWith(displayName,'ana'))`:                            false,
		`not startsWith(displayName,'b') and accountEnabled eq true`:    true,
		`accountEnabled eq false or accountEnabled eq true`:             true,
		`accountEnabled eq true and (displayName eq 'x' or id eq '1')`:  true,
		`id in ('2','1')`:                                               true,
		`id in ('2')`:                                                   false,
		`mail eq null`:                                                  true,
		`mail ne null`:                                                  false,
		`displayName eq null`:                                           false,
		`createdDateTime ge 2026-03-01T10:00:00Z`:                       true,
		`createdDateTime gt 2026-03-01T10:00:00Z`:                       false,
		`createdDateTime lt 2026-03-02`:                                 true,
		`createdDateTime ge 2026-03-01T11:00:00+01:00`:                  true,
		`size gt 6 and size le 7`:                                       true,
		`servicePrincipal/id eq 'SP'`:                                   true,
		`servicePrincipal/name eq 'x'`:                                  false,
		`groupTypes/any(c:c eq 'Unified')`:                              true,
		`groupTypes/any(c: c eq 'x')`:                                   false,
		`appRoles/any(r:r/value eq 'admin' and accountEnabled eq true)`: true,
		`id eq 00000000-0000-0000-0000-000000000000`:                    false,
		`size eq null`:                                                  false,
		`displayName gt 'a' and displayName lt 'b'`:                     true,
		`(((id eq '1')))`:                                               true,
		`id eq '2' or id eq '1' and accountEnabled eq true`:             true,
		`(id eq '1' or id eq '2') and accountEnabled eq false`:          false,
	} {
		tree, err := parseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := (matcher{}).matches(tree, sample()); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestLetterCaseCountsWhereTheKindSaysSo(t *testing.T) {
	t.Parallel()
	tree, err := parseFilter("displayName eq 'ana o''neil'")
	if err != nil {
		t.Fatal(err)
	}
	if (matcher{caseExact: true}).matches(tree, sample()) {
		t.Error("another letter case matches")
	}
}

func TestFiltersThatCannotBeReadAreRefusedWithTheirPosition(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                       "position 1",
		`displayName`:            "position 12",
		`displayName eq`:         "position 15",
		`displayName eq 'a`:      "position 16",
		`displayName eq 'a' x`:   "position 20",
		`(id eq '1'`:             "position 11",
		`id eq '1')`:             "position 10",
		`id in '1'`:              "position 7",
		`id in ('1'`:             "position 11",
		`startsWith(id)`:         "position 14",
		`startsWith(id, 7)`:      "text in single quotes",
		`foo(id)`:                "function",
		`id like 'x'`:            "position 4",
		`and`:                    "position 4",
		`groupTypes/any(c eq 1)`: "position 18",
		strings.Repeat("(", 40) + "id eq '1'" + strings.Repeat(")", 40): "nested",
		"id eq '1'" + strings.Repeat(" or id eq '1'", maxFilterTerms):   "terms",
		"id eq '" + strings.Repeat("x", maxFilterLength) + "'":          "longer",
		"id in (" + strings.Repeat("'1',", maxFilterTerms) + "'1')":     "values",
	} {
		_, err := parseFilter(text)
		told, ok := errors.AsType[*Error](err)
		if !ok || told.Status != http.StatusBadRequest || !strings.Contains(told.Message, want) {
			t.Errorf("%.60s: got the error %v, want one with %q", text, err, want)
		}
	}
}

func TestEqualityIsFoundOnlyWhereItIsDemanded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`userPrincipalName eq 'a'`:                            "a",
		`accountEnabled eq true and USERPRINCIPALNAME eq 'a'`: "a",
		`userPrincipalName eq 'a' or displayName eq 'b'`:      "",
		`not (userPrincipalName eq 'a')`:                      "",
		`startswith(userPrincipalName,'a')`:                   "",
	} {
		tree, err := parseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := tree.equality("userPrincipalName"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"displayName eq 'a'", "not(startsWith(a,'b')) or c/any(x:x/y in ('1','2'))", "a ge 2026-01-01T00:00:00Z", "((", "'", "a eq ''''", "any(", ":",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := parseFilter(text)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%q: an error that is not the client's: %v", text, err)
			}
			return
		}
		_ = tree.check(newKind("user", "displayName"))
		plain := matcher{}.matches(tree, sample())
		if (matcher{}).matches(filter{op: opNot, below: []filter{tree}}, sample()) == plain {
			t.Errorf("%q and its negation are the same", text)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"$filter=a%20eq%20'b'&$select=a,b", "$expand=manager($select=id;$levels=max),members", `$search="displayName:a" AND "mail:b" OR "c:d"`,
		"$orderby=a desc,b", "$top=5&$count=true", "$expand=(((", "$search=\"", "%zz", "a=b;c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%q: an error that is not the client's: %v", raw, err)
			}
			return
		}
		again, err := parseQuery(q.with("skiptoken", "x"))
		if err != nil || again.options() != q.options() {
			t.Errorf("%q: the link's query is another one: %q and %q, error %v", raw, q.options(), again.options(), err)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/users/a%2Fb", "/servicePrincipals(appId='x''y')/", "//users//delta()", "/a(b=", "/%zz", "/users('')"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, ok := parsePath(path)
		if !ok {
			return
		}
		for _, s := range segments {
			if s.text == "" && !s.isKey {
				t.Errorf("%q has an empty segment", path)
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	coder := tokenCoder{key: []byte("0123456789abcdef0123456789abcdef")}
	sealed, err := coder.seal("users", pageState{After: "7"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "users")
	f.Add("", "")
	f.Add("AAAA", "users")
	f.Fuzz(func(t *testing.T, token, binding string) {
		var state pageState
		if err := coder.open(token, binding, &state); err == nil && (token != sealed || binding != "users") {
			t.Errorf("the token %q was taken for %q", token, binding)
		}
	})
}

func TestATokenIsTakenOnlyForWhatItWasMade(t *testing.T) {
	t.Parallel()
	coder := tokenCoder{key: []byte("one")}
	token, err := coder.seal("users\n$top=5", pageState{After: "7"})
	if err != nil {
		t.Fatal(err)
	}
	var state pageState
	if err := coder.open(token, "users\n$top=5", &state); err != nil || state.After != "7" {
		t.Errorf("state %v, error %v", state, err)
	}
	for i := range token {
		changed := []byte(token)
		changed[i] ^= 1
		if err := coder.open(string(changed), "users\n$top=5", &state); !errors.Is(err, errBadToken) {
			t.Errorf("changed at %d it is taken", i)
		}
	}
	for what, err := range map[string]error{
		"another query": coder.open(token, "users\n$top=6", &state),
		"another key":   tokenCoder{key: []byte("two")}.open(token, "users\n$top=5", &state),
		"half of it":    coder.open(token[:20], "users\n$top=5", &state),
		"nothing":       coder.open("", "users\n$top=5", &state),
	} {
		if !errors.Is(err, errBadToken) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestPathsAreSplitAsODataHasIt(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/users/delta()":                          "[users] [delta]",
		"/users/microsoft.graph.delta()/":         "[users] [microsoft.graph.delta q]",
		"//users//a%2Fb":                          "[users] [a/b]",
		"/servicePrincipals(appId='x''y')/owners": "[servicePrincipals] [x'y appid] [owners]",
		"/users('a@b.c')":                         "[users] [a@b.c]",
		"/users/a(b)c":                            "[users] [a(b)c]",
		"/groups(uniqueName='a=b')":               "[groups] [a=b uniquename]",
		"/groups/1/members/microsoft.graph.user":  "[groups] [1] [members] [microsoft.graph.user q]",
	} {
		segments, ok := parsePath(path)
		var b strings.Builder
		for _, s := range segments {
			fmt.Fprintf(&b, "[%s", s.text)
			if s.alternate != "" {
				b.WriteString(" " + s.alternate)
			}
			if s.qualified {
				b.WriteString(" q")
			}
			b.WriteString("] ")
		}
		if got := strings.TrimSpace(b.String()); !ok || got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

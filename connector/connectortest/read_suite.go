package connectortest

import (
	"context"
	"errors"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
)

func readTests() []conformanceTest {
	return []conformanceTest{
		{"an account is found by its id", check.testReadByID},
		{"matching ignores letter case", check.testMatchIgnoresCase},
		{"a query by id and value yields each account once", check.testReadEachOnce},
		{"unknown ids and values are left out", check.testUnknownLeftOut},
		{"an empty query yields nothing without a request", check.testEmptyQuery},
		{"values are taken literally", check.testLiteralValues},
		{"only selected attributes come", check.testSelect},
		{"reading all yields every account once", check.testReadAll},
		{"reading can be broken off", check.testBreakOff},
		{"a cancelled read ends with the reason", check.testCancelledRead},
		{"another type is unsupported", check.testOtherType},
	}
}

func (s check) testReadByID() {
	id := s.create(s.T, "ann", "bob")[0]
	got := s.read(s.T, connector.Query{IDs: []string{id}})
	if len(got) != 1 || got[0].ID != id || got[0].Type != s.capabilities().ObjectType {
		s.Fatalf("read %v, want the one account %s", got, id)
	}
	for name, want := range s.Account("ann").All() {
		if value, ok := got[0].Lookup(name); ok && !attr.Equal(value, want, false) {
			s.Errorf("%s is %v (%v), want %v (%v)", name, value, value.Kind(), want, want.Kind())
		}
	}
}

func (s check) testMatchIgnoresCase() {
	id := s.create(s.T, "ann")[0]
	attribute := s.capabilities().NameAttribute
	name := s.Account("ann").Get(attribute).String()
	for _, value := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
		got := s.read(s.T, connector.Query{Attribute: attribute, Values: []string{value}})
		if diff := cmp.Diff([]string{id}, ids(got)); diff != "" {
			s.Errorf("match of %s (-want +got):\n%s", value, diff)
		}
	}
}

func (s check) testReadEachOnce() {
	s.needsBatch(5)
	created := s.create(s.T, "ann", "bob", "cid")
	attribute := s.capabilities().NameAttribute
	got := s.read(s.T, connector.Query{
		IDs: []string{created[0], created[1], created[0]}, Attribute: attribute,
		Values: []string{s.Account("ann").Get(attribute).String(), s.Account("cid").Get(attribute).String()},
	})
	if diff := cmp.Diff(ids([]attr.Object{{ID: created[0]}, {ID: created[1]}, {ID: created[2]}}), ids(got)); diff != "" {
		s.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func (s check) testUnknownLeftOut() {
	s.needsBatch(7)
	created := s.create(s.T, "ann")
	attribute := s.capabilities().NameAttribute
	// Ids of the right form that are in no use: those of an account, turned round at the end.
	unknown := created[0][:len(created[0])-1] + "z"
	got := s.read(s.T, connector.Query{
		IDs: []string{created[0], unknown, "no-such-id", "", "x' OR Id != '"}, Attribute: attribute, Values: []string{s.Account("nobody").Get(attribute).String(), ""},
	})
	if diff := cmp.Diff(created, ids(got)); diff != "" {
		s.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func (s check) testEmptyQuery() {
	s.create(s.T, "ann")
	before := s.requests()
	if got := s.read(s.T, connector.Query{}); len(got) > 0 {
		s.Errorf("an empty query yields %v", got)
	}
	if after := s.requests(); after != before {
		s.Errorf("an empty query makes %d requests", after-before)
	}
}

func (s check) testLiteralValues() {
	s.create(s.T, "ann")
	attribute := s.capabilities().NameAttribute
	for _, value := range []string{"%", "_", "*", "' OR Username != '", `\`, `a\'b`, "a\nb", "a\x00b", "a&b=c#d;e+f", "ü@例え.jp", strings.Repeat("x", 5_000)} {
		if got := s.read(s.T, connector.Query{Attribute: attribute, Values: []string{value}}); len(got) > 0 {
			s.Errorf("the value %.40q finds %v", value, got)
		}
	}
}

func (s check) testSelect() {
	id := s.create(s.T, "ann")[0]
	attribute := s.capabilities().NameAttribute
	got := s.read(s.T, connector.Query{IDs: []string{id}, Select: []string{attribute, s.Free}})
	if len(got) != 1 {
		s.Fatalf("read %d accounts, want one", len(got))
	}
	if value, ok := got[0].Lookup(s.Free); !ok || !value.IsNull() {
		s.Errorf("%s is %v (there: %v), want it there without a value", s.Free, value, ok)
	}
	if got[0].Len() != 2 {
		s.Errorf("the attributes are %v, want %s and %s", got[0].Names(), attribute, s.Free)
	}
}

func (s check) testReadAll() {
	s.create(s.T, "ann", "bob", "cid")
	want := ids(s.Accounts())
	for range 2 { // a sequence may be made more than once
		if diff := cmp.Diff(want, ids(s.read(s.T, connector.Query{All: true}))); diff != "" {
			s.Errorf("accounts (-want +got):\n%s", diff)
		}
	}
}

func (s check) testBreakOff() {
	s.create(s.T, "ann", "bob")
	query := connector.Query{Type: s.capabilities().ObjectType, All: true}
	for _, err := range s.Connector.Read(s.Context(), query) {
		if err != nil {
			s.Fatal(err)
		}
		break
	}
}

func (s check) testCancelledRead() {
	s.create(s.T, "ann")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	query := connector.Query{Type: s.capabilities().ObjectType, All: true}
	var last error
	for _, err := range s.Connector.Read(ctx, query) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		s.Errorf("the read ends with %v, want the cancellation", last)
	}
}

func (s check) testOtherType() {
	for _, err := range s.Connector.Read(s.Context(), connector.Query{Type: "Spaceship", All: true}) {
		wantKind(s.T, err, connector.Unsupported)
	}
}

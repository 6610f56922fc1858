package scope_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/scope"
)

func clause(attribute, operator, value string) scope.Clause {
	c := scope.Clause{SourceOperandName: attribute, OperatorName: operator}
	if value != "" {
		c.TargetOperand = &scope.Operand{Values: []string{value}}
	}
	return c
}

func filter(groups ...[]scope.Clause) scope.Filter {
	var f scope.Filter
	for _, clauses := range groups {
		f.Groups = append(f.Groups, scope.FilterGroup{Name: "people", Clauses: clauses})
	}
	return f
}

func TestClause(t *testing.T) {
	t.Parallel()
	person := attr.New("User", "1", map[string]attr.Value{
		"department": attr.Text("Sales"), "employeeId": attr.Text("1042"), "on": attr.Bool(true), "empty": attr.Text(""),
		"userPrincipalName": attr.Text("ana@domain.com"), "word": attr.Text("x1"),
	})
	tests := []struct {
		attribute, operator, value string
		want                       bool
	}{
		{"department", "EQUALS", "Sales", true},
		{"department", "EQUALS", "sales", false},
		{"department", "NOT EQUALS", "Support", true},
		{"missing", "NOT EQUALS", "Support", false},
		{"empty", "NOT EQUALS", "Support", false},
		{"department", "ENDS_WITH", "les", true},
		{"department", "Includes", "ale", true},
		{"department", "Includes", "ALE", false},
		{"department", "&", "Sales;Support", true},
		{"department", "&", "Support", false},
		{"department", "!&", "Support", true},
		{"missing", "!&", "Support", false},
		{"employeeId", "Greater_Than", "1041", true},
		{"employeeId", "Greater_Than", "1042", false},
		{"employeeId", "Greater_Than_OR_EQUALS", "1042", true},
		{"word", "Greater_Than", "0", false},
		{"on", "IS TRUE", "", true},
		{"on", "IS FALSE", "", false},
		{"missing", "IS FALSE", "", false},
		{"missing", "IS NULL", "", true},
		{"empty", "IS NULL", "", true},
		{"department", "IS NULL", "", false},
		{"department", "IS NOT NULL", "", true},
		{"userPrincipalName", "REGEX MATCH", `.*\@domain.com`, true},
		{"employeeId", "REGEX MATCH", `([1-9][0-9])`, false},
		{"employeeId", "NOT REGEX MATCH", `([1-9][0-9])`, true},
		{"missing", "NOT REGEX MATCH", `x`, false},
		{"department", "REGEX MATCH", `(?i)sales`, true},
		{"department", "REGEX MATCH", `ale`, false},
		{"department", "REGEX MATCH", `.*ale.*`, true},
		{"department", "REGEX MATCH", `S|Sales`, true},
		{"department", "REGEX MATCH", `^Sales$`, true},
		{"department", "&", "Sales", true},
		{"department", "&", "Sale", false},
	}
	for _, test := range tests {
		t.Run(test.attribute+" "+test.operator+" "+test.value, func(t *testing.T) {
			t.Parallel()
			compiled, err := scope.Compile(filter([]scope.Clause{clause(test.attribute, test.operator, test.value)}))
			if err != nil {
				t.Fatal(err)
			}
			if got := len(compiled.Judge(person).Failed) == 0; got != test.want {
				t.Errorf("passes: %v, want %v", got, test.want)
			}
		})
	}
}

func TestGroupsAreAlternativesAndClausesAreDemands(t *testing.T) {
	t.Parallel()
	compiled, err := scope.Compile(filter(
		[]scope.Clause{clause("department", "EQUALS", "Sales"), clause("city", "EQUALS", "Oslo")},
		[]scope.Clause{clause("country", "EQUALS", "NO")},
	))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		attributes map[string]attr.Value
		want       []string
	}{
		{"both clauses of the first", map[string]attr.Value{"department": attr.Text("Sales"), "city": attr.Text("Oslo")}, nil},
		{"the second alone", map[string]attr.Value{"country": attr.Text("NO")}, nil},
		{"half of the first", map[string]attr.Value{"department": attr.Text("Sales"), "city": attr.Text("Rome")}, []string{
			`scoping filter "people": clause "city EQUALS Oslo" is false because city is "Rome"`,
			`scoping filter "people": clause "country EQUALS NO" is false because country has no value`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := compiled.Judge(attr.New("User", "1", test.attributes)).Failed
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("failed clauses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaultyFiltersAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := scope.Compile(filter([]scope.Clause{
		clause("department", "LIKE", "x"), clause("employeeId", "Greater_Than", "ten"), clause("mail", "REGEX MATCH", "("),
		clause("manager", "EQUALS", "x"), clause("city", "EQUALS", ""),
	}))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`operator "LIKE"`, `"ten" is not an integer`, `not a regular expression`, `attribute "manager"`, `needs a value`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestEveryFaultNamesItsPlace(t *testing.T) {
	t.Parallel()
	several := clause("city", "EQUALS", "Oslo")
	several.TargetOperand.Values = append(several.TargetOperand.Values, "Rome")
	f := scope.Filter{
		Groups:               []scope.FilterGroup{{Name: "one"}, {Name: "two", Clauses: []scope.Clause{clause("city", "EQUALS", "Oslo"), clause("city", "equals", "Oslo")}}},
		InputFilterGroups:    []scope.FilterGroup{{Name: "three", Clauses: []scope.Clause{clause("mail", "REGEX MATCH", "a)|(?:b")}}},
		CategoryFilterGroups: []scope.FilterGroup{{Name: "four", Clauses: []scope.Clause{several}}},
	}
	got := make(map[string]string)
	for _, fault := range f.Faults() {
		got[fault.Path] = fault.Group
	}
	want := map[string]string{"groups[1].clauses[1]": "two", "inputFilterGroups[0].clauses[0]": "three", "categoryFilterGroups[0].clauses[0]": "four"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places and titles (-want +got):\n%s", diff)
	}
}

func TestAnExplodingPatternEndsInTime(t *testing.T) {
	t.Parallel()
	compiled, err := scope.Compile(filter([]scope.Clause{clause("mail", "REGEX MATCH", `(a+)+b`)}))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	person := attr.New("User", "1", map[string]attr.Value{"mail": attr.Text(strings.Repeat("a", 60))})
	result := compiled.Judge(person)
	if len(result.Failed) != 1 || !strings.Contains(result.Failed[0], "cannot be decided") {
		t.Errorf("failed: %q, want one that cannot be decided", result.Failed)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	enabled := directory.User{ID: "1", AccountEnabled: true}
	role := directory.Grant{Role: directory.AppRole{ID: "r1", DisplayName: "Standard User"}}
	byDefault := directory.Grant{Role: directory.AppRole{ID: directory.DefaultAccess}}
	tests := []struct {
		name   string
		person scope.Person
		rules  scope.Rules
		want   []scope.ReasonCode
	}{
		{"assigned with a role", scope.Person{User: enabled, Grants: []directory.Grant{role}}, scope.Rules{RequireRole: true}, nil},
		{"not assigned", scope.Person{User: enabled}, scope.Rules{}, []scope.ReasonCode{scope.NotAssigned}},
		{"default access where a role is needed", scope.Person{User: enabled, Grants: []directory.Grant{byDefault}}, scope.Rules{RequireRole: true}, []scope.ReasonCode{scope.DefaultAccessOnly}},
		{"default access where it is enough", scope.Person{User: enabled, Grants: []directory.Grant{byDefault}}, scope.Rules{}, nil},
		{"default access beside a role", scope.Person{User: enabled, Grants: []directory.Grant{byDefault, role}}, scope.Rules{RequireRole: true}, nil},
		{"everyone", scope.Person{User: enabled}, scope.Rules{Everyone: true, RequireRole: true}, nil},
		{"disabled and not assigned", scope.Person{User: directory.User{ID: "1"}}, scope.Rules{}, []scope.ReasonCode{scope.SourceDisabled, scope.NotAssigned}},
		{"deleted", scope.Person{User: directory.User{ID: "1", AccountEnabled: true, DeletedAt: time.Unix(1, 0)}, Grants: []directory.Grant{role}}, scope.Rules{}, []scope.ReasonCode{scope.SourceDeleted}},
		{"gone", scope.Person{Gone: true}, scope.Rules{}, []scope.ReasonCode{scope.SourceGone}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			verdict := scope.Judge(test.person, test.rules)
			var got []scope.ReasonCode
			for _, reason := range verdict.Reasons {
				got = append(got, reason.Code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if verdict.In != (len(test.want) == 0) {
				t.Errorf("In is %v", verdict.In)
			}
		})
	}
}

func TestLeavingACategoryFilterKeepsTheAccount(t *testing.T) {
	t.Parallel()
	compiled, err := scope.Compile(scope.Filter{CategoryFilterGroups: []scope.FilterGroup{{Name: "staff", Clauses: []scope.Clause{clause("city", "EQUALS", "Oslo")}}}})
	if err != nil {
		t.Fatal(err)
	}
	person := scope.Person{User: directory.User{ID: "1", AccountEnabled: true}, Attributes: attr.New("User", "1", map[string]attr.Value{"city": attr.Text("Rome")})}
	if verdict := scope.Judge(person, scope.Rules{Everyone: true, Filter: compiled}); verdict.In || !verdict.Kept {
		t.Errorf("In %v, Kept %v; want out and kept", verdict.In, verdict.Kept)
	}
}

func TestLeavingAnInputFilterKeepsTheAccount(t *testing.T) {
	t.Parallel()
	compiled, err := scope.Compile(scope.Filter{InputFilterGroups: []scope.FilterGroup{{Name: "early", Clauses: []scope.Clause{clause("city", "EQUALS", "Oslo")}}}})
	if err != nil {
		t.Fatal(err)
	}
	person := scope.Person{User: directory.User{ID: "1", AccountEnabled: true}, Attributes: attr.New("User", "1", map[string]attr.Value{"city": attr.Text("Rome")})}
	verdict := scope.Judge(person, scope.Rules{Everyone: true, Filter: compiled})
	if verdict.In || !verdict.Kept {
		t.Errorf("In %v, Kept %v; want out and kept", verdict.In, verdict.Kept)
	}
	person.User.AccountEnabled = false
	if scope.Judge(person, scope.Rules{Everyone: true, Filter: compiled}).Kept {
		t.Error("a disabled account is kept because of an input filter")
	}
}

func TestSeveralValuesAreNotDecided(t *testing.T) {
	t.Parallel()
	const name = "extension_5a7c2e9b4d1f_skills"
	tests := []struct {
		operator, value string
		skills          attr.Value
		want            string
	}{
		{"EQUALS", "Go", attr.Texts("Go"), ""},
		{"EQUALS", "Go", attr.Texts("Go", "SQL"), "it has 2 values"},
		{"NOT EQUALS", "Go", attr.Texts("Go", "SQL"), "it has 2 values"},
		{"IS NOT NULL", "", attr.Texts("Go", "SQL"), ""},
		{"IS NULL", "", attr.Texts(), ""},
	}
	for _, test := range tests {
		t.Run(test.operator+" "+test.skills.String(), func(t *testing.T) {
			t.Parallel()
			compiled, err := scope.Compile(filter([]scope.Clause{clause(name, test.operator, test.value)}))
			if err != nil {
				t.Fatal(err)
			}
			result := compiled.Judge(attr.New("User", "1", map[string]attr.Value{name: test.skills}))
			if !strings.Contains(result.Undecided, test.want) || (test.want == "") != (len(result.Failed) == 0) {
				t.Errorf("result is %+v, want %q", result, test.want)
			}
		})
	}
}

func TestWhatCannotBeDecidedIsNotOutOfScope(t *testing.T) {
	t.Parallel()
	explodes, wrong := clause("mail", "REGEX MATCH", `(a+)+b`), clause("city", "EQUALS", "Oslo")
	person := scope.Person{
		User:       directory.User{ID: "1", AccountEnabled: true},
		Attributes: attr.New("User", "1", map[string]attr.Value{"mail": attr.Text(strings.Repeat("a", 60)), "city": attr.Text("Rome"), "country": attr.Text("NO")}),
	}
	tests := []struct {
		name      string
		groups    [][]scope.Clause
		in        bool
		undecided bool
	}{
		{"alone", [][]scope.Clause{{explodes}}, false, true},
		{"beside a clause that is false", [][]scope.Clause{{explodes, wrong}}, false, false},
		{"in one group while another is false", [][]scope.Clause{{wrong}, {explodes}}, false, true},
		{"in one group while another holds", [][]scope.Clause{{explodes}, {clause("country", "EQUALS", "NO")}}, true, false},
		{"a number that is none", [][]scope.Clause{{clause("city", "Greater_Than", "1")}}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := scope.Compile(filter(test.groups...))
			if err != nil {
				t.Fatal(err)
			}
			verdict := scope.Judge(person, scope.Rules{Everyone: true, Filter: compiled})
			if verdict.In != test.in || (verdict.Undecided != "") != test.undecided || verdict.Undecided != "" && !verdict.Kept {
				t.Errorf("%+v, want in %v, undecided %v", verdict, test.in, test.undecided)
			}
			disabled := person
			disabled.User.AccountEnabled = false
			if verdict := scope.Judge(disabled, scope.Rules{Everyone: true, Filter: compiled}); verdict.Undecided != "" || verdict.Kept {
				t.Errorf("someone who is disabled anyway: %+v, want out for certain", verdict)
			}
		})
	}
}

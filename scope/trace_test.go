package scope_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/scope"
)

func TestTraceTellsOfEveryClause(t *testing.T) {
	t.Parallel()
	equals := func(attribute, value string) scope.Clause {
		return scope.Clause{OperatorName: "EQUALS", SourceOperandName: attribute, TargetOperand: &scope.Operand{Values: []string{value}}}
	}
	filter, err := scope.Compile(scope.Filter{
		Groups: []scope.FilterGroup{
			{Name: "sellers", Clauses: []scope.Clause{equals("department", "Sales"), equals("country", "AT")}},
			{Name: "bosses", Clauses: []scope.Clause{{OperatorName: "IS NOT NULL", SourceOperandName: "jobTitle"}}},
		},
		InputFilterGroups: []scope.FilterGroup{{Name: "staff", Clauses: []scope.Clause{equals("employeeType", "staff")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	person := attr.New("User", "ana", map[string]attr.Value{"department": attr.Text("Sales"), "country": attr.Text("DE"), "employeeType": attr.Text("staff")})
	type row struct {
		Filter, Kind, Clause string
		Holds                bool
		Why                  string
	}
	var got []row
	for _, c := range filter.Trace(person) {
		got = append(got, row{c.Filter, c.Kind, c.Attribute + " " + c.Operator + " " + c.Operand, c.Holds, c.Why})
	}
	want := []row{
		{"sellers", "groups", "department EQUALS Sales", true, ""},
		{"sellers", "groups", "country EQUALS AT", false, `clause "country EQUALS AT" is false because country is "DE"`},
		{"bosses", "groups", "jobTitle IS NOT NULL ", false, `clause "jobTitle IS NOT NULL" is false because jobTitle has no value`},
		{"staff", "inputFilterGroups", "employeeType EQUALS staff", true, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

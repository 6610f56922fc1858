package administration

import (
	"slices"
	"strings"

	"github.com/usher-id/usher/mapping"
)

// PutRoleRanking makes this the order in which roles count for somebody who is given
// several, by their names; was is the order before.
func PutRoleRanking(was, ranking []string) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		if !slices.Equal(object.RoleRanking, was) {
			return schema, changedMeanwhile("the roles were ranked anew since you looked at them; they are now %s", rankingText(object.RoleRanking))
		}
		object.RoleRanking = ranking
		return schema, nil
	}
}

func rankingText(ranking []string) string {
	if len(ranking) == 0 {
		return "not ranked"
	}
	return strings.Join(ranking, ", ")
}

// PutTest makes a test of the mapping exactly this. Was is the name that it had, empty
// for a new one, and mark the [Mark] of the test then.
func PutTest(was, mark string, test mapping.Test) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		if strings.TrimSpace(test.Name) == "" {
			return schema, refuse(Invalid, "name", "give the test a name")
		}
		if test.Name != was && testOf(object, test.Name) >= 0 {
			return schema, refuse(Invalid, "name", "there is a test of this name already").advising("Give this one another name.")
		}
		if was == "" {
			object.Tests = append(object.Tests, test)
			return schema, nil
		}
		at := testOf(object, was)
		if at < 0 {
			return schema, changedMeanwhile("the test %q was deleted since you opened it", was)
		}
		if Mark(object.Tests[at]) != mark {
			return schema, changedMeanwhile("the test %q was changed since you opened it", was)
		}
		object.Tests[at] = test
		return schema, nil
	}
}

// RemoveTest ends a test of the mapping that has this mark.
func RemoveTest(name, mark string) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		at := testOf(object, name)
		if at < 0 {
			return schema, changedMeanwhile("there is no test %q any more", name)
		}
		if Mark(object.Tests[at]) != mark {
			return schema, changedMeanwhile("the test %q was changed since you opened it", name)
		}
		object.Tests = slices.Delete(object.Tests, at, at+1)
		return schema, nil
	}
}

func testOf(object *mapping.ObjectMapping, name string) int {
	return slices.IndexFunc(object.Tests, func(t mapping.Test) bool { return t.Name == name })
}

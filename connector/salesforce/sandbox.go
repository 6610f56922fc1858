package salesforce

import (
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// SandboxSchema returns the default schema for a sandbox: as [DefaultSchema], and
// with a suffix every Username ends with a dot and the suffix, as Salesforce
// itself renames the users when it copies an org. The name of the sandbox is the
// usual suffix. An empty suffix leaves usernames as they are.
func SandboxSchema(suffix string) mapping.Schema {
	schema := DefaultSchema()
	rows := userMapping(schema).AttributeMappings
	i := slices.IndexFunc(rows, isUsername)
	rows[i].Source = withSuffix(rows[i].Source, suffix)
	return schema
}

func isUsername(row mapping.AttributeMapping) bool {
	return row.TargetAttributeName == attributeUsername
}

// adaptSandbox gives usernames the suffix of the sandbox when its name was saved
// for the first time or has changed, and takes it away when the name was
// removed. A mapping of Username that is not one that the template gives, with
// the old suffix or without, was made by an administrator and stays.
func adaptSandbox(schema mapping.Schema, before, after provisioning.Credentials) (mapping.Schema, bool) {
	was, is := before.Get(keySandboxName), after.Get(keySandboxName)
	if sandboxSuffix(was) == sandboxSuffix(is) {
		return schema, false
	}
	plain := userMapping(DefaultSchema()).AttributeMappings
	source := plain[slices.IndexFunc(plain, isUsername)].Source
	wanted := withSuffix(source, is)
	given := []*expr.Source{source, withSuffix(source, was)}
	adapted := false
	schema.SynchronizationRules = slices.Clone(schema.SynchronizationRules)
	for r := range schema.SynchronizationRules {
		rule := &schema.SynchronizationRules[r]
		rule.ObjectMappings = slices.Clone(rule.ObjectMappings)
		for m := range rule.ObjectMappings {
			object := &rule.ObjectMappings[m]
			i := slices.IndexFunc(object.AttributeMappings, isUsername)
			if object.TargetObjectName != objectUser || i < 0 || sameExpression(object.AttributeMappings[i].Source, wanted) ||
				!slices.ContainsFunc(given, func(s *expr.Source) bool { return sameExpression(s, object.AttributeMappings[i].Source) }) {
				continue
			}
			object.AttributeMappings = slices.Clone(object.AttributeMappings)
			object.AttributeMappings[i].Source = wanted
			adapted = true
		}
	}
	return schema, adapted
}

// sandboxSuffix is what stands behind the dot, empty for none.
func sandboxSuffix(name string) string { return strings.TrimPrefix(strings.TrimSpace(name), ".") }

// sameExpression reports whether two sources say the same, however they are
// written.
func sameExpression(a, b *expr.Source) bool {
	if a == nil || b == nil {
		return a == b
	}
	left, leftErr := expr.Parse(a.Expression)
	right, rightErr := expr.Parse(b.Expression)
	return leftErr == nil && rightErr == nil && expr.Equal(left, right)
}

// withSuffix returns Append(source, ".suffix"), the source itself without suffix.
func withSuffix(source *expr.Source, name string) *expr.Source {
	suffix := sandboxSuffix(name)
	if suffix == "" {
		return source
	}
	suffix = "." + suffix
	quoted := strconv.Quote(suffix)
	return &expr.Source{
		Expression: "Append(" + source.Expression + ", " + quoted + ")", Name: "Append", Type: "Function",
		Parameters: []expr.Parameter{
			{Key: "source", Value: source},
			{Key: "suffix", Value: &expr.Source{Expression: quoted, Name: suffix, Parameters: []expr.Parameter{}, Type: "Constant"}},
		},
	}
}

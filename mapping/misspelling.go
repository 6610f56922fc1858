package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/nearest"
)

// misspelled warns of members that are not known and nearly have the name of one
// that is.
func (c *compiler) misspelled(schema Schema) {
	i, j, found := schema.userMapping()
	if !found {
		return
	}
	object := schema.SynchronizationRules[i].ObjectMappings[j]
	c.members(c.path, object.Unknown, membersOf(object))
	for k, attribute := range object.AttributeMappings {
		c.members(fmt.Sprintf("%s.attributeMappings[%d]", c.path, k), attribute.Unknown, membersOf(attribute))
	}
	if raw, kept := keptFor(object.Unknown, "scope"); kept {
		c.strangers(c.path+".scope", raw, filterMembers(), c.strangeFilter)
	}
	if raw, kept := keptFor(object.Unknown, testsMember); kept {
		c.strangers(fmt.Sprintf("%s.%q", c.path, testsMember), raw, testMembers(), c.strangeTest)
	}
}

func (c *compiler) members(path string, unknown Unknown, known []string) {
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		if proposal := nearest.Name(name, known); proposal != "" && !strings.EqualFold(proposal, name) {
			c.warn(path, "the member %q is not known and has no effect; did you mean %q?", name, proposal)
		}
	}
}

// strangeFilter tells of a member that a scoping filter does not have. One that is
// misspelled is a fault: a filter that is not seen lets everybody pass.
func (c *compiler) strangeFilter(path, name string, known []string) {
	if proposal := nearest.Name(name, known); proposal != "" {
		c.fault(path, "the member %q is not known; did you mean %q?", name, proposal)
		return
	}
	c.warn(path, "the member %q is not known and has no effect", name)
}

// strangeTest tells of a member that a test does not have. Tests are Usher's own, so
// that there is nobody else who could know it.
func (c *compiler) strangeTest(path, name string, known []string) {
	c.fault(path, "the member %q is not known%s", name, meant(name, known))
}

// shape names the members that a JSON object has, with what is inside them. A nil
// shape is not looked into.
type shape map[string]shape

func filterMembers() shape {
	groups := shape{"name": nil, "clauses": shape{"operatorName": nil, "sourceOperandName": nil, "targetOperand": shape{"values": nil}}}
	return shape{"groups": groups, "inputFilterGroups": groups, "categoryFilterGroups": groups}
}

func testMembers() shape {
	members := make(shape)
	for _, name := range membersOf(Test{}) {
		members[name] = nil
	}
	return members
}

// strangers reports the members that a JSON value has beyond a shape, annotations
// left out. It looks into every element of a list.
func (c *compiler) strangers(path string, raw json.RawMessage, known shape, report func(path, name string, known []string)) {
	if known == nil {
		return
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for i, element := range list {
			c.strangers(fmt.Sprintf("%s[%d]", path, i), element, known, report)
		}
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return
	}
	names := slices.Sorted(maps.Keys(known))
	for _, member := range slices.Sorted(maps.Keys(members)) {
		i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, member) })
		switch {
		case i >= 0:
			c.strangers(path+"."+member, members[member], known[names[i]], report)
		case !strings.Contains(member, "@"):
			report(path, member, names)
		}
	}
}

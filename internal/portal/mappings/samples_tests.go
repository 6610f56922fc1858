package mappings

import (
	"encoding/json"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// rankingSamples are the pages about the order in which roles count.
func (a *Area) rankingSamples() []page.Sample {
	show := func(name string, o opened, readOnly bool, roles ...string) page.Sample {
		data, _ := newRankingData(o, roles)
		data.ReadOnly = readOnly
		return page.Sample{Page: "Role ranking", Case: name, Path: data.Here, Answer: a.ranking.Show(rankingHead(o.app), data)}
	}
	ranked := func(name string, schema mapping.Schema, ranking ...string) opened {
		_, object, _ := schema.UserMapping()
		object.RoleRanking = ranking
		return sampleOpened(name, schema)
	}
	full := ranked("Salesforce", fullSchema(nil), "System Administrator", "Marketing User", "Regional Manager (retired)")
	roles := []string{"Chatter Free User", "Marketing User", "Read Only", "Standard User", "System Administrator"}
	return []page.Sample{
		show("full", full, false, roles...), show("nothing ranked", ranked("Salesforce", fullSchema(nil)), false, roles...), show("as a reader", full, true, roles...),
		show("empty", ranked("Salesforce", fullSchema(nil)), false), show("hostile", ranked(page.Hostile, hostileSchema(), page.Hostile, "x"), false, "x", page.Hostile+"2"),
	}
}

// testSamples are the pages about tests of the mapping.
func (a *Area) testSamples() []page.Sample {
	tested := func(name string, schema mapping.Schema, tests ...mapping.Test) opened {
		_, object, _ := schema.UserMapping()
		object.Tests = tests
		return sampleOpened(name, schema, mapping.Difference{Part: "test", Name: `"Nobody without a mail address"`, New: "{}"})
	}
	list := func(name string, o opened, change func(*testsData)) page.Sample {
		data, _ := newTestsData(o, true)
		if change != nil {
			change(&data)
		}
		return page.Sample{Page: "Tests of the mapping", Case: name, Path: data.Here, Answer: a.tests.Show(testsHead(o.app), data)}
	}
	show := func(name string, o opened, was string, data testData) page.Sample {
		return page.Sample{Page: "A test of the mapping", Case: name, Path: data.Action, Answer: a.test.Show(testHead(o.app, was), data)}
	}
	in := true
	surname := mapping.Test{
		Name: "Somebody without a surname", Source: json.RawMessage(`{"givenName":"Madonna","userPrincipalName":"madonna@contoso.com","appRoleAssignments":["Standard User"],"employeeId":"007"}`),
		Expect: map[string]json.RawMessage{"LastName": json.RawMessage(`"."`), "FirstName": json.RawMessage(`"Madonna"`), "Department": json.RawMessage("null")}, InScope: &in,
	}
	mail := mapping.Test{Name: "Nobody without a mail address", Source: json.RawMessage(`{}`), Fails: "Email"}
	o := tested("Salesforce", fullSchema(nil), surname, mail)
	h := page.Hostile
	hostile := tested(h, hostileSchema(), mapping.Test{Name: h, Source: json.RawMessage(`{}`), Fails: h, Expect: map[string]json.RawMessage{h: json.RawMessage("null")}})
	readOnly := newTestData(o, surname.Name, "1", newTestEntry(surname), nil)
	readOnly.ReadOnly = true
	return []page.Sample{
		list("full", o, func(d *testsData) {
			d.Broken, d.Failed, d.Rows[1].Faults = "", 1, []string{"The mapping was to fail with “Email” and did not."}
		}),
		list("broken", o, func(d *testsData) {
			d.Broken = "The mappings have faults, so no test can be run. Correct them first."
		}),
		list("empty", sampleOpened("Salesforce", fullSchema(nil)), nil), list("hostile", hostile, func(d *testsData) { d.Broken, d.Rows[0].Faults = "", []string{h} }),
		show("full", o, surname.Name, newTestData(o, surname.Name, "1", newTestEntry(surname), nil)), show("empty", o, "", newTestData(o, "", "", testEntry{}, nil)),
		show("faults", o, surname.Name, newTestData(o, surname.Name, "1", newTestEntry(surname), page.Faults{
			"": "The test does not pass, so it is not kept:\nLastName is \"Ciccone\", expected \".\".", "source": "Line 3: write the name of an attribute, a colon and its value.", "name": "There is a test of this name already.",
		})),
		show("as a reader", o, surname.Name, readOnly),
		show("hostile", hostile, h, newTestData(hostile, h, h, testEntry{h, h, h, h, h}, page.Faults{"": h, "name": h, "source": h, "expect": h, "scope": h, "fails": h})),
	}
}

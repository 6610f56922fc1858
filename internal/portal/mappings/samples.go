package mappings

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	return slices.Concat(a.listSamples(), a.editSamples(), a.builderSamples(), a.scopeSamples(), a.documentSamples(), a.reviewSamples(), a.rankingSamples(), a.testSamples())
}

// sampleRow makes an attribute mapping.
func sampleRow(target, expression, standard string, priority int) mapping.AttributeMapping {
	row := mapping.AttributeMapping{TargetAttributeName: target, MatchingPriority: priority, FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged}
	if expression != "" {
		row.Source = &expr.Source{Expression: expression}
	}
	if standard != "" {
		row.DefaultValue = &standard
	}
	return row
}

// sampleSchema makes a schema with these rows.
func sampleSchema(filter *scope.Filter, rows ...mapping.AttributeMapping) mapping.Schema {
	name := "Synchronize Microsoft Entra ID Users to salesforce.com"
	target := mapping.ObjectDefinition{Name: "User"}
	for _, row := range rows {
		target.Attributes = append(target.Attributes, mapping.AttributeDefinition{Name: row.TargetAttributeName, Type: mapping.StringType, Mutability: mapping.ReadWrite, Required: row.DefaultValue != nil})
	}
	target.Attributes = append(target.Attributes, mapping.AttributeDefinition{Name: "officeCode__c", Type: mapping.StringType, Mutability: mapping.ReadWrite})
	return mapping.Schema{
		ID: "salesforce", Version: "1",
		Directories: []mapping.Directory{{ID: "1", Name: "Microsoft Entra ID", Objects: []mapping.ObjectDefinition{{Name: "User"}}}, {ID: "2", Name: "salesforce.com", Objects: []mapping.ObjectDefinition{target}}},
		SynchronizationRules: []mapping.Rule{{
			ID: "1", Name: "USER_OUTBOUND_USER", Editable: true, SourceDirectoryName: "Microsoft Entra ID", TargetDirectoryName: "salesforce.com",
			ObjectMappings: []mapping.ObjectMapping{{
				Name: &name, Enabled: true, FlowTypes: mapping.AllFlows, SourceObjectName: "User", TargetObjectName: "User", Scope: filter, AttributeMappings: rows,
			}},
		}},
	}
}

// fullSchema is like the default one of Salesforce.
func fullSchema(filter *scope.Filter) mapping.Schema {
	return sampleSchema(filter,
		sampleRow("IsActive", "Not([IsSoftDeleted])", "True", 0), sampleRow("Alias", "Mid([userPrincipalName], 1, 8)", "", 0), sampleRow("Email", "[mail]", "", 0),
		sampleRow("EmailEncodingKey", "", "ISO-8859-1", 0), sampleRow("FirstName", "[givenName]", "", 0), sampleRow("LastName", "[surname]", ".", 0),
		sampleRow("LocaleSidKey", `Replace([preferredLanguage], "-", , , "_", , )`, "en_US", 0),
		sampleRow("ProfileName", "SingleAppRoleAssignment([appRoleAssignments])", "Chatter Free User", 0), sampleRow("TimeZoneSidKey", "", "America/Los_Angeles", 0),
		sampleRow("Username", "[userPrincipalName]", "", 1), sampleRow("FederationIdentifier", "ToLower([userPrincipalName])", "", 2),
		sampleRow("Department", `Switch([department], "Other", "Sales", "Field Sales", "R&D", "Research and Development")`, "", 0), sampleRow("CompanyName", `"Contoso"`, "", 0),
	)
}

// sampleOpened is an application with a draft that has these differences.
func sampleOpened(name string, schema mapping.Schema, differences ...mapping.Difference) opened {
	o := opened{app: page.SampleApplication(name), draft: administration.SchemaDraft{Schema: schema, Saved: schema, Base: schema, Differences: differences}}
	if len(differences) > 0 {
		o.draft.Tag, o.draft.ChangedAt = "4f6f2f0e-6f0e-4f9c-9e0a-0d2b8f1d7a11", time.Now().Add(-4*time.Minute)
	}
	return o
}

func sampleDifferences() []mapping.Difference {
	return []mapping.Difference{
		{Part: "attribute mapping", Name: "FirstName", Old: "[givenName]", New: `Join(" ", [givenName], [middleName])`},
		{Part: "attribute mapping", Name: "Department", Old: "", New: `Switch([department], "Other", "Sales", "Field Sales")`},
		{Part: "scoping filter", Name: `"Contractors"`, Old: "employeeType EQUALS Contractor", New: ""},
	}
}

func hostileDifferences() []mapping.Difference {
	return []mapping.Difference{{Part: page.Hostile, Name: page.Hostile, Old: page.Hostile, New: page.Hostile}}
}

func hostileSchema() mapping.Schema {
	schema := sampleSchema(nil, sampleRow(page.Hostile, "[givenName]", page.Hostile, 1), sampleRow("Constant", `"`+strings.ReplaceAll(page.Hostile, `"`, `\"`)+`"`, page.Hostile, 2), sampleRow("Broken", page.Hostile, "", 0))
	name := page.Hostile
	schema.SynchronizationRules[0].ObjectMappings[0].Name = &name
	return schema
}

func (a *Area) listSamples() []page.Sample {
	show := func(name string, o opened, findings mapping.Findings, search string) page.Sample {
		return page.Sample{Page: "Mappings", Case: name, Path: o.app.Path("mappings"), Answer: a.list.Show(head(o.app, ""), newListData(o.app, o.draft, findings, search))}
	}
	const row = "synchronizationRules[0].objectMappings[0].attributeMappings[1].source"
	full := sampleOpened("Salesforce", fullSchema(nil), sampleDifferences()...)
	full.draft.Others = []store.SchemaDraft{{Owner: "ben@contoso.com (portal)", ChangedAt: time.Now().Add(-time.Hour)}}
	hostile := sampleOpened(page.Hostile, hostileSchema(), hostileDifferences()...)
	hostile.draft.Others = []store.SchemaDraft{{Owner: page.Hostile, ChangedAt: time.Now()}}
	return []page.Sample{
		show("full", full, mapping.Findings{
			{Severity: mapping.Warning, Path: row, Message: "source of Alias: values can be longer than the 8 characters that the target takes"},
			{Severity: mapping.Warning, Path: "directories[1].objects[0].attributes[3]", Message: "the target requires LanguageLocaleKey, which is not mapped"},
		}, ""),
		show("without changes", sampleOpened("Salesforce", fullSchema(nil)), nil, ""),
		show("empty", sampleOpened("Salesforce", sampleSchema(nil)), nil, ""),
		show("nothing found", sampleOpened("Salesforce", fullSchema(nil)), nil, "workday"),
		show("no mapping of users", sampleOpened("Salesforce", mapping.Schema{}), mapping.Findings{{Severity: mapping.Fault, Message: "the schema has no enabled object mapping from User"}}, ""),
		show("hostile", hostile, mapping.Findings{{Severity: mapping.Fault, Path: row, Message: page.Hostile}, {Severity: mapping.Warning, Message: page.Hostile}}, ""),
	}
}

func (a *Area) editSamples() []page.Sample {
	o := sampleOpened("Salesforce", fullSchema(nil), sampleDifferences()...)
	hostile := sampleOpened(page.Hostile, hostileSchema())
	show := func(name string, o opened, was string, data editData) page.Sample {
		return page.Sample{Page: "Edit Attribute", Case: name, Path: data.Action, Answer: a.edit.Show(editHead(o.app, was), data)}
	}
	const wrong = `Switch([departmnt], "Other", "Sales", "Field Sales")`
	department, _ := o.find("Department")
	faulty := newEditData(o, "Department", "1", entry{Kind: kindExpression, Expression: wrong, Target: "Department", Apply: "Always", Matches: true, Precedence: "0"},
		page.Faults{"expression": "The expression cannot be used.", "precedence": "The precedence is a number from 1; 1 is tried first."})
	faulty.Pointed = pointOut(wrong, []expr.Fault{{Line: 1, Column: 8, Message: `there is no attribute [departmnt]; did you mean [department]?`}})
	clash := newEditData(o, "Department", "1", newEntry(department), page.Faults{"": "The mapping of Department was changed since you opened it; it is now [department]. What you entered is below and not kept yet."})
	harm := newEditData(hostile, page.Hostile, page.Hostile, entry{Kind: kindExpression, Expression: page.Hostile, Attribute: page.Hostile, Constant: page.Hostile, Default: page.Hostile, Target: page.Hostile, Apply: page.Hostile, Precedence: page.Hostile, Matches: true},
		page.Faults{"": page.Hostile, "expression": page.Hostile, "target": page.Hostile, "default": page.Hostile})
	harm.Pointed = pointOut(page.Hostile, []expr.Fault{{Line: 1, Column: 3, Message: page.Hostile}, {Message: page.Hostile}})
	readOnly := newEditData(o, "Department", "1", newEntry(department), nil)
	readOnly.ReadOnly = true
	warned := newEditData(o, "Department", "1", newEntry(department), nil)
	warned.Findings = []finding{{Text: "Source of Department: the value can be longer than the 80 characters that the target takes."}}
	return []page.Sample{
		show("empty", o, "", newEditData(o, "", "", entry{Kind: kindDirect, Apply: "Always"}, nil)),
		show("full", o, "Department", warned),
		show("faults", o, "Department", faulty),
		show("changed in another window", o, "Department", clash),
		show("as a reader", o, "Department", readOnly),
		show("hostile", hostile, page.Hostile, harm),
	}
}

func (a *Area) builderSamples() []page.Sample {
	o := sampleOpened("Salesforce", fullSchema(nil))
	hostile := sampleOpened(page.Hostile, hostileSchema())
	base := builderData{
		Bar: newBar(o.app, o.draft), Path: o.app.Path("mappings"), Target: "Department", From: "Department", Functions: newFunctions(),
		Attributes: []string{"accountEnabled", "city", "country", "department", "displayName", "givenName", "jobTitle", "mail", "surname", "userPrincipalName"},
	}
	show := func(name string, o opened, data builderData) page.Sample {
		return page.Sample{Page: "Expression builder", Case: name, Path: o.app.Path("mappings/expression"), Answer: a.builder.Show(builderHead(o.app, data.Target), data)}
	}
	empty := base
	empty.Target, empty.From, empty.Outcome = "", "", outcome{Empty: true}
	mia := person{"e1041", "Mia Berg", "mia.berg@contoso.com"}
	full, failing, faulty, searched, harm := base, base, base, base, base
	full.Expression, full.Person = `Join(" ", ToUpper([surname]), Switch([department], "Other", "Sales", "Field Sales"))`, mia
	full.Outcome = newOutcome(full.Expression, administration.Outcome{
		Evaluated: true, Value: attr.Text("BERG Field Sales"), Warnings: []string{"the schema does not list extension_x_office, and none of the first 2000 people has it"},
		Steps: []expr.Step{
			{Expression: full.Expression, Value: attr.Text("BERG Field Sales")},
			{Expression: `" "`, Depth: 1, Value: attr.Text(" ")},
			{Expression: "ToUpper([surname])", Depth: 1, Value: attr.Text("BERG")},
			{Expression: "[surname]", Depth: 2, Value: attr.Text("Berg")},
			{Expression: `Switch([department], "Other", "Sales", "Field Sales")`, Depth: 1, Value: attr.Text("Field Sales")},
			{Expression: "[department]", Depth: 2, Value: attr.Text("Sales")},
			{Expression: `"Sales"`, Depth: 2, Value: attr.Text("Sales")},
			{Expression: `"Field Sales"`, Depth: 2, Value: attr.Text("Field Sales")},
		},
	})
	failing.Expression, failing.Person = `FormatDateTime([employeeHireDate], , "dd.MM.yyyy", "yyyy-MM-dd")`, mia
	failing.Outcome = newOutcome(failing.Expression, administration.Outcome{
		Evaluated: true, Failure: &expr.EvalError{Function: "FormatDateTime", Line: 1, Column: 1, Message: `"2026-02-03" is not a date of the form dd.MM.yyyy`},
		Steps: []expr.Step{{Expression: failing.Expression, Err: errors.New("no")}, {Expression: "[employeeHireDate]", Depth: 1, Value: attr.Text("2026-02-03")}},
	})
	faulty.Expression, faulty.Person = `Join(" ", [givenName], ToUper([surname]))`, mia
	faulty.Outcome = newOutcome(faulty.Expression, administration.Outcome{Faults: []expr.Fault{{Line: 1, Column: 24, Message: "there is no function ToUper; did you mean ToUpper?"}}})
	searched.Expression, searched.Search, searched.Searched = full.Expression, "be", true
	searched.People = []person{mia, {"e7", "Ben Okoye", "ben@contoso.com"}}
	searched.Outcome = newOutcome(full.Expression, administration.Outcome{})
	harm.Expression, harm.Person, harm.Target, harm.From, harm.Search, harm.Attributes = page.Hostile, person{page.Hostile, page.Hostile, page.Hostile}, page.Hostile, page.Hostile, page.Hostile, []string{page.Hostile}
	harm.People, harm.Hidden = []person{harm.Person}, []page.Field{{Name: "mark", Value: page.Hostile}}
	harm.Outcome = newOutcome(page.Hostile, administration.Outcome{
		Evaluated: true, Value: attr.Texts(page.Hostile, page.Hostile), Unfit: page.Hostile, Warnings: []string{page.Hostile}, Steps: []expr.Step{{Expression: page.Hostile, Value: attr.Text(page.Hostile)}},
	})
	return []page.Sample{
		show("empty", o, empty), show("full", o, full), show("no value", o, failing), show("faults", o, faulty), show("people found", o, searched), show("hostile", hostile, harm),
	}
}

func (a *Area) scopeSamples() []page.Sample {
	clause := newClause
	filter := &scope.Filter{
		Groups: []scope.FilterGroup{
			{Name: "Sales in Norway", Clauses: []scope.Clause{clause("department", "EQUALS", "Sales"), clause("country", "EQUALS", "NO")}},
			{Name: "Field staff", Clauses: []scope.Clause{clause("employeeId", "REGEX MATCH", "F[0-9]+")}},
		},
		InputFilterGroups: []scope.FilterGroup{{Name: "early"}},
	}
	show := func(name string, o opened, data scopeData) page.Sample {
		return page.Sample{Page: "Scoping filters", Case: name, Path: data.Here, Answer: a.scope.Show(scopeHead(o.app), data)}
	}
	path := page.SampleApplication("Salesforce").Path("scoping/count")
	user := func(id, name string) directory.User { return directory.User{ID: id, DisplayName: name} }
	counted := newCountData(countData{Path: path}, administration.ScopeCount{
		Looked: 9300, Complete: true, Before: 9300, After: 412, Leaving: 8888, Entering: 1, Entrants: []directory.User{user("e9", "Ida Holm")},
		Leavers:   []directory.User{user("e1041", "Mia Berg"), user("e7", "Ben Okoye"), user("e8", "Cleo Marsh")},
		Undecided: 2, Why: `clause on skills cannot be decided: it has 2 values, and a clause looks at one`,
	})
	cut := newCountData(countData{Path: path}, administration.ScopeCount{Looked: 41_000, Before: 41_000, After: 41_000})
	o := sampleOpened("Salesforce", fullSchema(filter), sampleDifferences()...)
	none := sampleOpened("Salesforce", fullSchema(nil))
	wrong := &scope.Filter{Groups: []scope.FilterGroup{{Name: "Old", Clauses: []scope.Clause{clause("employeeId", "Greater_Than", "ten")}}, {Name: "Nobody"}}}
	bad := &scope.Filter{Groups: []scope.FilterGroup{{Name: page.Hostile, Clauses: []scope.Clause{clause(page.Hostile, page.Hostile, page.Hostile)}}}}
	hostile := sampleOpened(page.Hostile, hostileSchema())
	harm := newScopeData(hostile, bad, page.Hostile, newCountData(countData{Path: path}, administration.ScopeCount{
		Looked: 1, Leaving: 9, Leavers: []directory.User{user(page.Hostile, page.Hostile)}, Undecided: 1, Why: page.Hostile,
	}), false)
	harm.Faults = page.Faults{"": page.Hostile}
	blank := &scope.Filter{Groups: []scope.FilterGroup{{Name: "Filter 1", Clauses: []scope.Clause{{SourceOperandName: "department", OperatorName: "EQUALS"}}}}}
	return []page.Sample{
		show("full", o, newScopeData(o, filter, "1", counted, false)),
		show("empty", none, newScopeData(none, nil, "1", newCountData(countData{Path: path}, administration.ScopeCount{Complete: true}), false)),
		show("faults", o, newScopeData(o, wrong, "1", countData{Path: path, Faults: []string{`Attribute "employeeId" Greater_Than: "ten" is not an integer of 0 or more.`}}, false)),
		show("a value is missing", o, newScopeData(o, blank, "1", countData{Path: path, Faults: []string{"It needs a value."}, Places: []string{clausePath(0, 0)}}, false).unsent()),
		show("cut off", o, newScopeData(o, filter, "1", cut, false)),
		show("not counted yet", o, newScopeData(o, filter, "1", countData{Path: path}, false)),
		show("as a reader", o, newScopeData(o, filter, "1", counted, true)),
		show("hostile", hostile, harm),
	}
}

func (a *Area) documentSamples() []page.Sample {
	o := sampleOpened("Salesforce", fullSchema(nil), sampleDifferences()...)
	hostile := sampleOpened(page.Hostile, hostileSchema(), hostileDifferences()...)
	document, _ := newSchemaData(o)
	plain, _ := newSchemaData(sampleOpened("Salesforce", mapping.Schema{}))
	faulty, _ := newSchemaData(hostile)
	faulty.Summary, faulty.Faults = page.Hostile, []string{page.Hostile, page.Hostile}
	show := func(name, title string, o opened, answer page.Answer) page.Sample {
		return page.Sample{Page: title, Case: name, Path: o.app.Path("mappings/schema"), Answer: answer}
	}
	restored := newDefaultsData(o, sampleSchema(nil))
	restored.Differences = newDifferences(sampleDifferences())
	harm := defaultsData{Path: hostile.app.Path("mappings"), Differences: newDifferences(hostileDifferences())}
	return []page.Sample{
		show("full", "Schema", o, a.schema.Show(head(o.app, "Schema"), document)),
		show("empty", "Schema", o, a.schema.Show(head(o.app, "Schema"), plain)),
		show("hostile", "Schema", hostile, a.schema.Show(head(hostile.app, "Schema"), faulty)),
		show("full", "Restore default mappings", o, a.defaults.Show(head(o.app, "Restore default mappings"), restored)),
		show("empty", "Restore default mappings", o, a.defaults.Show(head(o.app, "Restore default mappings"), defaultsData{Path: o.app.Path("mappings")})),
		show("hostile", "Restore default mappings", hostile, a.defaults.Show(head(hostile.app, "Restore default mappings"), harm)),
		show("full", "Edit Attribute List", o, a.attributes.Show(head(o.app, "Edit Attribute List"), sampleAttributes(o))),
		show("empty", "Edit Attribute List", o, a.attributes.Show(head(o.app, "Edit Attribute List"), attributesData{Path: o.app.Path("mappings"), Here: o.app.Path("mappings/target-attributes"), ReadOnly: true})),
		show("hostile", "Edit Attribute List", hostile, a.attributes.Show(head(hostile.app, "Edit Attribute List"), sampleAttributes(hostile))),
		show("full", "Discard unsaved changes", o, a.discard.Show(head(o.app, "Discard unsaved changes"), discardData{o.app.Path("mappings"), "1", newDifferences(sampleDifferences())})),
		show("empty", "Discard unsaved changes", o, a.discard.Show(head(o.app, "Discard unsaved changes"), discardData{Path: o.app.Path("mappings")})),
		show("hostile", "Discard unsaved changes", hostile, a.discard.Show(head(hostile.app, "Discard unsaved changes"), discardData{hostile.app.Path("mappings"), page.Hostile, newDifferences(hostileDifferences())})),
	}
}

func sampleAttributes(o opened) attributesData {
	path := o.app.Path("mappings")
	data := attributesData{
		Bar: newBar(o.app, o.draft), Path: path, Here: path + "/target-attributes", Target: "salesforce.com",
		Form: newAttributeForm(attributeEntry{Name: "officeCode__c", Type: "String", Mutability: "ReadWrite", Length: "none"}, page.Faults{"maximum": "The length is a number of characters, from 1."}),
	}
	_, object, _ := o.draft.Schema.UserMapping()
	definition, _ := o.draft.Schema.Object("salesforce.com", "User")
	for _, attribute := range definition.Attributes {
		data.Rows = append(data.Rows, newAttributeRow(path, attribute, object, []string{"Alias"}, o.draft.Differences))
	}
	data.All = len(data.Rows)
	return data
}

func (a *Area) reviewSamples() []page.Sample {
	o := sampleOpened("Salesforce", fullSchema(nil), sampleDifferences()...)
	show := func(name string, o opened, data reviewData) page.Sample {
		data.Path, data.Tag = o.app.Path("mappings"), o.draft.Tag
		return page.Sample{Page: "Review and save", Case: name, Path: o.app.Path("mappings/review"), Answer: a.review.Show(reviewHead(o.app), data)}
	}
	var changes []store.DraftChange
	for i, entry := range change.Samples(time.Now()) {
		entry.Change.Status = plan.Planned
		changes = append(changes, store.DraftChange{Number: i + 1, Before: plan.Change{Action: plan.None}, After: entry.Change})
	}
	impact := administration.Impact{DraftImpact: store.DraftImpact{
		Looked: 9300, Expected: 9300, Changed: 214, Complete: true, Before: provisioning.Counts{Collected: 9300, Unchanged: 9298, Failed: 2},
		After:  provisioning.Counts{Collected: 9300, Updated: 183, Disabled: 31, Unchanged: 9084, Failed: 2},
		Losses: store.DraftLosses{Disabled: 30, Deleted: 1, First: []plan.Identity{{ID: "e1001", Name: "ana.garcia@contoso.com"}, {ID: "e1002", Name: "adele.vance@contoso.com"}}},
	}, Guard: "31 removals are more than the limit of 10 in one cycle", Limit: "more than 10 removals in one cycle"}
	full := reviewData{On: true, Differences: newDifferences(sampleDifferences()), Warnings: []finding{{Text: "The target requires LanguageLocaleKey, which is not mapped."}}}
	full.Impact = newImpactData(o.app, "1", impact, 0, changes, journal.NewCatalogue())
	full.Loss = newLossData(o.app, impact)
	part, free, harmless := full, full, full
	free.Loss = newLossData(o.app, administration.Impact{Limit: plan.Guard{Limit: 50, Percent: 20}.String(), DraftImpact: store.DraftImpact{
		Complete: true, Losses: store.DraftLosses{Disabled: 1, First: []plan.Identity{{ID: "e1001"}}},
	}})
	free.Confirmation.Changed, free.Impact.Guard = true, ""
	harmless.Loss, harmless.Impact.Guard = lossData{Known: true}, ""
	impact.Complete, impact.Looked, impact.Changed, impact.Guard = false, 4200, 98, ""
	part.Loss = newLossData(o.app, impact)
	part.Impact = newImpactData(o.app, "1", impact, 0, changes[:2], journal.NewCatalogue())
	begin := reviewData{Differences: newDifferences(sampleDifferences()), Impact: impactData{Path: o.app.Path("mappings"), Asking: true}}
	failed := begin
	failed.Impact = impactData{Path: o.app.Path("mappings"), Failed: "Salesforce has nothing to sign in with yet.", Advice: "Enter its Admin Credentials and save them."}
	overtaken := begin
	overtaken.Bar = newBar(o.app, o.draft)
	overtaken.Bar.Overtaken = true
	overtaken.Clashes = []clash{{"attribute mapping", "FirstName", "[givenName]", `Join(" ", [givenName], [middleName])`, ""}}
	hostile := sampleOpened(page.Hostile, hostileSchema(), hostileDifferences()...)
	bad := change.HostileEntry(time.Now()).Change
	harm := reviewData{
		Differences: newDifferences(hostileDifferences()), Faults: []finding{{Fault: true, Text: page.Hostile}}, Refusal: page.Faults{"": page.Hostile},
		Clashes: []clash{{page.Hostile, page.Hostile, page.Hostile, page.Hostile, page.Hostile}}, Bar: bar{Overtaken: true},
	}
	harm.Impact = newImpactData(hostile.app, page.Hostile, administration.Impact{DraftImpact: store.DraftImpact{Looked: 1, Changed: 1}, Guard: page.Hostile}, 0, []store.DraftChange{{Number: 1, After: bad}}, journal.NewCatalogue())
	harm.Impact.Failed = page.Hostile
	hurt := harm
	hurt.Faults, hurt.Bar.Overtaken = nil, false
	hurt.Loss = newLossData(hostile.app, administration.Impact{Guard: page.Hostile, Limit: page.Hostile, DraftImpact: store.DraftImpact{
		Losses: store.DraftLosses{Later: 4, First: []plan.Identity{{ID: page.Hostile, Name: page.Hostile}}},
	}})
	return []page.Sample{
		show("full", o, full), show("part of them", o, part), show("not looked at", o, begin), show("not to be found out", o, failed), show("overtaken", o, overtaken),
		show("few accounts are lost", o, free), show("no account is lost", o, harmless),
		show("empty", o, reviewData{}), show("hostile", hostile, harm), show("hostile losses", hostile, hurt),
	}
}

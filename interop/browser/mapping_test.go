package browser

import "testing"

// An expression with a fault is mended with the expression builder: the fault is shown
// under the character that it is about, the value for a person of the directory while
// typing, and before it is saved what it changes, and for whom.
func TestExpressionRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSalesforce()
	w.run("provision", "Salesforce")
	w.serve()
	b := w.open(options{})
	b.firstAdministrator(w.SetUp)
	b.salesforce()
	b.press("Mappings")
	b.press("Alias")
	b.titled("Edit Attribute")
	b.fill("Expression", "Mid([userPrincipalName], 1 8)")
	b.press("Keep")
	b.sees("line 1, character 28")
	b.press("Use the expression builder")
	b.titled("Expression builder")
	b.fill("Search people", "Noëlle")
	b.press("Noëlle Lefèvre")
	b.sees("The expression cannot be used.", "character 28")
	b.fill("Expression", "ToUpper(Mid([givenName], 1, 3))")
	b.sees("NOË", "Every part", "Noë")
	b.fill("Expression", `Join("-", ToLower(Mid([givenName], 1, 3)), Mid([surname], 1, 3))`)
	b.sees("noë-Lef")
	b.shoot("expression-builder")
	b.press("Use this expression")
	b.press("Keep")
	b.sees("1 unsaved change")
	b.press("Review and save")
	b.sees("This changes 7 of")
	b.shoot("impact")
	b.press("1 attribute: Alias")
	b.sees("ant-Ass")
	b.press("Save")
	b.titled("Mappings")
	b.misses("unsaved change")
	b.sees(`Mid([surname], 1, 3)`)
}

// A scoping filter tells who comes in and who leaves while it is written, and its
// impact before it is saved.
func TestScopingChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSalesforce()
	w.run("provision", "Salesforce")
	w.serve()
	b := w.open(options{})
	b.firstAdministrator(w.SetUp)
	b.salesforce()
	b.press("Scoping filters")
	b.sees("No scoping filter")
	b.press("Add scoping filter")
	b.fill("Scoping filter title", "The office in Seattle")
	b.choose("Source attribute", "city")
	b.choose("Operator", "EQUALS")
	b.fill("Value", "Seattle")
	b.sees("in scope", "Whoever leaves the scope loses the account")
	b.press("Keep")
	b.sees("1 unsaved change")
	b.press("Review and save")
	b.sees("This changes", "The office in Seattle", "Disable", "6 accounts are disabled: these people lose access.", "The removal guard does not hold them.")
	b.press("Save, 6 accounts are lost")
	b.titled("Review and save") // it asks whether that is meant
	b.tick("Take these 6 accounts away.")
	b.press("Save, 6 accounts are lost")
	b.titled("Mappings")
	b.misses("unsaved change")
}

// Two administrators change the mappings at the same time: nothing of either is lost.
// A session that is ended is signed out at once.
func TestTwoWindows(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSalesforce()
	w.serve()
	ann, bob := w.open(options{}), w.open(options{})
	ann.firstAdministrator(w.SetUp)
	bob.invited(w.invite("bob@contoso.com", "administrator"))

	for _, b := range []*window{ann, bob} {
		b.salesforce()
		b.press("Mappings")
		b.press("Alias")
	}
	ann.fill("Expression", "Mid([mailNickname], 1, 8)")
	ann.press("Keep")
	bob.fill("Expression", "Mid([givenName], 1, 8)")
	bob.press("Keep")
	bob.sees("is changing these mappings, too")
	ann.press("Review and save")
	ann.sees("This changes")
	ann.press("Save")
	ann.misses("unsaved change")
	bob.press("Review and save")
	bob.sees("Somebody else saved another schema", "You both changed the same:", "mailNickname")
	bob.press("Take my changes along, mine count")
	bob.sees("This changes", "mailNickname", "givenName")
	bob.press("Save")
	ann.press("Mappings")
	ann.sees("Mid([givenName], 1, 8)")

	// Ann signs in in the window of Bob, too, and ends her other session.
	bob.press("Sign out")
	bob.signIn(visitor)
	bob.visit("/account")
	bob.press("Sign out everywhere else")
	bob.sees("1 other session was ended.")
	ann.press("Home")
	ann.titled("Sign in")
}

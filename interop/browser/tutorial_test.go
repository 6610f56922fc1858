package browser

import "testing"

// The steps of docs/tutorial-salesforce.md, from the link of the first administrator to
// an entry of the log.
func TestTutorial(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	w.serve()
	b := w.open(options{})
	b.firstAdministrator(w.SetUp)

	// The directory.
	b.press("Import")
	b.titled("Import")
	for _, part := range []string{"users", "groups", "members"} {
		b.upload(part, sample(t, part+".csv"))
	}
	b.press("Preview")
	b.sees("What the files do", "Nobody gains or loses an application, or gets other roles in one.")
	b.shoot("import")
	b.press("Import: ")
	b.sees("The files were imported: users 40 added")

	// The application.
	b.press("Enterprise applications")
	b.press("New application")
	b.sees("Salesforce Sandbox")
	b.shoot("gallery")
	b.press("Create Salesforce")
	b.titled("Provisioning")
	b.sees("Salesforce was added.")

	// Admin Credentials.
	b.fill("Admin Username", w.Org.Username)
	b.fill("Admin Password", w.Org.Password)
	b.fill("Secret Token", w.Org.SecurityToken)
	b.fill("Tenant URL", w.Org.URL)
	b.press("Test Connection")
	b.sees("The connection works.", "Simulated Org")
	b.inView("button[formaction$='/test#tested']") // nothing above the result has moved
	b.inView("#tested")
	b.shootAround("credentials", "#tested")
	b.press("Save")
	b.sees("The credentials work and were saved")

	// Users and groups.
	b.press("Users and groups")
	b.press("Add user/group")
	b.fill("Search by name or address", "Sales")
	b.loses("Engineering") // what was found stands there, and not everybody any more
	b.sees("Sales Managers")
	b.tick("Select Sales")
	b.choose("Select a role", "Standard User")
	b.sees("1 user or group is selected.")
	b.shoot("assign")
	b.press("Assign")
	b.sees("1 assignment was made.")

	// Mappings.
	b.press("Mappings")
	b.sees("Username", "userPrincipalName", "ProfileName")
	b.shoot("mappings")

	// Preview.
	b.press("Preview")
	b.press("Make a preview")
	b.sees("What it would do", "created")
	b.shoot("preview")

	// Start.
	b.press("Overview")
	b.press("Start provisioning")
	b.press("Start provisioning")
	b.sees("Provisioning of Salesforce is on.")
	b.sees("Last cycle", "7 created")
	b.loses("not run yet")
	b.shoot("overview")

	// Logs.
	b.press("View provisioning logs")
	b.titled("Provisioning logs")
	b.sees("Success")
	b.pressBeside("noelle.lefevre@contoso.com", "/logs/")
	b.sees("Steps", "Troubleshooting & Recommendations", "Modified Properties", "Summary")
	b.press("Modified Properties")
	b.sees("EmailEncodingKey", "Standard User")
	b.shoot("log-entry")

	// On demand.
	b.salesforce()
	b.press("Provision on demand")
	b.fill("Search for a user", "Noor")
	b.tick("Noor de Boer")
	b.press("Provision")
	b.sees("It took", "Import user", "Match user", "Determine if user is in scope")
	b.shoot("on-demand")
}

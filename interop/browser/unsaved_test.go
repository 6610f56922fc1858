package browser

import "testing"

// What was typed in one form of a page is not lost with another one silently, and a save
// that failed shows where.
func TestNothingTypedIsLostSilently(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withSalesforce()
	w.serve()
	b := w.open(options{})
	b.firstAdministrator(w.SetUp)
	b.salesforce()
	b.press("Provisioning")
	b.fill("Grace period", "7 days")
	b.press("Save settings")
	b.sees("Nothing was saved.", "is no period such as 7d")
	b.inView("#settings-wrong [role=alert]")
	b.fill("Grace period", "7d")
	b.fill("Admin Username", "somebody@contoso.com")
	b.press("Save settings")
	b.sees("What you typed under Admin Credentials is not saved yet.")
	b.misses("The settings were saved.")
	b.press("Save settings")
	b.sees("The settings were saved.")
	b.press("Save settings")
	b.sees("The settings were saved.")
	b.fill("Grace period", "8d")
	b.press("Save mode")
	b.sees("What you typed under Settings is not saved yet.")
}

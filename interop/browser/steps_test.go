package browser

import (
	"regexp"
)

// Who signs in, in every story.
const (
	visitor  = "ann@contoso.com"
	password = "seven plain words for a browser"
)

// firstAdministrator follows the link that the service printed.
func (w *window) firstAdministrator(link string) {
	w.t.Helper()
	if link == "" {
		w.t.Fatal("the service printed no link for the first administrator")
	}
	w.visit(link)
	w.fill("Name to sign in with", visitor)
	w.fill("Your name", "Ann Silva")
	w.fill("Password", password)
	w.fill("The same password again", password)
	w.submit()
	w.titled("Home")
}

// invite lets somebody in and returns the path of the link for them.
func (w *world) invite(name, role string) string {
	w.t.Helper()
	link := regexp.MustCompile(`/sign-in/link/[A-Za-z0-9_-]+`).FindString(w.run("administrator", "add", name, "--role", role))
	if link == "" {
		w.t.Fatal("the command line made no link for " + name)
	}
	return link
}

// invited follows the link of an invitation.
func (w *window) invited(link string) {
	w.t.Helper()
	w.visit(link)
	w.fill("Password", password)
	w.fill("The same password again", password)
	w.submit()
	w.titled("Home")
}

// submit presses the first button of the form of the page.
func (w *window) submit() {
	w.t.Helper()
	w.script(`document.querySelector("main form[method=post] button").click()`)
	w.settle()
	w.check()
}

// signIn signs somebody in with the password.
func (w *window) signIn(name string) {
	w.t.Helper()
	w.visit("/sign-in")
	w.fill("Name", name)
	w.fill("Password", password)
	w.press("Sign in")
	w.titled("Home")
}

// salesforce opens the application in its list.
func (w *window) salesforce() {
	w.t.Helper()
	w.visit("/applications")
	w.press("Salesforce")
	w.titled("Salesforce")
}

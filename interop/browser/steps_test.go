package browser

import "strings"

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

// submit presses the first button of the form of the page.
func (w *window) submit() {
	w.t.Helper()
	w.script(`document.querySelector("main form[method=post] button").click()`)
	w.settle()
	w.check()
}

// signIn signs in with the password.
func (w *window) signIn() {
	w.t.Helper()
	w.visit("/sign-in")
	w.fill("Name", visitor)
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

// sees one of several texts and says which.
func (w *window) seesOne(texts ...string) string {
	w.t.Helper()
	conditions := make([]string, len(texts))
	for i, text := range texts {
		conditions[i] = "said.includes(" + quoted(text) + ")"
	}
	w.await("it says none of "+strings.Join(texts, ", "), "var said = document.body.innerText.replace(/\\s+/g, ' '); return "+strings.Join(conditions, " || ")+";")
	said := strings.Join(strings.Fields(w.text("body")), " ")
	for _, text := range texts {
		if strings.Contains(said, text) {
			return text
		}
	}
	return ""
}

package browser

import (
	"regexp"
	"testing"
)

// What usher demo --keep opens onto: a company of some size, with failures, as
// somebody sees it who looks at the product for the first time.
func TestDemo(t *testing.T) {
	t.Parallel()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, folder: t.TempDir(), binary: binary}
	link := regexp.MustCompile(`http\S+/sign-in/link/\S+`)
	line, _, _ := w.start(link, "demo", "--keep", "--users", "400", "--latency", "0s")
	address := link.FindString(line)
	w.URL = regexp.MustCompile(`^http://[^/]+`).FindString(address)
	b := w.open(options{})
	b.invited(address)
	b.sees("Salesforce")
	b.shoot("home")
	b.salesforce()
	b.sees("Statistics to date")
	b.press("Failures")
	b.sees("SalesforceDuplicateUserName")
	b.shoot("failures")
	b.press("Provisioning logs")
	b.sees("Success")
	b.shoot("logs")
	b.press("Insights")
	b.sees("API")
	b.shoot("insights")
	b.press("Users")
	b.titled("Users")
	b.press("Groups")
	b.titled("Groups")
	b.press("Settings")
	b.titled("Settings")

	// The same on a telephone, in the dark.
	small := w.open(options{width: 390, height: 844, dark: true})
	small.signIn("demo@contoso.com")
	small.shoot("home-small-dark")
	seen := small.wander()
	t.Logf("%d pages were seen on a telephone", seen)
	if seen < 60 {
		t.Errorf("%d pages were found, too few", seen)
	}
}

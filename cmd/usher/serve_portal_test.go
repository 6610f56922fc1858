package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

type jarKey struct{}

// visit sends what a browser sends for a link or a form.
func visit(ts *testscript.TestScript, not bool, args []string) {
	if len(args) < 3 || not {
		ts.Fatalf("usage: visit METHOD PATH STATUS [FIELD=VALUE...]")
	}
	form := url.Values{}
	for _, arg := range args[3:] {
		name, value, _ := strings.Cut(arg, "=")
		form.Add(name, value)
	}
	served := ts.Getenv("SERVED")
	request, err := http.NewRequestWithContext(context.Background(), args[0], served+args[1], strings.NewReader(form.Encode()))
	ts.Check(err)
	if args[0] == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", served)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	browser := client(ts)
	browser.Jar = ts.Value(jarKey{}).(http.CookieJar)
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := browser.Do(request)
	ts.Check(err)
	text, err := httputil.DumpResponse(response, true)
	ts.Check(err)
	ts.Check(response.Body.Close())
	ts.Check(os.WriteFile(ts.MkAbs("page"), text, 0o600))
	if got := strconv.Itoa(response.StatusCode); got != args[2] {
		ts.Fatalf("%s %s answers %s, want %s: %s", args[0], args[1], got, args[2], text)
	}
}

// newJar returns a browser's memory of cookies.
func newJar() (http.CookieJar, error) { return cookiejar.New(nil) }

// awaitLink finds the link in what usher has printed.
func awaitLink(ts *testscript.TestScript, _ bool, _ []string) {
	link := regexp.MustCompile(`(http://[^/\s]+)(/sign-in/link/[A-Za-z0-9_-]{43})`)
	until(ts, "no link to sign in with is printed", func() bool {
		text, err := os.ReadFile(ts.Getenv(transcriptVariable))
		found := link.FindAllSubmatch(text, -1)
		if err != nil || len(found) == 0 {
			return false
		}
		last := found[len(found)-1]
		ts.Setenv("LINK", string(last[2]))
		if ts.Getenv("SERVED") == "" {
			ts.Setenv("SERVED", string(last[1]))
		}
		return true
	})
}
